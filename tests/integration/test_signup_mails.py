"""What the mails are made of, that each goes out once, and what time does to a signup."""

import re
from datetime import timedelta

import pytest
from django.core import mail

from customers.models import Mail, Signup, Username, clock
from customers.services import mails, signup_ends
from tests.integration.applicant import EMAIL, Applicant, errors, link_in
from tests.integration.pages import Page, fill_catalogue

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(db):
    fill_catalogue()
    return Applicant()


def test_a_mail_has_a_text_and_an_html_part_that_say_the_same(ada):
    ada.begin()
    sent = ada.mail()
    (html,) = [part.content for part in sent.alternatives]
    assert re.findall(r"\b\d{6}\b", sent.body)[0] in html
    assert link_in(sent.body) == link_in(html)
    assert sent.from_email == "reseller@localhost"


def test_links_lead_to_the_site_that_is_set_whatever_the_request_says(ada, settings):
    settings.SITE_URL, settings.ALLOWED_HOSTS = "https://mail.example", ["*"]
    sends = Page(ada.client.get("/signup/")).sends | {"email": EMAIL}
    ada.client.post("/signup/", sends, headers={"host": "evil.example"})
    assert "https://mail.example/signup/continue/" in ada.mail().body
    assert "evil" not in ada.mail().body


def test_a_mail_that_cannot_be_sent_is_sent_later_and_never_twice(ada, settings, monkeypatch):
    ada.begin()

    def away(*args, **kwargs):
        raise ConnectionRefusedError

    with monkeypatch.context() as patched:
        patched.setattr("customers.services.mails.EmailMultiAlternatives.send", away)
        assert mails.send_due() == 0
    assert mails.send_due() == 0, "not at once again"
    Mail.objects.update(lease_until=clock.now())
    assert (mails.send_due(), mails.send_due()) == (1, 0)
    assert len(mail.outbox) == 1
    assert Mail.objects.get().tries == 2


@pytest.mark.parametrize("field", ["a@b.example\r\nBcc: c@d.example", "a@b.example\nx"])
def test_no_header_is_slipped_into_a_mail(ada, field):
    assert "email" in errors(ada.client.post("/signup/", {"email": field}))
    assert Mail.objects.count() == 0


def test_a_long_brand_with_a_line_break_breaks_no_mail(ada, settings):
    settings.BRAND_NAME = "Ada & Söhne <x>\n" * 3
    ada.begin()
    sent = ada.mail()
    assert "\n" not in sent.subject
    assert "Ada & Söhne <x>" in sent.body
    assert "<x>" not in sent.alternatives[0].content


# --- What becomes of it in time ----------------------------------------------------------------


def test_a_name_is_free_again_when_the_signup_is_over_and_the_rest_is_erased_later(ada, settings):
    ada.confirm().fill()
    signup = ada.signup()
    past = clock.now() - timedelta(seconds=1)
    Username.objects.update(until=past)
    assert signup_ends.erase_old() == 0
    assert Username.objects.get().state == "RELEASED"
    assert ada.signup().answers

    Signup.objects.update(stepped_at=clock.now() - settings.SIGNUP_KEEP)
    assert signup_ends.erase_old() == 1
    signup.refresh_from_db()
    assert (signup.state, signup.step) == ("EXPIRED", Signup.Step.CHECK)
    assert signup.erased_at
    rows = str(list(Signup.objects.values()))
    for said in (EMAIL, "Ada", "1 Main Street", "127.0.0", "736-5000"):
        assert said not in rows
    assert ada.client.get("/signup/package/")["Location"] == "/signup/"


def test_what_was_submitted_is_never_erased(ada, settings):
    ada.sign_up()
    Signup.objects.update(stepped_at=clock.now() - settings.SIGNUP_KEEP * 2)
    assert signup_ends.erase_old() == 0
    assert not signup_ends.erase(ada.signup())
