"""What the distributor refused: where it is corrected and asked for again, with what was typed."""

from dataclasses import dataclass
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse

from customers.distributor.rules import Operation
from customers.models import Change, Customer, Decision, clock
from customers.views.pages import keep

State = Change.State
CHANGEABLE = {Customer.Status.REQUESTED, Customer.Status.LIVE, Customer.Status.MISSING}
# How long a customer's page goes on offering it; the change's own page does for ever.
OFFERED = timedelta(days=30)


@dataclass(frozen=True)
class Refusal:
    change: Change
    correct_url: str


def can_be_changed(customer: Customer) -> bool:
    closing = customer.open_changes.filter(operation=Operation.DELETE)
    return customer.status in CHANGEABLE and not closing.exists()


def correct_url(request: HttpRequest, change: Change) -> str:
    """The form of the change, to be filled with what was typed; empty where there is none."""
    customer, user = change.customer, request.user
    if change.operation == Operation.CREATE:
        is_offered = customer.status == Customer.Status.REFUSED
        may = is_offered and user.has_perm("customers.add_customer")
        page = reverse("customers:correct", args=[customer.pk])
        return f"{page}{keep(request)}" if may else ""
    permission = "delete_now" if change.operation == Operation.DELETE else "change_customer"
    if (
        change.state != State.REJECTED
        or not user.has_perm(f"customers.{permission}")
        or not can_be_changed(customer)
    ):
        return ""
    page = reverse(f"customers:{change.operation.replace('_', '-')}", args=[customer.pk])
    return f"{page}{keep(request, again=change.pk)}"


def refusals(request: HttpRequest, customer: Customer) -> list[Refusal]:
    """What was refused lately and not asked for again since, one of each operation."""
    if customer.status not in CHANGEABLE:
        return []
    asked = customer.changes.exclude(state=State.WITHDRAWN).exclude(operation=Operation.CREATE)
    latest = {change.operation: change for change in asked.order_by("-seq")[:50][::-1]}
    since = clock.now() - OFFERED
    refused = [
        change
        for change in latest.values()
        if change.state == State.REJECTED and change.settled_at and change.settled_at >= since
    ]
    for change in refused:
        change.customer = customer
    return [Refusal(change, correct_url(request, change)) for change in refused]


def refused_before(request: HttpRequest, customer: Customer, operation: Operation) -> Change | None:
    """The refused change that a form is to be filled with, if its address names one."""
    changes = customer.changes.filter(operation=operation, state=State.REJECTED)
    try:
        return changes.filter(pk=request.GET.get("again", "")).first()
    except ValidationError:
        return None


def words_of(change: Change) -> list[str]:
    """What the distributor said against it, one entry per error; a person's word is none."""
    overruled = change.decisions.filter(choice=Decision.Choice.REJECTED).exists()
    return change.error.split("; ") if change.error and not overruled else []
