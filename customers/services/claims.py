"""Whose is a change? Claimed by one conditional UPDATE, held by a lease, fenced by a number."""

import random
import time
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _

from customers.distributor.rules import Operation
from customers.models import Attempt, Change, Customer, clock
from customers.services import rate

MARGIN = timedelta(seconds=10)  # what a lease has left when its call must have ended


# The oldest ones. In whatever order: the workers must not all try the same one first.
CANDIDATES = 20
# What a claim goes by.
FIXED = ("customer", "state", "claim", "lease_until")


class FencedOffError(Exception):
    """Somebody else has the change meanwhile; nothing was written."""


def claim(customer: int | None = None) -> Change | None:
    """Make a due change ours (of one customer, or of all), or find that there is none."""
    now = clock.now()
    due = Change.objects.due(now)
    if customer is not None:
        due = due.filter(customer=customer)
    candidates = list(due.order_by("due_at").only(*FIXED)[:CANDIDATES])
    random.shuffle(candidates)
    for found in candidates:
        if _claim(found, now):
            return Change.objects.get(pk=found.pk)
    return None


def _claim(found: Change, now: datetime) -> bool:
    if found.state != Change.State.SENDING:
        return _raise_claim(found, now, found.state)
    with transaction.atomic():
        lock_customer(found)
        ours = _raise_claim(found, now, Change.State.IN_DOUBT)
        if ours:
            _give_up_attempt(found, now)
    return ours


def _raise_claim(found: Change, now: datetime, state: str) -> bool:
    """If it is as it was found: then it is as due, and as much the first in its line, as it was.

    A second claimer finds the number raised. Whoever held it until now writes without raising
    it, but never the same lease again.
    """
    as_found = Change.objects.filter(
        pk=found.pk, claim=found.claim, state=found.state, lease_until=found.lease_until
    )
    return bool(
        as_found.update(
            claim=F("claim") + 1,
            lost=F("lost") + int(found.lease_until is not None),
            lease_until=now + settings.LEASE,
            state=state,
        )
    )


def _give_up_attempt(change: Change, now: datetime) -> None:
    for attempt in change.sends.filter(outcome=""):
        attempt.outcome, attempt.ended_at = Attempt.Outcome.LOST, now
        attempt.conclusion = _("The worker did not come back. Whether it was executed is unknown.")
        attempt.save()
        keep_quiet(change, attempt)


def mine(change: Change, **values: Any) -> None:
    """Write to the change while it is ours and as we know it; FencedOffError otherwise."""
    held = Change.objects.filter(pk=change.pk, claim=change.claim, state=change.state)
    if not held.update(**values):
        raise FencedOffError
    # Nobody else writes to it: this is what stands there now.
    for name, value in values.items():
        setattr(change, name, value)


def lock_customer(change: Change) -> None:
    """The first lock of every transaction that writes a change and its customer: no deadlock."""
    Customer.objects.select_for_update().values("pk").get(pk=change.customer_id)


def await_turn(change: Change, seconds: float = 0) -> None:
    """Wait until we may call; the lease outlives that and the `seconds` that a look may take.

    A call that changes something brings its own lease, see begin.
    """
    wait = rate.turn()
    if wait or seconds:
        mine(change, lease_until=clock.now() + timedelta(seconds=wait + seconds) + MARGIN)
    time.sleep(wait)


def give_back(change: Change) -> None:
    """Nothing was done; it is as due as before."""
    mine(change, lease_until=None)


def keep_quiet(change: Change, attempt: Attempt) -> None:
    """Nothing further for this customer while the attempt may still be executed."""
    until = attempt.deadline + settings.SETTLE_TIME
    Customer.objects.filter(pk=change.customer_id).update(quiet_until=until)


def next_number(change: Change) -> int:
    return (change.attempt_set.aggregate(last=Max("n"))["last"] or 0) + 1


def frozen_request(change: Change) -> dict[str, Any]:
    """What goes out, less the password: fixed by the first attempt, read from it ever after.

    The name to send is read when that begins, so a rename ahead in the line is followed.
    """
    first = change.sends.last() if change.attempts else None
    if first:
        return dict(first.request)
    if change.operation == Operation.CREATE:
        return dict(change.params)
    name = Customer.objects.values_list("username", flat=True).get(pk=change.customer_id)
    return {"user": name, **change.params}
