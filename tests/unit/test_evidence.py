"""What a look proves, row by row; test_evidence_exhaustively.py has all cases."""

import pytest

from customers.distributor.rules import ROW_FIELDS, Operation
from customers.services.evidence import (
    Finding,
    exact,
    find,
    names_to_look_up,
    rests_on_absence,
)

AS_ASKED, NOT_APPLIED = Finding.AS_ASKED, Finding.NOT_APPLIED
TAKEN, CONTRADICTION = Finding.TAKEN, Finding.CONTRADICTION

CUR, NEW = "ada@analytical.example", "countess@analytical.example"
ROW = {field: f"her {field}" for field in ROW_FIELDS} | {
    "username": CUR,
    "email": CUR,
    "active": "true",
    "website": "http://analytical.example",
}
NEWS = ROW | {"username": NEW}
OTHERS = ROW | {"username": f"x{CUR}"}
ASKED = {f: ROW[f] for f in ROW_FIELDS if f != "active"} | {"website": "analytical.example"}
READABLE_UPDATES = (Operation.PROFILE, Operation.EMAIL, Operation.ENABLE, Operation.DISABLE)

# What is there, and what that says of the frozen request.
FOUND = [
    (Operation.CREATE, ASKED, [ROW], AS_ASKED),
    (Operation.CREATE, ASKED, [ROW | {"username": CUR.upper(), "email": CUR.title()}], AS_ASKED),
    (Operation.CREATE, ASKED, [OTHERS], NOT_APPLIED),
    (Operation.CREATE, ASKED, [], NOT_APPLIED),
    *[
        (Operation.CREATE, ASKED, [OTHERS, ROW | {field: "another"}], CONTRADICTION)
        for field in ROW_FIELDS
        if field not in {"username", "active"}
    ],
    (Operation.CREATE, ASKED | {"company": "Engines", "ip": ["192.0.2.1"]}, [ROW], AS_ASKED),
    (Operation.DELETE, {"user": CUR}, [], AS_ASKED),
    (Operation.DELETE, {"user": CUR}, [OTHERS], AS_ASKED),
    (Operation.DELETE, {"user": CUR}, [OTHERS, ROW], NOT_APPLIED),
    (Operation.USERNAME, {"user": CUR, "username": NEW}, [NEWS], AS_ASKED),
    (Operation.USERNAME, {"user": CUR, "username": NEW}, [ROW], NOT_APPLIED),
    (Operation.USERNAME, {"user": CUR, "username": NEW}, [ROW, NEWS], TAKEN),
    (Operation.USERNAME, {"user": CUR, "username": NEW}, [OTHERS], CONTRADICTION),
    (Operation.USERNAME, {"user": CUR, "username": CUR}, [ROW], AS_ASKED),
    (Operation.USERNAME, {"user": CUR, "username": CUR.title()}, [ROW], NOT_APPLIED),
    (Operation.USERNAME, {"user": CUR, "username": CUR}, [OTHERS], CONTRADICTION),
    (Operation.EMAIL, {"user": CUR, "email": CUR.upper()}, [ROW], AS_ASKED),
    (Operation.EMAIL, {"user": CUR, "email": NEW}, [ROW], NOT_APPLIED),
    (Operation.PROFILE, {"user": CUR, "city": "her city"}, [ROW], AS_ASKED),
    (Operation.PROFILE, {"user": CUR, "city": "Her city"}, [ROW], NOT_APPLIED),
    (Operation.PROFILE, {"user": CUR, "website": "analytical.example"}, [ROW], AS_ASKED),
    (Operation.PROFILE, {"user": CUR, "website": "https://analytical.example"}, [ROW], NOT_APPLIED),
    (Operation.PROFILE, {"user": CUR, "city": "her city", "company": "no column"}, [ROW], AS_ASKED),
    (Operation.ENABLE, {"user": CUR}, [ROW], AS_ASKED),
    (Operation.ENABLE, {"user": CUR}, [ROW | {"active": "false"}], NOT_APPLIED),
    (Operation.DISABLE, {"user": CUR}, [ROW | {"active": "false"}], AS_ASKED),
    (Operation.DISABLE, {"user": CUR}, [ROW], NOT_APPLIED),
    *[(operation, {"user": CUR}, [OTHERS], CONTRADICTION) for operation in READABLE_UPDATES],
]


@pytest.mark.parametrize(("operation", "request_", "rows", "finding"), FOUND)
def test_what_is_there_is_held_against_what_was_asked(operation, request_, rows, finding):
    for ordered in (rows, rows[::-1]):
        assert find(operation, request_, iter(ordered)) is finding


def test_only_what_an_empty_list_could_not_show_needs_no_control():
    trusted = {
        (operation, finding)
        for operation in Operation
        for finding in Finding
        if not rests_on_absence(operation, finding)
    }
    assert trusted == {(o, AS_ASKED) for o in Operation if o != Operation.DELETE}


def test_a_search_finds_more_than_was_meant():
    assert exact([OTHERS, ROW], CUR.upper()) is ROW
    assert exact([OTHERS], CUR) is None


def test_a_rename_is_looked_up_by_both_its_names():
    assert names_to_look_up(Operation.USERNAME, {"user": CUR, "username": NEW}) == [CUR, NEW]
    assert names_to_look_up(Operation.CREATE, ASKED) == [CUR]
    assert names_to_look_up(Operation.EMAIL, {"user": CUR, "email": NEW}) == [CUR]
