"""What must be true when a run is over, in the manner of Jepsen: pure functions over evidence.

History is what the forms' people were told. What they were told is taken must have come out at
the distributor: once, in their order, the last writer's value in every field.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, NamedTuple

from customers.distributor.rules import NOT_REPEATABLE, Operation, fold, same_website
from tests.chaos.evidence import COMPARED, Evidence, Row
from tests.chaos.load import Told
from tests.chaos.plan import Asked, idle, names, outcome, token


class Kind(StrEnum):
    LOST = "lost"
    DUPLICATE = "duplicate accounts"
    GHOST = "ghosts"
    WRONG = "wrong fields"
    ORDER = "out of order"
    SECRET = "secrets left"
    MIRROR = "mirror differs"


class Finding(NamedTuple):
    kind: Kind
    text: str


def check(evidence: Evidence) -> list[Finding]:
    found = [*lost(evidence), *duplicates(evidence), *ghosts(evidence), *wrong(evidence)]
    return [*found, *order(evidence), *secrets(evidence), *mirror(evidence)]


def lost(evidence: Evidence) -> Iterator[Finding]:
    """Whatever was possible is taken, and whatever was taken is done."""
    rows = {row["id"]: row for row in evidence.changes}
    told = {(it.asked.lane, it.asked.n): it for it in evidence.history}
    for asked in (it for lane in evidence.plan for it in lane):
        if asked.key not in told:
            yield Finding(Kind.LOST, f"{asked}: nobody was told anything")
            continue
        said = told[asked.key]
        row = rows.get(said.change)
        if said.refusal:
            yield Finding(Kind.LOST, f"{asked}: the form said {said.refusal}")
        elif row is None:
            yield Finding(Kind.LOST, f"{asked}: taken, and there is no row")
        elif row["state"] != "DONE":
            yield Finding(Kind.LOST, f"{asked}: {row['state']}: {row['error']}")


def duplicates(evidence: Evidence) -> Iterator[Finding]:
    """A customer is known by the first name, at the distributor and here."""
    places = {"accounts": evidence.accounts, "customers": evidence.customers}
    for place, rows in places.items():
        for name, number in _lanes_in(evidence, rows).items():
            if number > 1:
                yield Finding(Kind.DUPLICATE, f"{name} has {number} {place}")


def _lanes_in(evidence: Evidence, rows: list[Row]) -> Counter[str]:
    ours = {token(number) for number in range(len(evidence.plan))}
    return Counter(row["first_name"] for row in rows if row["first_name"] in ours)


def ghosts(evidence: Evidence) -> Iterator[Finding]:
    """Nothing is there that nobody asked for, and nothing that was to be deleted."""
    asked = {told.change for told in evidence.history}
    for row in evidence.changes:
        if row["id"] not in asked:
            yield Finding(Kind.GHOST, f"nobody asked for {row['operation']} {row['id']}")
    ends = [outcome(lane) for lane in evidence.plan]
    expected = {fold(end["username"]) for end in ends if not end["closed"]}
    for account in evidence.accounts:
        name = fold(account["username"])
        if name not in expected and name not in evidence.others:
            yield Finding(Kind.GHOST, f"the distributor has {name} ({account['first_name']})")


def wrong(evidence: Evidence) -> Iterator[Finding]:
    """Every account is as its last writers asked, what no list shows included."""
    accounts = {fold(account["username"]): account for account in evidence.accounts}
    for lane in evidence.plan:
        end = outcome(lane)
        if end.pop("closed"):
            continue
        account = accounts.get(fold(end["username"]))
        if account is None:
            yield Finding(Kind.LOST, f"the distributor has no {end['username']}")
            continue
        for name, value in end.items():
            if account[name] != value:
                text = f"{end['username']}: {name} is {account[name]!r}, asked was {value!r}"
                yield Finding(Kind.WRONG, text)
    for name in evidence.others - accounts.keys():
        yield Finding(Kind.LOST, f"the distributor has no {name}, and nobody touched it")


def order(evidence: Evidence) -> Iterator[Finding]:
    """By the distributor's own record: each in its turn, once where a copy would do harm."""
    executed = _executed(evidence)
    for lane in evidence.plan:
        yield from _in_turn(lane, executed[lane[0].lane])


