"""The address, its mail, its code and its link; and that nobody learns whom we know."""

import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from customers.models import Signup, clock
from customers.services import mails
from customers.services.signup_keys import new_link
from tests.integration.applicant import Applicant, errors
from tests.integration.pages import Page, a_customer, everything, fill_catalogue

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(db):
    fill_catalogue()
    return Applicant()


def wrong(code):
    return "000000" if code != "000000" else "000001"


# --- The code ----------------------------------------------------------------------------------


def test_the_code_of_the_mail_confirms_the_address(ada):
    ada.begin()
    code = ada.code()
    spaced = f" {code[:3]} {code[3:]} "
    assert ada.client.post("/signup/code/", {"code": spaced})["Location"] == "/signup/package/"
    signup = ada.signup()
    assert (signup.state, signup.step) == ("CONFIRMED", Signup.Step.PACKAGE)
    assert signup.confirmed_at


def test_a_code_has_three_tries_and_then_a_fresh_mail_is_needed(ada):
    ada.begin()
    code = ada.code()
    left = [errors(ada.client.post("/signup/code/", {"code": wrong(code)}))["code"][0]
            for _ in range(3)]  # fmt: skip
    assert ["2." in left[0], "1." in left[1]] == [True, True]
    assert "fresh mail" in left[2]
    assert "fresh mail" in errors(ada.client.post("/signup/code/", {"code": code}))["code"][0]
    ada.client.post("/signup/resend/")
    assert ada.client.post("/signup/code/", {"code": ada.code()}).status_code == 302


def test_a_code_is_good_for_a_quarter_of_an_hour(ada, monkeypatch):
    ada.begin()
    code = ada.code()
    Signup.objects.update(code_until=clock.now() - timedelta(seconds=1))
    assert "fresh mail" in errors(ada.client.post("/signup/code/", {"code": code}))["code"][0]


def test_a_fresh_mail_makes_the_code_before_worthless(ada):
    ada.begin()
    before = ada.code()
    ada.client.post("/signup/resend/")
    after = ada.code()
    assert before != after or pytest.skip("one in a million")
    assert ada.client.post("/signup/code/", {"code": before}).status_code == 200
    assert ada.client.post("/signup/code/", {"code": after}).status_code == 302


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "1" * 5000])
def test_what_is_no_code_costs_no_try(ada, code):
    ada.begin()
    right = ada.code()
    for _ in range(4):
        assert set(errors(ada.client.post("/signup/code/", {"code": code}))) == {"code"}
    assert ada.client.post("/signup/code/", {"code": right}).status_code == 302


def test_before_the_mail_is_out_a_code_is_told_to_wait_for_it(ada):
    ada.begin()
    assert "not out yet" in errors(ada.client.post("/signup/code/", {"code": "123456"}))["code"][0]


def test_codes_and_links_lie_in_the_mail_alone(ada):
    ada.begin()
    code, token = ada.code(), ada.link().split("/")[-2]
    rows = str(everything()) + str([it.get_decoded() for it in Session.objects.all()])
    assert token not in rows
    assert not re.search(rf"\b{code}\b", rows)


# --- The link ----------------------------------------------------------------------------------


def test_the_link_is_opened_by_a_button_and_reading_the_page_changes_nothing(ada):
    ada.begin()
    link, before = ada.link(), everything()
    elsewhere = Client()
    for _ in range(2):
        assert "Go on here" in Page(elsewhere.get(link)).words
    assert everything() == before
    assert elsewhere.post(link)["Location"] == "/signup/package/"


def test_on_another_device_everything_that_was_typed_is_still_there(ada):
    ada.confirm().fill(until="address")
    ada.client.post("/signup/resend/")
    phone = Client()
    assert phone.post(ada.link())["Location"] == "/signup/address/"
    assert Page(phone.get("/signup/person/")).sends["first_name"] == "Ada"
    assert ada.client.get("/signup/address/").status_code == 200, "and here as well"


def test_a_link_that_was_used_says_so_and_offers_a_fresh_mail(ada):
    ada.begin()
    link = ada.link()
    Client().post(link)
    for response in (Client().get(link), Client().post(link)):
        words = Page(response).words
        assert "It was used already" in words
        assert "Go on here" not in words
    stranger = Client()
    offered = Page(stranger.get(link))
    action = next(said["action"] for tag, said in offered.tags if "link/" in said.get("action", ""))
    assert stranger.post(action)["Location"] == "/signup/mailed/"
    assert Client().post(ada.link()).status_code == 302


