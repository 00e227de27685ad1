"""A manager creates a customer: what is taken, what is refused, and what is written."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import override_settings
from django.utils import timezone

from customers.models import Change, Customer, Package, Username, clock
from customers.services.sealing import unseal
from tests.integration.pages import (
    ADA,
    Page,
    a_customer,
    a_name,
    everything,
    fill_catalogue,
    post_raw,
    refusals,
    signed_in,
)
from tests.unit.test_rules import LONGEST, of_length

pytestmark = pytest.mark.django_db
URL = "/customers/new/"
BAD = {
    "NUL": "a\x00b",
    "CRLF": "a\r\nBcc: eve@example.com",
    "a zero-width space": "a\u200bb",
    "10,000 characters": "x" * 10_000,
    "a lone surrogate": "a\ud800b",
    "spaces": "   ",
    "markup and quotes": "\x01<b>'\"%s%(x)s{{7*7}}",
}


@pytest.fixture
def console(db):
    fill_catalogue()
    return signed_in("Managers")


def refused(console, **fields):
    before = everything()
    response = console.post(URL, ADA | fields)
    assert everything() == before
    return refusals(response)


def test_a_filled_in_form_asks_for_a_new_customer(console):
    response = console.post(URL, ADA, follow=True)

    customer, change = Customer.objects.get(), Change.objects.get()
    assert response.redirect_chain == [(f"/customers/{customer.pk}/", 302)]
    assert "Ada Lovelace will be set up in a moment." in Page(response).words
    assert "The username is no e-mail address" not in Page(response).words
    assert (customer.status, customer.username, customer.package) == (
        "REQUESTED", "ada@example.com", "Gold",
    )  # fmt: skip
    assert customer.account_manager.username == "grace"
    assert (change.operation, change.state, change.asked_by.username) == (
        "create", "WAITING", "grace",
    )  # fmt: skip
    asked = {k: v for k, v in ADA.items() if "password" not in k}
    assert change.params == asked | {"free_user": "false"}
    assert unseal(change.sealed_password, change.pk) == ADA["password"]
    assert Username.objects.get().state == "PENDING"


def test_what_only_some_customers_have_is_sent_too(console):
    today = timezone.localdate()
    more = {"ip_group": ["Group 1"], "ip": ["192.0.2.1", "2001:db8::1"]}
    console.post(URL, ADA | more | {"billing_date": today.isoformat()})

    params = Change.objects.get().params
    assert params["ip_group"] == ["Group 1"]
    assert params["ip"] == ["192.0.2.1", "2001:db8::1"]
    assert params["billing_date"] == today.isoformat()
    customer = Customer.objects.get()
    assert (customer.ip, customer.billing_date) == (more["ip"], today)


def test_a_free_package_makes_a_free_user(console):
    console.post(URL, ADA | {"package": "Free", "free_user": "false"})
    assert Change.objects.get().params["free_user"] == "true"


def test_every_parameter_of_the_contract_is_required(console):
    assert set(refused(console, **dict.fromkeys(ADA, ""))) == set(ADA)


def test_a_value_may_be_as_long_as_the_contract_says_and_no_longer(console):
    longest = {
        name: length
        for operation, name, length in LONGEST
        if operation == "create" and name not in {"package", "whitelabel", "ip_group"}
    }
    too_long = {name: of_length("create", name, length + 1) for name, length in longest.items()}
    assert refused(console, **too_long) == {
        name: [f"Use at most {length} characters; these are {length + 1}."]
        for name, length in longest.items()
    }
    at_the_limit = {name: value[1:] for name, value in too_long.items()}
    assert console.post(URL, ADA | at_the_limit).status_code == 302
    assert Change.objects.get().params.items() >= at_the_limit.items()


def test_passwords_are_long_enough_and_equal(console):
    assert set(refused(console, password="12345", confirm_password="12345")) == {"password"}
    assert refused(console, confirm_password="something else") == {
        "confirm_password": ["The two passwords differ."]
    }


def test_a_password_goes_out_as_it_was_typed(console):
    odd = "  <ü> &amp; 'x' "
    console.post(URL, ADA | {"password": odd, "confirm_password": odd})
    change = Change.objects.get()
    assert unseal(change.sealed_password, change.pk) == odd


@pytest.mark.parametrize(
    ("name", "value"),
    [("package", "Platinum"), ("whitelabel", "mail.example.net"), ("ip_group", "Group 2"),
     ("ip", "192.0.2.9"), ("ip", "no address"), ("package", "gold")],
)  # fmt: skip
def test_what_does_not_belong_to_the_reseller_is_refused(console, name, value):
    assert set(refused(console, **{name: value})) == {name}


def test_names_and_not_keys_are_the_values_of_choices(console):
    assert set(refused(console, package=Package.objects.get(name="Gold").pk)) == {"package"}


def test_additional_addresses_want_a_package_that_allows_them(console):
    assert refused(console, ip="192.0.2.1", package="Free") == {
        "ip": ["The package Free does not allow additional IPs."]
    }


def test_a_billing_date_lies_between_today_and_a_month_ahead(console, monkeypatch):
    # 23:30 in London is the next day in Tokyo, and TIME_ZONE decides.
    late = datetime(2026, 1, 30, 23, 30, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: late)
    with override_settings(TIME_ZONE="Asia/Tokyo"):
        for day in ("2026-01-30", "2026-03-01"):
            assert refused(console, billing_date=day) == {
                "billing_date": ["Choose a day from 2026-01-31 to 2026-02-28."]
            }
        for n, day in enumerate(("2026-01-31", "2026-02-28")):
            username = f"ada{n}@example.com"
            response = console.post(URL, ADA | {"billing_date": day, "username": username})
            assert response.status_code == 302
            assert Customer.objects.get(username=username).billing_date == date.fromisoformat(day)


@pytest.mark.parametrize("day", ["28/02/2026", "2026-02-30", "tomorrow", "2026-13-01", "0000-01-01",
                                 "2026-01-01\x00", "9" * 10_000])  # fmt: skip
def test_what_is_no_date_is_refused(console, day):
    assert set(refused(console, billing_date=day)) == {"billing_date"}


@pytest.mark.parametrize(
    ("state", "words"),
    [("LIVE", "in use"), ("PENDING", "just being set up"), ("RELEASED", "held for a day"),
     ("BURNT", "can never be used again")],
)  # fmt: skip
def test_a_name_that_is_not_free_is_refused_with_the_reason(console, state, words):
    until = clock.now() + timedelta(hours=1) if state == "RELEASED" else None
    a_name("Ada@Example.com", state, until=until)

    assert words in refused(console)["username"][0]
    assert words in refused(console, username="ADA@example.COM")["username"][0]


def test_a_name_is_free_again_when_its_hold_is_over(console):
    a_name("ada@example.com", "RELEASED", until=clock.now() - timedelta(seconds=1))
    assert console.post(URL, ADA).status_code == 302
    assert Username.objects.get().state == "PENDING"


def test_two_customers_may_share_an_email_address(console):
    a_customer("babbage@example.com", email="ada@example.com")
    assert console.post(URL, ADA).status_code == 302


def test_a_username_that_is_no_email_address_is_taken_with_a_warning(console):
    response = console.post(URL, ADA | {"username": "ada"}, follow=True)
    assert "The username is no e-mail address." in Page(response).words
    assert Customer.objects.get().username == "ada"


def test_a_username_in_plain_letters_only(console):
    assert set(refused(console, username="\u0430da@example.com")) == {"username"}


@pytest.mark.parametrize("value", BAD.values(), ids=BAD)
def test_a_bad_value_is_an_error_at_its_field_and_nothing_is_written(console, value):
    # The contract sets no upper limit to passwords; blank, the optional ones are left out.
    taken = {"password", "confirm_password"} if len(value) > 1000 else set()
    optional = {"ip", "ip_group", "billing_date", "change_id"}
    before = everything()
    response = post_raw(console, URL, dict.fromkeys({*ADA, *optional}, value))
    assert (
        set(refusals(response))
        == {*ADA, *(optional if value.strip() else {"billing_date"})} - taken
    )
    assert everything() == before