def _executed(evidence: Evidence) -> dict[int, list[Row]]:
    """The commands that took effect, by customer, in the order in which they did."""
    lanes = {fold(name): lane[0].lane for lane in evidence.plan for name in names(lane)}
    found: dict[int, list[Row]] = defaultdict(list)
    for call in sorted(evidence.calls, key=lambda it: it["executed_at"] or 0.0):
        lane = lanes.get(fold(call["user"]))
        if call["executed"] and call["operation"] != Operation.RETRIEVE and lane is not None:
            found[lane].append(call)
    return found


def _in_turn(lane: list[Asked], calls: list[Row]) -> Iterator[Finding]:
    """A call repeats the change before it, or is the next one's first.

    Where one may be missing, both can be said of a call; every reading is followed.
    """
    readings, may_miss = {-1}, idle(lane)
    for call in calls:
        following = {n for at in readings for n in _read(lane, at, may_miss, call)}
        if not following:
            came = f"{call['operation']} {_said(call)}"
            yield Finding(Kind.ORDER, f"{token(lane[0].lane)}: {came} came after #{max(readings)}")
        readings = following or readings
    for asked in lane[max(readings) + 1 :]:
        if asked.n not in may_miss:
            yield Finding(Kind.LOST, f"{asked}: never executed in its turn")


def _read(lane: list[Asked], at: int, may_miss: set[int], call: Row) -> Iterator[int]:
    """The changes that a call may have been for, if the one before was for number `at`."""
    if at >= 0 and lane[at].operation not in NOT_REPEATABLE and _is_of(call, lane[at]):
        yield at
    for asked in lane[at + 1 :]:
        if _is_of(call, asked):
            yield asked.n
        if asked.n not in may_miss:
            return


def _is_of(call: Row, asked: Asked) -> bool:
    fields = {} if asked.operation is Operation.DELETE else asked.fields
    said = call["params"]
    return call["operation"] == asked.operation and all(
        said.get(name) == value for name, value in fields.items()
    )


def _said(call: Row) -> dict[str, Any]:
    fixed = {"api_user", "api_key", "method", "task", "password", "confirm_password"}
    return {name: value for name, value in call["params"].items() if name not in fixed}


def secrets(evidence: Evidence) -> Iterator[Finding]:
    sealed = sum(row["sealed"] for row in evidence.changes)
    if sealed:
        yield Finding(Kind.SECRET, f"{sealed} changes still hold a sealed password")
    for place in sorted(evidence.secrets):
        yield Finding(Kind.SECRET, f"a password lies in {place}")


def mirror(evidence: Evidence) -> Iterator[Finding]:
    """What is shown of every customer is what the distributor has."""
    accounts = {fold(account["username"]): account for account in evidence.accounts}
    for row in evidence.customers:
        account = accounts.pop(fold(row["username"]), None)
        is_live = row["status"] == "LIVE"
        if is_live != (account is not None):
            there = "has it" if account else "does not"
            yield Finding(Kind.MIRROR, f"{row['username']} is {row['status']}, distributor {there}")
        elif account:
            yield from _differences(row, account)
    for name in accounts:
        yield Finding(Kind.MIRROR, f"{name} is known to the distributor alone")
    if evidence.open_attempts:
        yield Finding(Kind.MIRROR, f"{evidence.open_attempts} attempts have no outcome")


def _differences(row: Row, account: Row) -> Iterator[Finding]:
    for name in COMPARED:
        ours, theirs = row[name], account[name]
        same = same_website(ours, theirs) if name == "website" else ours == theirs
        # What a list never shows is unknown of those that were adopted.
        if not same and ours is not None:
            text = f"{row['username']}: {name} is {ours!r} here, {theirs!r} there"
            yield Finding(Kind.MIRROR, text)


def faulty(calls: list[Row]) -> float:
    """The share of the distributor's answers that were none, or late, or a lie."""
    return sum(bool(call["fault"]) for call in calls) / max(len(calls), 1)


def sent_again(history: list[Told]) -> int:
    return sum(told.tries > 1 for told in history)


def resent(changes: list[Row]) -> int:
    return sum(row["rounds"] > 0 for row in changes)
