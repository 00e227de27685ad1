"""Refreshes by the timetable, in processes that hang and die. The distributor counts them."""

import json
import signal
import time

import pytest

from tests.installation import Visitor, eventually, installation
from tests.worker.steps import a_choice, a_name, a_person, is_settled, twice

EVERY = 3
READINGS = (
    "import json; from customers.models import Refresh; "
    "print(json.dumps(list(Refresh.objects.order_by('pk').values('verdict', 'problem'))))"
)
# Without a sign of life for longer than its worker may be silent.
AGE = (
    "from datetime import timedelta; from customers.models import Refresh, clock; "
    "running = Refresh.objects.filter(verdict='RUNNING'); "
    "print(running.update(alive_at=clock.now() - timedelta(minutes=4)))"
)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("refreshes")
    with installation(folder, REFRESH_EVERY=str(EVERY)) as it:
        yield it


@pytest.fixture
def hanging(installed):
    """A list that does not begin; whoever reads it goes after half a minute."""
    eventually(lambda: readings(installed)[-1]["verdict"] == "OK", "all is well")
    installed.faults("hang", operation="retrieve")
    eventually(lambda: readings(installed)[-1]["verdict"] == "RUNNING", "it hangs")
    return installed


def readings(installed):
    done = installed.manage("shell", "-v", "0", "-c", READINGS)
    return json.loads(done.stdout)


def lists(installed):
    return [call for call in installed.calls("") if call["operation"] == "retrieve"]


def test_the_list_is_read_by_the_timetable(installed):
    eventually(lambda: len(lists(installed)) >= 4, "it is read again and again")
    first, *_, last = [call["at"] for call in lists(installed)]
    assert last - first > EVERY
    assert {it["verdict"] for it in readings(installed)} <= {"OK", "RUNNING"}


def test_a_list_that_hangs_holds_up_nobody_and_no_second_one_begins(hanging):
    before = len(lists(hanging))
    manager = Visitor(hanging.url).sign_in(hanging.password)
    for _ in range(3):
        page = manager.submit(
            "/customers/new/", **a_person(a_name()), **twice("typed-in-a-form"), **a_choice()
        )
        is_settled(manager, page.pk)
    time.sleep(2 * EVERY)
    assert readings(hanging)[-1]["verdict"] == "RUNNING"
    assert len(lists(hanging)) == before

    eventually(lambda: readings(hanging)[-1]["verdict"] == "OK", "the next one is read")
    assert "fell silent" in next(
        it["problem"] for it in readings(hanging)[::-1] if it["verdict"] == "FAILED"
    )
    assert "Traceback" not in (hanging.var / "log" / "worker.log").read_text()


def test_what_a_killed_worker_has_left_is_closed_and_read_anew(hanging):
    before = len(lists(hanging))
    hanging.send(signal.SIGKILL, "worker")
    eventually(lambda: "worker" in hanging.pids(), "it is started again")

    by_hand = hanging.manage("refresh")
    assert (by_hand.returncode, "Another refresh is running" in by_hand.stderr) == (1, True)
    # Acknowledged before it began: nobody does it a second time.
    assert len(lists(hanging)) == before

    assert hanging.manage("shell", "-v", "0", "-c", AGE).stdout.split() == ["1"]
    eventually(lambda: len(lists(hanging)) > before, "the next one begins")
    eventually(lambda: readings(hanging)[-1]["verdict"] == "OK", "and ends well")
    left = [it["problem"] for it in readings(hanging) if it["verdict"] == "FAILED"]
    assert left[-1] == "Its worker did not come back."
