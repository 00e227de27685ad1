"""Lay a batch of listed rows over the mirror."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from customers.distributor.rules import ROW_FIELDS, fold, same_website
from customers.models import Alert, Change, Customer, Listed, Refresh, Username, clock
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
    known = {
        name.key: name
        for name in Username.objects.filter(key__in=[row.key for row in batch]).select_related(
            "customer"
        )
    }
    new = []
    for listed in batch:
        name = known.get(listed.key)
        if name is None or (name.state == Username.State.RELEASED and _past(name)):
            new.append(listed)
        elif name.state == Username.State.LIVE and name.customer:
            _compare(reading, name.customer, listed.row)
        else:
            _tell(reading, name)
    _adopt(reading, new)


def _past(name: Username) -> bool:
    return name.until is None or name.until <= clock.now()


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


def _compare(reading: Refresh, customer: Customer, row: dict[str, str]) -> None:
    found = differences(customer, row)
    if customer.status == Status.MISSING or customer.missing_since:
        found |= {"status": Status.LIVE, "missing_since": None}
    may = Customer.objects.filter(untouched(reading.started_at), pk=customer.pk)
    if found:
        # Tested in the UPDATE itself: a change may have begun since the row was read.
        applied = may.update(**found, seen_at=reading.started_at)
        reading.updated += applied
    else:
        applied = may.exists()
        reading.equal += applied
    reading.left += not applied


def _adopt(reading: Refresh, new: Sequence[Listed]) -> None:
    """Accounts that we never heard of become customers; who looks after them is open."""
    customers = Customer.objects.bulk_create(
        Customer(
            **columns(listed.row),
            status=Status.LIVE,
            origin=Customer.Origin.DISTRIBUTOR,
            seen_at=reading.started_at,
        )
        for listed in new
    )
    now = clock.now()
    Username.objects.bulk_create(
        (
            Username(
                key=listed.key,
                name=listed.row["username"],
                customer=customer,
                state=Username.State.LIVE,
                since=now,
            )
            for listed, customer in zip(new, customers, strict=True)
        ),
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["name", "customer", "state", "since"],
    )
    reading.adopted += len(customers)


def _tell(reading: Refresh, name: Username) -> None:
    """A name that should not be listed: told once, never acted upon by a machine."""
    reading.left += 1
    recent = name.since >= reading.started_at - settings.SETTLE_TIME
    closing = name.state == Username.State.BURNT and name.since > clock.now() - CYCLE
    if recent or closing or (name.customer and name.customer.open_changes.exists()):
        return
    alert(
        Alert.Kind.LISTED,
        _("%(name)s is listed at the distributor, but here it is %(state)s.")
        % {"name": name.name, "state": name.get_state_display()},
        subject=name.key,
    )
