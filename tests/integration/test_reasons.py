"""Why somebody asked: kept with the change and told beside it. And what must be confirmed."""

import pytest

from customers.models import Change
from customers.services import changes
from tests.integration.pages import (
    KNOWN,
    Page,
    a_customer,
    everything,
    form,
    person,
    post_raw,
    refusals,
    settle,
    signed_in,
    url,
)
from tests.integration.test_update_forms import UPDATES

pytestmark = pytest.mark.django_db
WHY = "She rang: “the old one” <b>leaked</b>.\r\nTicket 4711."
KEPT = WHY.replace("\r\n", "\n")


@pytest.fixture
def console(db):
    return signed_in("Managers")


@pytest.fixture
def ada(db):
    return a_customer()


@pytest.mark.parametrize("page", list(UPDATES))
def test_every_form_asks_why_last_and_keeps_it_with_the_change(console, ada, page):
    asked = Page(console.get(url(ada, page)))
    assert [said["name"] for _tag, said in asked.tags if "name" in said][-1] == "reason"
    assert "Why? (optional, kept with the change)" in asked.words

    console.post(url(ada, page), asked.sends | UPDATES[page][0] | {"reason": WHY})

    change = Change.objects.get()
    assert change.reason == KEPT
    told = " ".join(KEPT.split())
    assert told in Page(console.get(change.get_absolute_url())).words
    assert told in Page(console.get(f"/customers/{ada.pk}/")).words


def test_the_reason_goes_nowhere_else(console, ada):
    console.post(url(ada, "profile"), {"phone": "1", "reason": WHY})
    assert Change.objects.get().params == {"phone": "1"}


def test_a_reason_is_no_change_by_itself(console, ada):
    answer = console.post(url(ada, "profile"), form(console, ada, "profile") | {"reason": WHY})
    assert refusals(answer) == {"__all__": ["Nothing is different from how it is now."]}
    assert "Ticket 4711." in Page(answer).words


def test_a_reason_has_a_length_and_nothing_typed_is_lost(console, ada):
    before = everything()
    lines = "ab\r\n" * 666  # 1,998 characters: each line's end is one.
    answer = console.post(url(ada, "email"), {"email": "b@example.com", "reason": lines + "xyz"})
    assert refusals(answer) == {"reason": ["Use at most 2000 characters; these are 2001."]}
    assert everything() == before
    assert Page(answer).sends["email"] == "b@example.com"
    assert answer.content.decode().count("ab\r\n") == 666
    fits = {"email": "b@example.com", "reason": lines + "xy"}
    assert console.post(url(ada, "email"), fits).status_code == 302


@pytest.mark.parametrize("odd", ["a\x00b", "\x00"])
def test_an_odd_reason_is_an_error_at_its_field(console, ada, odd):
    assert set(refusals(post_raw(console, url(ada, "disable"), {"reason": odd}))) == {"reason"}
    assert post_raw(console, url(ada, "disable"), {"reason": "\ud800"}).status_code == 302


def test_another_reason_under_the_same_id_is_told_not_dropped(console, ada):
    filled = form(console, ada, "disable") | {"reason": "One."}
    for _ in range(2):
        assert console.post(url(ada, "disable"), filled).status_code == 302
    answer = console.post(url(ada, "disable"), filled | {"reason": "Another."})
    assert "already sent with other content" in refusals(answer)["__all__"][0]
    assert Change.objects.get().reason == "One."


def test_the_distributors_words_are_not_pinned_to_what_it_never_sees(console, ada):
    refused = changes.ask(ada, "email", {"email": "b@example.com"})
    settle(refused, "REJECTED", "refused for an unknown reason; known reason: none")
    answer = console.get(f"{url(ada, 'email')}?again={refused.pk}")
    assert set(refusals(answer)) == {"__all__"}


def test_who_asked_is_known_by_name_when_the_account_is_gone(console, ada):
    ana = person(username="ana")
    change = changes.ask(ada, "disable", asked_by=ana, reason="They do not pay.")
    ana.delete()
    for page in (change.get_absolute_url(), f"/customers/{ada.pk}/", "/customers/changes/"):
        words = Page(console.get(page)).words
        assert "ana" in words
        assert "by rule" not in words


# --- What breaks is confirmed ------------------------------------------------------------------


@pytest.mark.parametrize("page", ["username", "password"])
def test_what_breaks_a_login_names_whom_and_must_be_ticked(console, ada, page):
    asked = Page(console.get(url(ada, page)))
    words = "I know that the SMTP login of Ada Lovelace dies at once: nothing sends with the old "
    assert f"{words}{page} any more" in asked.words
    assert asked.named("known")["type"] == "checkbox"
    assert "checked" not in asked.named("known")

    before = everything()
    typed = {name: it for name, it in UPDATES[page][0].items() if name != "known"}
    answer = console.post(url(ada, page), asked.sends | typed | {"reason": WHY})
    assert refusals(answer) == {"known": ["Tick it to go on: nothing was asked for yet."]}
    assert everything() == before

    again = Page(answer)
    assert "Ticket 4711." in again.words
    assert again.sends.get("username") == typed.get("username")
    assert not again.sends.get("password")
    assert console.post(url(ada, page), again.sends | typed | KNOWN).status_code == 302


def test_the_name_in_the_question_is_text(console, ada):
    type(ada).objects.update(first_name="<svg onload=alert(1)>", last_name="{0} %s &amp;")
    answer = console.get(url(ada, "username"))
    assert b"<svg onload" not in answer.content
    assert "of <svg onload=alert(1)> {0} %s &amp; dies at once" in Page(answer).words
