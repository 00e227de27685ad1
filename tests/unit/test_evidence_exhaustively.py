"""Every doubt that there can be, and how the table of the evidence says that it ends.

The table is written out here as it stands in docs/architecture.md, and computed from nothing.
"""

from itertools import product

import pytest

from customers.distributor.rules import ROW_FIELDS, Operation
from customers.services.evidence import conclude, find, names_to_look_up, readable

OLD, NEW = "ada@analytical.example", "countess@analytical.example"
ASKED = {field: f"new {field}" for field in ROW_FIELDS if field != "active"} | {
    "username": OLD,
    "email": NEW,
    "company": "no column of a row",
}
REQUESTS = {
    "create": ASKED,
    "delete": {"user": OLD},
    "username": {"user": OLD, "username": NEW},
    "profile": {"user": OLD, "city": "new city", "zip": "new zip", "company": "no column"},
    "email": {"user": OLD, "email": NEW},
    **{name: {"user": OLD} for name in ("enable", "disable", "password")},
    **{name: {"user": OLD} for name in ("website_enable", "website_disable")},
}
# A row in which all is as asked for, and one in which nothing is.
DIFFERENT = {field: f"old {field}" for field in ROW_FIELDS} | {"active": "perhaps"}
SAME = {field: ASKED.get(field, "") for field in ROW_FIELDS}
ACTIVE = {"enable": "true", "disable": "false"}

NOBODY, AS_ASKED, OTHERWISE = "nobody", "as asked", "otherwise"
SIGHTS = (NOBODY, AS_ASKED, OTHERWISE)

# What is seen under each name -> at once | settled, two looks | the same, and the last answer
# was a refusal. "" says that nothing follows yet.
CREATE = {
    (AS_ASKED,): ("DONE", "DONE", "DONE"),
    (NOBODY,): ("", "AGAIN", "REJECTED"),
    (OTHERWISE,): ("", "BLOCKED", "BLOCKED"),
}
# It shows by absence, which a single look never proves: "two" says that two looks do.
DELETE = {
    (NOBODY,): ("two", "DONE", "DONE"),
    (AS_ASKED,): ("", "AGAIN", "REJECTED"),
    (OTHERWISE,): ("", "AGAIN", "REJECTED"),
}
# The row of the old name, that of the new one. What else stands in them says nothing.
RENAME = {
    (NOBODY, NOBODY): ("", "BLOCKED", "BLOCKED"),
    (NOBODY, AS_ASKED): ("DONE", "DONE", "DONE"),
    (NOBODY, OTHERWISE): ("DONE", "DONE", "DONE"),
    (AS_ASKED, NOBODY): ("", "AGAIN", "REJECTED"),
    (OTHERWISE, NOBODY): ("", "AGAIN", "REJECTED"),
    (AS_ASKED, AS_ASKED): ("", "REJECTED", "REJECTED"),
    (AS_ASKED, OTHERWISE): ("", "REJECTED", "REJECTED"),
    (OTHERWISE, AS_ASKED): ("", "REJECTED", "REJECTED"),
    (OTHERWISE, OTHERWISE): ("", "REJECTED", "REJECTED"),
}
UPDATE = {
    (AS_ASKED,): ("DONE", "DONE", "DONE"),
    (OTHERWISE,): ("", "AGAIN", "REJECTED"),
    (NOBODY,): ("", "BLOCKED", "BLOCKED"),
}
# A look is not even taken: two of them do not agree about anything.
UNREADABLE = {(): ("", "AGAIN", "BLOCKED")}
TABLE = {
    "create": CREATE,
    "delete": DELETE,
    "username": RENAME,
    "profile": UPDATE,
    "email": UPDATE,
    "enable": UPDATE,
    "disable": UPDATE,
    "password": UNREADABLE,
    "website_enable": UNREADABLE,
    "website_disable": UNREADABLE,
}
ROUNDS = range(12)  # The eighth is the last one.


def row(operation, name, sight):
    if sight == NOBODY:
        return []
    shown = SAME if sight == AS_ASKED else DIFFERENT
    active = ACTIVE.get(operation, "true") if sight == AS_ASKED else "other"
    return [shown | {"username": name, "active": active}]


def one_field_otherwise(operation):
    """Rows that differ from what was asked in a single field that counts."""
    fields = {"create": ASKED.keys() - {"username", "company"}, "email": {"email"}}
    for field in fields.get(operation, {"city", "zip"} if operation == "profile" else set()):
        (whole,) = row(operation, OLD, AS_ASKED)
        yield whole | {field: "otherwise"}


def expected(operation, sights, *, refused, settled, agreed, stale, rounds):
    at_once, at_last, after_refusal = TABLE[operation][sights]
    if stale and not settled:
        return "LOOK_AGAIN"
    if at_once == "DONE" or (at_once == "two" and agreed):
        return "DONE"
    if at_once == "two" or not settled:
        return "LOOK_AGAIN"
    if rounds > 7:
        return "BLOCKED"
    if sights and not agreed:
        return "LOOK_AGAIN"
    return after_refusal if refused else at_last


def concluded(operation, rows, **grounds):
    found = find(operation, REQUESTS[operation], rows) if readable(operation) else None
    return conclude(operation, found, **grounds)


@pytest.mark.parametrize("operation", [o for o in Operation if o != Operation.RETRIEVE])
def test_every_doubt_ends_as_the_table_says(operation):
    names = names_to_look_up(operation, REQUESTS[operation]) if readable(operation) else []
    stranger = row(operation, f"x{OLD}", AS_ASKED)
    grounds = ("refused", "settled", "agreed", "stale", "rounds")
    assert TABLE[operation].keys() == set(product(SIGHTS, repeat=len(names)))
    for sights in TABLE[operation]:
        rows = [r for n, s in zip(names, sights, strict=True) for r in row(operation, n, s)]
        for values in product(*[[False, True]] * 4, ROUNDS):
            case = dict(zip(grounds, values, strict=True))
            verdict = concluded(operation, stranger + rows, **case)
            assert verdict == expected(operation, sights, **case), (sights, case)


@pytest.mark.parametrize("operation", ["create", "profile", "email"])
def test_a_single_field_that_differs_is_otherwise(operation):
    settled = {"refused": False, "settled": True, "agreed": True, "stale": False, "rounds": 0}
    rows = list(one_field_otherwise(Operation(operation)))
    assert rows
    for differing in rows:
        verdict = concluded(Operation(operation), [differing], **settled)
        assert verdict == expected(operation, (OTHERWISE,), **settled)


def test_nothing_is_left_out():
    assert TABLE.keys() == REQUESTS.keys() == set(Operation) - {"retrieve"}
