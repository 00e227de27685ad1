"""How often somebody may begin and have mails sent; who it is that is counted."""

from ipaddress import ip_network

import pytest
from django.test import Client

from customers.models import Mail, Signup
from customers.services import signups
from tests.integration.applicant import EMAIL, Applicant
from tests.integration.pages import Page, fill_catalogue

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(db):
    fill_catalogue()
    return Applicant()


def begin(client, email="c@example.com", **extra):
    sends = Page(client.get("/signup/", **extra)).sends
    return client.post("/signup/", sends | {"email": email}, **extra)


@pytest.mark.parametrize(
    ("rate", "age", "status"),
    [("2/m", 50, 429), ("2/m", 70, 302), ("2/d", 3700, 429), ("3/h", 1, 302), ("2/s", 2, 302)],
)
def test_an_address_may_begin_so_often_and_no_more(ada, settings, clock, rate, age, status):
    settings.SIGNUP_RATE = rate
    for n in range(2):
        assert begin(Client(), f"o{n}@example.com").status_code == 302
    clock.forward(age)
    response = ada.begin()
    assert response.status_code == status
    assert (status == 429) == (Signup.objects.filter(email=EMAIL).count() == 0)
    elsewhere = Client(REMOTE_ADDR="192.0.2.8")
    assert begin(elsewhere).status_code == 302


def test_refused_forms_do_not_count(ada, settings):
    settings.SIGNUP_RATE = "1/h"
    assert begin(ada.client, "nonsense").status_code == 200
    assert ada.begin().status_code == 302


def test_so_many_mails_an_hour_and_no_more(ada, clock):
    ada.begin()
    for _ in range(8):
        ada.client.post("/signup/resend/")
        Client().post(f"/signup/{ada.signup().pk}/link/")
    assert Mail.objects.count() == 1 + 5
    assert "Enough mails for now." in ada.see("/signup/code/").words
    clock.forward(3601)
    ada.client.post("/signup/resend/")
    assert Mail.objects.count() == 1 + 6


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
def test_only_a_trusted_proxy_says_who_came(ada, settings, peer, forwarded, counted):
    settings.TRUSTED_PROXIES = [ip_network(network) for network in PROXIES]
    headers = {"X-Forwarded-For": forwarded}
    begin(Client(REMOTE_ADDR=peer), EMAIL, headers=headers)
    assert Signup.objects.get().address == counted


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.7", "192.0.2.0/24"), ("2001:db8:1:2ff::7", "2001:db8:1:200::/56"), (None, "")],
)
def test_a_network_is_what_one_person_can_easily_have(db, address, network):
    assert signups.start(EMAIL, address=address, language="en").network == network
