"""What the sandbox remembers: one table of accounts in SQLite, in a file or in memory.

All threads share one connection behind one lock. Lists are read batch by batch and the
lock is free in between, so a slow reader holds nobody up.
"""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from customers.distributor.rules import PROFILE_FIELDS, fold

BATCH = 1000

Account = dict[str, Any]

NEW: Account = {
    **dict.fromkeys(("username", "password", "email", *PROFILE_FIELDS), ""),
    **dict.fromkeys(("package", "whitelabel", "billing_date"), ""),
    "ip": [],
    "ip_group": [],
    "free_user": False,
    "active": True,
    "website_access": True,
    "closed": False,
}
COLUMNS = tuple(NEW)
LISTS = ("ip", "ip_group")
FLAGS = ("free_user", "active", "website_access", "closed")

# A closed account keeps its row, and with it its name: that is what burns the name for ever.
SCHEMA = f"""
CREATE TABLE IF NOT EXISTS accounts (
    id INTEGER PRIMARY KEY,
    username_key TEXT NOT NULL UNIQUE,
    {", ".join(f"{name} NOT NULL" for name in COLUMNS)}
)"""
RECORD = "CREATE TABLE IF NOT EXISTS calls (id INTEGER PRIMARY KEY, call TEXT NOT NULL)"
INSERT = (
    f"INSERT INTO accounts (username_key, {', '.join(COLUMNS)}) "  # noqa: S608 (our own names)
    f"VALUES (?{', ?' * len(COLUMNS)})"
)
SELECT = f"SELECT id, {', '.join(COLUMNS)} FROM accounts"  # noqa: S608 (our own names)


class TakenError(Exception):
    """Another account has this name, or had it when it was closed."""


class Store:
    """Accounts by name. Names are compared case-folded."""

    def __init__(self, path: str | Path = ":memory:") -> None:
        if str(path) != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.create_function("fold", 1, fold, deterministic=True)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute(SCHEMA)
        self._db.execute(RECORD)

    @contextmanager
    def whole(self) -> Iterator[None]:
        """One transaction: all of it or, for whoever is killed in it, nothing."""
        with self._lock, self._db:
            self._db.execute("BEGIN")
            yield

    def note(self, number: int, call: Mapping[str, Any]) -> int:
        """Record a call, as a new one (0) or over what is known of it; its number."""
        with self._lock:
            write = "INSERT OR REPLACE INTO calls (id, call) VALUES (?, ?)"
            return int(self._db.execute(write, (number or None, json.dumps(call))).lastrowid or 0)

    def recorded(self) -> list[dict[str, Any]]:
        """All calls that were ever recorded, in the order in which they came."""
        with self._lock:
            rows = self._db.execute("SELECT call FROM calls ORDER BY id").fetchall()
        return [json.loads(call) for (call,) in rows]

    def add(self, account: Mapping[str, Any]) -> None:
        """Raises TakenError; what is not given is as for a new account."""
        with self._lock:
            try:
                self._db.execute(INSERT, _values({**NEW, **_known(account)}))
            except sqlite3.IntegrityError:
                raise TakenError from None

    def add_many(self, accounts: Iterable[Account]) -> None:
        """For accounts whose names are known to be free; each batch whole or not at all."""
        rows = (_values({**NEW, **account}) for account in accounts)
        while batch := list(islice(rows, BATCH)):
            with self._lock, self._db:
                self._db.execute("BEGIN")
                self._db.executemany(INSERT, batch)

    def change(self, username: str, columns: Mapping[str, Any]) -> bool:
        """Whether there is an open account of that name. Raises TakenError."""
        sets = {name: _value(name, value) for name, value in _known(columns).items()}
        # There is always something to set, so that the row count tells what was found.
        sets["username_key"] = fold(columns.get("username", username))
        assignments = ", ".join(f"{name} = ?" for name in sets)
        update = f"UPDATE accounts SET {assignments} WHERE username_key = ? AND NOT closed"  # noqa: S608
        with self._lock:
            try:
                return self._db.execute(update, (*sets.values(), fold(username))).rowcount == 1
            except sqlite3.IntegrityError:
                raise TakenError from None

    def get(self, username: str) -> Account | None:
        """The account that has this name, or had it when it was closed."""
        with self._lock:
            query = f"{SELECT} WHERE username_key = ?"
            row = self._db.execute(query, (fold(username),)).fetchone()
        return _account(row) if row else None

    def search(
        self, filters: Mapping[str, str], *, limit: int | None = None
    ) -> Iterator[list[Account]]:
        """What the filters find among the accounts that are open, in batches."""
        where, values = _where(filters)
        query = f"{SELECT} WHERE {where} AND id > ? ORDER BY id LIMIT ?"
        last, left = 0, limit
        while left is None or left > 0:
            size = BATCH if left is None else min(BATCH, left)
            with self._lock:
                rows = self._db.execute(query, (*values, last, size)).fetchall()
            if rows:
                yield [_account(row) for row in rows]
            if len(rows) < size:
                return
            last, left = rows[-1][0], left and left - size

    def ever(self) -> int:
        """How many accounts there were, the closed ones included."""
        with self._lock:
            return int(self._db.execute("SELECT count(*) FROM accounts").fetchone()[0])

    def count(self, filters: Mapping[str, str]) -> int:
        where, values = _where(filters)
        query = f"SELECT count(*) FROM accounts WHERE {where}"  # noqa: S608 (built from our own names)
        with self._lock:
            return int(self._db.execute(query, values).fetchone()[0])

    def clear(self) -> None:
        with self._lock:
            self._db.execute("DELETE FROM accounts")

    def close(self) -> None:
        with self._lock:
            self._db.close()


def _known(columns: Mapping[str, Any]) -> Mapping[str, Any]:
    if unknown := columns.keys() - NEW.keys():
        raise TypeError(f"an account has no {', '.join(sorted(unknown))}")
    return columns


def _value(name: str, value: Any) -> Any:
    if name in LISTS:
        return json.dumps(list(value))
    return int(value) if name in FLAGS else str(value)


def _values(account: Account) -> tuple[Any, ...]:
    return (fold(account["username"]), *(_value(name, account[name]) for name in COLUMNS))


def _account(row: tuple[Any, ...]) -> Account:
    account = dict(zip(COLUMNS, row[1:], strict=True))
    for name in LISTS:
        # Most are empty, and a list of a million rows feels the difference.
        account[name] = [] if account[name] == "[]" else json.loads(account[name])
    account.update((name, bool(account[name])) for name in FLAGS)
    return account


def _where(filters: Mapping[str, str]) -> tuple[str, list[Any]]:
    """Filters are searches: by a part of the username or e-mail, by the whole of the rest."""
    clauses = ["NOT closed"]
    values: list[Any] = []
    for name, wanted in filters.items():
        match name:
            case "username":
                # The inner query reads the index alone, not the accounts.
                clauses.append("id IN (SELECT id FROM accounts WHERE instr(username_key, ?))")
            case "email":
                clauses.append("instr(fold(email), ?)")
            case "active":
                clauses.append("active = ?")
            case "website":
                clauses.append("fold(website) IN (?, 'http://' || ?)")
                values.append(fold(wanted))
            case _:
                clauses.append(f"fold({name}) = ?")
        values.append(wanted in {"1", "true"} if name == "active" else fold(wanted))
    return " AND ".join(clauses), values
