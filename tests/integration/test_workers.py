"""Workers that die, sleep and meet: the lease, the fence and the one who is lost."""

import threading
import time

import pytest
from django.db import connection, transaction

from bench import filling
from customers.distributor.client import Distributor
from customers.distributor.errors import NoAnswer
from customers.distributor.line import Line
from customers.distributor.rules import Operation
from customers.models import Alert, Attempt, Change, Customer, Gate
from customers.services import changes, claims, delivery, doubt, settling
from tests.integration.crashes import during_the_call, killed_at
from tests.integration.steps import (
    ADAS,
    SETTLE,
    again,
    at_once,
    create,
    decide,
    deliver_all,
    deliver_until_settled,
    live,
)

pytestmark = pytest.mark.django_db(transaction=True)

State = Change.State
Outcome = Attempt.Outcome


def test_no_transaction_is_open_while_the_distributor_is_called(sandbox, clock, monkeypatch):
    real, within = Line.post, []

    def post(self, *args):
        within.append(connection.in_atomic_block)
        return real(self, *args)

    monkeypatch.setattr(Line, "post", post)
    sandbox.faults.add("dropped", operation="create")
    create()

    deliver_until_settled(clock)

    assert sandbox.account(ADAS)
    assert len(within) >= 6
    assert not any(within)


def test_the_attempt_is_committed_before_the_first_byte_goes_out(sandbox, monkeypatch):
    create()
    seen = []

    def from_elsewhere():
        rows = Attempt.objects.values_list("change__state", "outcome", "request__username")
        thread = threading.Thread(target=lambda: (seen.extend(rows), connection.close()))
        thread.start()
        thread.join()

    during_the_call(monkeypatch, from_elsewhere)

    deliver_all()

    assert seen == [(State.SENDING, "", ADAS)]


def test_a_worker_lost_before_the_call_began_costs_the_lease_and_nothing_else(sandbox, clock):
    change = create()
    with killed_at(delivery, "_begin"):
        deliver_all()
    assert deliver_all() == 0

    clock.forward(31)
    deliver_all()

    assert (again(change).state, again(change).lost) == (State.DONE, 1)
    assert sandbox.operations() == ["create"]


def test_a_worker_lost_after_the_call_leads_to_a_look_and_to_no_second_account(sandbox, clock):
    change = create()
    with killed_at(settling, "settle"):
        deliver_all()
    clock.forward(29)
    assert deliver_all() == 0

    clock.forward(2)
    deliver_all()

    assert again(change).state == State.DONE
    assert sandbox.operations() == ["create", "retrieve"]
    outcomes = Attempt.objects.order_by("n").values_list("kind", "outcome")
    assert list(outcomes) == [("SEND", "LOST"), ("LOOK", "AS_ASKED")]


def test_a_worker_lost_before_the_first_byte_is_made_up_for_after_the_settle_time(sandbox, clock):
    change = create()
    with killed_at(Distributor, "send"):
        deliver_all()
    clock.forward(31)
    deliver_all()
    waits = again(change)
    assert waits.state == State.IN_DOUBT
    quiet = again(change.customer).quiet_until
    assert quiet == Attempt.objects.earliest("n").deadline + settling.timedelta(seconds=60)

    deliver_until_settled(clock)

    assert again(change).state == State.DONE
    assert again(change).settled_at > quiet
    assert sandbox.operations().count("create") == 1


def test_a_worker_lost_while_settling_is_followed_by_a_look(sandbox, clock):
    change = create()
    with killed_at(settling, "_complete"):
        deliver_all()
    assert again(change).state == State.SENDING
    assert again(change.customer).status == Customer.Status.REQUESTED

    clock.forward(31)
    deliver_all()

    assert again(change).state == State.DONE


def test_three_lost_workers_are_enough(sandbox, clock):
    change = create()
    for _ in range(2):
        with killed_at(delivery, "_begin"):
            deliver_all()
        clock.forward(31)
    with killed_at(delivery, "_begin"):
        deliver_all()
    clock.forward(31)

    deliver_all()

    change = again(change)
    assert (change.state, change.lost) == (State.BLOCKED, 3)
    assert sandbox.operations() == []
    assert Alert.objects.get(kind=Alert.Kind.BLOCKED).subject == str(change.pk)
    assert deliver_all() == 0


def test_what_a_person_tries_again_is_looked_up_first_where_a_copy_would_do_harm(sandbox, clock):
    change = create()
    for step in (settling, doubt, doubt):
        with killed_at(step, "settle" if step is settling else "look"):
            deliver_all()
        clock.forward(95)
    deliver_all()
    assert again(change).state == State.BLOCKED

    assert decide(change, "AGAIN", reason="The machine was swapped.")
    deliver_all()

    assert (again(change).state, again(change).lost) == (State.DONE, 0)
    assert sandbox.operations() == ["create", "retrieve"]
    assert not Alert.objects.filter(over_at=None).exists()
    assert not decide(change, "AGAIN", reason="once more")


