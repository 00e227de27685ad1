"""Lay staged rows over the mirror, a batch in a transaction of its own.

Who is spoken of is locked, and tested once more in the statement that writes.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from customers.distributor.lists import Row
from customers.distributor.rules import fold, same_website
from customers.models import Alert, Change, Customer, Listed, Refresh, Username, clock
from customers.models.listed import SHOWN
from customers.services import drift, staging, statements
from customers.services.alerts import alert

Status = Customer.Status
# A deleted account may stay listed to the end of its billing cycle.
CYCLE = timedelta(days=31)
# What nobody here can ask for is taken over without a word.
UNASKED = frozenset({"address2", "distributor_id"})


def untouched(started_at: datetime, of: str = "") -> Q:
    """Whom a list read since then may speak of: nothing of theirs is on its way or unsettled.

    `of` is the way to the customer where it is not customers who are filtered.
    """
    # Few, and said as a set: of a million customers none is looked up one by one.
    unsettled = Change.objects.filter(
        state__in=(Change.State.SENDING, Change.State.IN_DOUBT, Change.State.BLOCKED),
    )
    before = {f"{of}touched_at__lt": started_at - settings.SETTLE_TIME}
    return Q(
        Q(**{f"{of}touched_at": None}) | Q(**before),
        ~Q(**{f"{of}pk__in": unsettled.values("customer")}),
        **{f"{of}status__in": (Status.LIVE, Status.MISSING)},
    )


def columns(row: Row) -> dict[str, Any]:
    """A listed row as columns of the mirror; what it does not show is not among them."""
    shown = zip(SHOWN, staging.columns(row), strict=True)
    return {column: value for column, value in shown if value is not None}


def differences(customer: Customer, row: Row) -> dict[str, Any]:
    """The columns that the list shows otherwise; another spelling of the same is none."""
    return otherwise(customer, columns(row))


def altered(customer: Customer, found: Mapping[str, Any]) -> list[drift.Difference]:
    """What of these columns is drift, as long as the customer has not been written."""
    return [
        drift.Difference(customer.pk, column, getattr(customer, column), theirs)
        for column, theirs in found.items()
        if column not in UNASKED
    ]


def merge(reading: Refresh, rows: Sequence[int]) -> None:
    """Staged rows of known names: what differs is written, odd ones are told, the rest is left."""
    now = clock.now()
    drifted: list[drift.Difference] = []
    differing, respelled, equal = {}, [], 0
    for customer, row in _spoken_of(reading, rows):
        found = otherwise(customer, row.columns)
        if not found and customer.status == Status.LIVE and not customer.missing_since:
            equal += 1
            continue
        differing[row.pk] = customer.pk
        drifted += altered(customer, found)
        if "email" not in found and row.email != customer.email:
            row.email = customer.email
            respelled.append(row)
    Listed.objects.bulk_update(respelled, ["email"])
    written = _write(reading, differing)
    drift.record([it for it in drifted if it.customer_id in written], reading, now)
    _tell_odd(reading, rows, now)
    reading.updated += len(written)
    reading.equal += equal
    reading.left += len(rows) - equal - len(written)


def adopt(reading: Refresh, rows: Sequence[int]) -> None:
    """Accounts that we never heard of become customers; who looks after them is open."""
    adopted = statements.add(rows, clock.now(), reading.started_at)
    reading.adopted += adopted
    reading.left += len(rows) - adopted


def _spoken_of(reading: Refresh, rows: Sequence[int]) -> Iterator[tuple[Customer, Listed]]:
    """The customers with their rows; nobody else alters them from now on."""
    known = Listed.objects.filter(
        untouched(reading.started_at, of="name__customer__"),
        pk__in=rows,
        name__state=Username.State.LIVE,
    )
    locked = known.select_for_update(of=("name__customer",), no_key=True)
    for row in locked.select_related("name__customer").order_by("name__customer_id"):
        if row.name and row.name.customer:
            yield row.name.customer, row


def _write(reading: Refresh, customers: Mapping[int, int]) -> set[int]:
    """Staged rows over their customers; the keys of those who were written."""
    if not customers:
        return set()
    # Tested in the UPDATE itself, whatever was begun since the customers were locked.
    who = Customer.objects.filter(untouched(reading.started_at), pk__in=customers.values())
    return statements.lay_over(sorted(customers), who, reading.started_at)


def otherwise(customer: Customer, shown: Mapping[str, Any]) -> dict[str, Any]:
    """Of these columns those that differ; another spelling of the same does not."""
    found = {}
    for column, theirs in shown.items():
        ours = getattr(customer, column)
        same = ours == theirs
        if column in {"username", "email"}:
            same = fold(ours) == fold(theirs)
        elif column == "website":
            same = same_website(ours, theirs)
        if not same:
            found[column] = theirs
    return found


def _tell_odd(reading: Refresh, rows: Sequence[int], now: datetime) -> None:
    """Names that should not be listed: told once, never acted upon by a machine."""
    keys = Listed.objects.filter(pk__in=rows).values("name")
    names = Username.objects.exclude(state=Username.State.LIVE).filter(key__in=keys)
    for name in names.select_related("customer"):
        if not name.free_for(None, now):
            _tell(reading, name, now)


def _tell(reading: Refresh, name: Username, now: datetime) -> None:
    recent = name.since >= reading.started_at - settings.SETTLE_TIME
    deleted = name.state == Username.State.BURNT and name.customer
    if recent or (deleted and name.since > now - CYCLE):
        return
    if name.customer and name.customer.open_changes.exists():
        return
    alert(
        Alert.Kind.LISTED,
        _("%(name)s is listed at the distributor, but here it is %(state)s.")
        % {"name": name.name, "state": name.get_state_display()},
        subject=name.key,
    )
