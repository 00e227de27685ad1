"""Verify now: a person asks for a look at one customer, and is told what it has shown."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from customers import tasks
from customers.models import Customer, Gate, Verification, clock
from customers.models.labels import label
from customers.views.live import ask_worker, asked_since, is_worth_waiting
from customers.views.pages import page_of
from customers.views.words import LOOKED

VERIFIABLE = {Customer.Status.LIVE, Customer.Status.MISSING}
# How long a page goes on asking for a look that no worker takes.
PATIENCE = timedelta(minutes=3)
# How long the outcome of a look is told beside the time of the latest verification.
NEWS = timedelta(hours=1)


@require_POST
@permission_required("customers.change_customer", raise_exception=True)
def verify(request: HttpRequest, pk: int) -> HttpResponse:
    customer = get_object_or_404(Customer, pk=pk)
    page = page_of(request, customer)
    if customer.status not in VERIFIABLE or Gate.closed():
        messages.error(request, _("Nobody can look at the distributor at the moment."))
        return redirect(page)
    return ask_worker(request, tasks.verify_customer, pk, request.user.pk, page=page)


def is_awaited(request: HttpRequest, verification: Verification | None) -> bool:
    """Whether the look that was asked for then is still to come."""
    since = asked_since(request)
    if since is None or not is_worth_waiting(since, PATIENCE):
        return False
    return verification is None or verification.begun_at < since


def news(verification: Verification | None) -> str:
    """What the latest look has shown, while that is news."""
    if verification is None or verification.begun_at < clock.now() - NEWS:
        return ""
    fields = ", ".join(map(label, verification.fields))
    said = LOOKED[Verification.Outcome(verification.outcome)]
    words = [str(said) % {"fields": fields, "why": verification.said}]
    probed_at = verification.company_at
    if probed_at and probed_at >= verification.begun_at and not verification.company_confirmed:
        words.append(_("Its company differs; what it is there cannot be read."))
    return " ".join(words)
