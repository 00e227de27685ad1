"""What the public status page tells, and what it keeps to itself; and what is corrected there."""

from uuid import UUID, uuid4

import pytest
from django.test import Client

from customers.models import Change, Customer, Gate, Package, Signup, clock
from customers.services import mails, reviews, signup_ends
from tests.integration.applicant import (
    ADDRESS,
    EMAIL,
    PASSWORD,
    PERSON,
    SENT,
    Applicant,
    errors,
    link_in,
)
from tests.integration.pages import Page, fill_catalogue, person, settle
from tests.integration.steps import deliver_all

pytestmark = pytest.mark.django_db
ANOTHER = "another engine of mine"


@pytest.fixture
def ada(db):
    fill_catalogue()
    return Applicant()


@pytest.fixture
def status_page(ada):
    return f"/signup/{ada.sign_up().pk}/"


STORIES = [
    ("WAITING", "Your account is being set up."),
    ("SENDING", "Your account is being set up right now."),
    ("IN_DOUBT", "we are checking that it arrived"),
    ("BLOCKED", "Somebody of us has to look at your account."),
    ("DONE", "Your account is live."),
    ("REJECTED", "has refused something. You can correct it"),
    ("WITHDRAWN", "This request was withdrawn."),
]


def test_page_and_mail_of_a_live_account_say_where_one_signs_in(
    ada, status_page, settings, sandbox
):
    settings.SIGN_IN_URL = "https://post.example/in"
    assert settings.SIGN_IN_URL not in ada.see(status_page).links()

    deliver_all()
    signup_ends.notice()
    mails.send_due()

    assert settings.SIGN_IN_URL in ada.see(status_page).links()
    assert settings.SIGN_IN_URL in ada.mail().body
    settings.SIGN_IN_URL = ""
    assert "Sign in" not in ada.see(status_page).words


@pytest.mark.parametrize(("state", "words"), STORIES)
def test_the_status_page_tells_truthfully_how_far_it_is(status_page, state, words):
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
    assert ("Username is taken" in page.words) == (state == "REJECTED")
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    ("state", "words"),
    [("REVIEW", "Somebody of us looks at it before"), ("CORRECTION", "Is that your street?"),
     ("REFUSED", "We have decided not to open this account.")],
)  # fmt: skip
def test_what_a_person_said_is_told(ada, settings, state, words):
    settings.SIGNUP_REVIEW = "all"
    signup = ada.sign_up()
    grace = person("Leads")
    if state == "CORRECTION":
        reviews.ask_correction(signup, by=grace, reason="Is that your street?")
    elif state == "REFUSED":
        reviews.refuse(signup, by=grace, reason="No.")
    assert words in Page(Client().get(f"/signup/{signup.pk}/")).words


@pytest.mark.parametrize(
    ("status", "words"), [("CLOSED", "was closed"), ("MISSING", "has to look at your account")]
)
def test_an_account_that_is_gone_again_is_not_called_live(status_page, status, words):
    settle(Change.objects.get())
    Customer.objects.update(status=status)
    page = Page(Client().get(status_page))
    assert words in page.words
    assert "live" not in page.words


def test_while_the_distributor_is_away_the_page_says_that_nothing_is_lost(status_page):
    Gate.objects.create(failures=2, since=clock.now(), why="inner details")
    words = Page(Client().get(status_page)).words
    assert "does not answer at the moment. Your request is safe" in words
    assert "inner details" not in words


def test_the_status_page_shows_nothing_that_a_stranger_must_not_see(status_page):
    html = Client().get(status_page).content.decode()
    for secret in (PASSWORD, SENT["phone"], ADDRESS["address"], str(Change.objects.get().pk)):
        assert secret not in html


def test_the_reference_cannot_be_guessed(ada, status_page):
    reference = UUID(status_page.split("/")[2])
    assert reference.version == 4
    assert reference != Change.objects.get().pk
    begun = Applicant("bob@example.com").confirm().signup()
    for wrong in (uuid4(), Signup.objects.get(pk=reference).customer_id, Change.objects.get().pk,
                  "x", begun.pk):  # fmt: skip
        assert ada.client.get(f"/signup/{wrong}/").status_code == 404


def test_a_package_that_is_gone_in_the_meantime_leaves_the_signup_as_it_was(ada, status_page):
    Package.objects.all().delete()
    assert ada.client.get(status_page).status_code == 200
    assert Customer.objects.get().package == "Gold"


# --- Corrected in place ------------------------------------------------------------------------


def refused(words, state="REJECTED"):
    settle(Change.objects.get(), state, words)
    Customer.objects.update(status="REFUSED")


