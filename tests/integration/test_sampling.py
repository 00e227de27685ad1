"""How things stood is written down every few minutes, and what ended is counted once an hour."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from customers import tasks
from customers.models import Change, Customer, Sample, Tally
from customers.models import clock as database_clock
from customers.services import changes, sampling
from tests.integration.pages import a_customer, settle
from tests.integration.steps import at_once

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 25, 12, 0, 30, tzinfo=UTC)


@pytest.fixture
def at(monkeypatch):
    """Sets the time; it stands still until it is set again."""

    def set_to(moment):
        monkeypatch.setattr(database_clock, "now", lambda: moment)

    set_to(NOON)
    return set_to


def some_customers():
    a_customer()
    a_customer("b@example.com", active=False)
    a_customer("c@example.com", website_access=False)
    a_customer("d@example.com", active=None, website_access=None)
    a_customer("e@example.com", status="MISSING", active=False)
    a_customer("f@example.com", status="REQUESTED")
    a_customer("g@example.com", status="CLOSED", active=False, website_access=False)


def ended_at(moment, *states):
    """A settled change of each of these states."""
    ada = Customer.objects.first() or a_customer()
    for state in states:
        change = changes.ask(ada, "enable")
        settle(change, state)
        Change.objects.filter(pk=change.pk).update(settled_at=moment)


# --- A sample ------------------------------------------------------------------------------------


def test_a_sample_says_how_customers_and_changes_stand(at):
    some_customers()
    ada = Customer.objects.get(username="ada@example.com")
    at(NOON - timedelta(minutes=10))
    changes.ask(ada, "disable")
    at(NOON - timedelta(minutes=3))
    blocked, later = changes.ask(ada, "enable"), changes.ask(ada, "disable")
    Change.objects.filter(pk=blocked.pk).update(state="BLOCKED")
    settle(later)
    at(NOON)

    tasks.sample()

    taken = Sample.objects.get()
    assert taken.at == NOON.replace(second=0)
    assert (taken.live, taken.sending_off, taken.website_off) == (4, 1, 1)
    assert (taken.requested, taken.missing) == (1, 1)
    assert (taken.waiting, taken.blocked, taken.oldest_waiting_seconds) == (1, 1, 600)


def test_where_nothing_waits_nothing_is_old(at):
    sampling.sample()
    taken = Sample.objects.get()
    assert (taken.live, taken.waiting, taken.oldest_waiting_seconds) == (0, 0, 0)


def test_who_asks_more_often_than_one_is_due_takes_none(at):
    for seconds in (0, 20, 60, 240, 269):
        at(NOON + timedelta(seconds=seconds))
        sampling.sample()
    assert Sample.objects.count() == 1
    at(NOON + timedelta(seconds=270))
    sampling.sample()
    assert Sample.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_at_once_take_one(at):
    a_customer()
    assert not [it for it in at_once(*[sampling.sample] * 4) if isinstance(it, Exception)]
    assert Sample.objects.get().live == 1


# --- What stays ----------------------------------------------------------------------------------


def old_sample(days, minutes=0, waited=0):
    counts = dict.fromkeys(
        ("live", "sending_off", "website_off", "requested", "missing", "waiting", "blocked"), 1
    )
    at = NOON.replace(second=0) - timedelta(days=days) + timedelta(minutes=minutes)
    return Sample.objects.create(at=at, oldest_waiting_seconds=waited, **counts)


def test_of_an_old_hour_the_longest_wait_stays(at):
    for minutes in range(0, 120, 5):
        old_sample(3, minutes, waited=900 if minutes == 35 else 0)
    recent = [old_sample(1, minutes) for minutes in range(0, 60, 5)]

    sampling.thin(NOON)

    kept = Sample.objects.filter(at__lt=NOON - timedelta(days=2)).order_by("at")
    assert [(it.at.hour, it.at.minute) for it in kept] == [(12, 35), (13, 0)]
    assert kept[0].oldest_waiting_seconds == 900
    assert Sample.objects.filter(at__gte=NOON - timedelta(days=2)).count() == len(recent)


def test_the_hour_in_the_middle_of_which_it_becomes_old_is_left_whole(at):
    for minutes in range(-10, 10, 5):
        old_sample(2, minutes)
    sampling.thin(NOON)
    assert [it.at.minute for it in Sample.objects.order_by("at")] == [50, 0, 5]


def test_what_is_older_than_all_plots_goes(at):
    old_sample(399)
    old_sample(401)
    Tally.objects.create(hour=NOON - timedelta(days=401), done=1, refused=1, withdrawn=1)
    sampling.thin(NOON)
    assert (Sample.objects.count(), Tally.objects.count()) == (1, 0)


# --- Tallies -------------------------------------------------------------------------------------


def test_an_hour_is_counted_once_it_is_over(at):
    hour = NOON.replace(hour=11, minute=0, second=0)
    ended_at(hour - timedelta(seconds=1), "DONE")
    ended_at(hour, "DONE", "DONE", "REJECTED")
    ended_at(hour + timedelta(minutes=59, seconds=59), "WITHDRAWN")
    ended_at(hour + timedelta(hours=1), "DONE")

    sampling.tally(NOON)
    assert not Tally.objects.filter(hour=hour).exists(), "a transaction may be on its way yet"

    sampling.tally(NOON + timedelta(minutes=5))
    counted = Tally.objects.get(hour=hour)
    assert (counted.done, counted.refused, counted.withdrawn) == (2, 1, 1)
    assert Tally.objects.order_by("-hour")[0] == counted
    before = Tally.objects.get(hour=hour - timedelta(hours=1))
    assert (before.done, before.refused, before.withdrawn) == (1, 0, 0)


def test_the_first_time_a_month_is_counted_and_then_what_came_since(at, django_assert_num_queries):
    ended_at(NOON - timedelta(days=30), "DONE")
    sampling.tally(NOON)
    assert Tally.objects.count() == 31 * 24
    assert sum(Tally.objects.values_list("done", flat=True)) == 1
    with django_assert_num_queries(1):
        sampling.tally(NOON)
    sampling.tally(NOON + timedelta(hours=3))
    assert Tally.objects.count() == 31 * 24 + 3


def test_after_a_long_rest_no_hour_is_left_out(at):
    sampling.tally(NOON)
    ended_at(NOON + timedelta(hours=5), "REJECTED")
    sampling.tally(NOON + timedelta(hours=9))
    hours = list(Tally.objects.order_by("hour").values_list("hour", flat=True))
    assert {later - one for one, later in itertools.pairwise(hours)} == {timedelta(hours=1)}
    assert sum(Tally.objects.values_list("refused", flat=True)) == 1
