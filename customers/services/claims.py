"""Whose is a change? Claimed by one conditional UPDATE, held by a lease, fenced by a number."""

import logging
import time
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from customers.distributor.rules import Operation
from customers.models import Attempt, Change, Customer, clock, row
from customers.services import rate

logger = logging.getLogger(__name__)

MARGIN = timedelta(seconds=10)  # what a lease has left when its call must have ended


# What is due: what waits, and not for the distributor to forget a late call, or is in doubt, or was
# left by a lost worker; the first in its customer's line, and nobody's by a lease. Not by NOT
# EXISTS, nor by `seq =`: PostgreSQL would take such ones for rare, and read and sort all that is
# open instead of walking along the index until it has one.
DUE = """
    FROM customers_change due
    WHERE due.settled_at IS NULL AND due.state <> 'BLOCKED' AND due.due_at <= %(now)s
      AND (due.lease_until IS NULL OR due.lease_until <= %(now)s)
      AND due.seq <= (
        SELECT line.seq FROM customers_change line
        WHERE line.settled_at IS NULL AND line.customer_id = due.customer_id
        ORDER BY line.seq LIMIT 1)
      AND (due.state <> 'WAITING' OR %(now)s >= (
        SELECT COALESCE(quiet_until, %(now)s) FROM customers_customer WHERE id = due.customer_id))
"""
# Of anybody, those at the head of their lines alone: whoever stands behind another is marked as
# such, or a claim would look at each of the thousands behind one that is blocked. The mark is for
# speed; what it lacks or has too much is no danger, see bring_forward and mend.
OF_ANYBODY = "AND NOT due.is_behind"
OF_ONE = "AND due.customer_id = %(customer)s"
# One statement, since every change pays for it.
CLAIM = f"""
    UPDATE customers_change
    SET claim = claim + 1,
        lost = lost + CASE WHEN lease_until IS NULL THEN 0 ELSE 1 END,
        lease_until = %(lease_until)s
    WHERE id = (SELECT due.id {DUE} {{whose}} ORDER BY due.due_at LIMIT 1 {{for_update}})
    RETURNING {row.columns(Change)}
"""  # noqa: S608 (a text of our own)
# Who comes at the same moment takes the next one. SQLite lets one write at a time anyway.
FOR_UPDATE = {"postgresql": "FOR UPDATE OF due SKIP LOCKED", "sqlite": ""}

# What is locked is passed over and left to mend: keys are rotated without the customer's lock.
BRING_FORWARD = """
    UPDATE customers_change SET is_behind = FALSE
    WHERE is_behind AND id = (
        SELECT due.id FROM customers_change due
        WHERE due.settled_at IS NULL AND due.customer_id = %(customer)s
        ORDER BY due.seq LIMIT 1 {for_update})
"""
# From one line to the next by the index, however many stand in it.
FORGOTTEN = """
    SELECT * FROM customers_change WHERE is_behind AND id IN (
        WITH RECURSIVE lines (customer) AS (
            SELECT * FROM (SELECT customer_id FROM customers_change
                           WHERE settled_at IS NULL AND is_behind
                           ORDER BY customer_id, seq LIMIT 1) first
            UNION ALL
            SELECT (SELECT customer_id FROM customers_change
                    WHERE settled_at IS NULL AND is_behind AND customer_id > customer
                    ORDER BY customer_id, seq LIMIT 1)
            FROM lines WHERE customer IS NOT NULL)
        SELECT (SELECT id FROM customers_change
                WHERE settled_at IS NULL AND customer_id = customer ORDER BY seq LIMIT 1)
        FROM lines)
"""


class FencedOffError(Exception):
    """Somebody else has the change meanwhile; nothing was written."""


