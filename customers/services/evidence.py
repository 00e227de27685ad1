"""What a look proves, and what follows from it: pure functions, one table.

`request` is the frozen request of the change: `user` is the name at the distributor then.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from customers.distributor.rules import (
    ROW_FIELDS,
    SWITCHES,
    Operation,
    fold,
    same_website,
)

Row = Mapping[str, str]
Request = Mapping[str, str | list[str]]

# What is shown may lag behind: as it was before one of these, it may look as if this were done.
UNDONE_BY: Mapping[Operation, frozenset[Operation]] = {
    Operation.ENABLE: frozenset({Operation.DISABLE}),
    Operation.DISABLE: frozenset({Operation.ENABLE}),
    Operation.PROFILE: frozenset({Operation.PROFILE}),
    Operation.EMAIL: frozenset({Operation.EMAIL}),
    Operation.USERNAME: frozenset({Operation.USERNAME}),
    Operation.DELETE: frozenset({Operation.CREATE, Operation.USERNAME}),
}

# Answered looks after the settle time that concluded nothing, and resends: then a person.
ROUNDS = 8


class Finding(StrEnum):
    AS_ASKED = "AS_ASKED"
    NOT_APPLIED = "NOT_APPLIED"
    TAKEN = "TAKEN"
    CONTRADICTION = "CONTRADICTION"


class Verdict(StrEnum):
    DONE = "DONE"
    AGAIN = "AGAIN"
    REJECTED = "REJECTED"
    BLOCKED = "BLOCKED"
    LOOK_AGAIN = "LOOK_AGAIN"


def readable(operation: Operation) -> bool:
    """Whether the list shows what this operation changes."""
    return operation not in {
        Operation.PASSWORD,
        Operation.WEBSITE_ENABLE,
        Operation.WEBSITE_DISABLE,
    }


def names_to_look_up(operation: Operation, request: Request) -> list[str]:
    match operation:
        case Operation.CREATE:
            return [str(request["username"])]
        case Operation.USERNAME:
            return [str(request["user"]), str(request["username"])]
        case _:
            return [str(request["user"])]


def exact(rows: Iterable[Row], name: str) -> Row | None:
    """Filters are searches, more than the exact match can come back: take that one alone."""
    return next((row for row in rows if fold(row["username"]) == fold(name)), None)


def find(operation: Operation, request: Request, rows: Iterable[Row]) -> Finding:
    """Hold what is there against what was asked."""
    rows = list(rows)
    there = [exact(rows, name) for name in names_to_look_up(operation, request)]
    match operation:
        case Operation.CREATE:
            return _create(request, there[0])
        case Operation.DELETE:
            return Finding.NOT_APPLIED if there[0] else Finding.AS_ASKED
        case Operation.USERNAME:
            return _rename(request, *there)
        case _:
            return _update(operation, request, there[0])


def _create(request: Request, row: Row | None) -> Finding:
    if row is None:
        return Finding.NOT_APPLIED
    asked = {field: request[field] for field in ROW_FIELDS if field in request}
    return Finding.AS_ASKED if _shows(row, asked) else Finding.CONTRADICTION


def _rename(request: Request, old: Row | None, new: Row | None) -> Finding:
    if old and new and fold(old["username"]) == fold(new["username"]):
        # One account under both: the name that it has, at most in other letters.
        as_asked = new["username"] == request["username"]
        return Finding.AS_ASKED if as_asked else Finding.NOT_APPLIED
    return {
        (False, True): Finding.AS_ASKED,
        (True, False): Finding.NOT_APPLIED,
        (True, True): Finding.TAKEN,
        (False, False): Finding.CONTRADICTION,
    }[old is not None, new is not None]


def _update(operation: Operation, request: Request, row: Row | None) -> Finding:
    if row is None:
        return Finding.CONTRADICTION
    if operation in SWITCHES:
        column, value = SWITCHES[operation]
        asked: Request = {column: str(value).lower()}
    else:
        # A company is no column of a row: the look filters by it, the row is its proof.
        asked = {field: request[field] for field in request if field not in {"user", "company"}}
    return Finding.AS_ASKED if _shows(row, asked) else Finding.NOT_APPLIED


def _shows(row: Row, asked: Request) -> bool:
    return all(same(field, str(value), row[field]) for field, value in asked.items())


def same(field: str, asked: str, shown: str) -> bool:
    """Whether a row shows what was asked, as the distributor writes it."""
    if field in {"username", "email"}:
        return fold(asked) == fold(shown)
    return same_website(asked, shown) if field == "website" else asked == shown


def rests_on_absence(operation: Operation, finding: Finding) -> bool:
    """Whether a lying, empty reading would show the same: then a control account must be seen."""
    return finding is not Finding.AS_ASKED or operation is Operation.DELETE


def conclude(
    operation: Operation,
    finding: Finding | None,
    *,
    refused: bool,
    settled: bool,
    agreed: bool,
    rounds: int,
    stale: bool = False,
) -> Verdict:
    """Where a doubt stands.

    finding  what a trustworthy look has shown; None where the list cannot show it
    refused  the last answer was a refusal (after an earlier try without any)
    settled  no copy of any try can be executed any more
    agreed   an earlier look, two seconds before or more, has shown the same
    rounds   how often this has been through without an end
    stale    one of UNDONE_BY was sent so shortly before that its effect may not be shown yet
    """
    if finding is Finding.AS_ASKED and stale and not settled:
        return Verdict.LOOK_AGAIN
    if finding is Finding.AS_ASKED:
        # A deletion shows by absence, which one look does not prove.
        return Verdict.DONE if agreed or operation is not Operation.DELETE else Verdict.LOOK_AGAIN
    if settled and rounds >= ROUNDS:
        return Verdict.BLOCKED
    if not settled or not (agreed or finding is None):
        return Verdict.LOOK_AGAIN
    if finding is Finding.CONTRADICTION:
        return Verdict.BLOCKED
    if finding is Finding.TAKEN:
        return Verdict.REJECTED
    if refused:
        return Verdict.BLOCKED if finding is None else Verdict.REJECTED
    return Verdict.AGAIN
