"""A refresh whose worker dies at any point, and two at once: the next one finds all in order."""

import os
from itertools import count

import pytest

from customers.models import Alert, Customer, Drift, Refresh, Username
from customers.services import mirror
from tests.integration.crash_points import at_every_point, crash_points
from tests.integration.oracle import assert_named
from tests.integration.steps import again, at_once

pytestmark = pytest.mark.django_db(transaction=True)

Verdict = Refresh.Verdict
STRIDE = int(os.environ.get("CRASH_STRIDE", "3"))


@pytest.fixture
def quick(settings):
    settings.DISTRIBUTOR_RATE = settings.DISTRIBUTOR_BURST = 10**6


def somebody_else_was_there(sandbox, number):
    """One is new, one has moved, one is gone; who was gone the last time is missed twice now."""
    sandbox.add_account(username=f"new{number}@navy.example", city="London")
    sandbox.change("moved@navy.example", city=f"City {number}")
    sandbox.add_account(username=f"gone{number}@navy.example")


def assert_true(sandbox):
    """The mirror shows what is over there, each account once."""
    there = {account["username"]: account for account in sandbox.accounts()}
    shown = Customer.objects.filter(missing_since=None)
    assert sorted(shown.values_list("username", flat=True)) == sorted(there)
    for customer in shown:
        assert customer.city == there[customer.username]["city"]
        assert_named(customer)
    assert Username.objects.count() == Customer.objects.count()


def test_a_refresh_that_dies_anywhere_is_made_good_by_the_next(sandbox, clock, quick):
    numbers = count()
    sandbox.add_account(username="moved@navy.example", city="London")
    mirror.refresh()

    def run(at):
        number = next(numbers)
        somebody_else_was_there(sandbox, number)
        mirror.refresh()
        sandbox.remove(f"gone{number}@navy.example")
        sandbox.change("moved@navy.example", city=f"Town {number}")
        sandbox.add_account(username=f"newer{number}@navy.example")
        with crash_points(at) as points:
            mirror.refresh()
        clock.forward(mirror.LOST_AFTER.total_seconds() + 1)
        assert mirror.refresh().verdict == Verdict.OK
        assert_true(sandbox)
        assert not Refresh.objects.filter(verdict=Verdict.RUNNING).exists()
        told = Drift.objects.filter(field="city", theirs=f"Town {number}")
        assert told.count() == 1
        return points.dead

    assert at_every_point(run, STRIDE) > 60 // STRIDE
    assert not Alert.objects.filter(over_at=None).exists()


def test_of_two_at_once_one_reads_and_the_other_is_told(sandbox, quick):
    for n in range(20):
        sandbox.add_account(username=f"c{n}@navy.example")
    sandbox.faults.add("slow", times=2, seconds=0.5)

    ends = at_once(*[mirror.refresh] * 4)

    (reading,) = [end for end in ends if isinstance(end, Refresh)]
    others = [end for end in ends if not isinstance(end, Refresh)]
    assert all(isinstance(end, mirror.AlreadyRunning) for end in others)
    assert (again(reading).verdict, reading.adopted) == (Verdict.OK, 20)
    assert Customer.objects.count() == 20
    assert sandbox.operations() == ["retrieve"]
