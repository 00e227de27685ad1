"""The public way in: what is taken, what is refused, and what the status page tells."""

from datetime import timedelta
from ipaddress import ip_network
from uuid import uuid4

import pytest
from django.test import Client

from customers.models import Change, Customer, Signup, Username, clock
from customers.services.sealing import unseal
from tests.integration.pages import (
    ADA,
    Page,
    a_name,
    everything,
    fill_catalogue,
    post_raw,
    refusals,
)
from tests.integration.test_create_form import BAD

pytestmark = pytest.mark.django_db
SIGNUP = ADA | {"username": ""}


@pytest.fixture
def stranger(db):
    fill_catalogue()
    return Client()


def refused(stranger, **fields):
    before = everything()
    response = stranger.post("/signup/", SIGNUP | fields)
    assert everything() == before
    return refusals(response)


def others(count, address="127.0.0.1", at=None):
    """Signups that came from an address before."""
    for n in range(count):
        customer = Customer.objects.create(username=f"o{n}@example.com")
        Signup.objects.create(
            customer=customer, address=address, state="SUBMITTED", started_at=at or clock.now()
        )


def test_a_stranger_signs_up_and_is_led_to_a_page_with_a_reference(stranger):
    response = stranger.post("/signup/", SIGNUP, follow=True)

    signup, change = Signup.objects.get(), Change.objects.get()
    assert response.redirect_chain == [(f"/signup/{signup.pk}/", 302)]
    page = Page(response)
    assert str(signup.pk) in page.words
    assert "Your account is being set up." in page.words
    assert signup.address == "127.0.0.1"
    assert (change.operation, change.asked_by, change.state) == ("create", None, "WAITING")
    assert (signup.customer.origin, signup.customer.account_manager) == ("signup", None)
    assert unseal(change.sealed_password, change.pk) == ADA["password"]


def test_a_blank_username_means_the_email_address(stranger):
    stranger.post("/signup/", SIGNUP | {"email": "Ada@Example.org"})
    assert Customer.objects.get().username == "Ada@Example.org"
    assert Change.objects.get().params["username"] == "Ada@Example.org"
    assert Username.objects.get().key == "ada@example.org"


def test_another_username_is_taken_as_typed(stranger):
    stranger.post("/signup/", SIGNUP | {"username": "countess@example.com"})
    assert Customer.objects.get().username == "countess@example.com"


def test_an_email_address_that_is_taken_as_a_username_is_told_at_the_username(stranger):
    a_name("ADA@example.com", "LIVE")
    found = refused(stranger)
    assert found == {"username": ["This username is in use. Choose another one."]}


def test_packages_that_are_not_offered_at_signup_are_refused(stranger):
    assert set(refused(stranger, package="Old - not sold any more")) == {"package"}
    assert "Old - not sold any more" not in Page(stranger.get("/signup/")).words


def test_what_only_a_manager_may_say_is_ignored(stranger):
    more = {"ip": "192.0.2.1", "ip_group": "Group 1", "billing_date": "2000-01-01"}
    more |= {"free_user": "true", "status": "LIVE", "origin": "console", "account_manager": "1"}
    assert stranger.post("/signup/", SIGNUP | more).status_code == 302
    params = Change.objects.get().params
    assert not {"ip", "ip_group", "billing_date", "status"} & params.keys()
    assert params["free_user"] == "false"
    customer = Customer.objects.get()
    assert not customer.ip
    assert (customer.status, customer.origin) == ("REQUESTED", "signup")
    words = Page(stranger.get("/signup/")).words
    for label in ("IP groups", "Additional IPs", "Billing date"):
        assert label not in words


def test_every_parameter_of_the_contract_is_required_but_the_username(stranger):
    assert set(refused(stranger, **dict.fromkeys(SIGNUP, ""))) == SIGNUP.keys() - {"username"}


@pytest.mark.parametrize("value", BAD.values(), ids=BAD)
def test_a_bad_value_is_an_error_at_its_field_and_nothing_is_written(stranger, value):
    before = everything()
    fields = {*SIGNUP, "change_id"} if value.strip() else SIGNUP.keys() - {"username"}
    if len(value) > 1000:
        fields -= {"password", "confirm_password"}  # The contract sets no upper limit.
    response = post_raw(stranger, "/signup/", dict.fromkeys({*SIGNUP, "change_id"}, value))
    assert set(refusals(response)) == fields
    assert everything() == before


def test_an_empty_form_is_refused(stranger):
    assert set(refusals(stranger.post("/signup/"))) == SIGNUP.keys() - {"username"}


