"""Deliver one change: claim, begin, call, settle; look first where nobody knows.

The network is never inside a transaction, and every write after the claim tests its number.
"""

import logging
import time
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from customers.distributor.errors import DistributorError
from customers.distributor.rules import Operation
from customers.distributor.wire import Answer
from customers.models import Alert, Attempt, Change, clock, row
from customers.services import doubt, gate, settling
from customers.services.alerts import alert
from customers.services.calling import distributor
from customers.services.claims import (
    MARGIN,
    FencedOffError,
    await_turn,
    claim,
    frozen_request,
    give_back,
    mine,
    next_number,
)
from customers.services.rate import Shut
from customers.services.sealing import SealBroken, SealExpired, unseal

logger = logging.getLogger(__name__)

LOST = 3  # workers that a change may cost before a person looks at it


def deliver_due(*, first: int | None = None, seconds: float = 30) -> int:
    """Deliver what is due, this customer's first; begin nothing new after `seconds`.

    Returns the number of steps taken: zero says that nothing is due, or that no call may be made.
    """
    end, steps = time.monotonic() + seconds, 0
    is_open = gate.lets_through()
    while is_open and time.monotonic() < end:
        change = claim(first) if first else claim()
        if change:
            is_open = deliver(change) or gate.lets_through()
            steps += 1
        elif first:
            first = None
        else:
            break
    return steps


def deliver(change: Change) -> bool:
    """Take a claimed change one step further; False if no call may be made now."""
    try:
        if change.lost >= LOST:
            settling.block(change, _("Three workers were lost over this change."))
        elif change.state == Change.State.IN_DOUBT or change.owes_look:
            doubt.resolve(change)
        else:
            _send(change)
    except FencedOffError:
        logger.warning("change %s was taken over by another worker", change.pk)
    except Shut:
        with suppress(FencedOffError):
            give_back(change)
        return False
    return True


def _send(change: Change) -> None:
    try:
        password = _password(change)
    except SealExpired:
        settling.ask_for_password(change)
        return
    except SealBroken:
        why = _("Its password cannot be opened: was a key removed from SEALING_KEYS too early?")
        alert(Alert.Kind.SEAL, f"{change.pk}: {why}", subject=str(change.pk))
        settling.block(change, why)
        return
    is_failing = await_turn(change)
    # Before the commit: whatever that takes is taken from the call's own time.
    ends = time.monotonic() + settings.DISTRIBUTOR_DEADLINE
    attempt = _begin(change)
    result = _call(change, attempt.request, password, ends)
    if isinstance(result, DistributorError):
        gate.tell(result)
    elif is_failing:  # A success from before the first failure ends no row of them.
        gate.tell(None)
    elif change.attempts > 1:
        gate.credentials_taken()
    settling.settle(change, attempt, result)


def _password(change: Change) -> str | None:
    if change.lacks_password:  # Erased while it was in doubt.
        raise SealExpired
    return unseal(change.sealed_password, change.pk) if change.sealed_password else None


def _begin(change: Change) -> Attempt:
    """Committed before the first byte goes out, so that no call is ever forgotten."""
    with transaction.atomic():
        name, now = settling.touch(change), clock.now()
        deadline = now + timedelta(seconds=settings.DISTRIBUTOR_DEADLINE)
        attempt = Attempt(
            change=change,
            n=next_number(change) if change.claim > 1 else 1,
            request=frozen_request(change, name),
            begun_at=now,
            deadline=deadline,
        )
        row.insert(attempt)
        mine(
            change,
            state=Change.State.SENDING,
            attempts=change.attempts + 1,
            lease_until=deadline + MARGIN,
        )
    return attempt


def _call(
    change: Change, request: dict[str, Any], password: str | None, ends: float
) -> Answer | DistributorError:
    secrets = {"password": password, "confirm_password": password} if password else {}
    try:
        return distributor().send(
            Operation(change.operation), {**request, **secrets}, deadline_at=ends
        )
    except DistributorError as error:
        return error
