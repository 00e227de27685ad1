"""What was surely not executed waits and goes out later, without a strike against it."""

from datetime import timedelta

import pytest

from customers.distributor.rules import Operation
from customers.models import Alert, Attempt, Change, Customer, Gate
from customers.services import changes, lateness
from customers.services.calling import distributor
from tests.integration.steps import (
    NEW_NAME,
    NOWHERE,
    PASSWORD,
    UPDATES,
    again,
    create,
    decide,
    deliver_all,
    deliver_until_settled,
    live,
    looks,
)

pytestmark = pytest.mark.django_db
State = Change.State


def test_while_the_distributor_is_away_a_change_waits_without_a_strike(sandbox, settings, clock):
    settings.DISTRIBUTOR_URL = NOWHERE
    change = create()
    for _ in range(5):
        deliver_all()
        clock.forward(65)
    waiting = again(change)
    assert (waiting.state, waiting.rounds, waiting.lost) == (State.WAITING, 0, 0)
    assert waiting.error
    assert again(change.customer).quiet_until is None
    assert set(Attempt.objects.values_list("outcome", flat=True)) == {Attempt.Outcome.NOT_SENT}
    assert Gate.objects.get().failures == waiting.attempts == 5

    settings.DISTRIBUTOR_URL = sandbox.url
    deliver_until_settled(clock)

    assert again(change).state == State.DONE
    assert sandbox.operations() == ["retrieve", "create"]
    assert Gate.objects.get().failures == 0


def test_after_too_many_calls_it_waits_as_long_as_it_was_told(sandbox, clock):
    customer = live()
    sandbox.faults.add("429", retry_after=300)
    change = changes.ask(customer, Operation.EMAIL, {"email": NEW_NAME})
    deliver_all()
    clock.forward(290)
    assert deliver_all() == 0
    assert again(change).state == State.WAITING

    clock.forward(11)
    deliver_all()

    assert again(change).state == State.DONE
    assert sandbox.operations() == ["create", "email", "email"]


@pytest.mark.parametrize("operation", [Operation.DELETE, Operation.USERNAME])
def test_what_would_do_harm_twice_is_looked_up_after_too_many_calls(sandbox, clock, operation):
    customer = live()
    sandbox.add_account(username="control@navy.example")
    sandbox.faults.add("429", operation=operation)
    change = changes.ask(customer, operation, UPDATES[operation][0])

    deliver_until_settled(clock)

    assert again(change).state == State.DONE
    calls = sandbox.operations()[1:]
    assert calls[0] == calls[-1] == operation
    assert set(calls[1:-1]) == {"retrieve"}
    assert len(calls) > 2


def test_after_a_look_that_cannot_be_trusted_it_is_looked_up_again(sandbox, settings, clock):
    sandbox.add_account(username="control@navy.example")
    settings.DISTRIBUTOR_CONTROL = "control@navy.example"
    sandbox.faults.add("429", operation="create")
    change = create()
    deliver_all()
    sandbox.faults.add("empty", times=2)
    clock.forward(2)
    deliver_all()
    assert again(change).attempts == 1

    deliver_until_settled(clock)

    assert sandbox.operations() == ["create", *["retrieve"] * 4, "create"]


def test_a_look_that_could_not_be_taken_is_still_owed(sandbox, settings, clock):
    sandbox.faults.add("429", operation="create")
    change = create()
    deliver_all()
    settings.DISTRIBUTOR_URL = NOWHERE
    clock.forward(2)
    deliver_all()
    assert looks(change) == ["NOT_SENT"]

    settings.DISTRIBUTOR_URL = sandbox.url
    deliver_until_settled(clock)

    calls = sandbox.operations()
    assert calls[0] == calls[-1] == "create"
    assert set(calls[1:-1]) == {"retrieve"}


def test_a_refusal_after_too_many_calls_is_believed_after_the_settle_time(sandbox, control, clock):
    """It was executed after all, though it was answered by a 429, and is not shown yet."""
    sandbox.store.now = lambda: clock().timestamp()
    clock.forward(120)
    sandbox.faults.add("429", operation="create", retry_after=1)
    change = create()
    deliver_all()
    secret = {"password": PASSWORD, "confirm_password": PASSWORD}
    distributor().send(Operation.CREATE, change.params | secret)
    sandbox.faults.add("stale", times=10_000, seconds=30)

    deliver_until_settled(clock, seconds=2, times=90)

    assert (again(change).state, again(change).error) == (State.DONE, "")
    assert again(change.customer).status == Customer.Status.LIVE


def test_a_throttled_look_waits_as_long_as_it_was_told(sandbox, clock):
    customer = live()
    sandbox.faults.append("lost")
    sandbox.faults.add("429", operation="retrieve", retry_after=300)
    changes.ask(customer, Operation.EMAIL, {"email": NEW_NAME})
    deliver_all()
    clock.forward(290)

    assert deliver_all() == 0

    clock.forward(11)
    deliver_all()
    assert again(customer).email == NEW_NAME


@pytest.mark.parametrize("fault", ["credentials", "401"])
@pytest.mark.django_db(transaction=True)
def test_wrong_credentials_stop_everything_and_alert_once(
    sandbox, settings, clock, mailoutbox, fault
):
    settings.ADMINS = [("Lead", "lead@reseller.example")]
    asked = [create(f"ada{n}@analytical.example") for n in range(3)]
    sandbox.faults.add(fault, times=2)
    deliver_all()
    assert sandbox.operations() == ["create"]
    clock.forward(16)
    deliver_all()
    assert sandbox.operations() == ["create", "retrieve"]
    assert {again(change).state for change in asked} == {State.WAITING}
    assert len(mailoutbox) == 1
    assert Alert.objects.get().over_at is None

    deliver_until_settled(clock, seconds=16)

    assert {again(change).state for change in asked} == {State.DONE}
    assert Alert.objects.get().over_at is not None
    assert len(mailoutbox) == 1


@pytest.mark.django_db(transaction=True)
def test_what_is_denied_while_the_list_is_shown_alerts_once_and_leaves_the_others_their_turn(
    sandbox, settings, clock, mailoutbox
):
    """As a key that may read and not write, or one account that is no longer ours."""
    settings.ADMINS = [("Lead", "lead@reseller.example")]
    denied = create()
    sandbox.faults.add("credentials", operation="create", times=6)
    for _ in range(100):
        deliver_all()
        clock.forward(16)
    tries = list(denied.sends.order_by("n"))
    assert [it.outcome for it in tries] == [*["DENIED"] * 6, "SUCCESS"]
    assert len(mailoutbox) == Alert.objects.count() == 1
    assert Alert.objects.get().over_at is not None
    assert tries[-1].begun_at - tries[0].begun_at > timedelta(seconds=6 * 16)


def test_nobody_is_alerted_of_a_denial_for_ever_once_the_change_is_given_up(sandbox, clock):
    denied = create()
    sandbox.faults.add("credentials", operation="create", times=100)
    deliver_all()
    clock.forward(16)
    lateness.check()
    assert Alert.objects.get(kind=Alert.Kind.CREDENTIALS).over_at is None, "still denied"
    Change.objects.update(state=State.BLOCKED)
    deliver_all()
    decide(denied, "REJECTED")

    lateness.check()

    assert Alert.objects.get(kind=Alert.Kind.CREDENTIALS).over_at is not None
