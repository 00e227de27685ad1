"""How fast changes are delivered, beside two floors of the same concurrency in the same run.

(a) a loop of requests in threads, (b) a Celery task that posts and nothing else. The distributor
is bench/latency.py, and its clock counts: the calls answered between a tenth and nine tenths of
them, so that neither the start of the workers nor the last idle ones are in it.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redis
import requests

from bench.surroundings import ENGINES, surroundings
from bench.tables import print_table
from reseller.ports import answers, free_port
from reseller.processes import Child, Group
from tests.installation import eventually

PATIENCE = 600
STEPS = 50
FAST = {"DISTRIBUTOR_RATE": "1000000", "DISTRIBUTOR_BURST": "1000000"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=ENGINES, default="postgresql")
    parser.add_argument("--changes", type=int, default=2000)
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--latencies", type=float, nargs="*", default=[5, 50], metavar="MS")
    options = parser.parse_args()
    with surroundings(options.engine, **FAST), ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        bench = Bench(options.changes, options.concurrency, folder)
        stack.callback(bench.group.stop)
        rows = [bench.row(latency) for latency in options.latencies]
        print_table(
            f"{options.engine}: calls a second, {options.concurrency} at once, "
            f"{options.changes} each; {bench.statements():g} statements for each change",
            ["latency", "changes", "(a) loop", "(b) bare task", "of (a)", "of (b)"],
            rows,
        )


class Bench:
    """One distributor and one pool of workers at a time."""

    def __init__(self, number: int, concurrency: int, folder: Path) -> None:
        self.number, self.concurrency, self.folder = number, concurrency, folder
        self.group = Group()

    def row(self, latency: float) -> list[str]:
        ours, loop, task = (
            self.rate(latency, work) for work in (self.changes, self.loop, self.task)
        )
        shares = (f"{ours / loop:.2f}", f"{ours / task:.2f}")
        return [f"{latency:g} ms", *(f"{rate:.0f}/s" for rate in (ours, loop, task)), *shares]

    def rate(self, latency: float, work: Callable[[str], None]) -> float:
        """Calls answered in a second, without the first and the last tenth."""
        with self.distributor(latency) as url:
            work(url)
            times = sorted(answered(url))
        assert len(times) == self.number, f"{len(times)} calls"
        begin, end = len(times) // 10, len(times) * 9 // 10
        return (end - begin) / (times[end] - times[begin])

    @contextmanager
    def distributor(self, latency: float) -> Iterator[str]:
        port = free_port()
        command = [sys.executable, "-m", "bench.latency", str(port), str(latency)]
        log = self.folder / "latency.log"
        self.group.start(Child("latency", command, log, ready=lambda: answers(port)))
        yield f"http://127.0.0.1:{port}/api"
        self.group.stop()

    def loop(self, url: str) -> None:
        from bench import bare

        bare.loop(url, self.number, self.concurrency)

    def task(self, url: str) -> None:
        from bench import bare

        for _ in range(self.number):
            bare.post.delay(url)
        with self.worker("bench.bare", url):
            eventually(lambda: len(answered(url)) >= self.number, "all is posted", PATIENCE)

    def changes(self, url: str) -> None:
        from customers.models import Change
        from customers.tasks import deliver

        first = waiting(self.number)
        for customer in range(first, first + self.number):
            deliver.delay(customer)
        with self.worker("reseller", url):
            eventually(lambda: not Change.objects.unfinished().exists(), "all is done", PATIENCE)
        assert set(Change.objects.values_list("state", "attempts")) == {("DONE", 1)}

    @contextmanager
    def worker(self, app: str, url: str) -> Iterator[None]:
        """It finds all the messages there, and comes without a beat that would send more."""
        words = f"-m celery -A {app} worker -l warning -Q celery -P prefork -c {self.concurrency}"
        log = self.folder / f"{app}.log"
        env = {"DISTRIBUTOR_URL": url, "REMAP_SIGTERM": "SIGQUIT"}
        self.group.start(Child("worker", [sys.executable, *words.split()], log, env=env))
        yield
        self.group.children.pop().stop()
        redis.from_url(os.environ["REDIS_URL"]).flushall()

    def statements(self) -> float:
        """Of a change that is delivered without trouble, BEGIN and COMMIT counted."""
        from django.conf import settings
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        from customers.services.delivery import deliver_due

        waiting(STEPS)
        with (
            self.distributor(0) as settings.DISTRIBUTOR_URL,
            CaptureQueriesContext(connection) as said,
        ):
            assert deliver_due() == STEPS
        return len(said) / STEPS


def waiting(number: int) -> int:
    """So many customers, each with a change that waits; the first one's key."""
    from bench import filling

    first = filling.customers(number)
    filling.changes(first, number)
    filling.analyze()
    return first


def answered(url: str) -> list[float]:
    """When, by the distributor's clock."""
    return list(requests.get(url, timeout=20).json())


if __name__ == "__main__":
    main()
