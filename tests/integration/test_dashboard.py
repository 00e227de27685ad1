"""The dashboard: first what needs a person, grouped by its cause, then the numbers."""

from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from customers.models import Alert, Change, Drift, Gate, Refresh, Sample, Signup, clock
from customers.services import changes
from customers.views import figures, needs
from tests.integration.pages import Page, a_customer, many_customers, person, settle, signed_in
from tests.integration.plans import plans_of

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
TOO_LONG = "phone must be at most 50 characters long"


@pytest.fixture
def console(db):
    return signed_in("Managers")


def words(console, path="/", **options):
    return Page(console.get(path, **options)).words


def lines(console):
    return {need.text: need for need in console.get("/").context["needs"]}


def refused(error=TOO_LONG, username="", **columns):
    customer = a_customer(username or f"c{Change.objects.count()}@example.com")
    change = changes.ask(customer, "profile", {"phone": "1"})
    settle(change, "REJECTED", error)
    Change.objects.filter(pk=change.pk).update(**columns)
    return Change.objects.select_related("customer").get(pk=change.pk)


def away(**columns):
    known = {"failures": 5, "since": clock.now(), "why": "It does not answer."}
    Gate.objects.create(**known | {"shut_until": clock.now()} | columns)


def follow(console, need):
    """The changes that its link leads to."""
    return {row.pk for row in console.get(unescape(need.href)).context["part"].rows}


# --- What needs a person -------------------------------------------------------------------------


def test_a_new_installation_is_told_where_to_begin(console):
    page = Page(console.get("/"))
    assert "There are no customers yet. Read the distributor's list" in page.words
    assert {"/customers/refreshes/", "/customers/new/"} <= page.links()
    assert "No change was asked for yet." in page.words


def test_where_nothing_needs_a_person_it_says_so(console):
    a_customer()
    assert "Nothing. What is refused or cannot be decided by itself stands here." in words(console)


def test_it_stands_before_the_numbers(console):
    ada = a_customer()
    a_customer("off@example.com", active=False)
    settle(changes.ask(ada, "profile", {"phone": "1"}), "REJECTED", "Phone too odd")
    changes.ask(ada, "email", {"email": "b@example.com"})
    Change.objects.filter(operation="email").update(state="BLOCKED", error="Neither nor")
    Alert.objects.create(kind="credentials", text="They refuse us.", raised_at=clock.now())

    said = words(console)
    assert "2 live customers 1 with sending off" in said
    for line in ("They refuse us.", "Neither nor", "Phone too odd"):
        assert said.index(line) < said.index("live customers")
    Alert.objects.update(over_at=clock.now())
    assert "They refuse us." not in words(console)


def test_those_refused_for_one_cause_are_one_line_that_leads_to_them(console):
    many = {refused().pk for _ in range(7)}
    taken = {refused(f"{name}@example.com is taken").pk for name in ("a", "b")}
    alone = refused("Unknown package")
    told = lines(console)
    assert list(told) == [
        f"7 refused: {TOO_LONG}", "2 refused: … is taken", "Change profile: Ada Lovelace"
    ]  # fmt: skip
    assert follow(console, told[f"7 refused: {TOO_LONG}"]) == many
    assert follow(console, told["2 refused: … is taken"]) == taken
    lone = told["Change profile: Ada Lovelace"]
    assert (lone.href, lone.detail) == (alone.get_absolute_url(), "Unknown package")
    assert all(need.do for need in told.values())


def test_what_was_asked_for_again_or_is_long_ago_needs_nobody(console):
    again = refused()
    refused("long ago", settled_at=clock.now() - timedelta(days=8))
    assert len(lines(console)) == 1
    changes.ask(again.customer, "profile", {"phone": "2"})
    assert lines(console) == {}


def test_of_very_many_causes_the_most_frequent_stand_there_and_the_rest_is_counted(console):
    for n in range(needs.LINES + 3):
        refused(f"Reason {chr(97 + n)}")
    refused("Reason a")
    told = list(lines(console))
    assert told[0] == "2 refused: Reason a"
    assert told[-1] == "3 more for other reasons"


