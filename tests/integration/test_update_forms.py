"""Changes of a customer who is there: what is asked, what is refused, what others did meanwhile."""

import json
from uuid import uuid4

import pytest

from customers.models import Change, Customer
from customers.services import changes
from tests.integration.pages import (
    KNOWN,
    PROFILE,
    Page,
    a_customer,
    everything,
    form,
    post_raw,
    refusals,
    refused,
    settle,
    signed_in,
    url,
)

pytestmark = pytest.mark.django_db
PASSWORD = {"password": "analytical", "confirm_password": "analytical"} | KNOWN
# page: (what is typed, the operation, what it is asked with, what the next page promises)
UPDATES = {
    "profile": ({"phone": "1"}, "profile", {"phone": "1"}, "The profile of Ada Lovelace will"),
    "email": ({"email": "new@example.com"}, "email", {"email": "new@example.com"}, "will change"),
    "username": (
        {"username": "new@example.com"} | KNOWN, "username", {"username": "new@example.com"},
        "Ada Lovelace will get the new username",
    ),
    "password": (PASSWORD, "password", {}, "The password of Ada Lovelace will change"),
    "enable": ({}, "enable", {}, "will be able to send in a moment"),
    "disable": ({}, "disable", {}, "will stop sending in a moment"),
    "website-enable": ({}, "website_enable", {}, "will have website access in a moment"),
    "website-disable": ({}, "website_disable", {}, "will lose website access in a moment"),
    "delete": ({"username": "ada@example.com"}, "delete", {}, "will be deleted in a moment"),
}  # fmt: skip
each_update = pytest.mark.parametrize("page", list(UPDATES))


@pytest.fixture
def console(db):
    return signed_in("Managers")


@pytest.fixture
def ada(db):
    return a_customer()


@each_update
def test_each_page_asks_for_its_operation_and_tells_what_will_happen(console, ada, page):
    typed, operation, params, promise = UPDATES[page]
    before = Customer.objects.values().get()

    response = console.post(url(ada, page), form(console, ada, page) | typed, follow=True)

    assert response.redirect_chain == [(f"/customers/{ada.pk}/", 302)]
    assert promise in Page(response).words
    change = Change.objects.get()
    assert (change.operation, change.params, change.state) == (operation, params, "WAITING")
    assert change.asked_by.username == "grace"
    assert Customer.objects.values().get() == before, "nothing has happened over there yet"


@each_update
def test_a_form_sent_twice_is_one_change_and_leads_to_the_same_page(console, ada, page):
    filled = form(console, ada, page) | UPDATES[page][0]
    once, again = console.post(url(ada, page), filled), console.post(url(ada, page), filled)
    assert once["Location"] == again["Location"]
    assert str(Change.objects.get().pk) == filled["change_id"]


@each_update
def test_it_is_still_one_change_for_a_client_that_sends_no_seen(console, ada, page):
    filled = UPDATES[page][0] | {"change_id": str(uuid4())}
    for _ in range(2):
        assert console.post(url(ada, page), filled).status_code == 302
    assert Change.objects.count() == 1


@each_update
def test_neither_hidden_field_is_needed(console, ada, page):
    assert console.post(url(ada, page), UPDATES[page][0]).status_code == 302
    assert Change.objects.count() == 1


@pytest.mark.parametrize("status", ["CLOSED", "REFUSED"])
def test_nothing_can_be_asked_of_a_customer_who_is_not_there(console, ada, status):
    Customer.objects.update(status=status)
    for page, (typed, *_) in UPDATES.items():
        assert set(refused(console, ada, page, typed)) == {"__all__"}


def test_nothing_can_be_asked_of_a_customer_who_is_being_deleted(console, ada):
    changes.ask(ada, "delete")
    for page, (typed, *_) in UPDATES.items():
        words = refused(console, ada, page, typed)["__all__"]
        assert words == ["This customer is being deleted; nothing can be changed any more."]


@each_update
def test_a_customer_who_is_just_being_set_up_can_be_changed_in_line(console, ada, page):
    Customer.objects.update(status="REQUESTED")
    assert console.post(url(ada, page), UPDATES[page][0]).status_code == 302


@each_update
def test_the_id_of_another_change_is_told_and_replaced(console, ada, page):
    bob = changes.ask(a_customer("bob@example.com"), "disable")
    filled = form(console, ada, page) | UPDATES[page][0] | {"change_id": str(bob.pk)}
    before = everything()

    response = console.post(url(ada, page), filled)

    assert "already sent with other content" in refusals(response)["__all__"][0]
    assert everything() == before
    again = Page(response).sends | UPDATES[page][0]
    assert again["change_id"] != str(bob.pk)
    assert console.post(url(ada, page), again).status_code == 302
    assert Change.objects.count() == 2


