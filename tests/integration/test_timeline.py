"""What happened to a customer: in order, by kind, page by page, and the page stays quick."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Attempt, Change, Decision, Drift, Note, clock
from customers.services import changes
from customers.views import timeline as line
from tests.integration.pages import Page, a_customer, person, settle, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def console(db):
    return signed_in("Managers")


@pytest.fixture
def ada(db):
    return a_customer()


def happened(customer, number, start=0):
    """So many changes with a call and a decision each, drifts, notes and assignments, in turn."""
    for n in range(start, start + number):
        who = person(username=f"ana{n}")
        at = clock.now() - timedelta(days=1000) + timedelta(hours=4 * n)
        hours = [at + timedelta(hours=hour) for hour in range(4)]
        change = Change.objects.create(
            customer=customer, seq=n + 1, operation="profile", params={"phone": str(n)},
            state="DONE", asked_by=who, asked_at=hours[0], due_at=at, settled_at=at,
        )  # fmt: skip
        Attempt.objects.create(change=change, n=1, begun_at=at, deadline=at)
        Decision.objects.create(change=change, choice="AGAIN", by="lead", reason="So.", at=at)
        Drift.objects.create(
            customer=customer, field="city", agreed="a", ours="a", theirs=str(n), change=change,
            seen_at=hours[1], state="PUSHED", decided_by=who, decided_at=at,
        )  # fmt: skip
        Note.objects.create(customer=customer, text=f"n{n}", author=who, by="a", at=hours[2])
        Note.objects.create(
            customer=customer, kind="ASSIGNED", text=str(who), author=who, by="a", at=hours[3]
        )


def walked(console, address):
    """The entries of the page at that address and of all older ones."""
    found = []
    while address:
        answer = console.get(address)
        timeline = answer.context["timeline"]
        found += [(entry.kind, entry.number) for entry in timeline.entries]
        links = [
            said["href"]
            for tag, said in Page(answer).tags
            if tag == "a" and said.get("id") == "older"
        ]
        assert bool(links) == bool(timeline.older)
        address = links[0] if links else ""
    return found


def everything_of(customer):
    rows = [("change", it.seq, it.asked_at) for it in customer.changes.all()]
    rows += [("drift", it.pk, it.seen_at) for it in customer.drifts.all()]
    kinds = {"NOTE": "note", "ASSIGNED": "manager"}
    rows += [(kinds[it.kind], it.pk, it.at) for it in customer.notes.all()]
    return [row[:2] for row in sorted(rows, key=lambda row: row[2], reverse=True)]


def test_who_when_why_and_the_evidence_stand_in_one_line(console, ada):
    who = person(username="ana")
    change = changes.ask(ada, "profile", {"phone": "0815"}, asked_by=who, reason="She rang.")
    now = clock.now()
    Attempt.objects.create(
        change=change, n=1, begun_at=now, deadline=now, ended_at=now, outcome="UNKNOWN"
    )
    settle(change, "REJECTED", "Phone too odd")
    Decision.objects.create(change=change, choice="AGAIN", by="lead", reason="Try.", at=now)
    words = Page(console.get(ada.get_absolute_url())).words.partition("Timeline")[2]
    for said in (
        "Refused Change profile , number 1 Phone 0815", "Reason given: She rang.", "Phone too odd",
        "No usable answer", "lead decided : Send it out again. Try.".replace(" :", ":"), "ana,",
    ):  # fmt: skip
        assert said in words, said


@pytest.mark.parametrize("show", ["", "changes", "drift", "notes", "manager"])
def test_every_entry_is_on_one_page_and_in_order(console, ada, show, monkeypatch):
    monkeypatch.setattr(line, "PAGE", 7)
    happened(ada, 8)
    wanted = everything_of(ada)
    if show:
        wanted = [it for it in wanted if it[0] in line.SHOWS[show].kinds]
    address = ada.get_absolute_url()
    assert walked(console, f"{address}?show={show}" if show else address) == wanted


def test_what_comes_while_somebody_reads_moves_nothing(console, ada, monkeypatch):
    monkeypatch.setattr(line, "PAGE", 5)
    Note.objects.create(customer=ada, text="first", by="a", at=clock.now() - timedelta(days=2000))
    happened(ada, 6)
    Drift.objects.all().delete()
    before = everything_of(ada)
    older = console.get(ada.get_absolute_url()).context["timeline"].older
    Drift.objects.create(
        customer=ada, field="city", agreed="a", ours="a", theirs="b", seen_at=clock.now()
    )
    changes.ask(ada, "disable")
    assert walked(console, f"{ada.get_absolute_url()}?{older}") == before[5:]


def test_the_filters_count_and_stay_in_the_address(console, ada):
    happened(ada, 3)
    Note.objects.create(customer=ada, text="one more", by="a", at=clock.now())
    page = Page(console.get(f"{ada.get_absolute_url()}?from=q%3Dx&show=notes"))
    for words in ("All 13", "Changes 3", "Drift 3", "Notes 4", "Account manager 3"):
        assert words in page.words
    assert "one more" in page.words
    assert "Change profile , number" not in page.words
    assert f"{ada.get_absolute_url()}?from=q%3Dx&show=changes#timeline" in page.links()
    assert f"{ada.get_absolute_url()}?from=q%3Dx#timeline" in page.links()
    chosen = [said for tag, said in page.tags if tag == "a" and said.get("aria-current") == "true"]
    assert [said["href"].partition("?")[2] for said in chosen][
        -1
    ] == "from=q%3Dx&show=notes#timeline"


def test_what_lives_keeps_the_filter(console, ada):
    changes.ask(ada, "disable")
    Note.objects.create(customer=ada, text="She rang.", by="a", at=clock.now())
    address = f"{ada.get_absolute_url()}?show=notes"
    live = next(said for _tag, said in Page(console.get(address)).tags if said.get("id") == "live")
    assert live["hx-get"] == address
    part = Page(console.get(live["hx-get"], headers={"HX-Request": "true"}))
    told = next(said for _tag, said in part.tags if said.get("id") == "timeline")
    assert told["hx-swap-oob"] == "true"
    assert "She rang." in part.words
    assert not [said for _tag, said in part.tags if said.get("id", "").startswith("at-")]


@pytest.mark.parametrize(
    "query",
    ["show=x", "show=__class__", "before=x", "before=change", "before=change-1", "before=%00",
     "before=change" + "9" * 5000, "before=change999999999999999999.note1", "before=é1",
     "show=notes&before=change1.note0", "show=changes&show=notes"],
)  # fmt: skip
def test_an_odd_address_breaks_nothing(console, ada, query):
    happened(ada, 1)
    assert console.get(f"{ada.get_absolute_url()}?{query}").status_code == 200


def test_an_empty_page_says_why(console, ada):
    address = ada.get_absolute_url()
    assert "Nobody has asked for a change" in Page(console.get(address)).words
    assert "Nothing of this kind so far." in Page(console.get(f"{address}?show=drift")).words
    happened(ada, 1)
    page = Page(console.get(f"{address}?before=change0.drift0.note0.manager0"))
    assert "Nothing is older than that." in page.words
    back = [said["href"] for _tag, said in page.tags if said.get("id") == "latest"]
    assert back == [f"{address}#timeline"]


def test_another_customers_history_is_not_shown(console, ada):
    happened(ada, 2)
    bob = a_customer("bob@example.com")
    assert console.get(bob.get_absolute_url()).context["timeline"].entries == []


@pytest.mark.parametrize("show", ["", "?show=changes", "?show=notes"])
@pytest.mark.parametrize("part", [False, True])
def test_the_number_of_queries_is_the_same_with_one_and_with_sixty(console, ada, show, part):
    headers = {"HX-Request": "true"} if part else {}

    def queries():
        with CaptureQueriesContext(connection) as ran:
            console.get(f"{ada.get_absolute_url()}{show}", headers=headers)
        return len(ran)

    happened(ada, 1)
    one = queries()
    happened(ada, 59, start=1)
    assert queries() <= one <= 26


def test_five_thousand_changes_are_read_page_by_page(console, ada):
    now = clock.now()
    Change.objects.bulk_create(
        Change(
            customer=ada, seq=n, operation="profile", params={"phone": str(n)}, state="DONE",
            asked_at=now - timedelta(hours=5001 - n), due_at=now, settled_at=now,
        )
        for n in range(1, 5001)
    )  # fmt: skip
    with CaptureQueriesContext(connection) as ran:
        answer = console.get(ada.get_absolute_url())
    assert "Changes 5,000" in Page(answer).words
    assert len(answer.context["timeline"].entries) == line.PAGE
    assert sum(float(query["time"]) for query in ran.captured_queries) < 0.5
    with CaptureQueriesContext(connection) as older:
        console.get(f"{ada.get_absolute_url()}?{answer.context['timeline'].older}")
    assert len(older) == len(ran)