def test_blocked_ones_are_told_by_what_is_known_of_them(console):
    for n in range(3):
        change = changes.ask(a_customer(f"b{n}@example.com"), "enable")
        Change.objects.filter(pk=change.pk).update(state="BLOCKED", error=f"{n + 8} rounds ended.")
        Alert.objects.create(kind="blocked", subject=str(n), text="it", raised_at=clock.now())
    (need,) = lines(console).values()
    assert need.text == "3 blocked: … rounds ended."
    assert len(follow(console, need)) == 3


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({}, "the distributor cannot be reached"),
        ({"denied": True}, "the distributor refuses our credentials"),
        (
            {"shut_until": None, "failures": 0, "throttled_until": "soon"},
            "the distributor asks for fewer calls",
        ),
    ],
)
def test_what_waits_for_the_distributor_is_one_line(console, how, why):
    waiting = {changes.ask(a_customer(f"w{n}@example.com"), "enable").pk for n in range(3)}
    if "throttled_until" in how:
        how = how | {"throttled_until": clock.now() + timedelta(minutes=1), "since": None}
    away(**how)
    (need,) = lines(console).values()
    assert need.text == f"3 wait: {why}"
    assert need.detail == "nothing is lost"
    assert follow(console, need) == waiting


def test_an_outage_in_which_nothing_waits_needs_nobody(console):
    a_customer()
    away()
    assert lines(console) == {}


def test_many_alerts_of_a_kind_are_one_line(console):
    for n in range(2):
        Alert.objects.create(kind="seal", subject=str(n), text=f"s{n}", raised_at=clock.now())
    for n in range(5):
        Alert.objects.create(kind="listed", subject=str(n), text=f"l{n}", raised_at=clock.now())
    assert list(lines(console)) == ["5 alike, the latest: l4", "s1", "s0"]


def test_a_late_alert_does_not_send_anybody_to_the_workers_while_the_distributor_is_away(console):
    Alert.objects.create(kind="late", text="late", raised_at=clock.now())
    assert "worker" in lines(console)["late"].do
    away()
    assert "Nothing to do" in lines(console)["late"].do


def test_drift_is_told_by_pattern_and_leads_to_it(console):
    for customer in many_customers(3):
        Drift.objects.create(
            customer=customer, field="city", agreed="a", ours="a", theirs="b", seen_at=clock.now()
        )
    (need,) = lines(console).values()
    assert need.text == "3 × City: another value"
    assert "field=city" in need.href


def test_signups_that_wait_for_a_review_are_one_line(console):
    since = clock.now() - timedelta(days=2)
    for number, customer in enumerate(many_customers(2)):
        Signup.objects.create(
            customer=customer, state="REVIEW", started_at=since,
            submitted_at=since + timedelta(hours=number),
        )  # fmt: skip
    (need,) = console.get("/").context["needs"]
    assert (need.text, need.since) == ("2 signups wait for a review", since)
    assert "2 signups wait for a review" in words(console)
    assert console.get(need.href).status_code == 200


def test_a_list_that_was_put_aside_is_told_once(console):
    now = clock.now()
    aside = Refresh.objects.create(
        started_at=now, finished_at=now, verdict="QUARANTINED", problem="307 are not in it."
    )
    Alert.objects.create(kind="refresh", text="307 are not in it.", raised_at=now)
    (need,) = lines(console).values()
    assert (need.href, need.detail) == (aside.get_absolute_url(), "307 are not in it.")


# --- The numbers ---------------------------------------------------------------------------------


def test_the_numbers_lead_to_what_they_count(console):
    ada = a_customer()
    a_customer("r@example.com", status="REQUESTED")
    a_customer("m@example.com", status="MISSING")
    settle(changes.ask(ada, "enable"))
    settle(changes.ask(ada, "enable"), "REJECTED", "no")
    old = changes.ask(ada, "enable")
    settle(old)
    Change.objects.filter(pk=old.pk).update(settled_at=clock.now() - timedelta(hours=25))
    changes.ask(ada, "disable")
    page = Page(console.get("/"))
    for said in (
        "1 live customer 0 with sending off",
        "1 being set up 1 missing",
        "1 change on its way the oldest since",
        "1 change done in 24 hours 1 refused",
    ):
        assert said in page.words
    assert {"/customers/changes/?state=open", "/customers/changes/?state=DONE"} <= page.links()


