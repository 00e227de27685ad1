"""How it went over time: what is plotted stands in the tables, gaps are gaps, days are UTC's."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from customers.models import Change, Refresh, Sample, Signup
from customers.models import clock as database_clock
from customers.services import changes, sampling
from tests.integration.pages import Page, a_customer, many_customers, settle, signed_in

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 25, 12, 34, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def console(db):
    return signed_in("Managers")


@pytest.fixture(autouse=True)
def still(monkeypatch):
    monkeypatch.setattr(database_clock, "now", lambda: NOON)


def plot(console, name, period=""):
    over_time = console.get("/", {"period": period}).context["over_time"]
    return next(it for it in over_time.plots if it.name == name)


def values(found):
    """What is drawn, by its time; None for a gap."""
    return {row.at: list(row.values) or None for row in found.rows}


def ended(ago, state="DONE"):
    change = changes.ask(a_customer(f"c{Change.objects.count()}@example.com"), "enable")
    settle(change, state)
    Change.objects.filter(pk=change.pk).update(settled_at=NOON - ago)


def sample(ago, live=10, waited=0, **counts):
    known = dict.fromkeys(
        ("sending_off", "website_off", "requested", "missing", "waiting", "blocked"), 0
    )
    return Sample.objects.create(
        at=NOON - ago, live=live, oldest_waiting_seconds=waited, **known | counts
    )


# --- Changes that ended --------------------------------------------------------------------------


def test_changes_are_counted_by_hour_and_outcome(console):
    ended(4 * MINUTE)
    ended(35 * MINUTE, "REJECTED")
    ended(35 * MINUTE)
    ended(timedelta(hours=5), "WITHDRAWN")
    ended(timedelta(hours=24))
    found = plot(console, "ended")
    assert len(found.rows) == 24
    assert found.rows[-1].at == NOON.replace(minute=0)
    counted = {at.hour: it for at, it in values(found).items() if any(it)}
    assert counted == {12: [1, 0, 0], 11: [1, 1, 0], 7: [0, 0, 1]}


@pytest.mark.parametrize("is_tallied", [False, True])
@pytest.mark.parametrize(
    ("period", "bars", "bar"), [("day", 24, 1), ("week", 28, 6), ("month", 30, 24)]
)
def test_what_was_tallied_and_what_came_since_are_one(console, is_tallied, period, bars, bar):
    for hours in (0.1, 3, 30, 24 * 6, 24 * 29):
        ended(timedelta(hours=hours))
    if is_tallied:
        sampling.tally(NOON - timedelta(hours=2))
    found = plot(console, "ended", period)
    assert len(found.rows) == bars
    width = timedelta(hours=bar)
    assert {later.at - row.at for row, later in pairwise(found.rows)} == {width}
    first, end = found.rows[0].at, found.rows[-1].at + width
    assert first.hour % bar == 0, "bars begin where their days or hours do"
    within = Change.objects.filter(settled_at__gte=first, settled_at__lt=end).count()
    assert sum(row.values[0] for row in found.rows) == within


def test_a_tallied_hour_is_not_counted_again(console):
    ended(timedelta(hours=3))
    sampling.tally(NOON)
    Change.objects.all().delete()
    assert sum(row.values[0] for row in plot(console, "ended").rows) == 1


# --- Signups -------------------------------------------------------------------------------------


def signed_up(customer, at):
    Signup.objects.create(customer=customer, state="SUBMITTED", started_at=at, submitted_at=at)


def test_signups_are_counted_by_day(console):
    first, *others = many_customers(4)
    today = NOON.replace(hour=0, minute=0)
    signed_up(first, today)
    for customer in others:
        signed_up(customer, today - MINUTE)
    Signup.objects.create(started_at=today)  # Nothing was sent yet.
    found = values(plot(console, "signups", "month"))
    assert len(found) == 30
    assert (found[today], found[today - timedelta(days=1)]) == ([1], [3])
    assert len(plot(console, "signups", "week").rows) == 7
    assert plot(console, "signups", "day").title == "Signups per hour"


# --- How it stood --------------------------------------------------------------------------------


def test_a_stretch_in_which_nobody_looked_is_a_gap(console):
    for minutes in (0, 15, 30, 90, 105):
        sample(minutes * MINUTE, live=minutes)
    found = values(plot(console, "live-customers"))
    before = NOON - 90 * MINUTE
    gap = [row for row in plot(console, "live-customers").rows if row.is_gap]
    assert [(row.at, row.until) for row in gap] == [(before, NOON - 30 * MINUTE)]
    assert found[NOON] == [0]
    assert "nobody looked until" in Page(console.get("/")).words


def test_what_came_since_the_last_sample_is_a_gap_too(console):
    sample(16 * MINUTE)
    assert plot(console, "live-customers").rows[-1].until == NOON
    sample(14 * MINUTE)
    assert not plot(console, "live-customers").rows[-1].is_gap


def test_old_samples_an_hour_apart_are_no_gap(console):
    for hours in range(49, 60):
        sample(timedelta(hours=hours, minutes=hours % 3 * 10))
    rows = plot(console, "live-customers", "week").rows
    assert [row.is_gap for row in rows[:-1]] == [False] * (len(rows) - 1)


def test_of_what_is_drawn_as_one_point_the_longest_wait_is_it(console):
    for n in range(24 * 12):
        sample(n * 5 * MINUTE, waited=3600 if n == 101 else 1)
    rows = plot(console, "oldest").rows
    assert len(rows) <= 98
    assert [row.values[0] for row in rows].count(3600) == 1


def test_it_reads_as_it_is_drawn(console):
    sample(5 * MINUTE, live=1234, waited=754, missing=3)
    ended(MINUTE)
    Refresh.objects.create(
        started_at=NOON - MINUTE, verdict="OK", verified=1204, differing=1, missing=0, in_flight=2
    )
    page = Page(console.get("/"))
    drawn = [said["data-value"] for tag, said in page.tags if "data-value" in said]
    assert {"1234", "754", "3", "99.75"} <= set(drawn)
    assert "1,234" in page.words
    assert "12 min 34 s" in page.words
    assert "99.75 %" in page.words


# --- The page ------------------------------------------------------------------------------------


def test_each_plot_has_a_table_and_without_data_a_word(console):
    page = Page(console.get("/"))
    assert not [said for tag, said in page.tags if tag == "canvas"]
    assert "No change has ended in this time." in page.words
    assert page.words.count("Nothing to draw: every few minutes a worker writes") == 3
    sample(MINUTE)
    ended(MINUTE)
    page = Page(console.get("/"))
    canvases = [said for tag, said in page.tags if tag == "canvas"]
    tables = {said.get("id") for tag, said in page.tags if tag == "table"}
    assert {said["data-of"] for said in canvases} <= tables
    assert len(canvases) == 4
    tables_open = [said for tag, said in page.tags if tag == "details" and "data-closed" in said]
    assert all("open" in said for said in tables_open), "who has no JavaScript sees them"
    assert page.inline_script == ""


def test_a_list_without_a_customer_is_a_word_and_no_empty_axis(console):
    reading = {"started_at": NOON - MINUTE, "finished_at": NOON, "verdict": Refresh.Verdict.OK}
    Refresh.objects.create(**reading, verified=0, differing=0, missing=0, in_flight=0)

    page = Page(console.get("/"))
    assert "No list with a customer was applied in this time." in page.words
    assert "attested" not in [said.get("data-of") for tag, said in page.tags if tag == "canvas"]
    page = Page(console.get("/customers/refreshes/"))
    assert not [said for tag, said in page.tags if tag == "canvas"]

    Refresh.objects.create(**reading, verified=1, differing=0, missing=0, in_flight=0)
    page = Page(console.get("/"))
    assert "attested" in [said.get("data-of") for tag, said in page.tags if tag == "canvas"]
    page = Page(console.get("/customers/refreshes/"))
    assert len([said for tag, said in page.tags if tag == "canvas"]) == 2


def test_one_choice_of_the_period_holds_for_all_plots(console):
    sample(timedelta(days=3))
    ended(timedelta(days=3))
    page = Page(console.get("/"))
    assert not [said for tag, said in page.tags if tag == "canvas"]
    assert "?period=week#over-time" in page.links()
    page = Page(console.get("/?period=week"))
    assert len([said for tag, said in page.tags if tag == "canvas"]) == 4
    current = [said["href"] for tag, said in page.tags if said.get("aria-current") == "true"]
    assert current == ["?period=week#over-time"]
    assert console.get("/?period=nonsense").context["over_time"].period.name == "day"


def test_which_time_it_is_told_in_is_said(console):
    page = Page(console.get("/"))
    assert "Times are yours, whole days are days in UTC." in page.words
    assert "All times are UTC." in page.words
