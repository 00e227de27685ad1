"""How often may a stranger do something? Counted in the database, so a restart forgets nothing.

A limit of 10/h takes ten within an hour that begins with the first of them. Each scope has a
count of its own, and all of them must allow it: then each counts it, else none does.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address, ip_network
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.crypto import salted_hmac

from customers.distributor.rules import fold
from customers.models import Usage, clock

logger = logging.getLogger(__name__)


class Purpose(StrEnum):
    START = "start"
    RESEND = "resend"
    GUESS = "guess"
    LOOKUP = "lookup"


# By what it is counted, in the order in which rows are locked: the setting, and how many times it.
MAILED = {
    "address": ("SIGNUP_RATE", 1),
    "network": ("SIGNUP_RATE_NETWORK", 1),
    "email": ("SIGNUP_RATE_EMAIL", 1),
    "all": ("SIGNUP_RATE_ALL", 1),
}
LIMITS = {
    Purpose.START: MAILED,
    Purpose.RESEND: MAILED,
    Purpose.GUESS: {
        "address": ("SIGNUP_GUESS_RATE", 1),
        "network": ("SIGNUP_GUESS_RATE", 4),
        "email": ("SIGNUP_GUESS_RATE", 1),
        "all": ("SIGNUP_GUESS_RATE", 50),
    },
    Purpose.LOOKUP: {
        "address": ("SIGNUP_LOOKUP_RATE", 1),
        "network": ("SIGNUP_LOOKUP_RATE", 4),
        "all": ("SIGNUP_LOOKUP_RATE", 50),
    },
}
PERIODS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# What one customer of a provider gets: a house has a /64 at least, an office a /24 or a /56.
HOST, NETWORK = {4: 32, 6: 64}, {4: 24, 6: 56}
# So many rows are deleted at once.
BATCH = 1000

# One statement, so that two at once never take the same last place.
COUNT = """
    INSERT INTO customers_usage (key, count, until) VALUES (%(key)s, 1, %(until)s)
    ON CONFLICT (key) DO UPDATE
    SET count = CASE WHEN customers_usage.until <= %(now)s THEN 1 ELSE customers_usage.count + 1 END,
        until = CASE WHEN customers_usage.until <= %(now)s THEN %(until)s
                ELSE customers_usage.until END
    WHERE customers_usage.until <= %(now)s OR customers_usage.count < %(most)s
    RETURNING count
"""  # noqa: E501


class TooMany(Exception):
    """A limit is reached: `scope` is which (address, network, email, all), until `again_at`."""

    def __init__(self, scope: str, again_at: datetime) -> None:
        super().__init__(scope)
        self.scope = scope
        self.again_at = again_at


@dataclass(frozen=True)
class Limit:
    scope: str
    key: str
    most: int
    period: timedelta


def spend(purpose: Purpose, *, address: str, email: str = "") -> None:
    """Count it, or raise TooMany and count nothing. Not inside of a transaction: rows are locked.

    A flood that is refused costs one reading and writes nothing.
    """
    now, limits = clock.now(), list(_limits(purpose, address, email))
    _check(purpose, limits, now)
    with transaction.atomic():
        for limit in limits:
            if not _count(limit, now):
                raise TooMany(limit.scope, now + limit.period)


def forget() -> int:
    """Delete what counts no more; how many."""
    # What is being counted anew at this moment is left alone: waiting for it could deadlock.
    void = Usage.objects.filter(until__lte=clock.now()).order_by()
    keys = void.select_for_update(skip_locked=True).values("key")[:BATCH]
    return Usage.objects.filter(key__in=keys).delete()[0]


def network(address: str) -> str:
    """The /24 or the /56 that an address lies in; empty if it is none."""
    return _within(address, NETWORK)


def _limits(purpose: Purpose, address: str, email: str) -> Iterator[Limit]:
    who = {
        "address": _within(address, HOST),
        "network": network(address),
        "email": _hidden(email) if email else "",
        "all": "all",
    }
    for scope, (setting, times) in LIMITS[purpose].items():
        if who[scope]:
            number, _slash, period = getattr(settings, setting).partition("/")
            span = timedelta(seconds=PERIODS[period])
            yield Limit(scope, f"{purpose} {scope} {who[scope]}", int(number) * times, span)


def _check(purpose: Purpose, limits: list[Limit], now: datetime) -> None:
    counting = Usage.objects.filter(key__in=[it.key for it in limits], until__gt=now)
    counts = {it.key: it for it in counting}
    for limit in limits:
        found = counts.get(limit.key)
        if found and found.count >= limit.most:
            logger.info("signup: too many of %s by %s", purpose, limit.scope)
            raise TooMany(limit.scope, found.until)


def _count(limit: Limit, now: datetime) -> bool:
    if limit.most < 1:
        return False
    adapted = connection.ops.adapt_datetimefield_value
    values: dict[str, Any] = {
        "key": limit.key,
        "most": limit.most,
        "now": adapted(now),
        "until": adapted(now + limit.period),
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNT, values)
        return cursor.fetchone() is not None


def _within(address: str, bits: dict[int, int]) -> str:
    try:
        ip = ip_address(address)
    except ValueError:
        return ""
    return str(ip_network((ip, bits[ip.version]), strict=False))


def _hidden(email: str) -> str:
    return salted_hmac("customers.limits", fold(email), algorithm="sha256").hexdigest()[:32]
