"""Push back what was altered at the distributor: each row becomes an ordinary change."""

import time
from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction
from django.utils.translation import gettext as _

from customers.distributor.rules import CALLS, SWITCHES, Operation, problems
from customers.models import Customer, Drift, clock
from customers.services import changes
from customers.services.errors import NotPossible

State, Problem = Drift.State, Drift.Problem

# The change has an id that follows from the decision: it is asked for once.
NAMESPACE = UUID("6f1d8f3e-4f0b-4d0a-9a53-1f8c2f0f6f4e")
SWITCHED: dict[Any, Operation] = {place: operation for operation, place in SWITCHES.items()}


def push_back_due(*, seconds: float = 30) -> int:
    """Whatever policies and people want pushed back; begin nothing new after `seconds`.

    Returns how many rows were settled or opened again. Safe to run twice at the same time.
    """
    end = time.monotonic() + seconds
    wanted = Drift.objects.filter(state=State.PUSHING).order_by("pk")
    return push_back(wanted.values_list("pk", flat=True).iterator(), until=end)


def push_back(drifts: Iterable[int], *, until: float = float("inf")) -> int:
    """Ask for one change a row; `until` is of the monotonic clock."""
    done = 0
    for pk in drifts:
        if time.monotonic() > until:
            break
        done += _push_back(pk)
    return done


def _push_back(pk: int) -> bool:
    """One row. What stands against it is written down there, and a person is asked again."""
    with transaction.atomic():
        # The customer first, as whoever records drift does: neither waits for the other in a ring.
        customer = Customer.objects.select_for_update(of=("self",)).get(drifts=pk)
        row = Drift.objects.select_for_update().filter(pk=pk, state=State.PUSHING).first()
        if row is None:
            return False
        row.state, row.problem = State.OPEN, _obstacle(row, customer)
        if _is_past(row, customer):
            row.state, row.problem = State.GONE, ""
        elif not row.problem:
            _ask(row, customer)
        if row.state == State.OPEN:
            row.decided_by = row.decided_at = None
        else:
            row.decided_at = clock.now()
        row.save(update_fields=["state", "problem", "change", "decided_by", "decided_at"])
    return True


def _is_past(row: Drift, customer: Customer) -> bool:
    """Whether the field has another value by now, or a newer row that speaks of it."""
    newer = Drift.objects.filter(customer=customer, field=row.field, pk__gt=row.pk)
    return bool(getattr(customer, row.field) != row.theirs) or newer.exists()


def _obstacle(row: Drift, customer: Customer) -> str:
    if customer.status != Customer.Status.LIVE:
        return Problem.NOT_LIVE
    coming = list(customer.open_changes)
    if any(change.operation == Operation.DELETE for change in coming):
        return Problem.CLOSING
    if any(row.field in change.effects() for change in coming):
        return Problem.ON_ITS_WAY
    if row.agreed == "":
        return Problem.EMPTY
    operation, fields = wanted(row)
    if any(problems(CALLS[operation].param(name), value) for name, value in fields.items()):
        return Problem.RULES
    return ""


def wanted(row: Drift) -> tuple[Operation, dict[str, Any]]:
    """What brings the field back to what was last agreed."""
    if operation := SWITCHED.get((row.field, row.agreed)):
        return operation, {}
    operation = Operation.EMAIL if row.field == "email" else Operation.PROFILE
    return operation, {row.field: row.agreed}


def _ask(row: Drift, customer: Customer) -> None:
    operation, fields = wanted(row)
    try:
        row.change = changes.ask(
            customer,
            operation,
            fields,
            change_id=uuid5(NAMESPACE, f"{row.pk} {row.decided_at}"),
            asked_by=row.decided_by,
            reason=_("Pushed back: it was altered at the distributor."),
        )
        row.state = State.PUSHED
    except NotPossible:
        row.problem = Problem.NOT_EMAIL
