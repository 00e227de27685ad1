"""Signups for the tests of services: begun, confirmed, sent, held."""

from customers.models import Signup
from customers.services import signups
from tests.integration.steps import ADA, PASSWORD

PARAMS = ADA


def started(email="ada@analytical.example"):
    return signups.start(email, address="192.0.2.7", language="en")


def confirmed(email="ada@analytical.example"):
    signup = signups._confirmed(started(email))
    assert signup.state == Signup.State.CONFIRMED
    return signup


def sent(email="ada@analytical.example", **params):
    """Submitted with all that the contract wants."""
    params = PARAMS | {"username": email, "email": email} | params
    return signups.submit(confirmed(email), params=params, password=PASSWORD)


def in_review(settings, **params):
    settings.SIGNUP_REVIEW = "all"
    signup = sent(**params)
    assert signup.state == Signup.State.REVIEW
    return signup
