"""The readings of the list: how far one has come, what it did, and what all of them attest."""

import csv
import io
import json
from datetime import timedelta

import pytest

from customers import tasks
from customers.models import Alert, Refresh, clock
from customers.views.export import cell
from customers.views.progress import spelled
from tests.integration.pages import Page, asks_again, person, signed_in

pytestmark = pytest.mark.django_db
Verdict = Refresh.Verdict
PAGE = "/customers/refreshes/"


@pytest.fixture
def console(db):
    return signed_in("Managers")


@pytest.fixture
def still(monkeypatch):
    """No time goes by: what a page reckons with is what the test says."""
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)


def good(minutes_ago=10, seconds=60, **columns):
    began = clock.now() - timedelta(minutes=minutes_ago)
    known = {"listed": 1207, "verified": 1204, "differing": 1, "missing": 0, "in_flight": 2}
    known |= {"finished_at": began + timedelta(seconds=seconds), "oldest_verified_at": began}
    return Refresh.objects.create(started_at=began, verdict=Verdict.OK, **known | columns)


def running(seconds_ago, **columns):
    began = clock.now() - timedelta(seconds=seconds_ago)
    return Refresh.objects.create(started_at=began, **columns)


def words(console, path=PAGE):
    return Page(console.get(path)).words


# --- How far -------------------------------------------------------------------------------------


def test_a_reading_tells_how_far_it_is_and_what_the_rest_is_reckoned_from(console, still):
    good(seconds=60)
    reading = running(15, listed=300)
    for path in (PAGE, reading.get_absolute_url()):
        response = console.get(path)
        said = Page(response).words
        assert "300 of about 1,207 rows" in said
        assert "15 s so far, about 45 s left: the last good one took 1 min 0 s." in said
        assert asks_again(response)
        (bar,) = [said for tag, said in Page(response).tags if tag == "progress"]
        assert (bar["value"], bar["max"]) == ("300", "1207")


def test_the_first_reading_does_not_pretend_to_know(console, still):
    running(15, listed=300)
    response = console.get(PAGE)
    assert "300 rows 15 s so far. No reading before it tells how long" in Page(response).words
    (bar,) = [said for tag, said in Page(response).tags if tag == "progress"]
    assert "value" not in bar


def test_a_reading_that_takes_longer_says_so(console, still):
    good(seconds=60)
    running(70, listed=1207)
    assert "longer than expected: the last good one took 1 min 0 s." in words(console)


def test_more_rows_than_the_last_time_are_reckoned_with(console, still):
    good(seconds=60)
    running(15, listed=2414)
    assert "2,414 of about 2,414 rows 15 s so far, about 1 min 45 s left" in words(console)


def test_from_a_list_of_a_few_nothing_is_reckoned_for_one_of_many(console, still):
    good(seconds=60)
    running(15, listed=2415)
    assert "2,415 rows 15 s so far. No reading before it tells how long" in words(console)


def test_once_the_list_is_read_its_rows_are_what_there_is_to_do(console, still):
    good(seconds=60)
    running(40, listed=1000, merged=700, phase=Refresh.Phase.MERGING)
    assert "700 of 1,000 rows 40 s so far, about 10 s left" in words(console)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "1 s"), (59.4, "59 s"), (60, "1 min 0 s"), (3599, "59 min 59 s"), (7260, "2 h 1 min")],
)
def test_spans_are_told_by_their_largest_units(seconds, said):
    assert spelled(timedelta(seconds=seconds)) == said


def test_what_was_asked_for_is_waited_for_until_it_begins(console, monkeypatch):
    monkeypatch.setattr(tasks.refresh, "delay", lambda *_: None)
    answer = console.post(PAGE)
    assert "A refresh was asked for and begins as soon as a worker" in words(
        console, answer["Location"]
    )
    running(0)
    assert "A refresh was asked for" not in words(console, answer["Location"])


# --- One reading ---------------------------------------------------------------------------------


def test_a_failed_reading_says_why_in_words(console):
    failed = running(5, verdict=Verdict.FAILED, problem="The list broke off.")
    said = words(console, failed.get_absolute_url())
    assert "Why it failed The list broke off. Nothing was changed." in said
    assert failed.get_absolute_url() in Page(console.get(PAGE)).links()


def test_a_good_reading_says_who_asked_what_it_did_and_what_it_attests(console):
    reading = good(asked_by=person(username="ana"), equal=1206, updated=1)
    said = words(console, reading.get_absolute_url())
    assert "took 1 min 0 s asked by ana" in said
    assert "Found equal nothing was written 1,206" in said
    assert "1,204 of 1,207 customers verified equal" in said


def test_a_reading_that_is_not_there_is_not_found(console):
    assert console.get(f"{PAGE}99999/").status_code == 404


# --- Over time -----------------------------------------------------------------------------------


