"""The list of changes: narrowed down, page by page, and kept up to date where it stands."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils.http import urlencode

from bench import filling
from customers.models import Change, Gate, clock
from customers.services import changes
from customers.views.causes import because_of, groups, pattern_of
from tests.integration.pages import Page, a_customer, many_customers, person, settle, signed_in
from tests.integration.plans import plans_of

pytestmark = pytest.mark.django_db
PAGE = "/customers/changes/"
HTMX = {"HX-Request": "true"}
NOBODYS = "6f1e3a52-0d55-4a65-9d1c-3f3b6a1f0a11"
TOO_LONG = "phone must be at most 50 characters long"


@pytest.fixture
def console(db):
    return signed_in("Managers")


def shown(response):
    """The changes on the page, from the first row to the last."""
    return [row.pk for row in response.context["part"].rows]


def listed(console, **query):
    return shown(console.get(PAGE, query))


def a_change(operation="enable", state="", error="", **columns):
    """Each of a customer of its own, the latest one the latest asked."""
    number = Change.objects.count()
    change = changes.ask(a_customer(f"c{number}@example.com"), operation, asked_by=None)
    if state in {"DONE", "REJECTED", "WITHDRAWN"}:
        settle(change, state, error)
    elif state:
        Change.objects.filter(pk=change.pk).update(state=state, error=error)
    Change.objects.filter(pk=change.pk).update(**columns)
    return change.pk


def many(number, **columns):
    """So many changes at once, the first one the latest."""
    now = clock.now()
    rows = [
        Change(
            customer=customer, seq=1, operation="enable", asked_at=now - timedelta(seconds=n),
            due_at=now, **columns,
        )
        for n, customer in enumerate(many_customers(number))
    ]  # fmt: skip
    return [row.pk for row in Change.objects.bulk_create(rows)]


# --- Narrowed down -------------------------------------------------------------------------------


def test_by_state_and_by_operation(console):
    done, waits = a_change("enable", "DONE"), a_change("disable")
    blocked = a_change("disable", "BLOCKED")
    assert listed(console) == [blocked, waits, done]
    assert listed(console, state="DONE") == [done]
    assert listed(console, state="open") == [waits]
    assert listed(console, operation="disable") == [blocked, waits]
    assert listed(console, operation="disable", state="BLOCKED") == [blocked]
    assert listed(console, state="x", operation="y", page="abc") == [blocked, waits, done]


def test_by_cause_of_refusal(console):
    phone = a_change("enable", "REJECTED", TOO_LONG)
    taken = [a_change("enable", "REJECTED", f"{n}@example.com is taken, not {n}") for n in "ab"]
    assert listed(console, cause=TOO_LONG) == [phone]
    assert listed(console, state="REJECTED", cause="… is taken, not …") == taken[::-1]
    assert listed(console, cause="phone must be") == []
    page = Page(console.get(PAGE, {"state": "REJECTED"}))
    offered = [said["value"] for tag, said in page.tags if tag == "option"]
    assert TOO_LONG in offered
    assert "cause" not in Page(console.get(PAGE, {"state": "DONE"})).words


@pytest.mark.parametrize("cause", ["%", "_", "…", "……", "'", '"', "\\", "\x00", "x" * 3000])
def test_an_odd_cause_breaks_nothing(console, cause):
    a_change("enable", "REJECTED", TOO_LONG)
    assert console.get(PAGE, {"cause": cause}).status_code == 200


def test_what_was_refused_is_left_until_it_is_asked_again(console):
    left = a_change("enable", "REJECTED", TOO_LONG)
    a_change("enable", "REJECTED", "long ago", settled_at=clock.now() - timedelta(days=8))
    again = Change.objects.get(pk=a_change("disable", "REJECTED", TOO_LONG))
    assert listed(console, state="left") == [again.pk, left]
    changes.ask(again.customer, "enable")
    assert again.pk in listed(console, state="left"), "something else was asked for"
    changes.ask(again.customer, "disable")
    assert listed(console, state="left") == [left]


def test_an_empty_list_says_what_to_do(console):
    assert "Create the first customer" in Page(console.get(PAGE)).words
    a_change()
    words = Page(console.get(PAGE, {"state": "DONE"})).words
    assert "There is no such change. Show all changes" in words


def test_a_row_says_who_asked_when_and_what_became_of_it(console):
    ana = person(username="ana")
    change = changes.ask(a_customer(), "profile", {"phone": "0815"}, asked_by=ana)
    words = Page(console.get(PAGE)).words
    assert "Waiting Change profile , number 1 Ada Lovelace Phone 0815 ana, now" in words
    assert "not ended yet" in words
    settle(change, "REJECTED", "Phone too odd")
    words = Page(console.get(PAGE)).words
    assert "Refused Change profile , number 1 Ada Lovelace Phone 0815 Phone too odd" in words
    assert "ended now" in words


# --- Causes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "pattern"),
    [
        (TOO_LONG, "phone must be at most … characters long"),
        ("ada@example.com is taken", "… is taken"),
        ("“Gold” is no package", "… is no package"),
        ("settle time was over at 12:00:10 UTC", "settle time was over at … UTC"),
        ("Username already exists", "Username already exists"),
    ],
)
def test_what_varies_from_one_to_the_next_is_no_part_of_a_cause(error, pattern):
    assert pattern_of(error) == pattern


def test_alike_stand_together_in_the_words_that_they_share():
    for n in range(3):
        a_change("enable", "REJECTED", f"c{n}@example.com is taken")
    a_change("enable", "REJECTED", TOO_LONG)
    a_change("enable", "REJECTED", TOO_LONG)
    found = groups(Change.objects.filter(state="REJECTED"))
    assert [(it.cause, len(it.members)) for it in found] == [("… is taken", 3), (TOO_LONG, 2)]
    for group in found:
        assert Change.objects.filter(because_of(group.cause)).count() == len(group.members)


# --- Page by page --------------------------------------------------------------------------------


def test_older_ones_follow_without_a_gap_and_the_way_back_is_the_same(console):
    keys = many(120)
    first = console.get(PAGE)
    assert shown(first) == keys[:50]
    assert "120 changes in all" in Page(first).words
    second = listed(console, before=keys[49])
    third = listed(console, before=keys[99])
    assert (second, third) == (keys[50:100], keys[100:])
    assert listed(console, after=keys[100]) == second
    assert listed(console, after=keys[50]) == keys[:50]
    assert f"?before={keys[99]}" in Page(console.get(PAGE, {"before": keys[49]})).links()
    assert f"?after={keys[50]}" in Page(console.get(PAGE, {"before": keys[49]})).links()


def test_those_of_one_moment_are_neither_lost_nor_shown_twice(console):
    keys = many(120)
    Change.objects.update(asked_at=clock.now())
    seen, last = [], None
    for _ in range(3):
        rows = listed(console, **({"before": last} if last else {}))
        seen, last = seen + rows, rows[-1]
    assert len(seen) == 120
    assert set(seen) == set(keys)


def test_a_place_that_is_none_is_the_beginning(console):
    keys = many(3)
    for place in ("x", "", NOBODYS, "1" * 5000):
        assert listed(console, before=place) == keys
        assert listed(console, after=place) == keys


def test_very_many_are_not_counted_to_their_end(console, monkeypatch):
    monkeypatch.setattr("customers.views.counting.MOST", 10)
    many(12)
    assert "10+ changes in all" in Page(console.get(PAGE)).words


# --- Kept up to date -----------------------------------------------------------------------------


def again(console, response):
    """What htmx asks for, and its answer."""
    (said,) = [said for tag, said in Page(response).tags if said.get("id") == "live"]
    return said["hx-trigger"], console.get(said["hx-get"], headers=HTMX)


def test_the_same_rows_tell_what_became_of_them_and_none_moves(console):
    waits, done = a_change("disable"), a_change("enable", "DONE")
    page = console.get(PAGE, {"state": "open"})
    assert shown(page) == [waits]
    Change.objects.filter(pk=waits).update(state="SENDING")
    _soon, part = again(console, page)
    assert "Being sent" in Page(part).words
    assert part.content.strip().startswith(b'<div id="live"')
    settle(Change.objects.get(pk=waits))
    assert shown(again(console, page)[1]) == [waits], "it stays where it stood"
    assert "Done" in Page(again(console, page)[1]).words
    assert done not in shown(again(console, page)[1])


def test_newer_ones_are_told_of_and_not_pushed_in(console):
    first = a_change("enable", "DONE")
    page = console.get(PAGE)
    a_change("enable")
    a_change("disable")
    _trigger, part = again(console, page)
    assert shown(part) == [first]
    assert "2 newer changes: show them" in Page(part).words
    assert PAGE in Page(part).links()
    older = console.get(PAGE, {"before": Change.objects.latest("asked_at").pk})
    assert "newer change" not in Page(again(console, older)[1]).words


def test_an_empty_list_hears_of_the_first_one(console):
    page = console.get(PAGE)
    a_change()
    assert "1 newer change: show it" in Page(again(console, page)[1]).words


def test_it_asks_often_only_while_something_can_come_and_not_at_all_if_nothing_is_open(console):
    def trigger(**said):
        return again(console, console.get(PAGE, said))[0]

    settled = a_change("enable", "DONE")
    assert trigger() == "seen from:body"
    Change.objects.filter(pk=settled).update(state="BLOCKED", settled_at=None)
    assert trigger() == "seen from:body", "only a person can go on"
    a_change("disable")
    assert trigger() == "every 2s, seen from:body"
    assert trigger(state="DONE") == "every 20s, seen from:body", "it may come to be among them"
    Gate.objects.create(failures=5, since=clock.now(), why="away", shut_until=clock.now())
    assert trigger() == "every 20s, seen from:body", "nothing can go out"


@pytest.mark.parametrize("rows", ["", "x", "1,2", ",,,", f"{NOBODYS},{NOBODYS}", "a" * 5000])
def test_odd_rows_are_nobodys(console, rows):
    a_change()
    response = console.get(PAGE, {"rows": rows}, headers=HTMX)
    assert response.status_code == 200
    assert shown(response) == []


def test_whoever_is_not_signed_in_any_more_gets_no_login_page_into_the_list():
    response = Client().get(PAGE, headers=HTMX)
    assert (response.status_code, response.content) == (401, b"")
    assert Client().get(PAGE)["Location"].startswith("/accounts/login/")


# --- Quick however many there are ----------------------------------------------------------------


@pytest.fixture
def plenty():
    first = filling.customers(400)
    filling.changes(first, 400, lane=10, state="DONE", hours_ago=100)
    filling.changes(first, 40, lane=2, state="REJECTED", seq=100, hours_ago=50)
    filling.changes(first, 5, seq=200)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@pytest.mark.parametrize(
    "query",
    [{}, {"state": "DONE"}, {"state": "open"}, {"state": "REJECTED"}, {"operation": "delete"},
     {"state": "DONE", "operation": "enable"}, {"state": "REJECTED", "cause": TOO_LONG}],
)  # fmt: skip
def test_no_page_reads_all_changes(console, plenty, query):
    for place in ({}, {"before": Change.objects.order_by("asked_at")[2000].pk}):
        address = f"{PAGE}?{urlencode(query | place)}"
        plans = plans_of(lambda address=address: console.get(address))
        rows = [plan for sql, plan in plans if "LIMIT 51" in sql]
        assert len(rows) == 1
        assert "Seq Scan on customers_change" not in rows[0], rows[0]
        assert "SCAN customers_change\n" not in rows[0] + "\n", rows[0]
