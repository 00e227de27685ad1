"""Each rule of the contract stands at its field, before anybody is told that it was broken."""

import pytest
from django.utils.translation import override

from customers.distributor.rules import CALLS, Operation
from customers.forms import fields
from tests.integration.pages import Page, a_customer, fill_catalogue, signed_in, url

pytestmark = pytest.mark.django_db
# As the contract has it, not as our table of rules repeats it.
CREATE = {
    "username": 64, "email": 64, "first_name": 50, "last_name": 50, "address": 100, "city": 100,
    "state": 100, "country": 100, "zip": 50, "phone": 50, "website": 255, "company": 255,
}  # fmt: skip
PROFILE = {name: most for name, most in CREATE.items() if name not in {"username", "email"}}


@pytest.fixture
def console(db):
    fill_catalogue()
    return signed_in("Leads")


def help_of(page, name):
    """What a screen reader adds to the field's name."""
    found = {said.get("id"): n for n, (_tag, said) in enumerate(page.tags)}
    described = page.named(name)["aria-describedby"].split()
    assert f"id_{name}_helptext" in described
    assert f"id_{name}_helptext" in found
    return page.named(name)


def help_text(response, name):
    return str(response.context["form"].fields[name].help_text)


def test_the_lengths_of_a_creation_stand_at_its_fields(console):
    response = console.get("/customers/new/")
    page = Page(response)
    for name, most in CREATE.items():
        assert f"at most {most} characters" in help_text(response, name).casefold(), name
        assert help_of(page, name)["data-max"] == str(most)
    assert "At least 6 characters" in page.words
    assert help_of(page, "password")["data-min"] == "6"


def test_those_of_later_changes_are_theirs(console):
    ada = a_customer()
    response = console.get(url(ada, "profile"))
    for name, most in PROFILE.items():
        assert f"At most {most} characters." in help_text(response, name)
    for name in ("email", "username"):
        response = console.get(url(ada, name))
        assert "An e-mail address of at most 100 characters." in help_text(response, name)
        assert help_of(Page(response), name)["data-max"] == "100"
    assert help_of(Page(console.get(url(ada, "password"))), "password")["data-min"] == "6"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("username", "A later change may have 100."),
        ("email", "A later change may have 100."),
        ("username", "switches sending and website access only for such names"),
        ("username", "Once deleted it can never be used again"),
        ("email", "An e-mail address"),
        ("zip", "The distributor does not check it."),
        ("package", "the distributor's name for it. It cannot be changed here later"),
        ("whitelabel", "The domain that the mail is branded with. It cannot be changed here later"),
        ("ip_group", "that belong to us"),
        ("ip", "Only addresses that belong to us, and only with packages that allow them"),
        ("billing_date", "From today to one billing cycle, a month, ahead"),
        ("confirm_password", "The same once more"),
    ],
)
def test_what_else_the_contract_says_of_a_field_of_a_creation(console, name, words):
    response = console.get("/customers/new/")
    assert words in help_text(response, name)
    assert words in Page(response).words


def test_what_it_says_of_a_new_username(console):
    words = Page(console.get(url(a_customer(), "username"))).words
    assert "no name that was deleted comes back" in words
    assert "must not contain sendgrid.com" in words


def test_no_browser_cuts_what_is_pasted(console):
    page = Page(console.get("/customers/new/"))
    assert not [said for _tag, said in page.tags if "maxlength" in said]


def test_help_is_put_together_in_the_readers_language(monkeypatch):
    monkeypatch.setattr(fields, "_lengths", lambda param: f"{param.max_length}!")
    field = fields.field_for(CALLS[Operation.CREATE].param("city"))
    assert str(field.help_text) == "100!"
    monkeypatch.setattr(fields, "_lengths", lambda param: "Höchstens 100 Zeichen.")
    with override("de"):
        assert str(field.help_text) == "Höchstens 100 Zeichen."
