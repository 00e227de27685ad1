"""Nobody knows whether it was executed: a doubt ends on evidence and on nothing else."""

import time
from datetime import timedelta

import pytest

from customers.distributor.client import Distributor
from customers.distributor.errors import Rejected
from customers.distributor.rules import Operation
from customers.models import Alert, Attempt, Change, Customer
from customers.services import changes
from customers.services.evidence import ROUNDS
from tests.integration.steps import (
    ADA,
    ADAS,
    CONTROL,
    NEW_NAME,
    PASSWORD,
    SETTLE,
    again,
    commands,
    create,
    deliver_all,
    deliver_until_it_waits_again,
    deliver_until_settled,
    live,
    looks,
)

pytestmark = pytest.mark.django_db
State = Change.State
LISTED = ("first_name", "last_name", "address", "city", "state", "zip", "country", "phone")


@pytest.fixture
def customer(sandbox, control):
    return live()


@pytest.mark.parametrize("fault", ["lost", "cut", "garbage", "500-after"])
def test_a_create_whose_answer_was_lost_is_found_and_not_sent_again(sandbox, control, fault):
    sandbox.faults.append(fault)
    change = create()

    deliver_all()

    assert sandbox.operations() == ["create", "retrieve"]
    change = again(change)
    assert (change.state, change.sealed_password) == (State.DONE, None)
    customer = again(change.customer)
    assert (customer.status, customer.active) == ("LIVE", True)
    assert customer.quiet_until is None  # A late copy would be refused: nothing to wait for.


def test_a_look_that_is_refused_again_and_again_is_told_to_a_person(
    sandbox, control, clock, monkeypatch
):
    """An answer, and no outage: the gate stays open, and nobody else would tell of it."""
    sandbox.faults.append("dropped")
    change = create()

    def refuse(*_args, **_filters):
        raise Rejected(["No such user"], status=404)

    monkeypatch.setattr(Distributor, "look", refuse)
    for _ in range(60):
        deliver_all()
        clock.forward(5)

    stuck = again(change)
    assert (stuck.state, stuck.rounds) == (State.BLOCKED, ROUNDS)
    assert stuck.error == "The distributor refuses to show it: No such user"
    assert Alert.objects.filter(kind=Alert.Kind.BLOCKED, over_at=None).count() == 1
    assert len(looks(change)) == 1 + ROUNDS, "one for the settle time, and each that counted"


@pytest.mark.parametrize("fault", ["dropped", "503", "html"])
def test_a_create_that_was_not_executed_goes_out_again_the_same(sandbox, control, clock, fault):
    sandbox.faults.append(fault)
    change = create()
    deliver_all()
    doubted = again(change)
    first = doubted.sends.get()
    assert (doubted.state, first.outcome) == (State.IN_DOUBT, Attempt.Outcome.UNKNOWN)
    assert again(change.customer).quiet_until == first.deadline + SETTLE

    deliver_until_settled(clock)

    assert commands(sandbox) == ["create", "create"]
    assert again(change).state == State.DONE
    second = change.sends.first()
    assert second.request == first.request
    assert second.begun_at > first.deadline + SETTLE
    before = change.attempt_set.looks().filter(n__lt=second.n).order_by("n")
    *_, first_look, last_look = before
    assert first_look.outcome == last_look.outcome == Attempt.Outcome.NOT_APPLIED
    assert last_look.begun_at - first_look.ended_at >= timedelta(seconds=2)
    assert last_look.begun_at > first.deadline + SETTLE


def test_two_looks_in_one_moment_do_not_count_as_two(sandbox, control, clock):
    sandbox.faults.append("dropped")
    change = create()
    deliver_all()
    quiet = again(change.customer).quiet_until
    clock.forward((quiet - clock()).total_seconds() - 0.8)
    deliver_all()
    clock.forward(0.9)
    deliver_all()
    last, before = change.attempt_set.looks().order_by("-n")[:2]
    assert last.begun_at > quiet
    assert last.begun_at - before.ended_at < timedelta(seconds=2)
    assert again(change).state == State.IN_DOUBT

    deliver_until_settled(clock)
    assert again(change).state == State.DONE


