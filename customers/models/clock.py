"""One clock for leases, due times and readings: the database's, whatever the hosts believe."""

import time
from datetime import UTC, datetime, timedelta

from django.db import connection

# Seconds for which a reading is carried on by counting, and that it may have taken.
CARRIED, PROMPT = 1.0, 0.05
# Unlike the monotonic clock it counts on while the machine sleeps.
COUNTER = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

_read = (float("-inf"), datetime.min.replace(tzinfo=UTC))


def now() -> datetime:
    """The database's time; asked for once a second at most, since every step needs it."""
    global _read  # noqa: PLW0603 (all threads may share it)
    if connection.vendor != "postgresql":
        return datetime.now(UTC)  # SQLite lives in this process, its clock is ours.
    asked_at = time.clock_gettime(COUNTER)
    read_at, moment = _read
    if asked_at - read_at < CARRIED:
        return moment + timedelta(seconds=asked_at - read_at)
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        row: tuple[datetime] = cursor.fetchone()
    (moment,) = row
    # A process that was stopped meanwhile must not carry on what was true before.
    if time.clock_gettime(COUNTER) - asked_at < PROMPT:
        _read = (asked_at, moment)
    return moment
