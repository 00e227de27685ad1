"""How fast the distributor is called: one rate for all workers."""

from datetime import timedelta

import pytest

from customers.distributor.errors import NotSent, Throttled
from customers.models import Gate
from customers.models import clock as database_clock
from customers.services import gate, rate
from tests.integration.steps import at_once


class StandingClock:
    """Time stands still until it is moved: turns are counted, not measured."""

    def __init__(self, now):
        self.now = now

    def __call__(self):
        return self.now

    def forward(self, seconds):
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock(db, monkeypatch, settings):
    settings.DISTRIBUTOR_RATE, settings.DISTRIBUTOR_BURST = 20, 40
    standing = StandingClock(database_clock.now())
    monkeypatch.setattr(database_clock, "now", standing)
    assert gate.lets_through()
    return standing


def turns(number):
    return [round(rate.turn()[0], 3) for _ in range(number)]


def calls_within(seconds, clock):
    """How many calls are made by one who always waits for the next turn, with no burst left."""
    while not rate.turn()[0]:
        pass
    end, calls = clock.now + timedelta(seconds=seconds), 0
    while True:
        clock.forward(rate.turn()[0])
        if clock.now >= end:
            return calls
        calls += 1


def too_many(seconds=None):
    gate.tell(Throttled("Too many calls.", retry_after=seconds))


def test_a_burst_goes_at_once_and_then_twenty_a_second(clock):
    assert turns(43) == [0.0] * 40 + [0.05, 0.1, 0.15]


def test_a_rest_fills_the_burst_again_and_no_more_than_that(clock):
    turns(40)
    clock.forward(1)
    assert turns(21) == [0.0] * 20 + [0.05]

    clock.forward(3600)

    assert turns(41) == [0.0] * 40 + [0.05]


def test_in_the_long_run_the_rate_is_kept(clock):
    assert 1198 <= calls_within(60, clock) <= 1202


def test_after_an_outage_the_first_second_has_the_rate_and_no_burst(clock):
    for _ in range(gate.FAILURES):
        gate.tell(NotSent("The connection was refused."))
    gate.read()

    waits = turns(3)
    assert waits == [0.05, 0.1, 0.15]


@pytest.mark.parametrize(("told", "least", "most"), [(7, 7, 7), (0, 0, 0), (None, 60, 72)])
def test_a_429_stops_all_calls_for_as_long_as_it_says(clock, told, least, most):
    too_many(told)

    pause = (Gate.objects.get().throttled_until - clock.now).total_seconds()

    assert least <= pause <= most
    if pause:
        assert not gate.lets_through()
        with pytest.raises(rate.Shut):
            rate.turn()
    clock.forward(pause + 0.001)
    assert gate.lets_through()
    rate.turn()


def test_a_429_halves_the_rate_for_five_minutes(clock):
    too_many(1)
    clock.forward(1.001)

    assert 598 <= calls_within(60, clock) <= 602
    clock.forward(240)
    assert 1198 <= calls_within(60, clock) <= 1202


def test_a_further_429_only_extends_that(clock):
    too_many(10)
    clock.forward(60)

    too_many(10)
    too_many(1)

    assert Gate.objects.get().throttled_until == clock.now + timedelta(seconds=10)
    clock.forward(10.001)
    assert 598 <= calls_within(60, clock) <= 602, "half of the rate, not a quarter"
    clock.forward(235)
    assert Gate.objects.get().slow_until > clock.now


@pytest.mark.django_db(transaction=True)
def test_no_turn_is_given_out_twice(settings, clock):
    settings.DISTRIBUTOR_BURST = 1

    given = at_once(*[lambda: turns(25)] * 4)

    waits = sorted(wait for some in given for wait in some)
    assert waits == [round(n * 0.05, 3) for n in range(100)]
