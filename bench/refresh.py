"""What a refresh costs with 10,000 to a million customers, beside the least that it could cost.

Each reading is a process of its own (bench/reading.py), since its peak of memory is measured. The
floors are taken just before, on the same tables: the same parser, one COPY, one statement. While
ours runs, a second connection updates one customer all the time; its longest wait is the longest
lock, or the longest that the machine had no processor for it.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench import plot
from bench.surroundings import ENGINES, surroundings
from bench.tables import print_table
from reseller.ports import answers, free_port
from reseller.processes import Child, Group

SIZES = [10_000, 100_000, 1_000_000]
ALTERED = 100  # one in so many
PLOT = Path(__file__).parent.parent / "docs" / "refresh.svg"
HEAD = ["customers", "reading", "time", "floor", "ratio", "processor", "floor", "ratio", "a row"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=ENGINES, help="one of them alone")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--plot", action="store_true", help="draw docs/refresh.svg anew")
    options = parser.parse_args()
    if options.engine:
        with surroundings(options.engine):
            measure(options)
        return
    for engine in ENGINES:
        words = ["-m", "bench.refresh", "--engine", engine, *sys.argv[1:]]
        subprocess.run([sys.executable, *words], check=True)


def measure(options: argparse.Namespace) -> None:
    rows, drawn = [], {}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for size in options.sizes:
            for what, least, took, wait in readings(options.engine, size, Path(folder)):
                assert took["verdict"] == "OK", took
                rows.append(row(size, what, least, took, wait))
                drawn.setdefault(what, []).append((size, processor(took)))
                if least:
                    drawn.setdefault(f"{what}, floor", []).append((size, processor(least)))
    print_table(
        f"{options.engine}: reading a list into the mirror",
        [*HEAD, "peak", "longest lock"],
        rows,
    )
    if options.plot:
        plot.write(PLOT, "Processor time of a refresh, by customers", drawn)


def readings(engine: str, size: int, folder: Path) -> Iterator[tuple[Any, ...]]:
    """What was read, the floor, ours, and the longest that somebody had to wait."""
    from bench import filling, listing

    listing.write(folder / "list.json", size)
    listing.write(folder / "altered.json", size, altered_every=ALTERED)
    with_floor = engine == "postgresql"
    with serving(folder / "list.json") as url:
        empty()
        least = reading("first", url) if with_floor else None
        empty()
        yield "first fill", least, *locked(url, somebody_else())
        filling.analyze()
        least = reading("steady", url) if with_floor else None
        yield "nothing changed", least, *locked(url, first_listed())
    with serving(folder / "altered.json") as url:
        yield "1 % altered", None, *locked(url, first_listed())


def empty() -> None:
    from django.core.management import call_command

    call_command("flush", interactive=False, verbosity=0)


def somebody_else() -> int:
    """A customer whom no list shows, and whom none may speak of for a day.

    Nobody may be missing: the server of the list would answer a look by name with all of it.
    """
    from bench import filling
    from customers.models import clock

    return filling.customers(1, touched_at=clock.now() + timedelta(days=1))


def first_listed() -> int:
    from customers.models import Customer

    return Customer.objects.get(username__startswith="0.").pk


def reading(what: str, url: str) -> dict[str, Any]:
    words = [sys.executable, "-m", "bench.reading", what, url]
    said = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(said.splitlines()[-1])


def locked(url: str, customer: int) -> tuple[dict[str, Any], float]:
    """A reading of ours, and the longest that an UPDATE of that customer took meanwhile."""
    from django.db import connection

    from customers.models import Customer

    ended, waits = threading.Event(), [0.0]

    def update() -> None:
        while not ended.is_set():
            begun = time.perf_counter()
            Customer.objects.filter(pk=customer).update(account_manager=None)
            waits.append(time.perf_counter() - begun)
            ended.wait(0.02)
        connection.close()

    thread = threading.Thread(target=update)
    thread.start()
    try:
        return reading("ours", url), max(waits)
    finally:
        ended.set()
        thread.join()


@contextmanager
def serving(path: Path) -> Iterator[str]:
    port, group = free_port(), Group()
    command = [sys.executable, "-m", "bench.listing", str(port), str(path)]
    with ExitStack() as stack:
        stack.callback(group.stop)
        log = path.with_suffix(".log")
        group.start(Child("list", command, log, ready=lambda: answers(port)))
        yield f"http://127.0.0.1:{port}/api"


def row(
    size: int, what: str, least: dict[str, Any] | None, took: dict[str, Any], wait: float
) -> list[str]:
    seconds, used = took["seconds"], processor(took)
    beside = ["", "", f"{used:.1f} s", "", ""]
    if least:
        beside = [
            f"{least['seconds']:.1f} s",
            f"{seconds / least['seconds']:.2f}",
            f"{used:.1f} s",
            f"{processor(least):.1f} s",
            f"{used / processor(least):.2f}",
        ]
    return [
        f"{size:,}",
        what,
        f"{seconds:.1f} s",
        *beside,
        f"{seconds / size * 1e6:.0f} µs",
        f"{took['peak']:.0f} MiB",
        f"{wait * 1000:.0f} ms",
    ]


def processor(told: dict[str, Any]) -> float:
    """Here and in the database's process."""
    return float(told["client"] + told.get("server", 0))


if __name__ == "__main__":
    main()
