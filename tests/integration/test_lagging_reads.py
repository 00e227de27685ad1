"""What the distributor shows may lag behind what it has done, by half a minute."""

from itertools import pairwise

import pytest

from customers.distributor.rules import SWITCHES, Operation
from customers.models import Change, Customer, Refresh
from customers.services import changes, mirror
from tests.integration.oracle import assert_mirrored, assert_over
from tests.integration.steps import (
    ADA,
    ADAS,
    NEW_NAME,
    SETTLE,
    UPDATES,
    again,
    create,
    deliver_all,
    deliver_until_settled,
    live,
    profile,
)

pytestmark = pytest.mark.django_db
State = Change.State


@pytest.fixture(params=[3, 30], ids=lambda seconds: f"{seconds} s")
def lagging(sandbox, control, clock, request):
    """Every list and every look shows accounts as they were so many seconds ago."""
    sandbox.store.now = lambda: clock().timestamp()
    clock.forward(120)  # The control account is an old one.
    sandbox.faults.add("stale", times=10_000, seconds=request.param)
    return sandbox


def meet(sandbox, fault, operation):
    """Before the lag, which meets every other call."""
    (lag,) = sandbox.faults
    sandbox.faults.clear()
    sandbox.faults.add(fault, operation=operation)
    sandbox.faults.add("stale", times=lag.times, seconds=lag.seconds)


@pytest.fixture
def customer(lagging, clock):
    customer = live()
    clock.forward(120)
    return customer


def assert_sent(change, sandbox, times):
    """So often, and never again before the last one can no longer be executed."""
    sends = list(change.sends.order_by("n"))
    assert len(sends) == times
    for first, second in pairwise(sends):
        assert second.begun_at > first.deadline + SETTLE
    assert_over(change)
    assert again(change).state == State.DONE


@pytest.mark.parametrize(("fault", "times"), [("lost", 1), ("dropped", 2)])
def test_a_create_in_doubt_is_not_sent_twice_because_it_is_not_shown_yet(
    lagging, clock, fault, times
):
    meet(lagging, fault, "create")
    change = create()

    deliver_until_settled(clock, seconds=3, times=60)

    assert_sent(change, lagging, times)
    assert [account["username"] for account in lagging.accounts()].count(ADAS) == 1
    assert_mirrored(lagging, change.customer)


@pytest.mark.parametrize("operation", [operation for operation in UPDATES if operation != "delete"])
@pytest.mark.parametrize(("fault", "times"), [("lost", 1), ("dropped", 2)])
def test_an_update_in_doubt_is_not_sent_twice_because_it_is_not_shown_yet(
    lagging, customer, clock, operation, fault, times
):
    meet(lagging, fault, operation)
    params, _account = UPDATES[operation]
    password = {"password": "another-engine"} if operation == "password" else {}
    change = changes.ask(customer, operation, params, **password)

    deliver_until_settled(clock, seconds=3, times=60)

    unreadable = operation in {"password", "website_enable", "website_disable"}
    already = SWITCHES.get(operation) == ("active", True)
    assert_sent(change, lagging, 2 if unreadable else 1 if already else times)
    assert_mirrored(lagging, customer)


def test_a_list_that_lags_takes_nothing_back(lagging, customer, clock):
    """One reading follows upon the other, from the change on until everything shows."""
    change = profile(customer, city="Rome")
    deliver_all()
    for _ in range(30):
        assert mirror.refresh().verdict == Refresh.Verdict.OK
        assert again(customer).city == "Rome"
        clock.forward(5)
    assert again(change).state == State.DONE
    assert_mirrored(lagging, customer)


def test_a_new_customer_whom_a_list_does_not_show_yet_is_not_missed(lagging, customer, clock):
    change = create(NEW_NAME)
    deliver_all()
    for _ in range(30):
        reading = mirror.refresh()
        assert (reading.verdict, reading.absent) == (Refresh.Verdict.OK, 0)
        clock.forward(5)
    assert not Customer.objects.exclude(missing_since=None).exists()
    assert again(change.customer).status == Customer.Status.LIVE


# Two changes, the second of which brings about what was before the first.
BACK_AND_FORTH = [
    (Operation.PROFILE, {"city": "Rome"}, Operation.PROFILE, {"city": ADA["city"]}),
    (Operation.EMAIL, {"email": NEW_NAME}, Operation.EMAIL, {"email": ADA["email"]}),
    (Operation.USERNAME, {"username": NEW_NAME}, Operation.USERNAME, {"username": ADAS}),
    (Operation.DISABLE, {}, Operation.ENABLE, {}),
]


@pytest.mark.parametrize(("first", "to", "second", "back"), BACK_AND_FORTH)
def test_how_it_was_before_an_earlier_change_is_no_proof_of_a_later_one(
    lagging, customer, clock, first, to, second, back
):
    done = changes.ask(customer, first, to)
    deliver_all()
    meet(lagging, "dropped", second)
    doubted = changes.ask(customer, second, back)

    deliver_until_settled(clock, seconds=3, times=60)

    assert_sent(done, lagging, 1)
    assert_sent(doubted, lagging, 2)
    assert_mirrored(lagging, customer)


def test_that_a_new_customer_is_not_shown_yet_is_no_proof_of_a_deletion(lagging, clock):
    customer = live()
    meet(lagging, "dropped", "delete")
    change = changes.ask(customer, Operation.DELETE)

    deliver_until_settled(clock, seconds=3, times=60)

    assert_sent(change, lagging, 2)
    assert_mirrored(lagging, customer)
