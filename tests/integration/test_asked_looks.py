"""A person asks for a look before they decide, and the page shows what every look has shown."""

import pytest

from customers import tasks
from customers.distributor.rules import Operation
from customers.models import Attempt, Change, Gate, clock
from customers.services import asked_look, changes
from tests.integration.pages import Page, asks_again, signed_in
from tests.integration.steps import (
    ADAS,
    CONTROL,
    NEW_NAME,
    again,
    commands,
    create,
    decide,
    deliver_all,
    live,
    somebody,
)

pytestmark = pytest.mark.django_db
State = Change.State


@pytest.fixture
def lead(db):
    return signed_in("Leads", username="lena")


@pytest.fixture
def blocked(sandbox, control):
    change = changes.ask(live(), Operation.EMAIL, {"email": NEW_NAME})
    Change.objects.filter(pk=change.pk).update(state=State.BLOCKED, claim=7)
    return again(change)


def look(change):
    asked_look.look_at(change.pk, somebody().pk)
    return change.attempt_set.latest("n")


def test_a_look_shows_what_is_there_and_changes_nothing(sandbox, blocked, lead):
    seen = look(blocked)

    assert (seen.kind, seen.outcome) == (Attempt.Kind.LOOK, Attempt.Outcome.NOT_APPLIED)
    assert seen.seen["listed"][ADAS]["email"] == ADAS
    assert (seen.seen["control"], seen.seen["control_seen"]) == (CONTROL, True)
    assert "ana asked for this look." in seen.conclusion
    assert seen.worker
    assert commands(sandbox) == ["create"]
    assert again(blocked).state == State.BLOCKED
    page = Page(lead.get(blocked.get_absolute_url()))
    assert f"E-mail: “{ADAS}” is there, “{NEW_NAME}” was asked" in page.words
    assert f"{CONTROL}: seen" in page.words


def test_what_the_list_never_shows_is_not_taken_for_done(sandbox, control):
    change = changes.ask(live(), Operation.PASSWORD, password="another-engine")
    Change.objects.filter(pk=change.pk).update(state=State.BLOCKED)
    seen = look(change)
    assert seen.outcome == Attempt.Outcome.UNREADABLE
    assert seen.seen["listed"][ADAS]
    assert "another-engine" not in str(Attempt.objects.values())


def test_a_look_without_an_answer_says_so(sandbox, blocked):
    sandbox.faults.add("503", operation="retrieve")
    seen = look(blocked)
    assert (seen.outcome, seen.http_status, seen.seen) == ("UNKNOWN", 503, None)


def test_while_no_calls_go_out_nobody_looks(sandbox, blocked, lead):
    Gate.objects.update_or_create(
        pk=1, defaults={"failures": 5, "shut_until": clock.now().replace(year=2999), "why": "away"}
    )
    reads = len(sandbox.calls)
    assert look(blocked).outcome == Attempt.Outcome.NOT_SENT
    assert len(sandbox.calls) == reads
    page = Page(lead.get(blocked.get_absolute_url()))
    assert "Nobody can look at the moment" in page.words
    answer = lead.post(f"{blocked.get_absolute_url()}look/", follow=True)
    assert "No look can be taken at the moment." in Page(answer).words


def test_a_look_that_was_overtaken_by_a_decision_leaves_no_trace(sandbox, blocked, monkeypatch):
    """Its rows are from before the change went out again."""
    real = asked_look.look

    def slow(*args):
        sight = real(*args)
        assert decide(blocked, "AGAIN")
        return sight

    monkeypatch.setattr(asked_look, "look", slow)
    asked_look.look_at(blocked.pk, somebody().pk)
    assert not blocked.attempt_set.exists()


def test_the_page_waits_for_the_look_and_hides_the_choices_meanwhile(blocked, lead, monkeypatch):
    asked = []
    monkeypatch.setattr(tasks.look, "delay", lambda *args: asked.append(args))
    answer = lead.post(f"{blocked.get_absolute_url()}look/")
    assert [args[0] for args in asked] == [str(blocked.pk)]
    waiting = lead.get(answer["Location"])
    assert "A worker reads what the distributor has now." in Page(waiting).words
    assert "It is done over there" not in Page(waiting).words
    assert asks_again(waiting)
    look(blocked)
    done = lead.get(answer["Location"])
    assert "It is done over there" in Page(done).words
    assert not asks_again(done)
    refreshed = lead.get(answer["Location"], headers={"HX-Request": "true"})
    assert refreshed["HX-Refresh"] == "true"


@pytest.mark.parametrize("since", ["x", "2026-01-01", "2026-13-45T99:99:99+00:00", "\x00"])
def test_a_page_that_asked_for_nothing_waits_for_nothing(blocked, lead, since):
    answer = lead.get(blocked.get_absolute_url(), {"since": since})
    assert "It is done over there" in Page(answer).words


# --- What the looks of a doubt show --------------------------------------------------------------


def test_a_conclusion_says_what_it_rests_on(sandbox, control, clock):
    sandbox.faults.append("dropped")
    change = create()
    deliver_all()
    first = change.attempt_set.looks().latest("n")
    assert first.conclusion.startswith(
        f"Absent, the control account {CONTROL} was seen. Another look follows: a copy may still"
    )
    assert first.seen["listed"] == {ADAS: None}
    clock.forward(61 + 20)
    deliver_all()
    clock.forward(3)
    deliver_all()
    last = change.attempt_set.looks().latest("n")
    assert "Absent, in two looks " in last.conclusion
    assert "the settle time was over at " in last.conclusion
    assert last.conclusion.endswith("the same request goes out again.")


def test_looks_that_get_no_answer_are_told_once(sandbox, control, clock):
    sandbox.faults.append("dropped")
    change = create()
    sandbox.faults.add("503", times=3, operation="retrieve")
    for _ in range(3):
        deliver_all()
        clock.forward(6)
    told = change.attempt_set.looks()
    assert [(look.outcome, look.http_status) for look in told] == [("UNKNOWN", 503)]


def test_our_key_is_masked_in_what_a_look_has_shown(sandbox, control, settings, clock):
    settings.DISTRIBUTOR_KEY = "sandbox"
    customer = live()
    sandbox.store.change(ADAS, {"city": "sandbox city"})
    sandbox.faults.add("lost", operation="email")
    change = changes.ask(customer, Operation.EMAIL, {"email": NEW_NAME})
    deliver_all()
    assert change.attempt_set.looks().get().seen["listed"][ADAS]["city"] == "••• city"
