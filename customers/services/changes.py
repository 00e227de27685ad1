"""What people ask for. Asking writes one row; a worker does the rest.

One transaction, one change, one hint to the workers. The change's id is minted by the form,
so that asking twice with the same id and the same content is asking once.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from customers.distributor.rules import SWITCHES, Operation, fold, is_email
from customers.models import Change, Customer, clock
from customers.services import names
from customers.services.doorbell import ring
from customers.services.errors import (
    AlreadySent,
    NothingChanged,
    NotPossible,
)
from customers.services.sealing import SealBroken, seal, unseal
from customers.services.seen import Seen, check_conflicts, last_seq

State = Change.State
Status = Customer.Status


def create(
    *,
    password: str,
    params: Mapping[str, Any],
    change_id: UUID | None = None,
    asked_by: User | None = None,
    origin: str = Customer.Origin.CONSOLE,
    refused: Customer | None = None,
    held: bool = False,
) -> Change:
    """Ask for a new customer. `params` are the contract's, less the password, without blanks.

    `refused` is one whom the distributor refused before, asked for again with other params.
    `held`: it goes out only once a person says so, see services.held.
    Raises NameTaken and AskingError.
    """
    params, change_id = dict(params), change_id or uuid4()
    if same := _asked_before(change_id, Operation.CREATE, params, password, refused):
        return same
    try:
        with transaction.atomic():
            customer = _corrected(refused) if refused else _new_customer(origin, asked_by)
            for column, value in columns(params).items():
                setattr(customer, column, value)
            customer.save()
            names.reserve(params["username"], customer)
            return _write(
                customer, Operation.CREATE, params, password, change_id, asked_by, held=held
            )
    except (IntegrityError, names.NameTaken):
        # The same form twice in the same moment: the other one was first, and has the name.
        if same := _asked_before(change_id, Operation.CREATE, params, password, refused):
            return same
        raise


def _new_customer(origin: str, asked_by: User | None) -> Customer:
    return Customer(origin=origin, account_manager=asked_by)


def _corrected(customer: Customer) -> Customer:
    customer = Customer.objects.select_for_update().get(pk=customer.pk)
    if customer.status != Status.REFUSED:
        raise NotPossible("not_refused")
    customer.status = Status.REQUESTED
    return customer


def columns(params: Mapping[str, Any]) -> dict[str, Any]:
    """What a customer's row carries of a creation that nobody has confirmed yet."""
    return {
        **params,
        "ip": params.get("ip", []),
        "ip_group": params.get("ip_group", []),
        "free_user": params.get("free_user") == "true",
        "billing_date": params.get("billing_date"),
    }


def ask(
    customer: Customer,
    operation: Operation,
    fields: Mapping[str, Any] | None = None,
    *,
    password: str = "",
    change_id: UUID | None = None,
    seen: Seen | None = None,
    asked_by: User | None = None,
    reason: str = "",
) -> Change:
    """Ask for a change of a customer. `fields` are what the form holds, changed or not; `reason`
    is kept with the change and goes nowhere else.

    Raises AskingError or NameTaken; then nothing was written.
    """
    change_id = change_id or uuid4()
    with transaction.atomic():
        there = Customer.objects.select_for_update().filter(pk=customer.pk).first()
        if there is None:  # Its row went when somebody accepted a rename, see services.renames.
            raise NotPossible("united")
        customer = there
        base = seen or Seen.of(customer)
        params = {k: v for k, v in (fields or {}).items() if v != base.shown[k]}
        # A client that does not send `seen` back finds its own change laid over the mirror.
        again = params or _repeated(change_id, fields or {})
        if same := _asked_before(change_id, operation, again, password, customer, reason):
            return same
        _check_possible(customer, operation)
        if not params and (fields or operation == Operation.PROFILE):
            raise NothingChanged
        check_conflicts(customer, params, base)
        if operation == Operation.USERNAME:
            if fold(params["username"]) == fold(customer.expected()["username"]):
                raise NothingChanged
            names.reserve(params["username"], customer)
        return _write(customer, operation, params, password, change_id, asked_by, reason)


def _asked_before(
    change_id: UUID,
    operation: Operation,
    params: Mapping[str, Any],
    password: str,
    customer: Customer | None = None,
    reason: str = "",
) -> Change | None:
    """The change that this id already stands for, if it is the same in all it says."""
    before = Change.objects.select_related("customer").filter(pk=change_id).first()
    if before is None:
        return None
    said = (before.operation, before.params, before.customer, before.reason)
    says = (operation, params, customer or before.customer, reason)
    if said == says and _same_password(before, password):
        return before
    raise AlreadySent


def _repeated(change_id: UUID, fields: Mapping[str, Any]) -> dict[str, Any]:
    before = Change.objects.filter(pk=change_id).first()
    return {k: v for k, v in (before.params if before else {}).items() if fields.get(k) == v}


def _same_password(change: Change, password: str) -> bool:
    if not password:
        return True
    try:
        return change.sealed_password is not None and password == unseal(
            change.sealed_password, change.pk
        )
    except SealBroken:
        return False


def _check_possible(customer: Customer, operation: Operation) -> None:
    if customer.status == Status.REFUSED:
        raise NotPossible("refused")
    if customer.status == Status.CLOSED:
        raise NotPossible("closed")
    if customer.open_changes.filter(operation=Operation.DELETE).exists():
        raise NotPossible("closing")
    if operation in SWITCHES and not is_email(customer.expected()["username"]):
        raise NotPossible("not_email")


def _write(
    customer: Customer,
    operation: Operation,
    params: Mapping[str, Any],
    password: str,
    change_id: UUID,
    asked_by: User | None,
    reason: str = "",
    *,
    held: bool = False,
) -> Change:
    now = clock.now()
    change = Change.objects.create(
        id=change_id,
        customer=customer,
        seq=last_seq(customer) + 1,
        operation=operation,
        params=dict(params),
        sealed_password=seal(password, change_id) if password else None,
        due_at=None if held else now,
        is_behind=customer.open_changes.exists(),
        asked_at=now,
        asked_by=asked_by,
        asker=str(asked_by or ""),
        reason=reason,
    )
    if not held:
        ring(customer.pk)
    return change