def test_too_many_to_count_at_once_are_those_of_the_last_sample_and_it_says_of_when(
    console, monkeypatch
):
    monkeypatch.setattr("customers.views.counting.MOST", 2)
    many_customers(3)
    assert "2+ live customers" in words(console)
    counts = dict.fromkeys(("sending_off", "website_off", "requested", "missing", "blocked"), 1)
    sample = Sample.objects.create(
        at=clock.now() - timedelta(minutes=4), live=3, waiting=0, oldest_waiting_seconds=0, **counts
    )
    assert "3 live customers 1 with sending off, at 4" in words(console)
    Sample.objects.filter(pk=sample.pk).update(at=clock.now() - figures.FRESH * 2)
    assert "2+ live customers" in words(console), "an old one says nothing of today"


# --- Kept up to date -----------------------------------------------------------------------------


def living(response):
    (said,) = [said for _tag, said in Page(response).tags if said.get("id") == "live"]
    return said


def test_htmx_gets_all_but_the_plots(console):
    refused()
    whole = console.get("/")
    part = console.get(living(whole)["hx-get"], headers=HTMX)
    assert part.content.strip().startswith(b'<div id="live"')
    assert b"data-plot" not in part.content
    assert TOO_LONG in Page(part).words
    assert b'id="over-time"' in whole.content
    assert "HX-Request" in part["Vary"]


def test_it_asks_often_only_while_something_can_come_and_not_at_all_if_nothing_is_open(console):
    def trigger(**options):
        return living(console.get("/", **options))["hx-trigger"]

    assert trigger() == "seen from:body"
    change = changes.ask(a_customer(), "disable")
    assert trigger() == "every 2s, seen from:body"
    away()
    assert trigger() == "every 20s, seen from:body"
    settle(change)
    assert trigger() == "every 20s, seen from:body", "until the distributor is back"
    Gate.objects.all().delete()
    assert trigger(headers=HTMX) == "seen from:body"
    running = Refresh.objects.create(verdict="RUNNING", started_at=clock.now())
    assert trigger() == "every 20s, seen from:body"
    Refresh.objects.filter(pk=running.pk).delete()


def test_what_is_not_asked_for_again_says_as_of_when_it_is_true(console):
    change = changes.ask(a_customer(), "disable")
    assert "Kept up to date." in words(console, "/")
    settle(change)
    said = words(console, "/")
    assert "As of" in said
    assert "Kept up to date." not in said


def test_no_login_page_comes_into_the_dashboard():
    response = Client().get("/", headers=HTMX)
    assert (response.status_code, response.content) == (401, b"")


# --- The banner on every page --------------------------------------------------------------------
def asking(page):
    """The part that asks for the banner, and says when."""
    (said,) = [said for _tag, said in page.tags if said.get("hx-get") == "/standing/"]
    return said


def test_every_page_says_that_the_distributor_is_away(console):
    changes.ask(a_customer(), "disable")
    away(failures=2, shut_until=None, why="It does not answer")
    said = words(console, "/customers/")
    assert "The distributor cannot be reached" in said
    assert "1 change waits, nothing is lost." in said


def test_an_open_page_asks_for_the_banner_and_gets_nothing_else(console):
    page = Page(console.get("/customers/"))
    (place,) = [said for _tag, said in page.tags if said.get("id") == "standing"]
    assert place["role"] == "status"
    asks = asking(page)
    assert (asks["hx-target"], asks["hx-trigger"]) == ("#standing", "seen from:body")
    assert Page(console.get(asks["hx-get"], headers=HTMX)).words == ""
    away()
    response = console.get(asks["hx-get"], headers=HTMX)
    assert "The distributor cannot be reached" in Page(response).words
    assert asking(Page(response))["hx-trigger"] == "every 20s, seen from:body"
    assert b"<html" not in response.content
    Gate.objects.all().delete()
    assert Page(console.get(asks["hx-get"], headers=HTMX)).words == ""


