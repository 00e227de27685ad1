"""The page of one customer."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from customers.distributor.rules import Operation, is_email
from customers.forms.notes import AssignForm, NoteForm
from customers.models import Change, Customer, Verification
from customers.models.customer import CustomerQuerySet
from customers.views.correcting import CHANGEABLE, refusals
from customers.views.live import render_live
from customers.views.neighbours import neighbours
from customers.views.pages import here, keep
from customers.views.promises import outdated_tags
from customers.views.story import is_overruled, latest_first
from customers.views.switches import switches
from customers.views.timeline import timeline
from customers.views.truth import SHOWN, facts
from customers.views.verifying import VERIFIABLE, is_awaited, news

# A promise at the top is about one of the latest changes.
PROMISED = 20
State = Change.State


def _customers() -> CustomerQuerySet:
    return Customer.objects.select_related("account_manager").with_verified_at()


@require_safe
@permission_required("customers.view_customer", raise_exception=True)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    return page(request, pk)


def page(request: HttpRequest, pk: int, note: NoteForm | None = None) -> HttpResponse:
    """Asked for by htmx while something is on its way: then only what may have changed.

    `note` is one that could not be kept.
    """
    # First what is on its way and what a look has shown, then the mirror: what settles in between
    # is asked for again. The other way round the page would stand still with the old mirror.
    coming = list(
        # By the key's own column, which knows how large a number may be; the relation does not.
        Change.objects.open().filter(customer__pk=pk).select_related("asked_by").order_by("seq")
    )
    verification = Verification.objects.select_related("asked_by").filter(customer__pk=pk).first()
    customer = get_object_or_404(_customers(), pk=pk)
    is_closing = any(change.operation == Operation.DELETE for change in coming)
    context = {
        "customer": customer,
        "neighbours": neighbours(request, customer),
        "here": here(request, customer),
        "keep": keep(request),
        "open_changes": coming,
        "closed_by": _closed_by(customer),
        "shown_state": _shown_state(customer, coming),
        "outdated": outdated_tags(customer.changes.order_by("-seq")[:PROMISED]),
        "timeline": timeline(customer, request.GET),
        "can_change": customer.status in CHANGEABLE and not is_closing,
        **_truth(request, customer, coming, verification),
        **_refused(request, customer),
        **_forms(request, customer, note),
    }
    is_live = bool(context["is_verifying"]) or any(it.state != State.BLOCKED for it in coming)
    return render_live(
        request, "customers/detail.html", context, is_live=is_live, brings_all_along=True
    )


def _truth(
    request: HttpRequest,
    customer: Customer,
    coming: Sequence[Change],
    verification: Verification | None,
) -> dict[str, Any]:
    """What the distributor has, how we know, and what is to become of it."""
    known = {fact.name: fact for fact in facts(customer, coming, verification)}
    is_verifying = is_awaited(request, verification)
    return {
        "fields": [known[name] for name in SHOWN],
        "switches": switches(known) if customer.status in CHANGEABLE else [],
        "switches_refused": not is_email(known["username"].expected),
        "is_verifying": is_verifying,
        "may_verify": customer.status in VERIFIABLE and not is_verifying,
        "looked": "" if is_verifying else news(verification),
        "verification": verification,
        "password": known["password"],
    }


def _refused(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    refusal = _refusal(customer)
    return {
        "refusal": refusal,
        "is_overruled": refusal is not None and is_overruled(refusal, latest_first(refusal)),
        "refusals": refusals(request, customer),
    }


def _forms(request: HttpRequest, customer: Customer, note: NoteForm | None) -> dict[str, Any]:
    """They stand beside what lives: nothing that is typed there is taken away."""
    if request.htmx:  # type: ignore[attr-defined]
        return {}
    return {"form": note, "note": note or NoteForm(), "assigning": AssignForm(customer)}


def _shown_state(customer: Customer, coming: Sequence[Change]) -> str:
    """A creation that waits for a person is not on its way."""
    if customer.status == Customer.Status.REQUESTED and coming:
        blocked = coming[0].operation == Operation.CREATE and coming[0].state == State.BLOCKED
        return State.BLOCKED if blocked else customer.status
    return customer.status


def _closed_by(customer: Customer) -> Change | None:
    if customer.status != Customer.Status.CLOSED:
        return None
    deleted = customer.changes.filter(operation=Operation.DELETE, state=State.DONE)
    return deleted.select_related("asked_by").order_by("-seq").first()


def _refusal(customer: Customer) -> Change | None:
    """Why the customer never came to be."""
    if customer.status != Customer.Status.REFUSED:
        return None
    return customer.changes.last_creation()
