"""One reading of a list in a process of its own: `python -m bench.reading ours|first|steady URL`.

`first` and `steady` are the floors: the same parser, one COPY, one statement, psycopg and nothing
else. Prints what it took as JSON: seconds, seconds of processor time here and in the database's
process, the peak of this process's memory in MiB, and what came of it.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from operator import itemgetter
from pathlib import Path
from urllib.request import urlopen

import psycopg

from customers.distributor import lists
from customers.distributor.rules import ROW_FIELDS, fold

TEXTS = [field for field in ROW_FIELDS if field != "active"]
COLUMNS = ("key", *TEXTS, "active")
PIECE = 64 * 1024

TABLE = (
    f"CREATE UNLOGGED TABLE floor ({', '.join(f'{it} text' for it in COLUMNS[:-1])}, active bool)"
)
SHOWN = ", ".join(COLUMNS[1:])
MERGE = {
    "first": f"""
        WITH new AS (SELECT nextval('customers_customer_id_seq') AS id, * FROM floor),
        names AS (
            INSERT INTO customers_username (key, name, customer_id, state, since)
            SELECT key, username, id, 'LIVE', now() FROM new
        )
        INSERT INTO customers_customer (id, {SHOWN}, status, origin, created_at, seen_at)
        SELECT id, {SHOWN}, 'LIVE', 'distributor', now(), now() FROM new
    """,
    "steady": f"""
        UPDATE customers_customer AS c
        SET {", ".join(f"{it} = f.{it}" for it in COLUMNS[1:])}, seen_at = now()
        FROM floor AS f JOIN customers_username AS u ON u.key = f.key
        WHERE c.id = u.customer_id
          AND ({", ".join(f"c.{it}" for it in COLUMNS[1:])})
              IS DISTINCT FROM ({", ".join(f"f.{it}" for it in COLUMNS[1:])})
    """,
}


def main(what: str, url: str) -> None:
    told = ours(url) if what == "ours" else timed(lambda: floor(what, url))
    print(json.dumps(told | {"peak": peak()}))


def timed(work: Callable[[], dict[str, object]]) -> dict[str, object]:
    begun, used = time.monotonic(), time.process_time()
    told = work()
    return told | {"seconds": time.monotonic() - begun, "client": time.process_time() - used}


def peak() -> float:
    """Of this process alone; getrusage() counts what the one that started it had, too."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def ours(url: str) -> dict[str, object]:
    import django

    django.setup()
    from django.conf import settings

    settings.DISTRIBUTOR_URL = url
    return timed(refreshed)


def refreshed() -> dict[str, object]:
    from django.db import connection

    from customers.services import mirror

    reading = mirror.refresh()
    fields = ("verdict", "problem", "listed", "adopted", "updated", "equal", "left", "absent")
    told = {field: str(getattr(reading, field)) for field in fields}
    if connection.vendor == "postgresql":
        told["server"] = processor_time(connection.connection.info.backend_pid)
    return told


def floor(what: str, url: str) -> dict[str, object]:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as db:
        db.execute("DROP TABLE IF EXISTS floor")
        db.execute(TABLE)
        with db.cursor().copy(f"COPY floor ({', '.join(COLUMNS)}) FROM STDIN") as copy:
            fill(copy.write_row, url)
        db.execute("ANALYZE floor")
        written = db.execute(MERGE[what]).rowcount
        db.execute("DROP TABLE floor")
        return {"written": written, "server": processor_time(db.info.backend_pid)}


def fill(write: Callable[[tuple[object, ...]], None], url: str) -> None:
    texts = itemgetter(*TEXTS)
    for row in lists.rows(pieces(url), "json"):
        write((fold(row["username"]), *texts(row), row["active"] == "true"))


def pieces(url: str) -> Iterator[bytes]:
    with urlopen(f"{url}/distributor.manage.json", b"task=get", timeout=60) as reply:
        while piece := reply.read(PIECE):
            yield piece


def processor_time(pid: int) -> float:
    """Of a process of the database, in seconds."""
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main(*sys.argv[1:])