def test_a_form_sent_twice_is_one_signup_and_leads_to_the_same_page(stranger):
    filled = SIGNUP | {"change_id": Page(stranger.get("/signup/")).sends["change_id"]}
    once, again = stranger.post("/signup/", filled), stranger.post("/signup/", filled)
    assert once["Location"] == again["Location"]
    assert (Signup.objects.count(), Change.objects.count()) == (1, 1)


def test_a_form_sent_twice_does_not_count_twice(stranger, settings):
    settings.SIGNUP_RATE = "1/h"
    filled = SIGNUP | {"change_id": str(uuid4())}
    once, again = stranger.post("/signup/", filled), stranger.post("/signup/", filled)
    assert once["Location"] == again["Location"]


def test_the_same_id_with_other_content_is_told_and_gets_a_fresh_id(stranger):
    filled = SIGNUP | {"change_id": str(uuid4())}
    stranger.post("/signup/", filled)
    response = stranger.post("/signup/", filled | {"email": "bob@example.com"})
    assert "already sent with other content" in refusals(response)["__all__"][0]
    page = Page(response)
    assert page.sends["email"] == "bob@example.com"
    again = page.sends | {k: ADA[k] for k in ("password", "confirm_password")}
    assert stranger.post("/signup/", again).status_code == 302
    assert Signup.objects.count() == 2


def test_without_a_catalogue_nothing_is_on_offer():
    words = Page(Client().get("/signup/")).words
    assert "No package is on offer at the moment." in words
    assert "admin" not in words.lower()


# --- How often ---------------------------------------------------------------------------------


def test_an_address_may_sign_up_so_often_and_no_more(stranger):
    others(9)
    assert stranger.post("/signup/", SIGNUP).status_code == 302
    before = everything()
    response = stranger.post("/signup/", SIGNUP | {"email": "b@example.com"})
    assert response.status_code == 429
    assert "Too many signups came from your network." in Page(response).words
    assert everything() == before
    elsewhere = Client(REMOTE_ADDR="192.0.2.8")
    assert elsewhere.post("/signup/", SIGNUP | {"email": "c@example.com"}).status_code == 302


def test_signups_of_an_hour_ago_do_not_count(stranger):
    others(10, at=clock.now() - timedelta(minutes=61))
    assert stranger.post("/signup/", SIGNUP).status_code == 302


@pytest.mark.parametrize(
    ("rate", "age", "status"),
    [("2/m", 50, 429), ("2/m", 70, 302), ("2/d", 3700, 429), ("3/h", 1, 302), ("2/s", 2, 302)],
)
def test_the_rate_is_as_it_is_set(stranger, settings, rate, age, status):
    settings.SIGNUP_RATE = rate
    others(2, at=clock.now() - timedelta(seconds=age))
    assert stranger.post("/signup/", SIGNUP).status_code == status


def test_refused_forms_do_not_count(stranger, settings):
    settings.SIGNUP_RATE = "1/h"
    refused(stranger, email="nonsense")
    assert stranger.post("/signup/", SIGNUP).status_code == 302


PROXIES = ["10.0.0.0/8", "2001:db8::/32"]


@pytest.mark.parametrize(
    ("peer", "forwarded", "counted"),
    [
        ("192.0.2.9", "192.0.2.1", "192.0.2.9"),
        ("10.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("10.0.0.1", "1.1.1.1, 192.0.2.1", "192.0.2.1"),
        ("10.0.0.1", "1.1.1.1, 192.0.2.1, 10.9.9.9", "192.0.2.1"),
        ("10.0.0.1", "10.0.0.2,10.0.0.3", "10.0.0.2"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "'; DROP TABLE x, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "192.0.2.1:4711", "10.0.0.1"),
        ("10.0.0.1", ",", "10.0.0.1"),
        ("2001:db8::1", "2001:db9::7", "2001:db9::7"),
        ("::ffff:10.0.0.1", "::ffff:192.0.2.1", "192.0.2.1"),
        ("", "192.0.2.1", None),
    ],
)
def test_only_a_trusted_proxy_says_who_came(stranger, settings, peer, forwarded, counted):
    settings.TRUSTED_PROXIES = [ip_network(network) for network in PROXIES]
    headers = {"X-Forwarded-For": forwarded}
    response = Client(REMOTE_ADDR=peer).post("/signup/", SIGNUP, headers=headers)
    assert response.status_code == 302
    assert Signup.objects.get().address == counted


def test_without_trusted_proxies_nobody_hides_behind_a_header(stranger, settings):
    settings.SIGNUP_RATE = "1/h"
    stranger.post("/signup/", SIGNUP, headers={"X-Forwarded-For": "192.0.2.1"})
    again = SIGNUP | {"email": "b@example.com"}
    response = stranger.post("/signup/", again, headers={"X-Forwarded-For": "192.0.2.2"})
    assert response.status_code == 429
