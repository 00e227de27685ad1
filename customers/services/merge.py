"""Lay a batch of listed rows over the mirror."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from customers.distributor.rules import ROW_FIELDS, fold, same_website
from customers.models import Alert, Change, Customer, Listed, Refresh, Username, clock
from customers.services import drift
from customers.services.alerts import alert

Status = Customer.Status
# A deleted account may stay listed to the end of its billing cycle.
CYCLE = timedelta(days=31)
TRUE = frozenset({"true", "1"})


def untouched(started_at: datetime) -> Q:
    """Whom a list read since then may speak of: nothing of theirs is on its way or unsettled."""
    unsettled = Change.objects.filter(
        customer=OuterRef("pk"),
        state__in=(Change.State.SENDING, Change.State.IN_DOUBT, Change.State.BLOCKED),
    )
    return Q(
        Q(touched_at=None) | Q(touched_at__lt=started_at - settings.SETTLE_TIME),
        ~Exists(unsettled),
        status__in=(Status.LIVE, Status.MISSING),
    )


def merge(reading: Refresh, batch: Sequence[Listed]) -> None:
    """One transaction's worth: known ones are compared, unknown ones adopted, odd ones told."""
    names = Username.objects.select_related("customer").in_bulk([row.key for row in batch])
    now = clock.now()
    known, new = [], []
    for listed in batch:
        name = names.get(listed.key)
        if name is None or (name.state == Username.State.RELEASED and name.free_for(None, now)):
            new.append(listed)
        elif name.state == Username.State.LIVE and name.customer:
            known.append((name.customer, listed.row))
        else:
            _tell(reading, name, now)
    _lay_over(reading, known, now)
    _adopt(reading, new, now)


def columns(row: dict[str, str]) -> dict[str, Any]:
    """A listed row as columns of the mirror; what it does not show is not among them."""
    values: dict[str, Any] = {field: row[field] for field in ROW_FIELDS}
    values["active"] = row["active"] in TRUE
    if "website_access" in row:
        values["website_access"] = row["website_access"] in TRUE
    return values


def differences(customer: Customer, row: dict[str, str]) -> dict[str, Any]:
    """The columns that the list shows otherwise; another spelling of the same is none."""
    found = {}
    for column, theirs in columns(row).items():
        ours = getattr(customer, column)
        same = ours == theirs
        if column in {"username", "email"}:
            same = fold(ours) == fold(theirs)
        elif column == "website":
            same = same_website(ours, theirs)
        if not same:
            found[column] = theirs
    return found


def _lay_over(
    reading: Refresh, known: Sequence[tuple[Customer, dict[str, str]]], now: datetime
) -> None:
    spoken_of = Customer.objects.filter(
        untouched(reading.started_at), pk__in=[customer.pk for customer, _shown in known]
    )
    equal_counts = set(spoken_of.values_list("pk", flat=True))
    altered: list[drift.Difference] = []
    for customer, row in known:
        found = differences(customer, row)
        theirs = [
            drift.Difference(customer.pk, field, getattr(customer, field), value)
            for field, value in found.items()
        ]
        if customer.status == Status.MISSING or customer.missing_since:
            found |= {"status": Status.LIVE, "missing_since": None}
        if found:
            # Tested in the UPDATE itself: a change may have begun since the row was read.
            may = Customer.objects.filter(untouched(reading.started_at), pk=customer.pk)
            applied = may.update(**found, seen_at=reading.started_at)
            reading.updated += applied
            altered += theirs if applied else []
        else:
            applied = customer.pk in equal_counts
            reading.equal += applied
        reading.left += not applied
    drift.record(altered, reading, now)


def _adopt(reading: Refresh, listed: Sequence[Listed], now: datetime) -> None:
    """Accounts that we never heard of become customers; who looks after them is open."""
    secured = _secured(listed, now) if listed else set()
    new = [row for row in listed if row.key in secured]
    customers = Customer.objects.bulk_create(
        Customer(
            **columns(row.row),
            status=Status.LIVE,
            origin=Customer.Origin.DISTRIBUTOR,
            seen_at=reading.started_at,
        )
        for row in new
    )
    Username.objects.bulk_create(
        (
            Username(
                key=row.key,
                name=row.row["username"],
                customer=customer,
                state=Username.State.LIVE,
                since=now,
            )
            for row, customer in zip(new, customers, strict=True)
        ),
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["name", "customer", "state", "until", "since"],
    )
    reading.adopted += len(new)
    reading.left += len(listed) - len(new)


def _secured(listed: Sequence[Listed], now: datetime) -> set[str]:
    """The names that nobody has asked for meanwhile, and nobody can until this commits."""
    Username.objects.bulk_create(
        (
            Username(
                key=row.key, name=row.row["username"], state=Username.State.RELEASED, since=now
            )
            for row in listed
        ),
        ignore_conflicts=True,
    )
    free = Username.objects.select_for_update().filter(
        Q(until=None) | Q(until__lte=now),
        key__in=[row.key for row in listed],
        state=Username.State.RELEASED,
    )
    return set(free.order_by("key").values_list("key", flat=True))


def _tell(reading: Refresh, name: Username, now: datetime) -> None:
    """A name that should not be listed: told once, never acted upon by a machine."""
    reading.left += 1
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