def test_what_is_plotted_stands_in_the_table_beside_it(console):
    good(30, verified=1200, missing=4)
    good(10)
    running(5, verdict=Verdict.FAILED, problem="cut")
    page = Page(console.get(PAGE))
    values = [said["data-value"] for tag, said in page.tags if "data-value" in said]
    assert values == ["99.75", "1", "0", "2", "99.42", "1", "4", "2"]
    assert "1,204 of 1,207 customers verified equal at" in page.words


def test_only_all_of_them_are_a_hundred_of_a_hundred(console):
    nearly = good(verified=999_999, differing=1, missing=0, in_flight=0)
    assert nearly.verified_share == 99.99
    assert good(verified=2, differing=0, missing=0, in_flight=0).verified_share == 100
    assert good(verified=0, differing=0, missing=0, in_flight=0).verified_share is None


def test_a_period_is_drawn_with_few_points_and_its_latest_is_one_of_them(console):
    now = clock.now()
    Refresh.objects.bulk_create(
        Refresh(started_at=now - timedelta(hours=n), verdict="OK", verified=n, differing=0,
                missing=0, in_flight=0)
        for n in range(24 * 40)
    )  # fmt: skip
    day = console.get(PAGE).context["history"].readings
    month = console.get(f"{PAGE}?period=month").context["history"].readings
    assert (len(day), day[0].verified) == (24, 0)
    assert (90 <= len(month) <= 100, month[0].verified) == (True, 0)
    assert month[-1].verified > 24 * 28
    assert console.get(f"{PAGE}?period=nonsense").context["history"].period == "day"


def test_what_is_drawn_is_left_alone_while_the_page_asks_again(console):
    good()
    running(1)
    whole = console.get(PAGE).content
    part = console.get(PAGE, headers={"HX-Request": "true"}).content
    assert whole.count(b"<canvas") == 2
    assert b"<canvas" not in part
    assert b'id="plots" hx-preserve' in part


def test_the_attestations_are_exported_row_by_row(console):
    good(30, verified=1200)
    latest = good(10)
    running(5, verdict=Verdict.FAILED)
    response = console.get(f"{PAGE}attestations.csv")
    assert response.streaming
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in response["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(b"".join(response).decode())))
    assert [row["verified"] for row in rows] == ["1204", "1200"]
    assert rows[0]["started_at"] == f"{latest.started_at:%Y-%m-%dT%H:%M:%SZ}"
    assert rows[0]["in_flight"] == "2"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_cell_is_a_formula(text):
    assert cell(text) == f"'{text}"
    assert (cell("1=1"), cell(-1), cell(None)) == ("1=1", -1, None)


# --- The dashboard -------------------------------------------------------------------------------


def test_the_dashboard_tells_how_many_are_verified_and_what_came_since(console):
    assert "Never last reading of the list nothing was read yet" in words(console, "/")
    failed = running(5, verdict=Verdict.FAILED)
    assert "Failed last reading of the list" in words(console, "/")
    failed.delete()
    good()
    assert "1,204 of 1,207 customers verified equal at 10" in words(console, "/")
    running(5, verdict=Verdict.FAILED)
    assert "ago ; the latest: Failed" in words(console, "/")


def test_a_list_that_was_put_aside_needs_a_person(console):
    good()
    aside = running(5, verdict=Verdict.QUARANTINED, problem="307 are not in it.")
    Alert.objects.create(kind="refresh", text="307 are not in it.", raised_at=clock.now())
    page = Page(console.get("/"))
    assert page.words.count("307 are not in it.") == 1
    assert aside.get_absolute_url() in page.links()
    good(0)
    assert "The latest list was put aside" not in words(console, "/")


@pytest.mark.parametrize("page", ["list", "reading"])
def test_a_page_that_lay_still_is_brought_up_to_date_in_place(console, page):
    reading = good()
    path = PAGE if page == "list" else reading.get_absolute_url()
    (live,) = [said for _tag, said in Page(console.get(path)).tags if said.get("id") == "live"]
    assert live["hx-trigger"] == "seen from:body"
    headers = {"HX-Request": "true", **json.loads(live["hx-headers"])}
    part = console.get(live["hx-get"], headers=headers)
    assert "HX-Refresh" not in part
    assert part.content.strip().startswith(b'<div id="live"')


def test_a_page_that_has_waited_is_loaded_anew_once_all_is_there(console):
    going = running(5)
    (live,) = [said for _tag, said in Page(console.get(PAGE)).tags if said.get("id") == "live"]
    assert (live["hx-trigger"], "hx-headers" in live) == ("every 1s", False)
    Refresh.objects.filter(pk=going.pk).update(verdict="OK", finished_at=clock.now())
    assert console.get(live["hx-get"], headers={"HX-Request": "true"})["HX-Refresh"] == "true"
