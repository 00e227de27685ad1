"""What people ask for. Asking writes one row; a worker does the rest.

One transaction, one change, one hint to the workers. The change's id is minted by the form,
so that asking twice with the same id and the same content is asking once.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F, Max
from kombu.exceptions import OperationalError as BrokerError

from customers import tasks
from customers.distributor.rules import SWITCHES, Operation, fold, is_email
from customers.models import Alert, Change, Customer, clock
from customers.services import names
from customers.services.alerts import over
from customers.services.sealing import SealBroken, seal, unseal
from customers.services.settling import withdraw_followers

logger = logging.getLogger(__name__)

State = Change.State
Status = Customer.Status


class AskingError(Exception):
    """Why nothing was written; each subclass is one reason."""


class AlreadySent(AskingError):
    """This id was used with other content, or its password is erased and cannot be compared."""


class NothingChanged(AskingError):
    """Every field is as the form had shown it."""


class NotPossible(AskingError):
    """`why`: refused, closed, closing (a delete is on its way), not_email (a switch needs one)."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Conflict(AskingError):
    """Somebody else asked for, or a refresh brought, another value since the form was shown.

    `fields` maps each such field to the value that stands now.
    """

    def __init__(self, fields: dict[str, Any]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


@dataclass(frozen=True)
class Seen:
    """What a form showed: the fields with open changes laid over, the mirror below, and how
    many changes there were."""

    seq: int
    shown: Mapping[str, Any]
    mirror: Mapping[str, Any]

    @classmethod
    def of(cls, customer: Customer) -> "Seen":
        shown = customer.expected()
        mirror = {field: getattr(customer, field) for field in shown}
        return cls(_last_seq(customer), shown, mirror)


def create(
    *,
    password: str,
    params: Mapping[str, Any],
    change_id: UUID | None = None,
    asked_by: User | None = None,
    origin: str = Customer.Origin.CONSOLE,
    reason: str = "",
) -> Change:
    """Ask for a new customer. `params` are the contract's, less the password, without blanks.

    Raises NameTaken and AlreadySent.
    """
    params, change_id = dict(params), change_id or uuid4()
    if same := _asked_before(change_id, Operation.CREATE, params, password):
        return same
    try:
        with transaction.atomic():
            customer = Customer.objects.create(
                **{k: v for k, v in params.items() if k not in {"free_user", "billing_date"}},
                free_user=params.get("free_user") == "true",
                billing_date=params.get("billing_date"),
                origin=origin,
                account_manager=asked_by,
            )
            names.reserve(params["username"], customer)
            change = _write(
                customer, Operation.CREATE, params, password, change_id, asked_by, reason
            )
    except IntegrityError:
        # The same form twice in the same moment: the other one was first.
        if same := _asked_before(change_id, Operation.CREATE, params, password):
            return same
        raise
    return change


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
    """Ask for a change of a customer. `fields` are what the form holds, changed or not.

    Raises AskingError or NameTaken; then nothing was written.
    """
    change_id = change_id or uuid4()
    with transaction.atomic():
        customer = Customer.objects.select_for_update().get(pk=customer.pk)
        base = seen or Seen.of(customer)
        params = {k: v for k, v in (fields or {}).items() if v != base.shown[k]}
        # A client that does not send `seen` back finds its own change laid over the mirror.
        again = params or _repeated(change_id, fields or {})
        if same := _asked_before(change_id, operation, again, password, customer):
            return same
        _check_possible(customer, operation)
        if fields and not params:
            raise NothingChanged
        _check_conflicts(customer, params, base)
        if operation == Operation.USERNAME:
            if fold(params["username"]) == fold(customer.expected()["username"]):
                raise NothingChanged
            names.reserve(params["username"], customer)
        return _write(customer, operation, params, password, change_id, asked_by, reason)


def withdraw(change: Change) -> bool:
    """Take back what was never attempted; False if it is too late for that."""
    with transaction.atomic():
        customer = Customer.objects.select_for_update().get(pk=change.customer_id)
        now = clock.now()
        gone = Change.objects.filter(
            pk=change.pk, state=State.WAITING, attempts=0, lease_until=None
        ).update(state=State.WITHDRAWN, claim=F("claim") + 1, settled_at=now, sealed_password=None)
        if gone and "username" in change.params:
            names.release(change.params["username"], customer, hold=False)
        if gone and change.operation == Operation.CREATE:
            Customer.objects.filter(pk=customer.pk).update(status=Status.REFUSED)
            withdraw_followers(change, "The creation was withdrawn.")
    return bool(gone)


def try_again(change: Change, *, by: User, reason: str) -> bool:
    """A person sends a BLOCKED change out again; False if it is not blocked any more."""
    again = Change.objects.filter(pk=change.pk, claim=change.claim, state=State.BLOCKED).update(
        state=State.WAITING, claim=F("claim") + 1, lost=0, rounds=0, due_at=clock.now()
    )
    if again:
        over(Alert.Kind.BLOCKED, subject=str(change.pk))
        logger.info("change %s is tried again by user %s: %s", change.pk, by.pk, reason)
        _ring(change.customer_id)
    return bool(again)


def _asked_before(
    change_id: UUID,
    operation: Operation,
    params: Mapping[str, Any],
    password: str,
    customer: Customer | None = None,
) -> Change | None:
    """The change that this id already stands for, if it is the same in all it says."""
    before = Change.objects.select_related("customer").filter(pk=change_id).first()
    if before is None:
        return None
    said = (before.operation, before.params, before.customer)
    if said == (operation, params, customer or before.customer) and _same_password(
        before, password
    ):
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


def _check_conflicts(customer: Customer, params: Mapping[str, Any], seen: Seen) -> None:
    """A field conflicts if it was asked for since, or if a refresh altered it. Deliveries alone
    never do: they bring the mirror to what was shown on its way."""
    asked: set[str] = set()
    for change in customer.changes.filter(seq__gt=seen.seq).exclude(state=State.WITHDRAWN):
        asked |= set(change.params)
    delivered = customer.changes.filter(seq__lte=seen.seq).order_by("seq")
    conflicts = {}
    for field in params:
        now = getattr(customer, field)
        ours = {seen.mirror[field], seen.shown[field]}
        ours |= {change.params[field] for change in delivered if field in change.params}
        if field in asked or now not in ours:
            conflicts[field] = customer.expected()[field]
    if conflicts:
        raise Conflict(conflicts)


def _last_seq(customer: Customer) -> int:
    return customer.changes.aggregate(last=Max("seq"))["last"] or 0


def _write(
    customer: Customer,
    operation: Operation,
    params: Mapping[str, Any],
    password: str,
    change_id: UUID,
    asked_by: User | None,
    reason: str,
) -> Change:
    now = clock.now()
    change = Change.objects.create(
        id=change_id,
        customer=customer,
        seq=_last_seq(customer) + 1,
        operation=operation,
        params=dict(params),
        sealed_password=seal(password, change_id) if password else None,
        due_at=now,
        asked_at=now,
        asked_by=asked_by,
        reason=reason,
    )
    _ring(customer.pk)
    return change


def _ring(customer: int) -> None:
    # The row is the promise, the message a hint: with the broker down the next round finds
    # the row. A lambda, since Django logs a hook's __qualname__.
    transaction.on_commit(lambda: _hint(customer), robust=True)


def _hint(customer: int) -> None:
    try:
        tasks.deliver.delay(customer)
    except BrokerError as error:
        logger.warning(
            "no worker was told of customer %s, the next round finds it: %s", customer, error
        )
