"""How fast may we call? Every call takes its turn: one rate for all workers, kept in one row.

The generic cell rate algorithm: what is kept is the moment at which all turns that were given out
will have gone by; whoever is further ahead of it than the burst has to wait.
"""

import random
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction

from customers.distributor.errors import Throttled
from customers.models import Gate, clock, row

SLOWED = timedelta(minutes=5)  # half the rate after a 429; a further one extends it
THROTTLED_PAUSE = 60.0  # seconds after a 429 that does not say how long, and some more

# One statement, since every worker waits for this row.
TAKE_TURN = """
    UPDATE customers_gate
    SET turn_at = CASE WHEN turn_at > %(now)s THEN turn_at ELSE %(now)s END
                + CASE WHEN slow_until > %(moment)s THEN 2 ELSE 1 END * %(interval)s
    WHERE id = 1 AND shut_until IS NULL
      AND (throttled_until IS NULL OR throttled_until <= %(moment)s)
    RETURNING turn_at, slow_until > %(moment)s, failures > 0
"""


class Shut(Exception):
    """No call may be made now."""


def turn() -> tuple[float, bool]:
    """Take the next turn to call: the seconds until it comes, and whether calls fail by now.

    Raises Shut. Whoever asks has seen the gate let calls through, so its row is there.
    """
    now = clock.now()
    values = {
        "now": now.timestamp(),
        "moment": connection.ops.adapt_datetimefield_value(now),
        "interval": _interval(),
    }
    found = row.execute(TAKE_TURN, values)
    if found is None:
        raise Shut
    turn_at, is_slow, is_failing = found
    burst = settings.DISTRIBUTOR_BURST * _interval() * (2 if is_slow else 1)
    wait: float = turn_at - burst - now.timestamp()
    return max(0.0, wait), bool(is_failing)


def slow_down(error: Throttled) -> None:
    """A 429: no call for as long as the distributor asks, then half the rate for a while."""
    now = clock.now()
    seconds = error.retry_after
    if seconds is None:
        seconds = THROTTLED_PAUSE * random.uniform(1, 1.2)  # noqa: S311
    until = now + timedelta(seconds=seconds)
    with transaction.atomic():
        gate = Gate.objects.select_for_update().get(pk=1)
        gate.throttled_until = max(gate.throttled_until or until, until)
        gate.slow_until = max(gate.slow_until or until, until + SLOWED)
        gate.save(update_fields=["throttled_until", "slow_until"])


def begin_slowly() -> None:
    """After an outage much waits: no burst, the rate from the first second on."""
    full = clock.now().timestamp() + settings.DISTRIBUTOR_BURST * _interval()
    Gate.objects.filter(pk=1, turn_at__lt=full).update(turn_at=full)


def _interval() -> float:
    return 1 / float(settings.DISTRIBUTOR_RATE)
