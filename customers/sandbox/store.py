"""What the sandbox remembers: one table of accounts in SQLite, in a file or in memory.

All threads share one connection behind one lock. Lists are read batch by batch and the
lock is free in between, so a slow reader holds nobody up.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from customers.distributor.rules import PROFILE_FIELDS, ROW_FIELDS, fold
from customers.sandbox.search import page, where

BATCH = 1000
# Seconds for which what was replaced is remembered.
REMEMBERED = 300

Account = dict[str, Any]
Row = dict[str, str]

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
ALL = f"id, username_key, {', '.join(COLUMNS)}"
# How accounts were, and until when; a new one was closed until it came.
FORMER = (
    f"CREATE TEMP TABLE former (until, {ALL})",
    "CREATE INDEX former_until ON former (until)",
    "CREATE INDEX former_id ON former (id, until)",
)
INSERT = (
    f"INSERT INTO accounts (username_key, {', '.join(COLUMNS)}) "  # noqa: S608 (our own names)
    f"VALUES (?{', ?' * len(COLUMNS)})"
)
REMEMBER = f"INSERT INTO former SELECT ?, {ALL} FROM accounts WHERE username_key = ?"  # noqa: S608
SELECT = f"SELECT id, {', '.join(COLUMNS)}"
SELECT_ROW = "SELECT id, " + ", ".join(
    "CASE active WHEN 1 THEN 'true' ELSE 'false' END" if name == "active" else name
    for name in ROW_FIELDS
)


class TakenError(Exception):
    """Another account has this name, or had it when it was closed."""


class Store:
    """Accounts by name. Names are compared case-folded."""

    def __init__(self, path: str | Path = ":memory:") -> None:
        if str(path) != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self.now = time.time
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.create_function("fold", 1, fold, deterministic=True)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute(SCHEMA)
        self._db.execute(RECORD)
        for statement in FORMER:
            self._db.execute(statement)

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
            self._remember(account["username"])
            self._db.execute("UPDATE former SET closed = 1 WHERE rowid = last_insert_rowid()")

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
            self._remember(username)
            try:
                return self._db.execute(update, (*sets.values(), fold(username))).rowcount == 1
            except sqlite3.IntegrityError:
                raise TakenError from None

    def get(self, username: str) -> Account | None:
        """The account that has this name, or had it when it was closed."""
        with self._lock:
            query = f"{SELECT} FROM accounts WHERE username_key = ?"
            row = self._db.execute(query, (fold(username),)).fetchone()
        return _account(row) if row else None

    def search(self, filters: Mapping[str, str]) -> Iterator[list[Account]]:
        """What the filters find among the accounts that are open, in batches."""
        for batch in self._pages(SELECT, filters):
            yield [_account(row) for row in batch]

    def rows(
        self, filters: Mapping[str, str], *, limit: int | None = None, ago: float = 0
    ) -> Iterator[list[Row]]:
        """The same as a list shows it; as it was `ago` seconds before, if that is given."""
        at = self.now() - ago if ago else None
        for batch in self._pages(SELECT_ROW, filters, limit=limit, at=at):
            yield [dict(zip(ROW_FIELDS, row[1:], strict=True)) for row in batch]

    def _pages(
        self,
        select: str,
        filters: Mapping[str, str],
        *,
        limit: int | None = None,
        at: float | None = None,
    ) -> Iterator[list[tuple[Any, ...]]]:
        query, values = page(select, filters, past=at is not None)
        last, left = 0, limit
        while left is None or left > 0:
            size = BATCH if left is None else min(BATCH, left)
            with self._lock:
                which = {**values, "at": at, "last": last, "size": size}
                rows = self._db.execute(query, which).fetchall()
            if rows:
                yield rows
            if len(rows) < size:
                return
            last, left = rows[-1][0], left and left - size

    def _remember(self, username: str) -> None:
        """How the account is now, since it changes: a list may lag behind."""
        now = self.now()
        self._db.execute("DELETE FROM former WHERE until < ?", (now - REMEMBERED,))
        self._db.execute(REMEMBER, (now, fold(username)))

    def ever(self) -> int:
        """How many accounts there were, the closed ones included."""
        with self._lock:
            return int(self._db.execute("SELECT count(*) FROM accounts").fetchone()[0])

    def count(self, filters: Mapping[str, str]) -> int:
        found, values = where(filters)
        query = f"SELECT count(*) FROM accounts WHERE {found}"  # noqa: S608 (built from our own names)
        with self._lock:
            return int(self._db.execute(query, values).fetchone()[0])

    def clear(self) -> None:
        with self._lock:
            self._db.execute("DELETE FROM accounts")
            self._db.execute("DELETE FROM former")

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
