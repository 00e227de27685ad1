"""What claiming one change costs while 100,000 wait, beside the least that it could cost.

The floor is a bare SELECT .. LIMIT 1 and an UPDATE by primary key with the same driver. Both are
taken in turns, and what was claimed is settled in between, as a worker would.
"""

import argparse
import subprocess
import sys
import time
from datetime import timedelta

from django.db.models import F, OuterRef, Subquery

from bench.surroundings import ENGINES, surroundings
from bench.tables import milliseconds, percentile, print_table

LEAST = """
    SELECT id FROM customers_change WHERE settled_at IS NULL AND NOT is_behind
    ORDER BY due_at LIMIT 1
"""
GOAL = {"postgresql": 0.020, "sqlite": 0.050}


def main() -> None:
    options = arguments()
    if options.engine:
        with surroundings(options.engine):
            measure(options)
        return
    for engine in ENGINES:
        words = ["-m", "bench.claims", "--engine", engine, *sys.argv[1:]]
        subprocess.run([sys.executable, *words], check=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=ENGINES, help="one of them alone")
    parser.add_argument("--waiting", type=int, default=100_000)
    parser.add_argument("--settled", type=int, default=500_000, help="that lie behind them")
    parser.add_argument("--lane", type=int, default=100, help="changes of a customer with many")
    parser.add_argument("--claims", type=int, default=1000)
    parser.add_argument("--sql", action="store_true", help="print the plans of the statements")
    return parser.parse_args()


def measure(options: argparse.Namespace) -> None:
    from bench import filling
    from customers.models import Change

    half, lanes = options.waiting // 2, options.waiting // 2 // options.lane
    first = filling.customers(half + lanes)
    long = first + half
    filling.changes(first, half, lane=options.settled // half, state="DONE", hours_ago=100)
    filling.changes(first, half, seq=1000)
    filling.changes(long, lanes, lane=options.lane, seq=1000)
    filling.analyze()
    if options.sql:
        print_plans(long)
    rows = [
        ("of one with a long line", *timed(list(range(long, long + lanes)))),
        ("of anybody", *timed([None] * options.claims)),
    ]
    line = Change.objects.open().filter(customer=OuterRef("customer")).order_by("seq")
    behind = Change.objects.open().filter(customer__gte=long)
    behind.filter(seq=Subquery(line.values("seq")[:1])).update(state="BLOCKED")
    rows.append((f"{lanes} long lines are blocked", *timed([None] * options.claims)))
    behind.update(due_at=F("due_at") - timedelta(hours=1))
    rows.append(("... and older than all the rest", *timed([None] * 100)))
    report(options.engine, rows)


def report(engine: str, rows: list[tuple[str, list[float], list[float]]]) -> None:
    from customers.models import Change

    waiting, goal = Change.objects.open().count(), GOAL[engine]
    print_table(
        f"{engine}: {waiting:,} open changes of {Change.objects.count():,}",
        ["claim", "p50", "p99", "floor p50", "floor p99", "ratio", "goal of p99"],
        [
            (
                what,
                *(milliseconds(percentile(ours, part)) for part in (0.5, 0.99)),
                *(milliseconds(percentile(floor, part)) for part in (0.5, 0.99)),
                f"{percentile(ours, 0.5) / percentile(floor, 0.5):.1f}",
                f"{milliseconds(goal)} {'met' if percentile(ours, 0.99) <= goal else 'missed'}",
            )
            for what, ours, floor in rows
        ],
    )


def timed(whose: list[int | None]) -> tuple[list[float], list[float]]:
    """The seconds of each claim, and of each floor."""
    from customers.models import Change, clock
    from customers.services.claims import bring_forward, claim

    ours, floor = [], []
    for customer in whose:
        begun = time.perf_counter()
        change = claim(customer)
        ours.append(time.perf_counter() - begun)
        assert change, f"nothing was due of {customer}"
        floor.append(bare())
        Change.objects.filter(pk=change.pk).update(state="DONE", settled_at=clock.now())
        bring_forward(change.customer_id)
    return ours, floor


def bare() -> float:
    from django.db import connection

    begun = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(LEAST)
        (pk,) = cursor.fetchone()
        cursor.execute("UPDATE customers_change SET rounds = rounds WHERE id = %s", [pk])
    return time.perf_counter() - begun


def print_plans(customer: int) -> None:
    from django.db import transaction

    from customers.services.claims import claim
    from tests.integration.plans import plans_of

    for whose in (None, customer + 1):
        with transaction.atomic():
            for sql, plan in plans_of(lambda whose=whose: claim(whose)):
                print(sql, plan, sep="\n")
            transaction.set_rollback(True)


if __name__ == "__main__":
    main()
