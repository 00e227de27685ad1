"""What a person decides about a reading that was put aside: to apply it, or to discard it.

A list that seems broken is believed if it goes on saying the same.
"""

import logging
from itertools import takewhile

from django.contrib.auth.models import User

from customers.models import Refresh, clock

logger = logging.getLogger(__name__)

Verdict = Refresh.Verdict
# So many readings in a row must have been put aside for the same cause and the same names.
AGREE = 3


def agreeing(reading: Refresh) -> int:
    """How many of the latest readings in a row agree with this one, which is the latest; else 0."""
    ended = Refresh.objects.exclude(verdict=Verdict.RUNNING).order_by("-started_at")
    latest = list(ended[:AGREE])
    if not latest or latest[0].pk != reading.pk:
        return 0
    return sum(1 for _it in takewhile(lambda it: _agrees(it, reading), latest))


def _agrees(earlier: Refresh, reading: Refresh) -> bool:
    said = (earlier.verdict, earlier.cause, earlier.digest)
    return said == (Verdict.QUARANTINED, reading.cause, reading.digest)


def may_be_applied(reading: Refresh) -> bool:
    running = Refresh.objects.filter(verdict=Verdict.RUNNING)
    return agreeing(reading) >= AGREE and not running.exists()


def agree_to_apply(reading: Refresh, *, by: User, reason: str) -> bool:
    """Note that it shall be applied; a worker does it. False if it cannot be any more."""
    return may_be_applied(reading) and _decide(reading, by, reason)


def discard(reading: Refresh, *, by: User, reason: str) -> bool:
    """It shall never be applied; False if somebody decided meanwhile."""
    return _decide(reading, by, reason, verdict=Verdict.DISCARDED)


def _decide(reading: Refresh, by: User, reason: str, **columns: str) -> bool:
    waiting = Refresh.objects.filter(pk=reading.pk, verdict=Verdict.QUARANTINED)
    decided = waiting.update(decided_by=by, decided_at=clock.now(), reason=reason, **columns)
    if decided:
        logger.info("refresh %s is decided about by user %s: %s", reading.pk, by.pk, columns)
    return bool(decided)