def test_a_worker_that_was_fenced_off_writes_nothing_but_its_attempt(
    sandbox, clock, monkeypatch, caplog
):
    change = create()

    def another_takes_over():
        clock.forward(31)
        assert claims.claim().state == State.IN_DOUBT

    during_the_call(monkeypatch, another_takes_over)
    deliver_all()

    change = again(change)
    assert (change.state, change.claim) == (State.IN_DOUBT, 2)
    assert again(change.customer).status == Customer.Status.REQUESTED
    assert change.sealed_password
    assert Attempt.objects.get().outcome == Outcome.SUCCESS
    assert "taken over" in caplog.text

    deliver_until_settled(clock, seconds=31)

    assert again(change).state == State.DONE
    assert sandbox.operations() == ["create", "retrieve"]


def test_a_success_that_nobody_settled_makes_a_later_refusal_doubtful(sandbox, clock, monkeypatch):
    customer = live()
    change = changes.ask(customer, Operation.PASSWORD, password="another-engine")

    def another_takes_over():
        clock.forward(31)
        assert claims.claim()

    during_the_call(monkeypatch, another_takes_over)
    deliver_all()
    sandbox.remove(ADAS)

    deliver_until_settled(clock, seconds=31)

    # It was set over there: nobody is told that it was refused.
    assert again(change).state == State.BLOCKED


def test_a_claim_and_a_late_settling_do_not_wait_for_each_other(sandbox, clock, monkeypatch):
    """Both lock the customer first: at the end of a lease they meet."""
    change = create()
    found = claims.claim()
    attempt = delivery._begin(found)
    result = delivery._call(found, attempt.request, "difference-engine", time.monotonic() + 20)
    clock.forward(31)
    real = claims._take_as_lost

    def slowly(*args):
        time.sleep(0.5)
        return real(*args)

    def settle_late():
        time.sleep(0.2)
        settling.settle(found, attempt, result)

    monkeypatch.setattr(claims, "_take_as_lost", slowly)

    claimed, settled = at_once(claims.claim, settle_late)

    assert claimed == change
    assert isinstance(settled, claims.FencedOffError)
    assert again(change).state == State.IN_DOUBT


def test_who_takes_over_waits_for_what_a_worker_wrote_down_the_moment_before(
    sandbox, clock, monkeypatch
):
    """Its late settling meets the fence, between the claim of the next one and the rest of it."""
    change = create()
    found = claims.claim()
    attempt = delivery._begin(found)
    clock.forward(31)
    real = claims._take_as_lost

    def after_the_other(*args):
        with pytest.raises(claims.FencedOffError):
            settling.settle(found, attempt, NoAnswer("The connection broke."))
        return real(*args)

    monkeypatch.setattr(claims, "_take_as_lost", after_the_other)

    assert claims.claim() == change
    assert again(attempt).outcome == Outcome.UNKNOWN
    assert again(change.customer).quiet_until == attempt.deadline + SETTLE


def test_a_claim_that_was_taken_over_is_not_given_back(sandbox, clock, monkeypatch):
    change = create()
    slow = claims.claim()
    clock.forward(31)
    claims.claim()
    Gate.objects.update_or_create(pk=1, defaults={"shut_until": clock() + SETTLE})

    assert delivery.deliver(slow) is False

    assert again(change).claim == 2
    assert again(change).lease_until is not None


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="It writes one at a time anyway.")
def test_what_somebody_is_writing_is_passed_over_and_not_waited_for(sandbox, clock):
    """Whatever that will be, a lease renewed or a decision: it is not what was found due."""
    slow = create()
    claims.claim()
    clock.forward(31)
    other = create(username="grace@navy.example")
    with transaction.atomic():
        Change.objects.filter(pk=slow.pk).update(lease_until=clock() + claims.MARGIN)

        found, none = at_once(claims.claim, lambda: claims.claim(slow.customer_id))

    assert (found, none) == (other, None)
    assert again(slow).claim == 1


def test_each_change_is_claimed_by_one_of_many_workers(sandbox):
    first = filling.customers(60)
    filling.changes(first, 60)

    def work():
        return list(iter(claims.claim, None))

    shares = at_once(*[work] * 6)

    assert sorted(change.customer_id for share in shares for change in share) == list(
        range(first, first + 60)
    )
    assert set(Change.objects.values_list("claim", flat=True)) == {1}


def test_workers_that_claim_at_once_make_one_attempt(sandbox):
    create()

    steps = at_once(*[deliver_all] * 4)

    assert sorted(steps) == [0, 0, 0, 1]
    assert sandbox.operations() == ["create"]
    assert Attempt.objects.count() == 1
    assert Change.objects.get().claim == 1
