"""The circuit breaker: no calls while the distributor is away, and one look to end that."""

from datetime import timedelta

import pytest

from customers.distributor.errors import Denied, NoAnswer, NotSent, Rejected, Throttled
from customers.models import Alert, Change, Gate, Refresh
from customers.models import clock as database_clock
from customers.services import gate, mirror
from tests.integration.steps import (
    NOWHERE,
    again,
    at_once,
    create,
    deliver_all,
    deliver_until_settled,
)

pytestmark = pytest.mark.django_db
AWAY = NotSent("The connection was refused.")
UNCLEAR = NoAnswer("It broke.")
DENIED = Denied("Our credentials were refused.")


def fail(times=gate.FAILURES, error=AWAY):
    for _ in range(times):
        gate.tell(error)


def pause():
    return Gate.objects.get().shut_until - database_clock.now()


def open_again(clock):
    """At the end of the pause."""
    clock.ahead += pause()


def test_the_log_says_of_each_failure_what_it_was(caplog):
    fail(1, NotSent("The certificate of the host is not valid."))
    assert "no usable answer from the distributor: The certificate of the host" in caplog.text


@pytest.mark.parametrize("error", [AWAY, UNCLEAR])
def test_five_failures_in_a_row_shut_it_and_four_do_not(clock, error):
    fail(4, error)
    assert gate.lets_through()

    fail(1, error)

    assert not gate.lets_through()
    assert timedelta(seconds=23) < pause() < timedelta(seconds=37)


@pytest.mark.parametrize("answer", [None, Rejected(["no such user"])])
def test_an_answer_begins_the_count_anew(answer):
    fail(4)
    gate.tell(answer)

    fail(4)

    assert gate.lets_through()


def test_too_many_calls_are_no_failure(clock):
    fail(4)

    fail(3, Throttled("Too many calls.", retry_after=5))

    assert Gate.objects.get().shut_until is None
    assert Gate.objects.get().failures == 4


def test_while_it_is_shut_nothing_is_sent_and_nothing_refused(sandbox, clock):
    fail()
    asked = [create(f"ada{n}@analytical.example") for n in range(3)]

    assert deliver_all() == 0

    assert sandbox.operations() == []
    assert {again(change).state for change in asked} == {Change.State.WAITING}
    assert {again(change).attempts for change in asked} == {0}


def test_after_the_pause_one_look_opens_it_even_if_it_finds_nobody(sandbox, clock):
    fail()
    change = create()
    open_again(clock)

    deliver_all()

    assert sandbox.operations() == ["retrieve", "create"]
    assert again(change).state == Change.State.DONE
    assert Gate.objects.get().pauses == Gate.objects.get().failures == 0


def test_each_look_that_fails_doubles_the_pause_up_to_ten_minutes(settings, clock):
    settings.DISTRIBUTOR_URL = NOWHERE
    fail()
    pauses = []
    for _ in range(8):
        pauses.append(pause().total_seconds())
        open_again(clock)
        assert not gate.lets_through()

    for seconds, expected in zip(pauses, [30, 60, 120, 240, 480, 600, 600, 600], strict=True):
        assert 0.79 * expected < seconds < 1.21 * expected
    assert len(set(pauses[5:])) == 3, "the same pause for everybody"


@pytest.mark.django_db(transaction=True)
def test_many_workers_make_one_look(sandbox, clock):
    fail()
    open_again(clock)
    sandbox.faults.add("slow", seconds=1)

    at_once(*[gate.lets_through] * 8)

    assert sandbox.operations() == ["retrieve"]


def test_the_right_to_look_ends_with_the_lease_of_who_had_it(sandbox, settings, clock):
    fail()
    open_again(clock)
    Gate.objects.update(probe_until=database_clock.now() + settings.LEASE)
    assert not gate.lets_through()
    assert sandbox.operations() == []

    clock.forward(31)

    assert gate.lets_through()
    assert sandbox.operations() == ["retrieve"]


def test_who_looked_too_long_shuts_it_for_nobody(sandbox, monkeypatch, clock):
    """Its look fails after somebody else's look has opened the gate."""
    fail()
    open_again(clock)
    sandbox.faults.append("dropped")
    monkeypatch.setattr(gate, "_somebody", lambda: gate.read() or "x")

    gate.lets_through()

    assert Gate.objects.get().shut_until is None


@pytest.mark.parametrize("fault", ["dropped", "cut", "garbage", "500", "html", "credentials"])
def test_what_is_no_whole_list_does_not_open_it(sandbox, clock, fault):
    fail()
    open_again(clock)
    sandbox.faults.append(fault)

    assert not gate.lets_through()

    assert Gate.objects.get().denied == (fault == "credentials")


def test_a_look_that_meets_too_many_calls_leaves_the_pause_as_it_was(sandbox, clock):
    fail()
    open_again(clock)
    sandbox.faults.add("429", retry_after=100)
    assert not gate.lets_through()
    assert Gate.objects.get().pauses == 1

    clock.forward(99)
    assert not gate.lets_through()
    clock.forward(2)
    assert gate.lets_through()


def test_answers_from_before_do_not_open_it(clock):
    """Somebody's call was under way while the others failed."""
    fail()

    gate.tell(None)

    assert not gate.lets_through()


def test_a_list_opens_it_whoever_reads_it(clock):
    fail()

    gate.read()

    assert gate.lets_through()


def test_refused_credentials_shut_it_at_once_and_alert_once_until_they_work(sandbox, clock):
    fail(1, DENIED)
    for _ in range(5):
        assert pause() <= gate.DENIED_PAUSE
        sandbox.faults.append("credentials")
        open_again(clock)
        assert not gate.lets_through()
    assert Alert.objects.filter(kind=Alert.Kind.CREDENTIALS, over_at=None).count() == 1

    open_again(clock)

    assert gate.lets_through()
    assert Alert.objects.get().over_at is not None


def test_no_list_is_read_while_it_is_shut(sandbox, clock):
    fail()

    assert mirror.refresh().verdict == Refresh.Verdict.FAILED

    assert sandbox.operations() == []
    open_again(clock)
    assert mirror.refresh().verdict == Refresh.Verdict.OK


def test_a_claim_that_meets_a_shut_gate_is_given_back(sandbox, monkeypatch, clock):
    """Between the claim and its turn another worker's call was the fifth that failed."""
    change = create()
    with monkeypatch.context() as patch:
        patch.setattr(gate, "lets_through", iter([True, False]).__next__)
        fail()
        deliver_all()

    waiting = again(change)
    assert (waiting.state, waiting.lease_until, waiting.attempts) == (Change.State.WAITING, None, 0)
    open_again(clock)
    deliver_until_settled(clock)
    assert again(change).lost == 0


def told(kind):
    return Alert.objects.filter(kind=kind, over_at=None).count()


def test_a_redirect_is_told_of_once_until_the_distributor_answers_itself(clock):
    moved = NoAnswer("The answer had HTTP status 302.", status=302)
    fail(2, moved)
    assert told(Alert.Kind.REDIRECT) == 1
    gate.tell(None)
    assert told(Alert.Kind.REDIRECT) == 0
    fail(1, NoAnswer("The answer had HTTP status 503.", status=503))
    assert told(Alert.Kind.REDIRECT) == 0


def test_a_redirect_that_shut_the_gate_is_told_of_until_a_list_came(clock):
    fail(error=NoAnswer("The answer had HTTP status 307.", status=307))
    gate.tell(None)
    assert told(Alert.Kind.REDIRECT) == 1
    gate.read()
    assert told(Alert.Kind.REDIRECT) == 0
