"""How long a change takes to be settled whose worker was killed in the middle of its call.

All constants are the real ones: deadline 20 s, settle time 60 s, lease 30 s. Each round asks for
creations, waits until all of them are at the distributor, of which every other one executes its
call, and kills the worker by signal 9. As `make run` has it, another one comes five seconds later.
"""

import argparse
import logging
import os
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from bench.surroundings import ENGINES, surroundings
from bench.tables import percentile, print_table
from reseller.processes import PAUSE, Child, Group
from tests.installation import eventually

CONTROL = "control@navy.example"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=ENGINES, default="postgresql")
    parser.add_argument("--changes", type=int, default=40, help="in flight at once")
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    with ExitStack() as stack:
        stack.enter_context(surroundings(options.engine, DISTRIBUTOR_CONTROL=CONTROL))
        from customers.sandbox.server import Sandbox

        logging.disable(logging.WARNING)
        sandbox = stack.enter_context(Sandbox())
        sandbox.add_account(username=CONTROL)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        group = Group()
        stack.callback(group.stop)
        worker = worker_of(options.changes, sandbox.url, folder)
        group.start(worker)
        for number in range(options.rounds):
            killed(sandbox, worker, number, options.changes)
        report(options, sandbox)


def worker_of(number: int, url: str, folder: Path) -> Child:
    words = f"-m celery -A reseller worker --beat -l warning -Q celery -P threads -c {number} -s"
    command = [sys.executable, *words.split(), folder / "schedule"]
    return Child("worker", command, folder / "worker.log", env={"DISTRIBUTOR_URL": url})


def killed(sandbox: "Sandbox", worker: Child, number: int, changes: int) -> None:  # noqa: F821
    """One round; `killed_at` of each change is kept in its reason."""
    from customers.models import Change
    from customers.services.changes import create
    from tests.integration.steps import ADA

    before = len(sandbox.calls)
    for n in range(changes):
        sandbox.faults.add(("slow", "hang")[n % 2], operation="create", seconds=120)
    for n in range(changes):
        name = f"c{number}-{n}@navy.example"
        create(params=ADA | {"username": name}, password="difference-engine")
    eventually(lambda: len(sandbox.calls) >= before + changes, "all calls are under way", 15)
    os.killpg(worker.pid, signal.SIGKILL)
    Change.objects.unfinished().update(reason=str(time.time()))
    worker.process.wait()
    time.sleep(PAUSE)
    worker.launch()
    eventually(lambda: not Change.objects.unfinished().exists(), "all is settled", 300)


def report(options: argparse.Namespace, sandbox: "Sandbox") -> None:  # noqa: F821
    from customers.models import Change

    rows = []
    for what, sends in (("executed", 1), ("not executed", 2), ("all", None)):
        found = Change.objects.filter(attempts=sends) if sends else Change.objects.all()
        seconds = [it.settled_at.timestamp() - float(it.reason) for it in found if it.settled_at]
        done = found.filter(state="DONE").count()
        times = (
            [f"{percentile(seconds, part):.1f} s" for part in (0.5, 0.99, 1)]
            if seconds
            else [""] * 3
        )
        rows.append([what, found.count(), f"{done / max(1, found.count()):.1%}", *times])
    rows.append(["goal", "", ">= 99.9%", "<= 45 s", "<= 90 s", ""])
    accounts = [it["username"] for it in sandbox.accounts() if it["username"] != CONTROL]
    assert len(accounts) == len(set(accounts)) == Change.objects.count(), "one account each"
    print_table(
        f"{options.engine}: {options.rounds} x {options.changes} creations, their worker killed "
        "in the middle of the call; from the kill until settled",
        ["call", "changes", "without a person", "p50", "p99", "longest"],
        rows,
    )


if __name__ == "__main__":
    main()
