"""How far signups get: counted from steps and times, which outlive the person."""

from datetime import datetime, timedelta

import pytest

from customers.models import Signup, clock
from customers.services import funnel, signup_ends
from tests.integration.pages import Page, signed_in
from tests.integration.signing_up import confirmed, sent, started

pytestmark = pytest.mark.django_db
PAGE = "/customers/signups/funnel/"


@pytest.fixture
def console(db, settings):
    settings.SIGNUP_REVIEW = "none"
    return signed_in("Managers")


def at(step, *, days=0, **columns):
    """One that got so far, so many days ago."""
    signup = started(f"p{Signup.objects.count()}@example.com")
    began = clock.now() - timedelta(days=days)
    Signup.objects.filter(pk=signup.pk).update(step=step, started_at=began, **columns)
    return Signup.objects.get(pk=signup.pk)


def test_each_step_counts_all_who_got_at_least_so_far(console):
    for step in (1, 1, 1, 2, 4, 4, 7):
        at(step)
    sent()
    assert [it.reached for it in funnel.stages("month")] == [8, 5, 4, 4, 2, 2, 2, 1]
    assert funnel.stages("month")[1].share == 62.5


def test_who_still_may_go_on_has_not_given_up(console, clock):
    at(1), at(3), confirmed()
    stages = funnel.stages("month")
    assert [(it.staying, it.gave_up) for it in stages[:3]] == [(1, 0), (1, 0), (1, 0)]
    clock.forward(8 * 86400)
    stages = funnel.stages("month")
    assert [(it.staying, it.gave_up) for it in stages[:3]] == [(0, 1), (0, 1), (0, 1)]


def test_who_sent_it_neither_stays_nor_gave_up(console, clock):
    sent()
    clock.forward(8 * 86400)
    assert [(it.staying, it.gave_up) for it in funnel.stages("month")] == [(0, 0)] * 8


def test_the_numbers_outlive_the_person(console):
    for step in (1, 3, 6):
        signup_ends.erase(at(step))
    assert [it.reached for it in funnel.stages("month")] == [3, 2, 2, 1, 1, 1, 0, 0]
    assert [it.gave_up for it in funnel.stages("month")] == [1, 0, 1, 0, 0, 1, 0, 0]
    assert not Signup.objects.exclude(email="", answers={}, address=None).exists()


@pytest.mark.parametrize(("period", "counted"), [
    ("week", 1), ("month", 2), ("quarter", 3), ("year", 4), ("nonsense", 2), ("", 2),
])  # fmt: skip
def test_a_period_counts_those_who_began_in_it(console, period, counted):
    for days in (1, 20, 60, 300, 400):
        at(1, days=days)
    response = console.get(PAGE, {"period": period})
    assert response.context["stages"][0].reached == counted


def test_a_bar_a_day_tells_what_became_of_those_who_began_then(console, monkeypatch):
    noon = datetime.fromisoformat("2026-03-10T12:00:00+00:00")
    monkeypatch.setattr("customers.models.clock.now", lambda: noon)
    at(1), at(2), at(8, live_at=noon), at(8, days=1), at(1, days=3)
    shown = [
        (f"{it.start:%d}", it.started, it.confirmed, it.sent, it.live) for it in funnel.bars("week")
    ]
    assert shown == [("10", 3, 2, 1, 1), ("09", 1, 1, 1, 0), ("07", 1, 0, 0, 0)]
    assert [f"{it.start:%m-%d}" for it in funnel.bars("quarter")] == ["03-09", "03-02"]
    assert [(f"{it.start:%m}", it.started) for it in funnel.bars("year")] == [("03", 5)]


def test_what_became_of_those_that_were_sent(console, settings):
    at(8, live_at=clock.now(), state="EXPIRED")
    settings.SIGNUP_REVIEW = "all"
    sent("a@analytical.example")
    settings.SIGNUP_REVIEW = "none"
    sent("b@analytical.example")
    ends = funnel.ends("month")
    assert ends == {"live": 1, "review": 1, "correction": 0, "refused": 0, "going_on": 1}


def test_the_page_draws_what_its_tables_hold(console):
    for step in (1, 1, 2, 8):
        at(step)
    response = console.get(PAGE)
    tags = Page(response).tags
    values = [said["data-value"] for tag, said in tags if tag == "td" and "data-value" in said]
    assert values[:4] == ["4", "0", "2", "0"]
    tables = {said.get("id") for tag, said in tags if tag == "table"}
    assert {said["data-of"] for tag, said in tags if tag == "canvas"} <= tables
    assert "E-mail given 4 100.0 2 0" in Page(response).words


def test_without_anybody_it_says_so_and_loads_nothing_to_draw(console):
    response = console.get(PAGE)
    assert "Nobody has begun to sign up in this time." in Page(response).words
    assert b"chart.umd" not in response.content
