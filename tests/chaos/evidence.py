"""What is left when a run is over: rows of the database, accounts and calls of the distributor."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from customers.distributor.rules import ROW_FIELDS
from customers.sandbox.store import Store
from tests.chaos.load import Told
from tests.chaos.plan import PASSWORD, Plan
from tests.chaos.stage import Stage
from tests.leaks import kept, places

Row = dict[str, Any]

COMPARED = (*ROW_FIELDS, "company", "package", "whitelabel", "website_access")
CUSTOMERS = f"SELECT id, status, {', '.join(COMPARED)} FROM customers_customer ORDER BY id"
CHANGES = """
    SELECT id, customer_id, seq, operation, state, error, lost, rounds, attempts,
           sealed_password IS NOT NULL AS sealed
    FROM customers_change ORDER BY customer_id, seq
"""
UNFINISHED = "state IN ('WAITING', 'SENDING', 'IN_DOUBT')"
OPEN_ATTEMPTS = "SELECT count(*) AS number FROM customers_attempt WHERE outcome = ''"
DECISIONS = "SELECT count(*) AS number FROM customers_decision"
SWITCHES = ("active", "website_access")


@dataclass(frozen=True)
class Evidence:
    """`calls` are the distributor's record, `accounts` those that are open over there."""

    plan: Plan
    history: list[Told]
    changes: list[Row]
    customers: list[Row]
    accounts: list[Row]
    calls: list[Row]
    others: set[str] = field(default_factory=set)  # names that were there before the run
    secrets: set[str] = field(default_factory=set)  # places in which a password was found
    open_attempts: int = 0


@contextmanager
def database(url: str) -> Iterator[Any]:
    """Something to execute on, whose rows are dictionaries."""
    if url.startswith("postgres"):
        with psycopg.connect(url, row_factory=dict_row, connect_timeout=5) as connection:
            yield connection
    else:
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=20)) as connection:
            connection.row_factory = lambda cursor, row: dict(
                zip((it[0] for it in cursor.description), row, strict=True)
            )
            yield connection


def ask(stage: Stage, question: str) -> list[Row]:
    with database(stage.installed.settings()["DATABASE_URL"]) as connection:
        return list(connection.execute(question).fetchall())


def unfinished(stage: Stage) -> int:
    return ask(stage, f"SELECT count(*) AS number FROM customers_change WHERE {UNFINISHED}")[0][
        "number"
    ]


def blocked(stage: Stage) -> dict[UUID, str]:
    """What waits for a person, and why."""
    rows = ask(stage, "SELECT * FROM customers_change WHERE state = 'BLOCKED'")
    return {UUID(str(row["id"])): f"{row['operation']}, {row['error']}" for row in rows}


def collect(stage: Stage, plan: Plan, history: list[Told], others: set[str]) -> Evidence:
    """While everything still runs, and nothing is on its way any more."""
    customers = ask(stage, CUSTOMERS)
    changes = ask(stage, CHANGES)
    for row in changes:
        row["id"], row["sealed"] = str(UUID(str(row["id"]))), bool(row["sealed"])
    for row in customers:
        # SQLite knows no truth values.
        row |= {name: row[name] if row[name] is None else bool(row[name]) for name in SWITCHES}
    with _store(stage.folder / "sandbox.sqlite3") as store:
        accounts = [account for batch in store.search({}) for account in batch]
        calls = store.recorded()
    return Evidence(
        plan,
        history,
        changes,
        customers,
        accounts,
        calls,
        others,
        places(kept(stage.installed), [PASSWORD]),
        ask(stage, OPEN_ATTEMPTS)[0]["number"],
    )


@contextmanager
def _store(path: Path) -> Iterator[Store]:
    store = Store(path)
    try:
        yield store
    finally:
        store.close()


def written(evidence: Evidence) -> str:
    """For a person who looks for the reason of a finding."""
    told = [
        {"asked": str(it.asked), "change": it.change, "tries": it.tries, "refusal": it.refusal}
        for it in evidence.history
    ]
    kept = {name: getattr(evidence, name) for name in ("changes", "customers", "accounts", "calls")}
    return json.dumps({"history": told, **kept}, default=str, indent=1)
