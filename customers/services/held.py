"""A creation that is held back until a person says that it may go: let go, or amended before."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F

from customers.distributor.rules import Operation, fold
from customers.models import Change, Customer, clock
from customers.services import names
from customers.services.changes import columns
from customers.services.doorbell import ring
from customers.services.sealing import SealBroken, seal, unseal


def held_change(customer: int | None) -> Change | None:
    """The customer's creation that waits for a person's word; None if none does, or no more."""
    return Change.objects.held().filter(customer=customer, operation=Operation.CREATE).first()


def has_password(change: Change) -> bool:
    """Whether its password still opens: it is erased after a week."""
    try:
        return bool(change.sealed_password and unseal(change.sealed_password, change.pk))
    except SealBroken:
        return False


def let_go(change: Change) -> bool:
    """What was held is due now; False if it is held no more."""
    held = Change.objects.held().filter(pk=change.pk)
    gone = held.update(due_at=clock.now(), claim=F("claim") + 1)
    if gone:
        ring(change.customer_id)
    return bool(gone)


def amend(change: Change, params: Mapping[str, Any], password: str = "") -> bool:
    """Put other params into a creation that is held; False if it is held no more.

    Nothing of it was ever sent, so there is nothing yet that must stay as it is. Raises NameTaken.
    """
    sealed = {"sealed_password": seal(password, change.pk)} if password else {}
    with transaction.atomic():
        customer = Customer.objects.select_for_update().get(pk=change.customer_id)
        held = Change.objects.held().filter(pk=change.pk)
        before = held.values_list("params", flat=True).first()
        if before is None:
            return False
        held.update(params=dict(params), claim=F("claim") + 1, **sealed)
        for column, value in columns(params).items():
            setattr(customer, column, value)
        customer.save()
        names.reserve(params["username"], customer)
        if fold(before["username"]) != fold(params["username"]):
            names.release(before["username"], customer)
    return True
