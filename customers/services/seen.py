"""What a form showed, and whether somebody else has been there since."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Max

from customers.models import Change, Customer
from customers.services.errors import Conflict

State = Change.State


@dataclass(frozen=True)
class Seen:
    """What a form showed: the fields with open changes laid over, the mirror below, and how
    many changes there were."""

    seq: int
    shown: Mapping[str, Any]
    mirror: Mapping[str, Any]

    @classmethod
    def of(cls, customer: Customer) -> "Seen":
        # The number first: what is asked for while the rest is read counts as asked since.
        seq = last_seq(customer)
        shown = customer.expected()
        return cls(seq, shown, {field: getattr(customer, field) for field in shown})


def last_seq(customer: Customer) -> int:
    return customer.changes.aggregate(last=Max("seq"))["last"] or 0


def check_conflicts(customer: Customer, params: Mapping[str, Any], seen: Seen) -> None:
    """A field conflicts if it was asked for since, or if a refresh altered it. Deliveries alone
    never do: they bring the mirror to what was shown on its way."""
    asked: set[str] = set()
    for change in customer.changes.filter(seq__gt=seen.seq).exclude(state=State.WITHDRAWN):
        asked |= set(change.params)
    conflicts = [
        field
        for field in params
        if field in asked or getattr(customer, field) not in _on_the_way(customer, field, seen)
    ]
    if conflicts:
        expected = customer.expected()
        raise Conflict({field: expected[field] for field in conflicts})


def _on_the_way(customer: Customer, field: str, seen: Seen) -> set[Any]:
    """The values that the mirror has had since then if nothing but deliveries altered it."""
    values = {seen.shown[field], seen.mirror[field]}
    before = customer.changes.filter(seq__lte=seen.seq, params__has_key=field).order_by("-seq")
    for change in before.exclude(state__in=(State.REJECTED, State.WITHDRAWN)):
        if change.params[field] == seen.mirror[field]:
            break  # It made the mirror what it was: those before it are history.
        values.add(change.params[field])
    return values
