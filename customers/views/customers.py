"""The page of one customer."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.decorators import permission_required
from django.db.models import Count, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from customers.distributor.rules import WITH_PASSWORD, Operation, is_email
from customers.models import Attempt, Change, Customer, Verification
from customers.models.customer import CustomerQuerySet
from customers.views.altered import Altered, altered
from customers.views.correcting import CHANGEABLE, refusals
from customers.views.live import render_live
from customers.views.neighbours import neighbours
from customers.views.promises import outdated_tags
from customers.views.story import is_overruled, latest_first
from customers.views.truth import SHOWN, facts
from customers.views.verifying import VERIFIABLE, is_awaited, news

TIMELINE = 50
# Calls of a change that its customer's page tells of; its own page tells of all.
CALLS = 5
State = Change.State


def _customers() -> CustomerQuerySet:
    return Customer.objects.select_related("account_manager").with_verified_at()


@require_safe
@permission_required("customers.view_customer", raise_exception=True)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Asked for by htmx while something is on its way: then only what may have changed."""
    # First what is on its way, then the mirror: what settles in between is seen as still open,
    # and asked for again. The other way round the page would stand still with the old mirror.
    coming = list(
        # By the key's own column, which knows how large a number may be; the relation does not.
        Change.objects.open().filter(customer__pk=pk).select_related("asked_by").order_by("seq")
    )
    customer = get_object_or_404(_customers(), pk=pk)
    timeline = list(_timeline(customer))
    looks = Verification.objects.select_related("asked_by")
    verification = looks.filter(customer=customer).first()
    known = {fact.name: fact for fact in facts(customer, verification)}
    is_verifying = is_awaited(request, verification)
    is_closing = any(change.operation == Operation.DELETE for change in coming)
    context = {
        "customer": customer,
        "neighbours": neighbours(request, customer),
        "facts": known,
        "fields": [known[name] for name in SHOWN],
        "is_verifying": is_verifying,
        "may_verify": customer.status in VERIFIABLE and not is_verifying,
        "looked": "" if is_verifying else news(verification),
        "verification": verification,
        "open_changes": coming,
        "password_set": _password_set(customer),
        "password_coming": next((c for c in coming[::-1] if c.operation in WITH_PASSWORD), None),
        "refusal": (refusal := _refusal(customer)),
        "is_overruled": refusal is not None and is_overruled(refusal, latest_first(refusal)),
        "refusals": refusals(request, customer),
        "closed_by": _closed_by(customer),
        "shown_state": _shown_state(customer, coming),
        "has_switches": customer.status in CHANGEABLE,
        "outdated": outdated_tags(timeline),
        "timeline": _with_drifts(timeline, customer),
        "switches_refused": not is_email(customer.expected()["username"]),
        "can_change": customer.status in CHANGEABLE and not is_closing,
    }
    is_live = is_verifying or any(change.state != Change.State.BLOCKED for change in coming)
    return render_live(request, "customers/detail.html", context, is_live=is_live)


def _timeline(customer: Customer) -> QuerySet[Change]:
    calls = Attempt.objects.only("change", "n", "kind", "begun_at", "outcome").order_by("-n")
    changes = customer.changes.select_related("asked_by").prefetch_related(
        Prefetch("attempt_set", calls[:CALLS], to_attr="latest_calls")
    )
    return changes.annotate(calls=Count("attempt")).order_by("-seq")[:TIMELINE]


def _with_drifts(timeline: Sequence[Change], customer: Customer) -> list[Change | Altered]:
    """What we asked for and what others altered, the latest first."""
    drifts = customer.drifts.select_related("decided_by", "change")[:TIMELINE]
    return sorted([*timeline, *altered(drifts)], key=_when, reverse=True)


def _when(it: Change | Altered) -> datetime:
    return it.asked_at if isinstance(it, Change) else it.drift.seen_at


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
    return customer.changes.filter(operation=Operation.CREATE).order_by("-seq").first()


def _password_set(customer: Customer) -> Change | None:
    told: Change | None = (
        customer.changes.filter(
            state=Change.State.DONE, operation__in=(Operation.CREATE, Operation.PASSWORD)
        )
        .order_by("-seq")
        .first()
    )
    return told
