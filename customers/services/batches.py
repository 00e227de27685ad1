"""Much that is written, in transactions so short that nobody waits long for one of them."""

import time
from collections.abc import Callable, Sequence

from django.db import connection, transaction

# Seconds that a transaction is to last: it may well take thrice as long where rows are dearer than
# those before. On SQLite it holds up every writer.
HELD = 0.05
# Whoever waits for SQLite's lock does not stand in line, but looks again after up to 25 ms,
# later after 100: so long nobody has it.
PAUSE = 0.025
# Never fewer than at first: what a batch costs by itself, on a busy machine, would leave one row
# in each. (`most` may be less.)
FIRST, MOST = 50, 10_000


def in_batches(
    rows: Sequence[int],
    write: Callable[[Sequence[int]], object],
    *,
    first: int | None = None,
    most: int = MOST,
) -> None:
    """Each batch in a transaction of its own, as large as the time that the one before it took."""
    at, size = 0, min(first or FIRST, most)
    while at < len(rows):
        batch = rows[at : at + size]
        with transaction.atomic():
            begun = time.monotonic()
            write(batch)
            took = time.monotonic() - begun
        at += len(batch)
        size = min(max(FIRST, _next_size(len(batch), took)), most)
        if connection.vendor == "sqlite":
            time.sleep(PAUSE)


def _next_size(size: int, took: float) -> int:
    """At most twice as many, since the first few of a kind say little about the others."""
    return round(size * min(2.0, HELD / max(took, 1e-6)))
