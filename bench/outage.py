"""Half an hour without the distributor while 2,000 changes wait, and what follows when it is back.

Time is scaled: `--scale` 60 makes half a minute of it. The breaker's first pause and the time
between two rounds of a worker that found nothing are divided by it; the rate of calls is not, nor
is anything else. The outage answers HTTP 503, so that the sandbox can count who asks. Workers are
threads that do what `manage.py deliver --forever` does.
"""

import argparse
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.surroundings import ENGINES, surroundings
from bench.tables import print_table

MINUTES = 30
MOST_CALLS = 70
FULL = 0.9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=ENGINES, default="postgresql")
    parser.add_argument("--changes", type=int, default=2000)
    parser.add_argument("--scale", type=float, default=60)
    parser.add_argument("--rate", type=float, default=20)
    parser.add_argument("--workers", type=int, default=8)
    options = parser.parse_args()
    control = "control@navy.example"
    settings = {
        "DISTRIBUTOR_RATE": str(options.rate),
        "DISTRIBUTOR_CONTROL": control,
        "BREAKER_PAUSE": str(30 / options.scale),
        "SETTLE_TIME": str(60 / options.scale),
    }
    with surroundings(options.engine, **settings):
        from customers.sandbox.server import Sandbox

        logging.disable(logging.WARNING)
        with Sandbox() as sandbox:
            sandbox.add_account(username=control)
            measure(options, sandbox)


def measure(options: argparse.Namespace, sandbox: "Sandbox") -> None:  # noqa: F821
    from bench import filling
    from customers.models import Change

    first = filling.customers(options.changes)
    filling.changes(first, options.changes)
    filling.analyze()
    for username in Change.objects.values_list("customer__username", flat=True):
        sandbox.add_account(username=username, active=False)
    sandbox.faults.add("503", times=10**9)
    with workers(options, sandbox.url):
        time.sleep(MINUTES * 60 / options.scale)
        during = len(sandbox.calls)
        sandbox.faults.clear()
        while Change.objects.unfinished().exists():
            time.sleep(0.2)
    report(options, during, [call for call in sandbox.calls if not call.fault])


def report(options: argparse.Namespace, during: int, calls: list["Call"]) -> None:  # noqa: F821
    from customers.models import Change

    states = dict.fromkeys(Change.objects.values_list("state", flat=True).distinct())
    begin = calls[0].at
    sent = [call for call in calls if call.operation == "enable"]
    early = sum(call.at < begin + 1 for call in calls)
    rate = len(sent) / (sent[-1].at - begin)
    print_table(
        f"{options.engine}: {MINUTES} minutes of outage, {options.scale:g} times as fast, "
        f"{options.changes} changes; {options.rate:g} calls a second are allowed",
        ["what", "measured", "goal"],
        [
            ("calls during the outage", during, f"<= {MOST_CALLS}"),
            ("calls in the first second after", early, f"<= {options.rate:g}"),
            ("changes sent a second", f"{rate:.1f}", f">= {FULL * options.rate:g}"),
            ("states afterwards", ", ".join(states), "DONE"),
            ("executed", sum(call.executed for call in sent), options.changes),
        ],
    )


@contextmanager
def workers(options: argparse.Namespace, url: str) -> Iterator[None]:
    from django.conf import settings
    from django.db import connection

    from customers.management.commands.deliver import POLL
    from customers.services.delivery import deliver_due

    settings.DISTRIBUTOR_URL = url
    ended = threading.Event()

    def work() -> None:
        while not ended.is_set():
            if not deliver_due(seconds=1):
                ended.wait(POLL / options.scale)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(options.workers)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main()
