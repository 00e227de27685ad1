"""The fields of each update, held against the contract's table."""

from datetime import timedelta
from uuid import uuid4

import pytest

from customers.models import Change, Customer, Username, clock
from customers.services import changes
from customers.services.sealing import unseal
from tests.integration.pages import (
    KNOWN,
    PROFILE,
    Page,
    a_customer,
    a_name,
    everything,
    fill_catalogue,
    form,
    post_raw,
    refusals,
    refused,
    settle,
    signed_in,
    url,
)
from tests.integration.test_create_form import BAD
from tests.integration.test_update_forms import PASSWORD
from tests.unit.test_rules import LONGEST, of_length

pytestmark = pytest.mark.django_db
SWITCHES = ["enable", "disable", "website-enable", "website-disable"]


@pytest.fixture
def console(db):
    return signed_in("Managers")


@pytest.fixture
def ada(db):
    return a_customer()


# --- Profile -----------------------------------------------------------------------------------


def test_only_what_differs_is_sent(console, ada):
    filled = form(console, ada, "profile")
    assert filled.keys() >= set(PROFILE)
    console.post(url(ada, "profile"), filled | {"phone": "1", "city": "Turin"})
    assert Change.objects.get().params == {"phone": "1", "city": "Turin"}


@pytest.mark.parametrize("typed", [{}, {"phone": PROFILE["phone"]}, dict(PROFILE)])
def test_none_differing_is_an_error_of_the_form(console, ada, typed):
    nothing = {"__all__": ["Nothing is different from how it is now."]}
    assert refused(console, ada, "profile", typed | {"change_id": str(uuid4())}) == nothing
    assert refused(console, ada, "profile", form(console, ada, "profile")) == nothing


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_blank_field_is_refused_at_the_field(console, ada, blank):
    blanks = dict.fromkeys(PROFILE, blank)
    found = refused(console, ada, "profile", form(console, ada, "profile") | blanks)
    assert set(found) == set(PROFILE)
    assert set(refused(console, ada, "profile", {"phone": "1", "city": blank})) == {"city"}


def test_what_was_never_known_may_stay_unknown(console):
    bob = a_customer("bob@example.com", company=None)
    filled = form(console, bob, "profile")
    assert filled["company"] == ""
    assert console.post(url(bob, "profile"), filled | {"phone": "1"}).status_code == 302
    assert Change.objects.get().params == {"phone": "1"}


def test_what_breaks_the_rules_at_the_distributor_hinders_nobody(console):
    odd = {"address": "x" * 300, "city": " Turin ", "website": "a\u200bb", "state": ""}
    bob = a_customer("bob@example.com", **odd)
    filled = form(console, bob, "profile")
    assert set(refused(console, bob, "profile", filled)) == {"__all__"}
    assert console.post(url(bob, "profile"), filled | {"phone": "1"}).status_code == 302
    assert Change.objects.get().params == {"phone": "1"}
    assert set(refused(console, bob, "profile", filled | {"address": "y" * 300})) == {"address"}


def test_profile_values_have_the_contracts_limits(console, ada):
    longest = {name: length for op, name, length in LONGEST if op == "profile"}
    too_long = {name: "x" * (length + 1) for name, length in longest.items()}
    assert refused(console, ada, "profile", too_long) == {
        name: [f"Use at most {length} characters; these are {length + 1}."]
        for name, length in longest.items()
    }
    at_the_limit = {name: "x" * length for name, length in longest.items()}
    console.post(url(ada, "profile"), at_the_limit)
    assert Change.objects.get().params == at_the_limit


@pytest.mark.parametrize("value", BAD.values(), ids=BAD)
def test_a_bad_value_is_an_error_at_its_field(console, ada, value):
    for page, names in (
        ("profile", list(PROFILE)),
        ("email", ["email"]),
        ("username", ["username"]),
        ("password", ["password", "confirm_password"]),
        ("delete", ["username"]),
    ):
        if page == "password" and len(value) > 1000:
            continue  # The contract sets no upper limit.
        before = everything()
        response = post_raw(console, url(ada, page), KNOWN | dict.fromkeys(names, value))
        assert set(refusals(response)) == set(names), page
        assert everything() == before


# --- E-mail, username, password ----------------------------------------------------------------


@pytest.mark.parametrize("page", ["email", "username"])
def test_an_address_has_the_form_and_length_that_the_contract_wants(console, ada, page):
    too_long = of_length(page, page, 101)
    assert refused(console, ada, page, {page: too_long}) == {
        page: ["Use at most 100 characters; these are 101."]
    }
    assert set(refused(console, ada, page, {page: "ada"})) == {page}
    assert set(refused(console, ada, page, {})) == {page}
    assert console.post(url(ada, page), KNOWN | {page: too_long[1:]}).status_code == 302
    assert Change.objects.get().params == {page: too_long[1:]}


