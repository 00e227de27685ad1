"""What people write down about a customer: kept with their name, altered by nobody."""

from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, transaction
from django.utils.html import escape

from customers.models import Customer, Note, clock
from customers.services import changes, notes, renames
from customers.services.errors import AlreadySent, NotPossible
from tests.integration.pages import (
    Page,
    a_customer,
    everything,
    person,
    refusals,
    signed_in,
    url,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(db):
    return a_customer()


@pytest.fixture
def ana(db):
    return person(username="ana")


def test_a_note_is_kept_with_its_author_and_time(ada, ana):
    note = notes.write(ada, "She rang.", by=ana)
    assert (note.customer, note.text, note.author, note.by) == (ada, "She rang.", ana, "ana")
    assert (clock.now() - note.at).total_seconds() < 60


def test_the_authors_name_stays_when_the_account_goes(ada, ana):
    note = notes.write(ada, "She rang.", by=ana)
    ana.delete()
    note.refresh_from_db()
    assert (note.author, note.by) == (None, "ana")


def test_a_note_sent_twice_is_one(ada, ana):
    form = uuid4()
    once = notes.write(ada, "She rang.", by=ana, sent_as=form)
    assert notes.write(ada, "She rang.", by=ana, sent_as=form) == once
    assert Note.objects.count() == 1


def test_another_note_under_the_same_id_is_told_not_dropped(ada, ana):
    form = uuid4()
    notes.write(ada, "She rang.", by=ana, sent_as=form)
    with pytest.raises(AlreadySent):
        notes.write(ada, "She rang twice.", by=ana, sent_as=form)
    with pytest.raises(AlreadySent):
        notes.write(a_customer("bob@example.com"), "She rang.", by=ana, sent_as=form)
    assert Note.objects.count() == 1


def test_a_customer_who_was_united_with_another_takes_no_note(ada, ana):
    ada.usernames.all().delete()
    Customer.objects.all().delete()
    with pytest.raises(NotPossible):
        notes.write(ada, "She rang.", by=ana)
    with pytest.raises(NotPossible):
        notes.assign(ada, ana, by=ana)


def test_a_note_says_something(ada):
    with pytest.raises(IntegrityError), transaction.atomic():
        Note.objects.create(customer=ada, text="", by="ana", at=clock.now())


def test_whoever_may_change_customers_may_note(ana):
    for group in ("Managers", "Leads"):
        assert Permission.objects.filter(group__name=group, codename="add_note").exists()


def test_an_accepted_rename_hands_the_notes_over(ada, ana):
    bob = a_customer("bob@example.com")
    note = notes.write(bob, "She rang.", by=ana)
    bob.usernames.update(state="RELEASED")
    renames._hand_over(ada, bob)
    note.refresh_from_db()
    assert note.customer == ada


# --- On the page -------------------------------------------------------------------------------


@pytest.fixture
def console(db):
    return signed_in("Managers")


def note_form(console, customer):
    """What its form on the page would send with nothing typed."""
    page = Page(console.get(customer.get_absolute_url()))
    assert {"method": "post", "action": url(customer, "note")}.items() <= next(
        said for tag, said in page.tags if tag == "form" and said.get("id") == "note"
    ).items()
    return {"change_id": page.named("change_id")["value"]}


def test_a_note_is_written_on_the_page_and_stands_in_the_timeline(console, ada):
    text = "She rang.\r\n<b>See</b> https://evil.example/?a=1&b=2\r\n"
    answer = console.post(url(ada, "note"), note_form(console, ada) | {"text": text})
    note = Note.objects.get()
    assert answer["Location"] == f"/customers/{ada.pk}/#note-{note.pk}"
    assert note.text == "She rang.\n<b>See</b> https://evil.example/?a=1&b=2"
    assert (note.by, note.kind) == ("grace", "NOTE")

    shown = console.get(ada.get_absolute_url())
    assert b"She rang.<br>&lt;b&gt;See&lt;/b&gt; https://evil" in shown.content
    page = Page(shown)
    assert not {link for link in page.links() if "evil" in link}
    assert f"note-{note.pk}" in {said.get("id") for _tag, said in page.tags}
    assert "grace," in page.words.partition("Timeline")[2]


def test_a_double_click_is_one_note(console, ada):
    filled = note_form(console, ada) | {"text": "She rang."}
    answers = [console.post(url(ada, "note"), filled)["Location"] for _ in range(2)]
    assert answers[0] == answers[1]
    assert Note.objects.count() == 1
    told = console.post(url(ada, "note"), filled | {"text": "She wrote."})
    assert "already sent with other content" in refusals(told)["__all__"][0]
    again = note_form_of(told) | {"text": "She wrote."}
    assert again["change_id"] != filled["change_id"]
    assert console.post(url(ada, "note"), again).status_code == 302
    assert Note.objects.count() == 2


def note_form_of(answer):
    return {"change_id": Page(answer).named("change_id")["value"]}


@pytest.mark.parametrize(
    ("text", "why"),
    [("", "Write something: an empty note says nothing."),
     (" \r\n\t ", "Write something: an empty note says nothing."),
     ("a\r\n" * 2000 + "x", "Use at most 4000 characters; these are 4001."),
     ("a\x00b", "Null characters are not allowed.")],
    ids=["nothing", "blanks", "too long", "control"],
)  # fmt: skip
def test_a_note_that_cannot_be_kept_comes_back_as_it_was_typed(console, ada, text, why):
    changes.ask(ada, "disable")
    before = everything()
    answer = console.post(f"{url(ada, 'note')}?from=q%3Dx&show=notes", {"text": text})
    assert refusals(answer) == {"text": [why]}
    assert everything() == before
    page = Page(answer)
    assert "Error:" in page.words[:7]
    assert page.named("text")["aria-invalid"] == "true"
    assert "note_text_error" in page.named("text")["aria-describedby"]
    assert escape(text).encode() in answer.content
    # What lives on it, and the ways on, are those of the customer's page.
    live = next(said for _tag, said in page.tags if said.get("id") == "live")
    assert live["hx-get"] == f"/customers/{ada.pk}/?from=q%3Dx&show=notes"
    assert not {link for link in page.links() if "/note/" in link}


def test_the_longest_note_is_kept(console, ada):
    text = "a\r\n" * 1999 + "xy"
    assert console.post(url(ada, "note"), {"text": text}).status_code == 302
    assert len(Note.objects.get().text) == 4000


def test_who_may_not_change_may_read_notes_and_write_none(console, ada, ana):
    notes.write(ada, "She rang.", by=ana)
    looker = person(username="looker")
    looker.user_permissions.set(Permission.objects.filter(codename="view_customer"))
    console.force_login(looker)
    page = Page(console.get(ada.get_absolute_url()))
    assert "She rang." in page.words
    assert "Keep the note" not in page.words
    assert console.post(url(ada, "note"), {"text": "x"}).status_code == 403
    looker.user_permissions.set(Permission.objects.filter(codename="add_note"))
    assert console.post(url(ada, "note"), {"text": ""}).status_code == 403
    assert Note.objects.count() == 1


def test_the_admin_shows_notes_and_alters_none(ada, ana):
    note = notes.write(ada, "She rang.", by=ana)
    boss = signed_in(username="boss", is_staff=True, is_superuser=True)
    page = f"/admin/customers/note/{note.pk}/change/"
    assert "She rang." in Page(boss.get(page)).words
    assert boss.post(page, {"text": "She did not."}).status_code == 403
    assert boss.post("/admin/customers/note/add/", {"text": "x"}).status_code == 403
    assert boss.post(f"/admin/customers/note/{note.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Note.objects.get().text == "She rang."
