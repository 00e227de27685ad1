"""A list that was put aside: believed if it goes on saying the same, and a person says so."""

import pytest

from customers import tasks
from customers.models import Customer, Refresh
from customers.services import mirror, quarantine
from tests.integration.pages import Page, asks_again, signed_in
from tests.integration.steps import again, everything, listed, somebody

pytestmark = pytest.mark.django_db
Verdict = Refresh.Verdict
APPLY = {"choice": "APPLY", "reason": "They told us on the phone."}
DISCARD = {"choice": "DISCARD", "reason": "Their export was broken."}


@pytest.fixture
def lead(db):
    return signed_in("Leads", username="lena")


@pytest.fixture
def short(sandbox, clock):
    """Of twelve customers eight are gone for good, one has moved, one is new."""
    listed(sandbox, 12)
    for n in range(8):
        sandbox.remove(f"c{n}@navy.example")
    sandbox.change("c9@navy.example", city="Paris")
    sandbox.add_account(username="new@navy.example")
    clock.forward(120)


def read(clock, times=1):
    for _ in range(times):
        clock.forward(60)
        reading = mirror.refresh()
        assert reading.verdict == Verdict.QUARANTINED
    return reading


def words(client, reading):
    return Page(client.get(reading.get_absolute_url())).words


def decide(client, reading, said):
    return client.post(f"{reading.get_absolute_url()}decide/", said)


def test_the_page_tells_why_who_and_what_applying_would_do(short, clock, lead):
    reading = read(clock)
    said = words(lead, reading)
    assert "8 of 12 live customers are not in it." in said
    assert "c0@navy.example" in said
    assert "1 adopted: accounts that are unknown here 1 updated: customers" in said
    assert "8 noted as not listed: live customers" in said
    assert "1 of 3 readings in a row says so" in said
    assert "It can be applied when 2 more agree" in said


def test_a_list_is_applied_once_three_in_a_row_agree(short, clock, lead, monkeypatch):
    reading = read(clock, times=2)
    assert "Apply it" not in words(lead, reading)
    assert decide(lead, reading, APPLY).status_code == 200
    assert again(reading).decided_at is None

    reading = read(clock)
    assert "3 of 3 readings in a row say so" in words(lead, reading)
    asked = []
    monkeypatch.setattr(tasks.apply_refresh, "delay", lambda *args: asked.append(args))
    answer = decide(lead, reading, APPLY)
    assert asked == [(reading.pk,)]
    waiting = lead.get(answer["Location"])
    assert "A worker applies it in a moment." in Page(waiting).words
    assert asks_again(waiting)

    tasks.apply_refresh(reading.pk)

    after = again(reading)
    assert (after.verdict, after.adopted, after.updated) == (Verdict.OK, 1, 1)
    assert (after.decided_by.username, after.reason) == ("lena", APPLY["reason"])
    assert Customer.objects.exclude(missing_since=None).count() == 8
    assert Customer.objects.get(username="c9@navy.example").city == "Paris"
    assert (after.verified, after.differing, after.missing) == (4, 1, 8)
    done = words(lead, after)
    assert "lena decided Apply it They told us on the phone." in done


def test_readings_that_lack_others_do_not_agree(short, sandbox, clock):
    assert quarantine.agreeing(read(clock, times=2)) == 2
    sandbox.remove("c8@navy.example")
    assert quarantine.agreeing(read(clock)) == 1
    assert quarantine.agreeing(read(clock)) == 2


@pytest.mark.parametrize("between", ["FAILED", "OK", "DISCARDED"])
def test_what_comes_between_breaks_the_row(short, clock, between):
    read(clock, times=2)
    clock.forward(1)
    now = clock()
    Refresh.objects.create(started_at=now, finished_at=now, verdict=between)
    assert quarantine.agreeing(read(clock)) == 1


def test_a_reading_that_is_past_is_not_decided_about(short, clock, lead):
    first = read(clock, times=3)
    latest = read(clock)
    said = words(lead, first)
    assert "It is past: a later reading has ended since." in said
    assert latest.get_absolute_url() in Page(lead.get(first.get_absolute_url())).links()
    answer = lead.post(f"{first.get_absolute_url()}decide/", APPLY, follow=True)
    assert "It is not up to you any more" in Page(answer).words
    assert again(first).decided_at is None


def test_while_a_reading_runs_nothing_is_applied(short, clock, lead):
    reading = read(clock, times=3)
    Refresh.objects.create(started_at=clock())
    assert "Apply it" not in words(lead, reading)
    assert not quarantine.agree_to_apply(reading, by=somebody(), reason="now")


def test_a_discarded_list_is_never_applied(short, clock, lead):
    reading = read(clock, times=3)
    before = everything()
    answer = lead.post(f"{reading.get_absolute_url()}decide/", DISCARD, follow=True)
    assert "Discarded. The next refresh is judged anew." in Page(answer).words
    assert "lena decided Discard it Their export was broken." in Page(answer).words
    assert again(reading).verdict == Verdict.DISCARDED
    with pytest.raises(mirror.Superseded):
        mirror.apply(reading.pk)
    assert everything() == before
    assert not quarantine.discard(reading, by=somebody(), reason="again")


@pytest.mark.parametrize(
    ("said", "wrong"),
    [({"reason": "x"}, "choice"), ({"choice": "DISCARD"}, "reason"),
     ({"choice": "NONSENSE", "reason": "x"}, "choice"),
     ({"choice": "DISCARD", "reason": " "}, "reason")],
)  # fmt: skip
def test_a_decision_needs_a_choice_and_a_reason(short, clock, lead, said, wrong):
    reading = read(clock)
    response = decide(lead, reading, said)
    assert list(response.context["form"].errors) == [wrong]
    assert "There is a problem" in Page(response).words
    assert again(reading).verdict == Verdict.QUARANTINED


def test_deciding_wants_a_permission_of_its_own(short, clock):
    reading = read(clock, times=3)
    manager = signed_in("Managers")
    said = words(manager, reading)
    assert "Somebody who may apply quarantined refreshes decides." in said
    assert "Apply it" not in said
    assert decide(manager, reading, DISCARD).status_code == 403
    assert again(reading).verdict == Verdict.QUARANTINED


def test_a_decision_that_no_worker_has_carried_out_can_be_made_again(short, clock, lead):
    reading = read(clock, times=3)
    assert quarantine.agree_to_apply(reading, by=somebody(), reason="Once.")
    said = words(lead, reading)
    assert "ana decided Apply it Once." in said
    assert "3 of 3 readings in a row say so" in said
    assert quarantine.agree_to_apply(reading, by=somebody(), reason="Twice.")


def test_the_limits_of_the_guard_are_settings(short, clock, settings):
    settings.REFRESH_MISSING_AT_LEAST, settings.REFRESH_MISSING_SHARE = 8, 0.1
    assert mirror.refresh().verdict == Verdict.OK


def test_the_share_counts_where_there_are_many(short, clock, settings):
    settings.REFRESH_MISSING_AT_LEAST, settings.REFRESH_MISSING_SHARE = 0, 0.67
    assert mirror.refresh().verdict == Verdict.OK
