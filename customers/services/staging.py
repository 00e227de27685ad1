"""The staging table: a whole list as it was read, before anything of it counts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from operator import itemgetter
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Min, Q, QuerySet

from customers.distributor.lists import Row
from customers.distributor.rules import ROW_FIELDS, fold
from customers.models import Listed, Refresh
from customers.models.listed import SHOWN
from customers.services.batches import in_batches

# Rows between two signs of life, and of a transaction on SQLite, where it holds up every writer.
COPIED, INSERTED = 5_000, 1_000
# The memory is of the database, for the one reading that runs: it may take a few times as much.
AT_ONE_GO = {"jit": "off", "work_mem": "'64MB'", "cursor_tuple_fraction": "1.0"}
Verdict = Refresh.Verdict

TRUE = frozenset({"true", "1"})
COLUMNS = ("refresh_id", "key", *SHOWN)
FLAGS = frozenset({"active", "website_access"})
# Binary, for which the types must be said: half the work of writing it as text.
COPY = f"COPY customers_listed ({', '.join(COLUMNS)}) FROM STDIN (FORMAT BINARY)"
TYPES = ["int8", "text", *("bool" if it in FLAGS else "text" for it in SHOWN)]
INSERT = (
    f"INSERT INTO customers_listed ({', '.join(COLUMNS)}) "  # noqa: S608 (our own names)
    f"VALUES ({', '.join(['%s'] * len(COLUMNS))})"
)
_fields = itemgetter(*ROW_FIELDS)


def fill(reading: Refresh, rows: Iterator[Row]) -> Iterator[int]:
    """Stage the rows, all of them; says after each batch how many it had."""
    values = ((reading.pk, fold(row["username"]), *columns(row)) for row in rows)
    write, size = _copy, COPIED
    if connection.vendor != "postgresql":
        write, size = _insert, INSERTED
    while written := write(islice(values, size)):
        yield written


def columns(row: Row) -> tuple[Any, ...]:
    """A row of the list as the columns SHOWN; None for what it does not show."""
    username, email, active, *texts = _fields(row)
    access = row.get("website_access")
    return (
        username,
        email,
        active in TRUE,
        *texts,
        None if access is None else access in TRUE,
        row.get("address2"),
        row.get("id"),
    )


def _copy(rows: Iterator[tuple[Any, ...]]) -> int:
    """As they come: the server writes some while others are read."""
    with transaction.atomic(), connection.cursor() as cursor:
        with cursor.copy(COPY) as copy:
            copy.set_types(TYPES)
            for row in rows:
                copy.write_row(row)
        return int(cursor.rowcount)


def _insert(rows: Iterator[tuple[Any, ...]]) -> int:
    batch = list(rows)  # Read before the transaction begins, which must not wait for the line.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(INSERT, batch)
    return len(batch)


def is_whole(reading: Refresh) -> bool:
    """Whether all that was read is there still; it may be gone with a crash of the database."""
    return Listed.objects.filter(refresh=reading).count() == reading.listed


def analyze() -> None:
    """Tell PostgreSQL what has come; it would take a million rows for some thousands."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE customers_listed")


@contextmanager
def at_one_go() -> Iterator[None]:
    """For statements over all that is staged, of which every row is wanted, and soon.

    PostgreSQL would compile each for seconds, sort a million names on the disk, and choose a way
    that has the first rows early, since they are fetched by a cursor.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        for setting, value in AT_ONE_GO.items():
            cursor.execute(f"SET LOCAL {setting} = {value}")
        yield


def clear(ended: Refresh) -> None:
    """Forget what is staged up to that reading, but for one that a person may still apply."""
    kept = Q(refresh_id__gt=ended.pk) | Q(refresh_id__in=_of_use())
    if connection.vendor == "postgresql" and _emptied(unless=kept):
        return
    done = Listed.objects.exclude(kept)
    span = done.aggregate(first=Min("pk"), last=Max("pk"))
    if span["first"] is not None:
        rows = range(span["first"], span["last"] + 1)
        in_batches(rows, lambda some: _drop(done, some), first=INSERTED)


def _drop(done: QuerySet[Listed], some: Sequence[int]) -> None:
    done.filter(pk__gte=some[0], pk__lte=some[-1]).delete()


def _emptied(*, unless: Q) -> bool:
    """At once, where nothing has to stay; a reading that begins meanwhile waits for that."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE customers_listed")
        stays = Listed.objects.filter(unless).exists()
        if not stays:
            cursor.execute("TRUNCATE customers_listed")
    return not stays


def _of_use() -> list[int]:
    """The reading that runs, and the last that was judged if it was quarantined."""
    running = list(Refresh.objects.filter(verdict=Verdict.RUNNING).values_list("pk", flat=True))
    judged = Refresh.objects.exclude(verdict__in=(Verdict.RUNNING, Verdict.FAILED))
    last = judged.order_by("-started_at").first()
    return [*running, last.pk] if last and last.verdict == Verdict.QUARANTINED else running
