"""What somebody who signs up does, from the first e-mail address to the last correction.

Nothing reaches the distributor before `submit`, and that only after the address is confirmed.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from customers.distributor.rules import fold
from customers.models import Change, Customer, Mail, Signup, clock
from customers.models.signup import Step
from customers.services import changes, held, limits, mails, names, signals, signup_ends
from customers.services.errors import NotPossible
from customers.services.signup_keys import LINK_FOR, code_fits, use_link
from customers.services.signup_mails import post

State = Signup.State


def start(email: str, *, address: str | None, language: str, noticed: Iterable[str] = ()) -> Signup:
    """The same row and the same mail whether we know the address or not: only the mail tells.

    `noticed` are words of services.signals that the form found.
    """
    now = clock.now()
    with transaction.atomic():
        signup = Signup.objects.create(
            email=email,
            email_key=fold(email),
            language=language,
            address=address,
            network=limits.network(address or ""),
            signals=list(noticed),
            started_at=now,
            stepped_at=now,
            expires_at=now + LINK_FOR,
        )
        post(signup, Mail.Kind.CONFIRM)
    return signup


def resend(signup: Signup) -> None:
    """The mail once more, with a fresh code and link; those of the one before are worth nothing."""
    kind = Mail.Kind.CONFIRM if signup.state == State.STARTED else Mail.Kind.CONTINUE
    post(signup, kind)


def confirm_by_code(signup: Signup, code: str) -> Signup | None:
    """The signup to go on with, or None: then one try less is left."""
    return _confirmed(signup) if code_fits(signup, code) else None


def confirm_by_link(signup: Signup, token: str) -> Signup | None:
    """The signup to go on with, or None: the link was used, or is too old."""
    return _confirmed(signup) if use_link(signup, token) else None


def _confirmed(signup: Signup) -> Signup:
    """Another one that this person has begun already is gone on with instead."""
    older = mails.older_open(signup) if signup.state == State.STARTED else None
    if older:
        signup_ends.erase(signup)
        Signup.objects.filter(pk=older.pk).update(expires_at=signup.expires_at)
        older.refresh_from_db()
        return older
    now = clock.now()
    Signup.objects.filter(pk=signup.pk, state=State.STARTED).update(
        state=State.CONFIRMED, confirmed_at=now, stepped_at=now, step=Step.PACKAGE
    )
    signup.refresh_from_db()
    return signup


def save(signup: Signup, answers: Mapping[str, Any], *, reached: Step, language: str) -> None:
    """Keep what was typed on a page; `reached` is the page that follows it."""
    with transaction.atomic():
        fresh = Signup.objects.select_for_update().get(pk=signup.pk)
        if not (fresh.state == State.CONFIRMED or wants_correction(fresh)):
            return
        fresh.answers = fresh.answers | dict(answers)
        fresh.step = max(fresh.step, reached)
        fresh.language, fresh.stepped_at = language, clock.now()
        fresh.save(update_fields=["answers", "step", "language", "stepped_at"])
        if (name := answers.get("username")) and fresh.customer_id is None:
            names.hold(name, fresh)
    signup.refresh_from_db()


def submit(signup: Signup, *, params: Mapping[str, Any], password: str) -> Signup:
    """Ask for the customer, once: whoever sends it twice finds the first. Raises NameTaken."""
    with transaction.atomic():
        signup = Signup.objects.select_for_update().get(pk=signup.pk)
        if signup.state != State.CONFIRMED:
            return signup
        signup.signals = signals.found(signup, params)
        waits = signals.needs_review(signup)
        names.let_go(signup)
        change = changes.create(
            password=password, params=params, origin=Customer.Origin.SIGNUP, held=waits
        )
        now = clock.now()
        signup.customer, signup.step = change.customer, Step.DONE
        signup.state = State.REVIEW if waits else State.SUBMITTED
        signup.submitted_at = signup.stepped_at = now
        signup.code_hash = signup.link_hash = ""
        signup.save()
    return signup


def wants_correction(signup: Signup) -> bool:
    """Whether the applicant is asked for a correction, by a person or by a refusal over there."""
    if signup.state == State.CORRECTION:
        return True
    customer = signup.customer
    refused = customer is not None and customer.status == Customer.Status.REFUSED
    return signup.state == State.SUBMITTED and refused and last_creation(signup) is not None


def last_creation(signup: Signup) -> Change | None:
    """What was asked for last, whatever became of it."""
    return Change.objects.filter(customer=signup.customer_id).last_creation()


def needs_password(signup: Signup) -> bool:
    """Whether a correction needs it once more: the one before is erased."""
    change = held.held_change(signup.customer_id)
    return change is None or not held.has_password(change)


def correct(signup: Signup, *, params: Mapping[str, Any], password: str) -> Signup:
    """Other details for the same customer. Raises NameTaken and AskingError."""
    with transaction.atomic():
        signup = Signup.objects.select_for_update().get(pk=signup.pk)
        if not wants_correction(signup):
            raise NotPossible("not_refused")
        assert signup.customer
        waits = signup.state == State.CORRECTION and not signup.is_approved
        if change := held.held_change(signup.customer_id):
            held.amend(change, params, password)
            if not waits:
                held.let_go(change)
        else:
            changes.create(password=password, params=params, refused=signup.customer, held=waits)
        signup.signals = signals.found(signup, params)
        signup.state = State.REVIEW if waits else State.SUBMITTED
        signup.stepped_at = clock.now()
        signup.save(update_fields=["state", "stepped_at", "signals"])
    return signup