def test_a_damaged_change_id_breaks_nothing(console, ada):
    before = everything()
    for page, (typed, *_) in UPDATES.items():
        response = post_raw(console, url(ada, page), typed | {"change_id": "7"})
        assert set(refusals(response)) == {"change_id"}
    for change_id in ("\x00", "x" * 10_000, "{}", "None", "\ud800", "-" * 32):
        response = post_raw(console, url(ada, "disable"), {"change_id": change_id})
        assert set(refusals(response)) == {"change_id"}
    assert everything() == before


def damaged_seen():
    good = {"seq": 0, "shown": {}, "mirror": {}}
    fields = {"username", "email", *PROFILE}
    for part in ("shown", "mirror"):
        good[part] = dict.fromkeys(fields, "x")
    return [
        "{", "null", "[]", "0", '"x"', "{}", "\x00", "\ud800", "[" * 5000, "9" * 5000,
        json.dumps({**good, "seq": "x"}), json.dumps({**good, "seq": None}),
        json.dumps({**good, "seq": float("inf")}), json.dumps({**good, "seq": float("nan")}),
        json.dumps({**good, "shown": []}), json.dumps({**good, "mirror": "x"}),
        json.dumps({**good, "shown": {}}),
        json.dumps({**good, "shown": dict.fromkeys(fields, 1)}),
        json.dumps({**good, "mirror": {name: ["x"] for name in fields}}),
    ]  # fmt: skip


def test_a_damaged_seen_is_a_form_error(console, ada):
    before = everything()
    for seen in damaged_seen():
        response = post_raw(console, url(ada, "profile"), {"phone": "1", "seen": seen})
        assert set(refusals(response)) == {"seen"}, seen
    for page in ("email", "username"):
        response = post_raw(console, url(ada, page), UPDATES[page][0] | {"seen": "{"})
        assert refusals(response) == {"seen": ["This page is out of date: load it again."]}
    assert everything() == before


@pytest.mark.parametrize("seq", [-1, 10**30, 10**400, True])
def test_an_odd_number_in_seen_breaks_nothing(console, ada, seq):
    shown = {"username": ada.username, "email": ada.email, **PROFILE}
    seen = json.dumps({"seq": seq, "shown": shown, "mirror": shown | {"company": None}})
    assert console.post(url(ada, "profile"), {"phone": "1", "seen": seen}).status_code in {200, 302}


# --- What others did meanwhile -----------------------------------------------------------------


def test_what_somebody_else_asked_for_meanwhile_is_shown_and_can_be_overruled(console, ada):
    filled = form(console, ada, "profile") | {"phone": "1"}
    changes.ask(ada, "profile", {"phone": "2"})
    before = everything()

    response = console.post(url(ada, "profile"), filled)
    assert "Meanwhile this was changed to “2”." in refusals(response)["phone"][0]
    assert everything() == before
    again = Page(response).sends
    assert again["phone"] == "1"

    assert console.post(url(ada, "profile"), again).status_code == 302
    assert [change.params for change in ada.changes.order_by("seq")] == [
        {"phone": "2"},
        {"phone": "1"},
    ]


def test_overruling_one_field_does_not_undo_what_else_was_changed_meanwhile(console, ada):
    filled = form(console, ada, "profile") | {"phone": "1"}
    changes.ask(ada, "profile", {"phone": "2", "city": "Turin"})

    again = Page(console.post(url(ada, "profile"), filled)).sends
    assert again["city"] == "Turin"
    console.post(url(ada, "profile"), again)
    assert ada.changes.order_by("seq").last().params == {"phone": "1"}


def test_changes_of_different_fields_do_not_conflict(console, ada):
    filled = form(console, ada, "profile") | {"phone": "1"}
    changes.ask(ada, "profile", {"city": "Turin"})
    assert console.post(url(ada, "profile"), filled).status_code == 302
    assert ada.changes.order_by("seq").last().params == {"phone": "1"}


@pytest.mark.parametrize("page", ["email", "username"])
def test_an_address_changed_by_a_refresh_meanwhile_conflicts_as_well(console, ada, page):
    filled = form(console, ada, page) | UPDATES[page][0]
    Customer.objects.update(**{page: "theirs@example.com"})
    found = refused(console, ada, page, filled)
    assert "“theirs@example.com”" in found[page][0]


def test_what_is_delivered_meanwhile_does_not_conflict(console, ada):
    change = changes.ask(ada, "profile", {"phone": "2"})
    filled = form(console, ada, "profile")
    assert filled["phone"] == "2", "the form shows what is on its way"
    settle(change)
    Customer.objects.update(phone="2")
    assert console.post(url(ada, "profile"), filled | {"phone": "1"}).status_code == 302
