"""What a person says to a signup. Each returns whether it was still theirs to say.

approve         REVIEW, CORRECTION -> SUBMITTED
refuse          REVIEW, CORRECTION -> REFUSED
ask_correction  REVIEW -> CORRECTION
reopen          REFUSED -> CORRECTION

The applicant is told by mail.
"""

import logging
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from customers.models import Mail, Signup, clock
from customers.services import decisions
from customers.services.held import has_password, held_change, let_go
from customers.services.signup_mails import post

logger = logging.getLogger(__name__)

State = Signup.State
WAITS = (State.REVIEW, State.CORRECTION)


def approve(signup: Signup, *, by: User) -> bool:
    """Let it go to the distributor; without a password that still opens, ask for a new one first.

    After that it goes on by itself: it is approved.
    """
    with transaction.atomic():
        change = held_change(signup.customer_id)
        ready = change is not None and has_password(change)
        if not _decide(
            signup, WAITS, State.SUBMITTED if ready else State.CORRECTION, by, is_approved=True
        ):
            return False
        if change is not None and ready:
            let_go(change)
        else:
            post(signup, Mail.Kind.CORRECTION)
    return True


def refuse(signup: Signup, *, by: User, reason: str) -> bool:
    """Withdraw what is held: the password is erased, the name given back. The reason is mailed."""
    with transaction.atomic():
        if not _decide(signup, WAITS, State.REFUSED, by, reason=reason, is_approved=False):
            return False
        if change := held_change(signup.customer_id):
            decisions.withdraw(change, by=by)
        post(signup, Mail.Kind.REFUSED)
    return True


def ask_correction(signup: Signup, *, by: User, reason: str) -> bool:
    """Have the applicant correct something in place; the reason says what. The name stays held."""
    with transaction.atomic():
        if not _decide(signup, (State.REVIEW,), State.CORRECTION, by, reason=reason):
            return False
        post(signup, Mail.Kind.CORRECTION)
    return True


def reopen(signup: Signup, *, by: User) -> bool:
    """Undo a refusal. The password is erased since, so the applicant is asked for a new one."""
    with transaction.atomic():
        if not _decide(signup, (State.REFUSED,), State.CORRECTION, by, is_approved=True):
            return False
        post(signup, Mail.Kind.CORRECTION)
    return True


def _decide(
    signup: Signup, before: tuple[str, ...], after: str, by: User, reason: str = "", **more: Any
) -> bool:
    said = {"state": after, "decided_by": by, "decided_at": clock.now(), "reason": reason} | more
    decided = Signup.objects.filter(pk=signup.pk, state__in=before).update(**said)
    if decided:
        signup.refresh_from_db()
        logger.info("signup %s is decided as %s by user %s", signup.pk, after, by.pk)
    return bool(decided)
