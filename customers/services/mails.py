"""Mails to those who sign up. A row is claimed, written in the person's language, and sent.

Codes and links are made here, by the worker: nothing of them passes through the broker.
"""

import logging
import smtplib
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import F, Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import override

from customers.distributor.rules import fold
from customers.models import Change, Customer, Mail, Signup, Username, clock
from customers.services.signup_keys import new_code, new_link

logger = logging.getLogger(__name__)

Kind = Mail.Kind
State = Signup.State
LEASE = timedelta(seconds=60)
TRIES = 10
BATCH = 100


def send_due() -> int:
    """Send what no task has sent yet; how many."""
    due = _unsent(clock.now()).order_by("asked_at")
    return sum(send(pk) for pk in list(due.values_list("pk", flat=True)[:BATCH]))


def _unsent(now: datetime) -> QuerySet[Mail]:
    """In nobody's hand, and not given up."""
    unsent = Mail.objects.filter(sent_at=None, tries__lt=TRIES)
    return unsent.filter(Q(lease_until=None) | Q(lease_until__lte=now))


def send(pk: int) -> bool:
    """Send one mail unless somebody has it in hand or it is sent; whether it went out.

    If the worker dies in between it is sent again a while later: twice is better than never.
    """
    now = clock.now()
    mine = _unsent(now).filter(pk=pk)
    tries = Mail.objects.filter(pk=pk).values_list("tries", flat=True).first() or 0
    if not mine.update(lease_until=now + LEASE * 2**tries, tries=F("tries") + 1):
        return False
    mail = Mail.objects.select_related("signup__customer").get(pk=pk)
    if mail.signup.email:
        try:
            _send(mail)
        except (OSError, smtplib.SMTPException) as error:
            logger.warning("mail %s could not be sent: %s", pk, type(error).__name__)
            return False
    Mail.objects.filter(pk=pk).update(sent_at=clock.now())
    return True


def _send(mail: Mail) -> None:
    signup = mail.signup
    with override(signup.language):
        context = _context(mail)
        subject = render_to_string(f"signup/mails/{mail.kind}.subject.txt", context)
        text = render_to_string(f"signup/mails/{mail.kind}.txt", context)
        html = render_to_string(f"signup/mails/{mail.kind}.html", context)
    message = EmailMultiAlternatives(
        " ".join(subject.split()), text.strip() + "\n", to=[signup.email]
    )
    message.attach_alternative(html, "text/html")
    message.send()


def _context(mail: Mail) -> dict[str, Any]:
    signup = mail.signup
    context: dict[str, Any] = {
        "signup": signup,
        "customer": signup.customer,
        "brand": settings.BRAND_NAME,
        "sign_in_url": settings.SIGN_IN_URL,
        "status_url": _site(reverse("signup-status", args=[signup.pk])),
    }
    if mail.kind == Kind.CONFIRM:
        context |= {"code": new_code(signup), "known": _known(signup)}
    if mail.kind in {Kind.CONFIRM, Kind.CONTINUE, Kind.REPAIR, Kind.CORRECTION}:
        address = reverse("signup-link", args=[signup.pk, new_link(signup)])
        context |= {"link": _site(address)}
    if mail.kind == Kind.REPAIR:
        refused = Change.objects.filter(customer=signup.customer_id).last_creation()
        context |= {"words": refused.error if refused else ""}
    return context


def _known(signup: Signup) -> str:
    """What we have of this address already: the mail tells its owner, the pages tell nobody."""
    accounts = Customer.objects.filter(status=Customer.Status.LIVE)
    named = Username.objects.filter(key=signup.email_key, state=Username.State.LIVE)
    if named.exists() or accounts.filter(email__iexact=signup.email).exists():
        return "account"
    return "open" if older_open(signup) else ""


def older_open(signup: Signup) -> Signup | None:
    """Another one of the same address that was confirmed before and is not finished."""
    others = Signup.objects.filter(email_key=fold(signup.email), state=State.CONFIRMED)
    return others.exclude(pk=signup.pk).filter(expires_at__gt=clock.now()).first()


def _site(path: str) -> str:
    return f"{settings.SITE_URL}{path}"
