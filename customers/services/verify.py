"""Verify one customer now: a look by name that a person asks for, by the rules of a refresh.

The look marks the customer as touched when it begins, as a call does: a list that was read before
leaves them alone from then on, and whatever touches them meanwhile takes the mark away.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from customers.distributor.errors import DistributorError
from customers.models import Customer, Verification, clock
from customers.services import drift, gate
from customers.services.evidence import Row, exact
from customers.services.look import control_name, has_company, in_whole_list, row_of, seen
from customers.services.merge import altered, differences, untouched
from customers.services.rate import Shut

Outcome = Verification.Outcome
Status = Customer.Status


def verify(pk: int, by: int | None) -> None:
    """Look at the distributor, bring the mirror up to it, and keep what came of it."""
    begun = clock.now()
    if not Customer.objects.filter(_may_be_looked_at(begun), pk=pk).update(touched_at=begun):
        _keep(pk, by, begun, Outcome.NOT_NOW, said=_why_not(pk))
        return
    customer = Customer.objects.with_verified_at().get(pk=pk)
    try:
        row, is_sure = _look(customer)
        probed = _probe_company(customer, row)
    except Shut:
        _keep(pk, by, begun, Outcome.NO_ANSWER, said=_("No calls go out at the moment."))
        return
    except DistributorError as error:
        gate.tell(error)
        _keep(pk, by, begun, Outcome.NO_ANSWER, said=error.reason)
        return
    gate.read()
    with transaction.atomic():
        found = _write(customer, begun, row) if is_sure else {"outcome": Outcome.NO_CONTROL}
        _keep(pk, by, begun, **found, **probed)


def _may_be_looked_at(now: datetime) -> Q:
    """As of whom a list may speak; another look before, unlike a call, may be a moment ago."""
    looks = Verification.objects.filter(customer=OuterRef("pk"), begun_at=OuterRef("touched_at"))
    return untouched(now) | Q(untouched(now + settings.SETTLE_TIME), Exists(looks))


def _why_not(pk: int) -> str:
    customer = Customer.objects.get(pk=pk)
    if customer.status not in {Status.LIVE, Status.MISSING}:
        return _("The distributor has no account of this customer.")
    if Customer.objects.filter(untouched(clock.now() + settings.SETTLE_TIME), pk=pk).exists():
        return _(
            "Something was sent a moment ago, and the distributor may still show it as before."
        )
    return _("A change is being sent, or nobody knows yet what became of it.")


def _look(customer: Customer) -> tuple[Row | None, bool]:
    """The account as it is listed, and whether it is sure that it is, or is not."""
    if row := row_of(customer.username, gate.await_turn):
        return row, True
    control = control_name(customer)
    if control is None:
        rows = in_whole_list([customer.username], gate.await_turn)
        return exact(rows, customer.username), True
    return None, seen(control, gate.await_turn)


def _probe_company(customer: Customer, row: Row | None) -> dict[str, Any]:
    if row is None or not customer.company:
        return {}
    is_there = has_company(customer.username, customer.company, gate.await_turn)
    return {
        "company": customer.company,
        "company_confirmed": is_there,
        "company_at": clock.now(),
    }


def _write(customer: Customer, begun: datetime, row: Row | None) -> dict[str, Any]:
    """Bring the mirror up to what was seen, unless somebody has touched it since."""
    ours = Customer.objects.select_for_update().filter(pk=customer.pk, touched_at=begun).first()
    if ours is None:
        return {"outcome": Outcome.NOT_NOW, "said": _("A change was sent while we looked.")}
    # From then on a newer list may have been laid over the mirror.
    if clock.now() - begun > settings.SETTLE_TIME:
        return {"outcome": Outcome.NO_ANSWER, "said": _("The answer came too late to be believed.")}
    if row is None:
        _note_absent(customer, begun)
        return {"outcome": Outcome.ABSENT}
    return _lay_over(ours, begun, row)


def _note_absent(customer: Customer, begun: datetime) -> None:
    """Missing they are when a refresh says so too; a machine never deletes."""
    listed = Customer.objects.filter(pk=customer.pk, missing_since=None)
    listed.update(missing_since=begun, seen_at=customer.verified_at)


def _lay_over(ours: Customer, begun: datetime, row: Row) -> dict[str, Any]:
    found = differences(ours, dict(row))
    drift.record(altered(ours, found), None, clock.now())
    Customer.objects.filter(pk=ours.pk).update(
        **found, status=Status.LIVE, missing_since=None, seen_at=begun
    )
    return {"outcome": Outcome.DIFFERED if found else Outcome.EQUAL, "fields": list(found)}


def _keep(pk: int, by: int | None, begun: datetime, outcome: Outcome, **columns: Any) -> None:
    columns = {"fields": [], "said": "", **columns}
    Verification.objects.update_or_create(
        customer_id=pk,
        defaults={"asked_by_id": by, "begun_at": begun, "outcome": outcome, **columns},
    )