@pytest.mark.parametrize("path", ["/customers/", "/customers/new/", "/standing/"])
def test_the_banner_is_asked_for_by_the_clock_only_while_something_is_under_way(console, path):
    def trigger():
        return asking(Page(console.get(path)))["hx-trigger"]

    change = changes.ask(a_customer(), "disable")
    assert trigger() == "every 20s, seen from:body"
    Change.objects.filter(pk=change.pk).update(state="BLOCKED")
    assert trigger() == "seen from:body", "only a person can go on"
    Change.objects.filter(pk=change.pk).update(state="WAITING", due_at=None)
    assert trigger() == "seen from:body", "a person has to let it go"
    Change.objects.update(state="DONE", due_at=clock.now(), settled_at=clock.now())
    assert trigger() == "seen from:body"


def test_the_banner_is_marked_anew_only_when_something_else_is_to_be_said(console):
    def mark():
        page = Page(console.get("/standing/"))
        return next(said["data-mark"] for _tag, said in page.tags if "data-mark" in said)

    away()
    before = mark()
    changes.ask(a_customer(), "disable")
    assert mark() == before, "one more that waits is nothing new"
    Gate.objects.update(why="It hung up.")
    assert mark() != before


def test_the_banner_costs_little(console, django_assert_max_num_queries):
    with django_assert_max_num_queries(5):  # session, person, clock, gate, changes
        console.get("/standing/")


def test_who_is_signed_out_gets_neither_banner_nor_login_page():
    assert Client().get("/standing/", headers=HTMX).status_code == 401
    assert Client().get("/standing/").status_code == 302
    assert b'id="standing"' not in Client().get("/accounts/login/").content


# --- Quick however many there are ----------------------------------------------------------------


def queries(console, path, **options):
    with CaptureQueriesContext(connection) as ran:
        console.get(path, **options)
    return len(ran)


def test_the_number_of_queries_is_the_same_in_good_days_and_in_bad(console):
    def bad_day():
        for _ in range(3):
            refused("Unknown package", asked_by=person(username=f"p{Change.objects.count()}"))
        change = changes.ask(a_customer(f"b{Change.objects.count()}@example.com"), "enable")
        Change.objects.filter(pk=change.pk).update(state="BLOCKED", error="Nobody knows.")
        change = changes.ask(a_customer(f"w{Change.objects.count()}@example.com"), "enable")
        Alert.objects.create(kind="listed", subject=change.pk, text="x", raised_at=clock.now())

    bad_day()
    away()
    before = [queries(console, "/"), queries(console, "/", headers=HTMX)]
    for _ in range(3):
        bad_day()
    # A cause that stands alone names its customer; those alike need no query for that.
    assert queries(console, "/") <= before[0] <= 34
    assert queries(console, "/", headers=HTMX) <= before[1] <= 26


@pytest.mark.parametrize(
    ("path", "headers"),
    [("/", {}), ("/", HTMX), ("/customers/", {}), ("/customers/changes/?state=open", HTMX)],
)
def test_no_query_reads_all_changes(console, path, headers):
    many = many_customers(2000)
    now = clock.now()
    # So many that reading all of them is dearer even in a table full of other tests' holes.
    Change.objects.bulk_create(
        Change(
            customer=customer, seq=seq, operation="enable", state="DONE",
            asked_at=now - timedelta(minutes=30 * n), due_at=now,
            settled_at=now - timedelta(minutes=30 * n),
        )
        for seq in range(1, 6)
        for n, customer in enumerate(many, 2000 * (seq - 1))
    )  # fmt: skip
    # Open ones come last: whoever looks for one from the start meets all others before.
    Change.objects.bulk_create(
        Change(customer=customer, seq=9, operation="enable", asked_at=now, due_at=now)
        for customer in many[:500]
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    for sql, plan in plans_of(lambda: console.get(path, headers=headers)):
        assert "Seq Scan on customers_change" not in plan, f"{sql}\n{plan}"
        assert "SCAN customers_change\n" not in f"{plan}\n", f"{sql}\n{plan}"
