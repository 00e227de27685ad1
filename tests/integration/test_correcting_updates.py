"""A change that the distributor refused is corrected: what was typed, and why it was refused."""

import pytest
from django.contrib.auth.models import Permission

from customers.models import Change
from customers.services import changes
from tests.integration.pages import Page, a_customer, person, settle, signed_in, url
from tests.integration.steps import decide, withdraw

pytestmark = pytest.mark.django_db


@pytest.fixture
def console(db):
    return signed_in("Managers")


def refused(operation, fields=None, error="no", **options):
    ada = options.pop("customer", None) or a_customer()
    change = changes.ask(ada, operation, fields, **options)
    settle(change, "REJECTED", error)
    return change


def again(change):
    page = change.operation.replace("_", "-")
    return f"{url(change.customer, page)}?again={change.pk}"


def errors(response):
    return {field: list(said) for field, said in response.context["form"].errors.items()}


def test_both_pages_lead_to_the_form_with_what_was_typed_and_the_words_at_the_field(console):
    change = refused("profile", {"phone": "0815", "city": "Rome"}, "phone is too odd; go away")
    for page in (change.get_absolute_url(), f"/customers/{change.customer_id}/"):
        assert again(change) in Page(console.get(page)).links()

    form = console.get(again(change))

    sent = Page(form).sends
    assert (sent["phone"], sent["city"], sent["first_name"]) == ("0815", "Rome", "Ada")
    assert errors(form) == {
        "phone": ["The distributor said: “phone is too odd”"],
        "__all__": ["The distributor said: “go away”"],
    }
    assert "The distributor said: “phone is too odd”" in Page(form).words
    answer = console.post(again(change), sent | {"phone": "0816"})
    assert answer.status_code == 302
    asked = Change.objects.latest("seq")
    assert asked.params == {"phone": "0816", "city": "Rome"}
    assert again(change) not in Page(console.get(f"/customers/{change.customer_id}/")).links()


@pytest.mark.parametrize(
    ("words", "field"),
    [("Postal code", None), ("first name must be shorter", "first_name"),
     ("first_name: at most 50", "first_name"), ("Invalid ZIP", "zip"), ("statement", None),
     ("company and city", "company"), ("User not found", None)],
)  # fmt: skip
def test_words_go_to_the_field_that_they_name_first(console, words, field):
    form = console.get(again(refused("profile", {"phone": "0815"}, words)))
    assert list(errors(form)) == [field or "__all__"]


@pytest.mark.parametrize(
    ("operation", "fields", "typed"),
    [("email", {"email": "b@example.com"}, {"email": "b@example.com"}),
     ("username", {"username": "b@example.com"}, {"username": "b@example.com"}),
     ("enable", None, {}), ("website_disable", None, {}), ("delete", None, {"username": ""})],
)  # fmt: skip
def test_every_operation_has_such_a_form(console, operation, fields, typed):
    change = refused(operation, fields)
    assert again(change) in Page(console.get(change.get_absolute_url())).links()
    form = console.get(again(change))
    assert errors(form) == {"__all__": ["The distributor said: “no”"]}
    sent = Page(form).sends
    assert {name: sent.get(name, "") for name in typed} == typed


def test_a_password_is_never_shown_again(console):
    change = refused("password", error="password is too weak", password="difference")
    form = console.get(again(change))
    assert errors(form) == {"password": ["The distributor said: “password is too weak”"]}
    assert b"difference" not in form.content


def test_only_a_refused_change_of_that_customer_and_kind_fills_the_form(console):
    waiting = changes.ask(a_customer(), "email", {"email": "b@example.com"})
    Change.objects.filter(pk=waiting.pk).update(error="It does not answer.")
    other = refused("email", {"email": "c@example.com"}, customer=a_customer("bob@example.com"))
    for pk in (waiting.pk, other.pk, "x", "\x00", ""):
        form = console.get(f"{url(waiting.customer, 'email')}?again={pk}")
        assert not form.context["form"].errors
        assert "c@example.com" not in Page(form).words


def test_nothing_is_offered_where_it_would_not_go(console):
    change = refused("profile", {"phone": "0815"})
    page = change.get_absolute_url()
    changes.ask(change.customer, "delete")
    assert again(change) not in Page(console.get(page)).links()
    type(change.customer).objects.update(status="CLOSED")
    assert again(change) not in Page(console.get(page)).links()


def test_a_manager_who_may_not_delete_is_not_led_to_it(console):
    change = refused("delete")
    looker = person(username="looker")
    looker.user_permissions.set(_permissions("view_customer", "change_customer"))
    console.force_login(looker)
    assert again(change) not in Page(console.get(change.get_absolute_url())).links()


def _permissions(*codenames):
    return Permission.objects.filter(codename__in=codenames)


def test_a_persons_word_is_not_put_into_the_distributors_mouth(console):
    change = changes.ask(a_customer(), "email", {"email": "b@example.com"})
    Change.objects.update(state="BLOCKED")
    assert decide(change, "REJECTED")
    form = console.get(again(change))
    assert not form.context["form"].errors
    assert Page(form).sends["email"] == "b@example.com"


def test_what_was_withdrawn_does_not_hide_a_refusal(console):
    change = refused("email", {"email": "b@example.com"})
    withdraw(changes.ask(change.customer, "email", {"email": "c@example.com"}))
    assert again(change) in Page(console.get(f"/customers/{change.customer_id}/")).links()