@pytest.mark.parametrize(("page", "same"), [("email", "ada@example.com"),
                                            ("username", "ada@example.com"),
                                            ("username", "ADA@Example.com")])  # fmt: skip
def test_the_same_address_is_no_change(console, ada, page, same):
    assert set(refused(console, ada, page, {page: same})) == {"__all__"}


def test_a_username_must_not_lie_in_the_providers_domain(console, ada):
    found = refused(console, ada, "username", {"username": "ada@mail.SendGrid.com"})
    assert "the distributor bars sendgrid.com" in found["username"][0]


@pytest.mark.parametrize(
    ("state", "words"),
    [("LIVE", "in use"), ("PENDING", "just being set up"), ("RELEASED", "held for a day"),
     ("BURNT", "can never be used again")],
)  # fmt: skip
def test_a_username_that_is_not_free_is_refused_with_the_reason(console, ada, state, words):
    until = clock.now() + timedelta(hours=1) if state == "RELEASED" else None
    a_name("new@example.com", state, until=until)
    found = refused(console, ada, "username", {"username": "NEW@example.com"})
    assert words in found["username"][0]


def test_a_customer_gets_back_the_name_that_is_held_for_nobody_else(console, ada):
    a_name("old@example.com", "RELEASED", customer=ada, until=clock.now() + timedelta(hours=1))
    filled = KNOWN | {"username": "old@example.com"}
    assert console.post(url(ada, "username"), filled).status_code == 302
    assert Username.objects.get(key="old@example.com").state == "PENDING"


def test_a_password_is_sealed_long_enough_and_typed_twice(console, ada):
    short = {"password": "12345", "confirm_password": "12345"}
    assert set(refused(console, ada, "password", short)) == {"password"}
    differing = PASSWORD | {"confirm_password": "other one"}
    assert refused(console, ada, "password", differing) == {
        "confirm_password": ["The two passwords differ."]
    }
    console.post(url(ada, "password"), KNOWN | PASSWORD)
    change = Change.objects.get()
    assert change.params == {}
    assert unseal(change.sealed_password, change.pk) == "analytical"


def test_another_password_under_the_same_id_is_told(console, ada):
    filled = form(console, ada, "password") | KNOWN | PASSWORD
    console.post(url(ada, "password"), filled)
    other = filled | {"password": "another", "confirm_password": "another"}
    response = console.post(url(ada, "password"), other)
    assert "already sent" in refusals(response)["__all__"][0]
    settle(Change.objects.get())
    assert "already sent" in refusals(console.post(url(ada, "password"), filled))["__all__"][0]
    assert Change.objects.count() == 1


# --- Switches, delete --------------------------------------------------------------------------


@pytest.mark.parametrize("shown", [True, False, None])
def test_a_switch_is_asked_for_whatever_the_mirror_shows(console, ada, shown):
    Customer.objects.update(active=shown, website_access=shown)
    for page in [*SWITCHES, *SWITCHES]:
        assert console.post(url(ada, page), {}).status_code == 302
    assert Change.objects.count() == 8


@pytest.mark.parametrize("page", SWITCHES)
def test_a_switch_needs_a_username_that_is_an_email_address(console, page):
    bob = a_customer("bob")
    assert "Change the username first" in refused(console, bob, page, {})["__all__"][0]
    changes.ask(bob, "username", {"username": "bob@example.com"})
    assert console.post(url(bob, page), {}).status_code == 302


def test_a_deletion_is_confirmed_by_typing_the_username(console, ada):
    wrong = {"username": ["This is not the customer's username."]}
    assert refused(console, ada, "delete", {"username": "bob@example.com"}) == wrong
    assert refused(console, ada, "delete", {"username": "Ada Lovelace"}) == wrong
    assert set(refused(console, ada, "delete", {})) == {"username"}
    assert form(console, ada, "delete")["username"] == "", "it is not filled in beforehand"
    assert console.post(url(ada, "delete"), {"username": " ADA@example.com"}).status_code == 302


def test_no_page_of_a_switch_asks_for_a_confirmation(console, ada):
    for page in SWITCHES:
        asked = Page(console.get(url(ada, page)))
        assert set(asked.sends) == {"csrfmiddlewaretoken", "change_id"}
        assert not any(said.get("name") == "known" for _tag, said in asked.tags)


def test_a_page_says_what_it_breaks_and_whom(console, ada):
    for page in ("username", "password"):
        words = Page(console.get(url(ada, page))).words
        assert "SMTP login breaks the moment" in words
        assert "Ada Lovelace" in words
    assert "It cannot be undone" in Page(console.get(url(ada, "delete"))).words


def test_pages_never_show_a_password(console, ada):
    fill_catalogue()
    changes.ask(ada, "password", password="do not show")
    for page in ("", "password/"):
        response = console.get(f"/customers/{ada.pk}/{page}")
        assert "do not show" not in response.content.decode()
    refusal = console.post(url(ada, "password"), PASSWORD | {"confirm_password": "x"})
    assert "analytical" not in refusal.content.decode()
