"""Faults by chance, and the record that outlives the sandbox's process."""

import subprocess
import sys
from http.client import HTTPException

import pytest

from customers.distributor.rules import Operation
from customers.sandbox import Sandbox
from customers.sandbox.faults import KINDS
from customers.sandbox.storm import storm
from reseller.ports import answers, free_port
from tests.contract.test_sandbox import ADA, CHANGES, call, control

CREATE, DELETE, RETRIEVE = Operation.CREATE, Operation.DELETE, Operation.RETRIEVE
SOME = [{"kind": "lost"}, {"kind": "500", "weight": 3}, {"kind": "empty"}]


@pytest.fixture
def sandbox():
    with Sandbox() as sandbox:
        yield sandbox


def create(sandbox, **fields):
    return call(sandbox, CREATE, **ADA | fields)


def create_without_end(sandbox):
    for n in range(100_000):
        create(sandbox, username=f"{n}@example.com")


def drawn(seed, operation=CREATE, times=400, share=0.3):
    weather = storm(seed=seed, share=share, faults=SOME)
    return [weather.draw(operation, f"{n % 7}@example.com").kind for n in range(times)]


def test_the_same_seed_brings_the_same_storm_and_another_one_another():
    assert drawn(1) == drawn(1) != drawn(2)


def test_what_a_call_meets_does_not_hang_on_what_came_in_between():
    weather = storm(seed=1, share=0.3, faults=SOME)
    met = []
    for n in range(400):
        weather.draw(DELETE, f"{n}@example.com")
        met.append(weather.draw(CREATE, f"{n % 7}@example.com").kind)
    assert met == drawn(1)


def test_the_share_and_the_weights_are_kept():
    met = drawn(3, times=4000)
    assert 0.27 < sum(map(bool, met)) / len(met) < 0.33
    assert 2.4 < met.count("500") / met.count("lost") < 3.6
    assert "empty" not in met
    assert "empty" in drawn(3, RETRIEVE)


def test_a_storm_begins_and_ends_over_http(sandbox):
    asked = {"seed": 1, "share": 1, "faults": [{"kind": "503"}]}
    assert control(sandbox, "POST", "storm", asked)[0] == 200
    assert [create(sandbox).status for _ in range(3)] == [503, 503, 503]
    assert not sandbox.accounts()

    assert control(sandbox, "DELETE", "storm")[0] == 200
    assert create(sandbox).status == 200


def test_a_fault_that_waits_comes_before_the_storm(sandbox):
    control(sandbox, "POST", "storm", {"seed": 1, "share": 1, "faults": [{"kind": "503"}]})
    sandbox.faults.append("500")
    assert [create(sandbox).status for _ in range(2)] == [500, 503]


@pytest.mark.parametrize(
    "wrong",
    [
        {"share": 0},
        {"share": 2},
        {"faults": []},
        {"faults": [{"kind": "gremlins"}]},
        {"faults": [{"kind": "500", "weight": 0}]},
        {"faults": [{"kind": "500", "sometimes": 1}]},
        {"often": 1},
    ],
)
def test_a_storm_that_cannot_be_is_refused(sandbox, wrong):
    asked = {"seed": 1, "share": 0.5, "faults": [{"kind": "500"}]} | wrong
    status, answer = control(sandbox, "POST", "storm", asked)
    assert (status, answer["kinds"]) == (400, KINDS)
    assert sandbox.storm is None


def test_calls_are_recorded_with_what_became_of_them(tmp_path):
    with Sandbox(tmp_path / "data.sqlite3", record=True) as sandbox:
        create(sandbox)
        for operation, params, _after in CHANGES[:2]:
            call(sandbox, operation, user="ada@example.com", **params)
        sandbox.faults.append("500")
        create(sandbox, username="grace@example.com")
        told = [(it["operation"], it["executed"], it["fault"]) for it in sandbox.store.recorded()]
        assert told == [
            ("create", True, None),
            ("enable", True, None),
            ("disable", True, None),
            ("create", False, "500"),
        ]
        times = [it["executed_at"] for it in sandbox.store.recorded()[:3]]
        assert times == sorted(times)


def test_without_being_asked_it_records_nothing(sandbox):
    create(sandbox)
    assert not sandbox.store.recorded()


def test_accounts_and_record_agree_after_a_kill(tmp_path):
    data, port = tmp_path / "data.sqlite3", free_port()
    words = f"-m customers.sandbox --port {port} --record --data".split()
    process = subprocess.Popen([sys.executable, *words, data], stdout=subprocess.DEVNULL)
    try:
        while not answers(port):
            assert process.poll() is None
        killer = subprocess.Popen(["/bin/sh", "-c", f"sleep 0.3; kill -9 {process.pid}"])
        with pytest.raises((OSError, HTTPException)):  # whatever the moment of the kill brings
            create_without_end(Somewhere(port))
        killer.wait()
    finally:
        process.kill()
        process.wait()
    assert process.returncode == -9
    with Sandbox(data) as again:
        done = {it["user"] for it in again.store.recorded() if it["executed"]}
        assert {account["username"] for account in again.accounts()} == done != set()


class Somewhere:
    """What `call` wants to know of a sandbox in another process."""

    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}/api"
