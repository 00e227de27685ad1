"""What the public status page tells, and what it keeps to itself."""

from uuid import UUID, uuid4

import pytest
from django.test import Client

from customers.models import Change, Customer, Gate, Package, Signup, clock
from tests.integration.pages import (
    ADA,
    Page,
    fill_catalogue,
    settle,
)

pytestmark = pytest.mark.django_db
SIGNUP = ADA | {"username": ""}


@pytest.fixture
def stranger(db):
    fill_catalogue()
    return Client()


STORIES = [
    ("WAITING", "Your account is being set up."),
    ("SENDING", "Your account is being set up right now."),
    ("IN_DOUBT", "we are checking that it arrived"),
    ("BLOCKED", "Somebody of us has to look at your account."),
    ("DONE", "Your account is live."),
    ("REJECTED", "Your account could not be opened: “Username is taken”."),
    ("WITHDRAWN", "This request was withdrawn."),
]


def signed_up(stranger):
    return stranger.post("/signup/", SIGNUP)["Location"]


@pytest.mark.parametrize(("state", "words"), STORIES)
def test_the_status_page_tells_truthfully_how_far_it_is(stranger, state, words):
    status_page = signed_up(stranger)
    if state in {"DONE", "REJECTED", "WITHDRAWN"}:
        settle(Change.objects.get(), state, "Username is taken" if state == "REJECTED" else "")
        ends = {"DONE": "LIVE", "REJECTED": "REFUSED", "WITHDRAWN": "REFUSED"}
        Customer.objects.update(status=ends[state])
    else:
        Change.objects.update(state=state)

    response = Client().get(status_page)

    page = Page(response)
    assert words in page.words
    assert not any(told in page.words for _state, told in STORIES if told != words)
    assert ("Live" in page.words) == (state == "DONE")
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    ("status", "words"), [("CLOSED", "was closed"), ("MISSING", "has to look at your account")]
)
def test_an_account_that_is_gone_again_is_not_called_live(stranger, status, words):
    status_page = signed_up(stranger)
    settle(Change.objects.get())
    Customer.objects.update(status=status)
    page = Page(stranger.get(status_page))
    assert words in page.words
    assert "live" not in page.words


def test_while_the_distributor_is_away_the_page_says_that_nothing_is_lost(stranger):
    status_page = signed_up(stranger)
    Gate.objects.create(failures=2, since=clock.now(), why="inner details")
    words = Page(stranger.get(status_page)).words
    assert "does not answer at the moment. Your request is safe" in words
    assert "inner details" not in words


def test_the_status_page_shows_nothing_that_a_stranger_must_not_see(stranger):
    status_page = signed_up(stranger)
    html = stranger.get(status_page).content.decode()
    for secret in (ADA["password"], ADA["phone"], ADA["address"], str(Change.objects.get().pk)):
        assert secret not in html


def test_the_reference_cannot_be_guessed(stranger):
    reference = UUID(signed_up(stranger).split("/")[2])
    assert reference.version == 4
    assert reference != Change.objects.get().pk
    for wrong in (uuid4(), Signup.objects.get().customer_id, Change.objects.get().pk, "x"):
        assert stranger.get(f"/signup/{wrong}/").status_code == 404


def test_a_package_that_is_gone_in_the_meantime_leaves_the_signup_as_it_was(stranger):
    status_page = signed_up(stranger)
    Package.objects.all().delete()
    assert stranger.get(status_page).status_code == 200
    assert Customer.objects.get().package == "Gold"
