"""What happened to a customer, the latest first: changes with their calls, drift, notes.

Three tables make one line. A page of it ends at a number in each of them, and the older page
begins below these three: nothing is skipped or shown twice, however long the line is.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Count, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from customers.models import Attempt, Change, Customer, Decision, Drift, Note
from customers.views.altered import altered

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

PAGE = 30
# Calls and decisions of a change that its customer's page tells of; its own page tells of all.
CALLS = 5
NOTES = {"note": Note.Kind.NOTE, "manager": Note.Kind.ASSIGNED}
KINDS = ("change", "drift", *NOTES)
END = re.compile(r"([a-z]+)([0-9]{1,18})")


class Shown(NamedTuple):
    label: "StrOrPromise"
    kinds: Sequence[str]


# What `show` in the address may say.
SHOWS = {
    "": Shown(_("All"), KINDS),
    "changes": Shown(_("Changes"), ["change"]),
    "drift": Shown(_("Drift"), ["drift"]),
    "notes": Shown(_("Notes"), ["note"]),
    "manager": Shown(_("Account manager"), ["manager"]),
}


@dataclass(frozen=True)
class Entry:
    """`number` counts within its kind: whoever has a lower one is older."""

    kind: str
    number: int
    when: datetime
    it: Any


@dataclass(frozen=True)
class Filter:
    label: str
    count: int
    query: str
    is_chosen: bool


@dataclass(frozen=True)
class Timeline:
    """One page of it. `older` is the query of the next one, empty if there is none; `latest` that
    of the first."""

    entries: Sequence[Entry]
    filters: Sequence[Filter]
    older: str
    latest: str
    is_latest: bool
    is_filtered: bool


def timeline(customer: Customer, query: QueryDict) -> Timeline:
    """As the address asks for it: `show` a kind, `before` the end of another page."""
    show = query.get("show", "") if query.get("show", "") in SHOWS else ""
    below = _read(query.get("before", ""))
    lines = {kind: _line(kind, customer, below.get(kind)) for kind in SHOWS[show].kinds}
    found = list(islice(merge(*lines.values(), key=_when, reverse=True), PAGE + 1))
    # What comes while somebody reads belongs above the pages that were left behind.
    ends = {
        kind: line[0].number + 1 if line else below.get(kind, 1) for kind, line in lines.items()
    }
    ends |= {entry.kind: entry.number for entry in found[:PAGE]}
    return Timeline(
        entries=found[:PAGE],
        filters=_filters(customer, query, show),
        older=_query(query, show=show, before=_write(ends)) if len(found) > PAGE else "",
        latest=_query(query, show=show),
        is_latest=not below,
        is_filtered=bool(show),
    )


def _when(entry: Entry) -> datetime:
    return entry.when


def _line(kind: str, customer: Customer, below: int | None) -> list[Entry]:
    """One page at most of one kind, and one more."""
    match kind:
        case "change":
            found = _before(_changes(customer), "seq", below)
            return [Entry(kind, row.seq, row.asked_at, row) for row in found]
        case "drift":
            drifts = customer.drifts.select_related("decided_by", "change")
            shown = altered(_before(drifts, "pk", below))
            return [Entry(kind, it.drift.pk, it.drift.seen_at, it) for it in shown]
        case _:
            found = _before(customer.notes.filter(kind=NOTES[kind]), "pk", below)
            return [Entry(kind, row.pk, row.at, row) for row in found]


def _before(rows: QuerySet[Any], number: str, below: int | None) -> QuerySet[Any]:
    older = rows if below is None else rows.filter(**{f"{number}__lt": below})
    return older.order_by(f"-{number}")[: PAGE + 1]


def _changes(customer: Customer) -> QuerySet[Change]:
    calls = Attempt.objects.only("change", "n", "kind", "begun_at", "outcome").order_by("-n")
    decisions = Decision.objects.order_by("-pk")
    count = Attempt.objects.filter(change=OuterRef("pk")).order_by().values("change")
    return (
        customer.changes.select_related("asked_by")
        .annotate(calls=Coalesce(Subquery(count.annotate(n=Count("pk")).values("n")), 0))
        .prefetch_related(
            Prefetch("attempt_set", calls[:CALLS], to_attr="latest_calls"),
            Prefetch("decisions", decisions[:CALLS], to_attr="latest_decisions"),
        )
    )


def _filters(customer: Customer, query: QueryDict, chosen: str) -> list[Filter]:
    counts = _counts(customer)
    return [
        Filter(
            label=str(shown.label),
            count=sum(counts.get(kind, 0) for kind in shown.kinds),
            query=_query(query, show=name),
            is_chosen=name == chosen,
        )
        for name, shown in SHOWS.items()
    ]


def _counts(customer: Customer) -> Mapping[str, Any]:
    rows: dict[str, QuerySet[Any]] = {"change": Change.objects.all(), "drift": Drift.objects.all()}
    rows |= {kind: Note.objects.filter(kind=row) for kind, row in NOTES.items()}
    found = Customer.objects.filter(pk=customer.pk)
    return found.values(**{kind: _count(those) for kind, those in rows.items()}).first() or {}


def _count(rows: QuerySet[Any]) -> Coalesce:
    ours = rows.filter(customer=OuterRef("pk")).order_by().values("customer")
    return Coalesce(Subquery(ours.annotate(n=Count("pk")).values("n")), 0)


def _query(query: QueryDict, *, show: str, before: str = "") -> str:
    """Of another page of the same customer: where one came from stays in it."""
    told = query.copy()
    for name, value in (("show", show), ("before", before)):
        told.pop(name, None)
        if value:
            told[name] = value
    return told.urlencode()


def _write(ends: Mapping[str, int]) -> str:
    return ".".join(f"{kind}{number}" for kind, number in ends.items())


def _read(before: str) -> dict[str, int]:
    return {kind: int(number) for kind, number in END.findall(before) if kind in KINDS}
