"""Changes and calls as a person reads them: labels for parameters, what a look has shown."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from customers.distributor.rules import SWITCHES, WITH_PASSWORD, Operation
from customers.models import Attempt, Change, Customer
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
    """A call, what it means, what went out, and the rows that a look has found by name."""

    attempt: Attempt
    meaning: str
    request: str
    listed: list[tuple[str, list[Shown]]]


def label(name: str) -> str:
    """What a person calls a parameter of the contract."""
    if name == "user":
        return str(_("Username"))
    try:
        return capfirst(str(Customer._meta.get_field(name).verbose_name))  # type: ignore[union-attr]  # noqa: SLF001
    except FieldDoesNotExist:
        return name


def text(name: str, value: Any) -> str:
    match value:
        case list():
            return ", ".join(value)
        case "true" | "false" if name in {"free_user", "active", "website_access"}:
            return str(_("yes") if value == "true" else _("no"))
        case _:
            return str(value)


def asked(change: Change) -> list[tuple[str, str]]:
    """What was typed, under the labels of the forms."""
    return [(label(name), text(name, value)) for name, value in change.params.items()]


def exhibits(change: Change, attempts: Iterable[Attempt]) -> list[Exhibit]:
    return [_exhibit(change, attempt) for attempt in attempts]


def _exhibit(change: Change, attempt: Attempt) -> Exhibit:
    is_send = attempt.kind == Attempt.Kind.SEND
    meaning = MEANINGS.get(Attempt.Outcome(attempt.outcome)) if is_send and attempt.outcome else ""
    rows = (attempt.seen or {}).get("listed", {})
    should_be = _should_be(change, attempt.request)
    listed = [(name, list(_row(row, should_be))) for name, row in rows.items()]
    return Exhibit(attempt, str(meaning or ""), _request(change, attempt), listed)


def _request(change: Change, attempt: Attempt) -> str:
    """As it went out. A look asks for the names alone; a password is never shown."""
    sent = dict(attempt.request)
    if attempt.kind == Attempt.Kind.SEND and change.operation in WITH_PASSWORD:
        sent |= {"password": "•••", "confirm_password": "•••"}
    return "  ".join(f"{name}={text(name, value)}" for name, value in sent.items())


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
        yield Shown(label(name), text(name, value), text(name, wanted) if differs else "")
