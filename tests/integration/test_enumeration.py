"""A stranger cannot tell whether an e-mail address is a customer's: the same bytes either way."""

import re

import pytest
from django.test import Client

from customers.models import Customer, Mail, Signup
from customers.services import mails
from tests.integration.pages import Page, a_customer, fill_catalogue

pytestmark = pytest.mark.django_db
PAIRS = 500
# Tokens and the times of now are fresh in every answer, whoever asks.
FRESH = re.compile(rb"[A-Za-z0-9]{64}|name=\"shown\" value=\"[^\"]*\"|Expires: [^\n]*")


@pytest.fixture(autouse=True)
def plenty(settings):
    fill_catalogue()
    for name in ("", "_NETWORK", "_EMAIL", "_ALL"):
        setattr(settings, f"SIGNUP_RATE{name}", "1000000/h")
    settings.SIGNUP_GUESS_RATE = "1000000/h"


def raw(response, email):
    head = "".join(f"{k}: {v}\n" for k, v in sorted(response.headers.items()))
    body = f"{response.status_code}\n{head}\n".encode() + response.content
    return FRESH.sub(b"*", body).replace(email.encode(), b"EMAIL")


def journey(email):
    """All that a stranger sees who has no access to the mailbox."""
    client = Client()
    sends = Page(client.get("/signup/")).sends
    seen = [client.post("/signup/", sends | {"email": email})]
    seen.append(client.get(seen[0]["Location"]))
    seen.append(client.post("/signup/code/", {"code": "000000"}))
    seen.append(client.post("/signup/resend/"))
    seen.append(client.get("/signup/code/"))
    return [raw(it, email) for it in seen]


def test_pairs_of_known_and_unknown_addresses_get_the_same_bytes():
    Customer.objects.bulk_create(
        Customer(username=f"known{n:03}@example.com", email=f"known{n:03}@example.com",
                 status="LIVE") for n in range(PAIRS)
    )  # fmt: skip
    client = Client()
    sends = Page(client.get("/signup/")).sends
    answers = {"known": set(), "other": set()}
    for n in range(PAIRS):
        for kind, seen in answers.items():
            email = f"{kind}{n:03}@example.com"
            seen.add(raw(client.post("/signup/", sends | {"email": email}), email))
    assert len(answers["known"]) == 1
    assert answers["known"] == answers["other"]
    assert Signup.objects.count() == 2 * PAIRS


@pytest.mark.parametrize("spelled", ["known@example.com", "KNOWN@example.com"])
def test_the_whole_journey_without_the_mailbox_is_the_same(spelled):
    a_customer("known@example.com")
    assert journey(spelled) == journey("other@example.com")


def test_only_the_mail_tells(mailoutbox):
    a_customer("known@example.com")
    for email in ("known@example.com", "other@example.com"):
        journey(email)
    mails.send_due()
    bodies = {it.to[0]: it.body for it in mailoutbox}
    assert Mail.objects.filter(sent_at=None).count() == 0
    assert "already" in bodies["known@example.com"]
    assert "already" not in bodies["other@example.com"]


def test_an_address_of_which_too_much_is_asked_is_refused_in_the_same_bytes(settings):
    settings.SIGNUP_RATE_EMAIL = "1/h"
    a_customer("known@example.com")
    for email in ("known@example.com", "other@example.com"):
        journey(email)
    client = Client()
    sends = Page(client.get("/signup/")).sends
    refused = [
        raw(client.post("/signup/", sends | {"email": email}), email)
        for email in ("known@example.com", "other@example.com")
    ]
    assert refused[0] == refused[1]
    assert refused[0].startswith(b"429")
