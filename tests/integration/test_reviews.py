"""A signup that waits for a person: what each word of theirs does to it, its change and name."""

import pytest
from django.core import mail

from customers.models import Change, Customer, Mail, Signup, Username, clock
from customers.services import mails, passwords, reviews, signups
from customers.services.errors import NotPossible
from customers.services.sealing import unseal
from tests.integration.pages import person
from tests.integration.signing_up import PARAMS, in_review, sent
from tests.integration.steps import ADAS, NEW_NAME, PASSWORD, create, deliver_all

pytestmark = pytest.mark.django_db
State = Signup.State
WEEK = 7 * 24 * 3600


@pytest.fixture
def grace(db):
    return person("Leads")


def fresh(signup):
    return Signup.objects.get(pk=signup.pk)


def last_mail():
    mails.send_due()
    return mail.outbox[-1]


@pytest.mark.parametrize(
    ("setting", "signals", "waits"),
    [("none", ["captcha_away"], False), ("risky", [], False), ("risky", ["captcha_away"], True),
     ("all", [], True)],
)  # fmt: skip
def test_who_waits_for_a_person_is_set(settings, sandbox, setting, signals, waits, monkeypatch):
    settings.SIGNUP_REVIEW = setting
    real = signups._confirmed

    def with_signals(signup):
        Signup.objects.filter(pk=signup.pk).update(signals=signals)
        return real(signup)

    monkeypatch.setattr(signups, "_confirmed", with_signals)
    signup = sent()
    assert (signup.state == State.REVIEW) == waits
    deliver_all()
    assert (Customer.objects.get().status == "LIVE") == (not waits)


@pytest.mark.core
def test_what_is_approved_goes_out_with_its_password(settings, sandbox, grace):
    signup = in_review(settings)
    deliver_all()
    assert sandbox.operations() == []

    assert reviews.approve(signup, by=grace)
    deliver_all()

    assert sandbox.account(ADAS)["password"] == PASSWORD
    assert (signup.state, signup.decided_by, signup.is_approved) == ("SUBMITTED", grace, True)
    assert not reviews.approve(signup, by=grace), "once"


@pytest.mark.core
def test_what_is_refused_never_goes_out_keeps_no_password_and_gives_the_name_back(
    settings, sandbox, grace
):
    signup = in_review(settings)

    assert reviews.refuse(signup, by=grace, reason="We know this card.")

    deliver_all()
    change = Change.objects.get()
    assert (change.state, change.sealed_password) == ("WITHDRAWN", None)
    assert sandbox.operations() == []
    assert signup.state == State.REFUSED
    assert create().customer.username == ADAS, "somebody else may have the name"
    assert "We know this card." in last_mail().body


def test_a_refusal_is_undone_and_goes_on_with_a_new_password(settings, sandbox, grace):
    signup = in_review(settings)
    reviews.refuse(signup, by=grace, reason="No.")

    assert reviews.reopen(signup, by=grace)

    assert (signup.state, signup.reason) == (State.CORRECTION, "")
    assert signups.needs_password(signup)
    assert "/signup/" in last_mail().body
    signups.correct(signup, params=PARAMS, password="another-engine")
    deliver_all()
    assert sandbox.account(ADAS)["password"] == "another-engine"


@pytest.mark.core
def test_a_correction_is_made_on_the_change_that_waits(settings, sandbox, grace):
    signup = in_review(settings)
    assert reviews.ask_correction(signup, by=grace, reason="Is that your street?")
    assert "Is that your street?" in last_mail().body
    assert not signups.needs_password(fresh(signup))

    corrected = PARAMS | {"address": "1 Main Street", "username": NEW_NAME}
    signups.correct(fresh(signup), params=corrected, password="")

    assert fresh(signup).state == State.REVIEW
    customer = Customer.objects.get()
    assert (customer.address, customer.username) == ("1 Main Street", NEW_NAME)
    names = {name.name: name.state for name in Username.objects.all()}
    assert names == {NEW_NAME: "PENDING", ADAS: "RELEASED"}
    reviews.approve(signup, by=grace)
    deliver_all()
    account = sandbox.account(NEW_NAME)
    assert (account["address"], account["password"]) == ("1 Main Street", PASSWORD)


def test_a_correction_to_a_name_that_is_taken_changes_nothing(settings, sandbox, grace):
    signup = in_review(settings)
    reviews.ask_correction(signup, by=grace, reason="Another name, please.")
    create(NEW_NAME)
    with pytest.raises(signups.names.NameTaken):
        signups.correct(fresh(signup), params=PARAMS | {"username": NEW_NAME}, password="")
    assert Change.objects.get(due_at=None).params["username"] == ADAS
    assert fresh(signup).state == State.CORRECTION


def test_a_password_that_waited_too_long_is_asked_for_anew_and_then_it_goes_on(
    settings, sandbox, grace, clock
):
    signup = in_review(settings)
    clock.forward(WEEK + 60)
    assert passwords.erase_old() == 1
    change = Change.objects.get()
    assert (change.sealed_password, change.state, change.is_held) == (None, "WAITING", True)

    assert reviews.approve(signup, by=grace)

    assert signup.state == State.CORRECTION
    assert "password" in last_mail().body
    deliver_all()
    assert sandbox.operations() == []
    signups.correct(signup, params=PARAMS, password="another-engine")
    assert unseal(Change.objects.get().sealed_password, change.pk) == "another-engine"
    deliver_all()
    assert sandbox.account(ADAS)["password"] == "another-engine"
    assert fresh(signup).state == State.SUBMITTED


def test_who_is_not_asked_for_a_correction_cannot_make_one(settings, sandbox, grace):
    signup = sent()
    with pytest.raises(NotPossible):
        signups.correct(signup, params=PARAMS, password=PASSWORD)
    deliver_all()
    with pytest.raises(NotPossible):
        signups.correct(signup, params=PARAMS, password=PASSWORD)
    assert not reviews.refuse(signup, by=grace, reason="too late")


def test_what_the_distributor_refused_goes_on_with_what_was_corrected(sandbox):
    signup = sent()
    Change.objects.update(
        state="REJECTED", error="phone is too long", settled_at=clock.now(), sealed_password=None
    )
    Customer.objects.update(status="REFUSED")
    assert signups.wants_correction(fresh(signup))
    assert signups.needs_password(signup)
    signups.correct(signup, params=PARAMS | {"phone": "+44 1"}, password=PASSWORD)
    deliver_all()
    assert sandbox.account(ADAS)["phone"] == "+44 1"


def test_nobody_is_mailed_twice_for_one_end(sandbox):
    sent()
    deliver_all()
    from customers.services import signup_ends

    assert (signup_ends.notice(), signup_ends.notice()) == (1, 0)
    assert Mail.objects.filter(kind="live").count() == 1
