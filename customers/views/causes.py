"""Why changes ended as they did, so that those which look the same to a person stand together.

A cause is a change's last problem with "…" for what differs from one to the next: addresses,
numbers, what stands in quotation marks.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from customers.models.change import ChangeQuerySet

GAP = "…"
# A name with an @, an address of the net, anything quoted, or any number with what belongs to it.
VARYING = re.compile(r"\S+@[^\s,;]+|“[^”]*”|\"[^\"]*\"|'[^']*'|\d[\d.:/-]*")
GAPS = re.compile(rf"{GAP}(\s*{GAP})+")
# An address takes no longer ones; what follows may be anything.
LONGEST = 200
COLUMNS = ("pk", "customer_id", "operation", "error", "asked_at", "settled_at")


@dataclass(frozen=True)
class Told:
    """One change of a group, as far as it is needed for that."""

    pk: UUID
    customer_id: int
    operation: str
    error: str
    at: datetime


@dataclass
class Group:
    """Changes with one cause."""

    pattern: str
    members: list[Told] = field(default_factory=list)

    @property
    def cause(self) -> str:
        """The words themselves where all say the same."""
        said = {it.error for it in self.members}
        words = said.pop() if len(said) == 1 else self.pattern
        return words if len(words) <= LONGEST else words[:LONGEST] + GAP


def pattern_of(error: str) -> str:
    return GAPS.sub(GAP, VARYING.sub(GAP, error))


def because_of(cause: str) -> Q:
    """Changes with that cause: its words in their places, anything where it has a gap."""
    first, *rest = cause.split(GAP)
    if not rest:
        return Q(error=cause)
    *within, last = rest
    found = Q(error__startswith=first) & Q(error__endswith=last)
    for words in filter(None, within):
        found &= Q(error__contains=words)
    return found


def groups(changes: ChangeQuerySet) -> list[Group]:
    """The most numerous first, among equals the latest; one query."""
    found: dict[str, Group] = {}
    for told in _told(changes.values_list(*COLUMNS)):
        pattern = pattern_of(told.error)
        found.setdefault(pattern, Group(pattern)).members.append(told)
    return sorted(found.values(), key=lambda it: -len(it.members))


def _told(rows: Iterable[tuple[Any, ...]]) -> Iterator[Told]:
    for pk, customer, operation, error, asked_at, settled_at in rows:
        yield Told(pk, customer, operation, error, settled_at or asked_at)
