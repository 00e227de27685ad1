"""Calls as a person reads them: what went out, what came back, what a look has shown."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from customers.distributor.rules import SWITCHES, WITH_PASSWORD, Operation
from customers.models import Attempt, Change
from customers.models.labels import in_words, label
from customers.services.evidence import same
from customers.views.words import MEANINGS


@dataclass(frozen=True)
class Shown:
    """One field of a row; `asked` is what it should be where it is something else."""

    label: str
    value: str
    asked: str = ""


@dataclass(frozen=True)
class Exhibit:
    """A call, what it means, what went out, and the rows that a look has found by name.

    The latest look tells each difference; those before, how many there were.
    """

    attempt: Attempt
    meaning: str
    request: str
    listed: list[tuple[str, list[Shown]]]
    is_latest_look: bool

    @property
    def differing(self) -> list[Shown]:
        return [field for _name, row in self.listed for field in row if field.asked]


def exhibits(change: Change, attempts: Iterable[Attempt]) -> list[Exhibit]:
    attempts = list(attempts)
    latest = next((attempt for attempt in attempts if attempt.seen), None)
    return [_exhibit(change, attempt, is_latest=attempt is latest) for attempt in attempts]


def _exhibit(change: Change, attempt: Attempt, *, is_latest: bool) -> Exhibit:
    is_send = attempt.kind == Attempt.Kind.SEND
    meaning = MEANINGS.get(Attempt.Outcome(attempt.outcome)) if is_send and attempt.outcome else ""
    rows = (attempt.seen or {}).get("listed", {})
    should_be = _should_be(change, attempt.request)
    listed = [(name, list(_row(row, should_be))) for name, row in rows.items()]
    return Exhibit(attempt, str(meaning or ""), _request(change, attempt), listed, is_latest)


def _request(change: Change, attempt: Attempt) -> str:
    """As it went out. A look asks for the names alone; a password is never shown."""
    sent = dict(attempt.request)
    if attempt.kind == Attempt.Kind.SEND and change.operation in WITH_PASSWORD:
        sent |= {"password": "•••", "confirm_password": "•••"}
    return "  ".join(f"{name}={in_words(name, value)}" for name, value in sent.items())


def _should_be(change: Change, request: Mapping[str, Any]) -> dict[str, str]:
    operation = Operation(change.operation)
    if operation in SWITCHES:
        column, value = SWITCHES[operation]
        return {column: str(value).lower()}
    if operation == Operation.USERNAME:
        return {}
    return {name: str(value) for name, value in request.items() if name != "user"}


def _row(row: Mapping[str, str] | None, should_be: Mapping[str, str]) -> Iterator[Shown]:
    for name, value in (row or {}).items():
        wanted = should_be.get(name)
        differs = wanted is not None and not same(name, wanted, value)
        yield Shown(label(name), in_words(name, value), in_words(name, wanted) if differs else "")