def test_a_link_is_good_for_a_week(ada, monkeypatch):
    ada.begin()
    link = ada.link()
    Signup.objects.update(link_until=clock.now() - timedelta(seconds=1))
    assert "older than seven days" in Page(Client().get(link)).words
    assert Client().post(link).status_code == 200
    assert new_link(ada.signup())
    left = ada.signup().link_until - clock.now()
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)


def test_links_to_nothing_look_like_links_that_were_used(ada):
    ada.begin()
    used = ada.link()
    Client().post(used)
    nobody = "/signup/continue/6f1e3a52-0d55-4a65-9d1c-3f3b6a1f0a11/x/"
    words = {Page(Client().get(path)).words for path in (used, nobody)}
    assert len(words) == 1
    gone = Client().post("/signup/6f1e3a52-0d55-4a65-9d1c-3f3b6a1f0a11/link/")
    assert gone["Location"] == "/signup/mailed/"


def test_whoever_typed_somebodys_address_sees_nothing_of_what_that_person_fills_in(ada):
    ada.begin()
    victim = Client()
    victim.post(ada.link())
    for name in ("package", "person", "check"):
        assert ada.client.get(f"/signup/{name}/")["Location"] == "/signup/"


def test_the_session_is_another_one_once_the_address_is_confirmed(ada):
    ada.begin()
    before = ada.client.cookies["sessionid"].value
    ada.client.post("/signup/code/", {"code": ada.code()})
    assert ada.client.cookies["sessionid"].value != before
    assert not Session.objects.filter(pk=before).exists()


# --- Known and unknown -------------------------------------------------------------------------


def answers_to(email):
    """All that somebody sees who types this address, less what is random for everybody."""
    client = Client()
    sends = Page(client.get("/signup/")).sends
    first = client.post("/signup/", sends | {"email": email})
    mails.send_due()
    pages = [first, client.get("/signup/code/"), client.post("/signup/code/", {"code": "12"}),
             client.post("/signup/resend/"), client.get("/signup/code/")]  # fmt: skip
    tokens = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]*"')
    return [(it.status_code, it.get("Location"), tokens.sub(b"", it.content)) for it in pages]


def test_a_known_address_gets_the_same_bytes_as_an_unknown_one(ada):
    a_customer("known@example.com")
    a_customer("other@example.com", email="knows@example.com")
    Applicant("begun@example.com").confirm()
    unknown = answers_to("nobod@example.com")
    for known in ("known@example.com", "knows@example.com", "begun@example.com"):
        told = [(status, where, body.replace(known.encode(), b"nobod@example.com"))
                for status, where, body in answers_to(known)]  # fmt: skip
        assert told == unknown


def test_it_costs_the_same_statements_too(ada):
    a_customer("known@example.com")
    counted = []
    for email in ("known@example.com", "nobody@example.com"):
        sends = Page(Client().get("/signup/")).sends
        with CaptureQueriesContext(connection) as queries:
            assert Client().post("/signup/", sends | {"email": email}).status_code == 302
        counted.append([re.sub(r"'[^']*'|\d+", "?", it["sql"]) for it in queries])
    assert counted[0] == counted[1]


def test_the_mail_tells_the_difference(ada):
    a_customer("known@example.com")
    known, unknown = Applicant("known@example.com"), Applicant("nobody@example.com")
    for applicant in (known, unknown):
        applicant.begin()
    assert "There is an account with this e-mail address" in known.mail().body
    assert "There is an account" not in unknown.mail().body
    assert known.code(), "a second account is nobody's business but theirs"


def test_who_begins_once_more_goes_on_with_what_was_typed_before(ada):
    ada.confirm().fill(until="address")
    again = Applicant()
    again.begin()
    assert "You have begun a signup with this address before" in again.mail().body
    assert (
        again.client.post("/signup/code/", {"code": again.code()})["Location"] == "/signup/address/"
    )
    states = list(Signup.objects.order_by("started_at").values_list("state", flat=True))
    assert states == ["CONFIRMED", "EXPIRED"]