def claim(customer: int | None = None) -> Change | None:
    """Make a due change ours (of one customer, or of all), or find that there is none.

    Whoever held it until now, and let its lease expire, writes nothing any more: the number is
    raised, and every write tests it.
    """
    now = clock.now()
    whose = OF_ANYBODY if customer is None else OF_ONE
    sql = CLAIM.format(whose=whose, for_update=FOR_UPDATE[connection.vendor])
    values = {"now": now, "lease_until": now + settings.LEASE, "customer": customer}
    change = row.fetch(Change, sql, values)
    if change and change.state == Change.State.SENDING:
        _take_as_lost(change, now)
    return change


def _take_as_lost(change: Change, now: datetime) -> None:
    """What its last worker did with it is not known. Dies here who does, the next one goes on."""
    with transaction.atomic():
        lock_customer(change)
        mine(change, state=Change.State.IN_DOUBT)
        for attempt in change.sends.filter(outcome=""):
            attempt.outcome, attempt.ended_at = Attempt.Outcome.LOST, now
            attempt.conclusion = _(
                "The worker did not come back. Whether it was executed is unknown."
            )
            attempt.save()
        # It may have written down by itself, a moment ago, that nobody knows.
        if last := change.sends.perhaps_executed().first():
            keep_quiet(change, last)


def mine(change: Change, *, returning: str = "id", **values: Any) -> tuple[Any, ...]:
    """Write to the change while it is ours and as we know it; FencedOffError otherwise."""
    held = {"id": change.pk, "claim": change.claim, "state": change.state}
    found = row.update(Change, held, values, returning)
    if found is None:
        raise FencedOffError
    # Nobody else writes to it: this is what stands there now.
    for name, value in values.items():
        setattr(change, name, value)
    return found


def bring_forward(customer: int) -> None:
    """One of theirs has ended: the next one stands at the head of the line now.

    Call it in the transaction that ended the other, with the customer locked: so whoever asks
    for one more sees the same line.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            BRING_FORWARD.format(for_update=FOR_UPDATE[connection.vendor]), {"customer": customer}
        )


def mend() -> None:
    """Bring forward whoever was forgotten, as by a worker of an older version."""
    forgotten = list(Change.objects.raw(FORGOTTEN))
    for change in forgotten:
        bring_forward(change.customer_id)
    if forgotten:
        logger.warning("changes at the head of their lines that no claim saw: %s", len(forgotten))


def lock_customer(change: Change) -> None:
    """The first lock of every transaction that writes a change and its customer: no deadlock.

    So is settling.touch().
    """
    Customer.objects.select_for_update().values("pk").get(pk=change.customer_id)


def await_turn(change: Change, seconds: float = 0) -> bool:
    """Wait until we may call; whether calls fail by now.

    The lease outlives that and the `seconds` that a look may take; a call that changes something
    brings its own lease, see begin.
    """
    wait, is_failing = rate.turn()
    if wait or seconds:
        mine(change, lease_until=clock.now() + timedelta(seconds=wait + seconds) + MARGIN)
    time.sleep(wait)
    return is_failing


def give_back(change: Change) -> None:
    """Nothing was done; it is as due as before."""
    mine(change, lease_until=None)


def keep_quiet(change: Change, attempt: Attempt) -> None:
    """Nothing further for this customer while the attempt may still be executed."""
    until = attempt.deadline + settings.SETTLE_TIME
    Customer.objects.filter(pk=change.customer_id).update(quiet_until=until)


def next_number(change: Change) -> int:
    return (change.attempt_set.aggregate(last=Max("n"))["last"] or 0) + 1


def frozen_request(change: Change, name: str | None = None) -> dict[str, Any]:
    """What goes out, less the password: fixed by the first attempt, read from it ever after.

    The name to send is read when that begins, so a rename ahead in the line is followed; `name`
    if it was just read.
    """
    first = change.sends.last() if change.attempts else None
    if first:
        return dict(first.request)
    if change.operation == Operation.CREATE:
        return dict(change.params)
    if name is None:
        name = Customer.objects.values_list("username", flat=True).get(pk=change.customer_id)
    return {"user": name, **change.params}