def test_only_the_refused_field_is_asked_for_and_the_password(ada, status_page, sandbox):
    refused("phone is not a number that we call")
    page = ada.see(status_page)
    assert "/signup/check/" in page.links()
    page = ada.see("/signup/check/")
    assert "phone is not a number that we call" in page.words
    typed = {name for name, said in page.sends.items() if name} - {"csrfmiddlewaretoken", "next"}
    assert typed == {"phone", "password"}
    assert "The one that you chose before is erased" in page.words

    again = {"phone": "+44 20 7946 0001", "password": ANOTHER}
    assert ada.client.post("/signup/check/", again)["Location"] == status_page
    deliver_all()

    account = sandbox.account(EMAIL)
    assert (account["phone"], account["password"]) == ("+44 20 7946 0001", ANOTHER)
    assert account["first_name"] == "Ada"
    assert "Your account is live." in ada.see(status_page).words


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [({"phone": "1", "password": ANOTHER}, {"phone"}), ({"phone": "+442079460001"}, {"password"}),
     ({}, {"phone", "password"})],
)  # fmt: skip
def test_a_bad_correction_is_refused_and_sends_nothing(ada, status_page, typed, wrong):
    refused("phone is not a number that we call")
    response = ada.client.post("/signup/check/", typed)
    assert set(errors(response)) == wrong
    assert Change.objects.count() == 1
    assert ada.signup().answers["phone"] == SENT["phone"]


def test_a_username_that_is_taken_over_there_is_corrected(ada, status_page, sandbox):
    refused("Username already exists")
    assert "username" in ada.see("/signup/check/").sends
    again = {"username": "countess@example.com", "password": ANOTHER}
    assert ada.client.post("/signup/check/", again)["Location"] == status_page
    deliver_all()
    assert sandbox.account("countess@example.com")["email"] == EMAIL


def test_words_that_name_no_field_leave_everything_to_be_changed(ada, status_page, sandbox):
    refused("We do not like it.")
    page = ada.see("/signup/check/")
    assert {"/signup/person/", "/signup/address/", "/signup/package/"} <= page.links()
    ada.client.post("/signup/person/", PERSON | {"last_name": "King"})
    ada.send(ANOTHER)
    deliver_all()
    assert sandbox.account(EMAIL)["last_name"] == "King"


def test_whoever_has_the_reference_alone_corrects_nothing(ada, status_page):
    refused("phone is not a number that we call")
    stranger = Client()
    page = Page(stranger.get(status_page))
    assert "/signup/check/" not in page.links()
    assert stranger.get("/signup/check/")["Location"] == "/signup/"
    again = {"phone": "+44 20 7946 0001", "password": ANOTHER}
    assert stranger.post("/signup/check/", again)["Location"] == "/signup/"
    assert Change.objects.count() == 1


def test_a_link_is_mailed_to_the_applicant_that_leads_to_the_correction(ada, status_page):
    refused("phone is not a number that we call")
    signup_ends.notice()
    body = ada.mail().body
    assert "phone is not a number that we call" in body
    elsewhere = Client()
    assert elsewhere.post(link_in(body))["Location"] == "/signup/check/"

    stranger = Client()
    assert stranger.post(f"{status_page}link/")["Location"] == "/signup/mailed/"
    mails.send_due()
    assert elsewhere.post(ada.link())["Location"] == "/signup/check/"


def test_a_correction_that_a_person_asked_for_needs_no_new_password(ada, settings, sandbox):
    settings.SIGNUP_REVIEW = "all"
    signup = ada.sign_up()
    grace = person("Leads")
    reviews.ask_correction(signup, by=grace, reason="Is that your street?")
    page = ada.see("/signup/check/")
    assert "Is that your street?" in page.words
    assert "password" not in page.sends
    ada.client.post("/signup/address/", ADDRESS | {"address": "2 Main Street"})
    assert ada.client.post("/signup/check/")["Location"] == f"/signup/{signup.pk}/"
    assert "Somebody of us looks at it" in ada.see(f"/signup/{signup.pk}/").words
    reviews.approve(ada.signup(), by=grace)
    deliver_all()
    account = sandbox.account(EMAIL)
    assert (account["address"], account["password"]) == ("2 Main Street", PASSWORD)


def test_who_is_asked_for_nothing_changes_nothing(ada, status_page):
    for name in ("person", "check"):
        assert ada.client.get(f"/signup/{name}/")["Location"] == status_page
        assert ada.client.post(f"/signup/{name}/", PERSON)["Location"] == status_page
    assert Change.objects.get().params == SENT
