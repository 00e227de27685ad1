"""What becomes of signups in time: live or refused over there, given up, erased."""

import logging
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, OuterRef, Q, Subquery

from customers.distributor.rules import Operation
from customers.models import Change, Customer, Mail, Signup, Username, clock
from customers.models.signup import UNFINISHED
from customers.services import names

logger = logging.getLogger(__name__)

State = Signup.State
Status = Customer.Status
BATCH = 200
# What the funnel still counts: when, how far, in which language. Nothing of the person.
ERASED: dict[str, Any] = {
    "state": State.EXPIRED,
    "email": "",
    "email_key": "",
    "answers": {},
    "address": None,
    "network": "",
    "signals": [],
    "code_hash": "",
    "link_hash": "",
}


def notice() -> int:
    """Have each applicant told once that the account is live, or that something was refused."""
    creations = Change.objects.filter(customer=OuterRef("customer"), operation=Operation.CREATE)
    last = creations.order_by("-seq")
    ended = Signup.objects.filter(state=State.SUBMITTED, live_at=None).annotate(
        last=Subquery(last.values("pk")[:1]), ended_as=Subquery(last.values("state")[:1])
    )
    live = ended.filter(ended_as=Change.State.DONE, customer__status=Status.LIVE)
    refused = ended.filter(ended_as=Change.State.REJECTED)
    told = 0
    for signup in live[:BATCH]:
        told += _tell(signup, Mail.Kind.LIVE, Q(live_at=None), live_at=clock.now())
    for signup in refused.filter(Q(told_of=None) | ~Q(told_of=F("last")))[:BATCH]:
        change = signup.last
        untold = Q(told_of=None) | ~Q(told_of=change)
        told += _tell(signup, Mail.Kind.REPAIR, untold, told_of=change)
    return told


def _tell(signup: Signup, kind: Mail.Kind, untold: Q, **columns: object) -> bool:
    with transaction.atomic():
        if not Signup.objects.filter(untold, pk=signup.pk).update(**columns):
            return False
        Mail.objects.create(signup=signup, kind=kind, asked_at=clock.now())
    return True


def erase_old() -> int:
    """Give back names whose time is over; erase what was left unfinished. How many were erased."""
    now = clock.now()
    Username.objects.filter(signup__isnull=False, until__lte=now).update(
        signup=None, state=Username.State.RELEASED, since=now
    )
    left = Signup.objects.filter(state__in=UNFINISHED, stepped_at__lt=now - settings.SIGNUP_KEEP)
    return sum(erase(signup) for signup in left[:BATCH])


def erase(signup: Signup) -> bool:
    """Nothing of the person stays; False if it was submitted meanwhile."""
    with transaction.atomic():
        now = clock.now()
        open_ones = Signup.objects.filter(pk=signup.pk, state__in=UNFINISHED)
        if not open_ones.update(**ERASED, erased_at=now, expires_at=now):
            return False
        names.let_go(signup)
    logger.info("signup %s is erased", signup.pk)
    return True