def test_each_look_that_finds_nobody_reads_a_control_beside_it(sandbox, control, clock):
    sandbox.faults.append("dropped")
    create()

    deliver_until_settled(clock)

    reads = [call.user for call in sandbox.calls if call.operation == "retrieve"]
    assert reads[::2] == [ADAS] * (len(reads) // 2)
    assert reads[1::2] == [CONTROL] * (len(reads) // 2)


def test_without_a_control_the_whole_list_is_the_look(sandbox, clock):
    sandbox.faults.append("dropped")
    change = create()

    deliver_until_settled(clock)

    assert again(change).state == State.DONE
    reads = [call.params for call in sandbox.calls if call.operation == "retrieve"]
    assert all("username" not in params for params in reads[1::2])


@pytest.mark.parametrize("operation", ["create", "delete", "email"])
def test_an_empty_list_that_lies_never_leads_to_anything(sandbox, control, clock, operation):
    customer = None if operation == "create" else live()
    sandbox.faults.add("dropped", operation=operation)
    change = {
        "create": create,
        "delete": lambda: changes.ask(customer, Operation.DELETE),
        "email": lambda: changes.ask(customer, Operation.EMAIL, {"email": NEW_NAME}),
    }[operation]()
    sandbox.faults.add("empty", times=10_000)
    for _ in range(5):
        deliver_all()
        clock.forward(31)

    change = again(change)
    assert (change.state, change.rounds, change.attempts) == (State.IN_DOUBT, 0, 1)
    assert set(looks(change)) == {Attempt.Outcome.NO_CONTROL}
    assert Alert.objects.get().kind == Alert.Kind.CONTROL

    sandbox.faults.clear()
    deliver_until_settled(clock)
    assert again(change).state == State.DONE
    assert commands(sandbox).count(operation) == 2
    assert Alert.objects.get().over_at


def test_a_look_that_needed_no_control_does_not_end_the_alarm_about_it(sandbox, control, clock):
    sandbox.faults.add("dropped", operation="create")
    create()
    sandbox.faults.add("empty", times=10_000)
    deliver_all()
    assert Alert.objects.get().over_at is None
    sandbox.faults.clear()

    sandbox.faults.append("lost")
    create("hedy@navy.example")
    deliver_all()

    assert Customer.objects.get(username="hedy@navy.example").status == "LIVE"
    assert Alert.objects.get().over_at is None


def test_an_account_that_is_there_but_different_is_for_a_person(sandbox, control, clock):
    sandbox.add_account(username=ADAS, city="Paris")
    sandbox.faults.append("dropped")
    change = create()

    deliver_until_settled(clock)

    change = again(change)
    assert (change.state, commands(sandbox)) == (State.BLOCKED, ["create"])
    assert again(change.customer).status == Customer.Status.REQUESTED
    assert change.sealed_password
    assert Alert.objects.get().kind == Alert.Kind.BLOCKED


def test_a_create_that_is_executed_late_is_found_by_a_later_look(sandbox, control, clock):
    sandbox.faults.add("late", seconds=0.3)
    change = create()
    deliver_all()
    assert looks(change) == ["NOT_APPLIED"]
    time.sleep(0.5)

    deliver_until_settled(clock, seconds=3)

    assert looks(change)[-1] == "AS_ASKED"
    assert (again(change).state, commands(sandbox)) == (State.DONE, ["create"])


def test_a_create_that_is_executed_before_its_second_copy_makes_one_account(
    sandbox, control, clock
):
    sandbox.faults.append("dropped")
    change = create()
    deliver_until_it_waits_again(change, clock)
    # The first copy, which nobody expected any more.
    listed = {f: ADA[f] for f in (*LISTED, "email", "company")}
    sandbox.add_account(username=ADAS, **listed, website=f"http://{ADA['website']}")

    deliver_until_settled(clock)

    assert commands(sandbox) == ["create", "create"]
    assert sandbox.calls[-2].answer == "Username already exists"
    assert again(change).state == State.DONE


def test_a_refusal_after_an_unanswered_try_counts_when_nobody_is_there(sandbox, control, clock):
    sandbox.faults.append("dropped")
    change = changes.create(params=ADA | {"email": "no address"}, password=PASSWORD)

    deliver_until_settled(clock)

    change = again(change)
    assert change.state == State.REJECTED
    assert change.error == "email must be an email address"
    assert again(change.customer).status == Customer.Status.REFUSED
    assert commands(sandbox) == ["create", "create"]
