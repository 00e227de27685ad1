"""What a look proves, held against the table of the contract, row by row and by all cases."""

from itertools import product

import pytest

from customers.distributor.rules import ROW_FIELDS, Operation
from customers.services.evidence import (
    ROUNDS,
    Finding,
    Verdict,
    conclude,
    exact,
    find,
    names_to_look_up,
    rests_on_absence,
)

AS_ASKED, NOT_APPLIED = Finding.AS_ASKED, Finding.NOT_APPLIED
TAKEN, CONTRADICTION = Finding.TAKEN, Finding.CONTRADICTION
DONE, AGAIN, REJECTED = Verdict.DONE, Verdict.AGAIN, Verdict.REJECTED
BLOCKED, LOOK_AGAIN = Verdict.BLOCKED, Verdict.LOOK_AGAIN

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
UNREADABLE = (Operation.PASSWORD, Operation.WEBSITE_ENABLE, Operation.WEBSITE_DISABLE)
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

# The table: (operation, finding) -> (at once, after settling, after settling and a refusal).
# "At once" is what one look can end; the next two want a second look that agrees.
TABLE = {
    (Operation.CREATE, AS_ASKED): (DONE, DONE, DONE),
    (Operation.CREATE, NOT_APPLIED): (LOOK_AGAIN, AGAIN, REJECTED),
    (Operation.CREATE, CONTRADICTION): (LOOK_AGAIN, BLOCKED, BLOCKED),
    (Operation.DELETE, AS_ASKED): (LOOK_AGAIN, DONE, DONE),
    (Operation.DELETE, NOT_APPLIED): (LOOK_AGAIN, AGAIN, REJECTED),
    (Operation.USERNAME, AS_ASKED): (DONE, DONE, DONE),
    (Operation.USERNAME, NOT_APPLIED): (LOOK_AGAIN, AGAIN, REJECTED),
    (Operation.USERNAME, TAKEN): (LOOK_AGAIN, REJECTED, REJECTED),
    (Operation.USERNAME, CONTRADICTION): (LOOK_AGAIN, BLOCKED, BLOCKED),
    **{
        (operation, finding): verdicts
        for operation in READABLE_UPDATES
        for finding, verdicts in {
            AS_ASKED: (DONE, DONE, DONE),
            NOT_APPLIED: (LOOK_AGAIN, AGAIN, REJECTED),
            CONTRADICTION: (LOOK_AGAIN, BLOCKED, BLOCKED),
        }.items()
    },
    **{(operation, None): (LOOK_AGAIN, AGAIN, BLOCKED) for operation in UNREADABLE},
}
CASES = list(product(TABLE, *[[False, True]] * 3, [0, ROUNDS - 1, ROUNDS, ROUNDS + 1]))


@pytest.mark.parametrize(("operation", "request_", "rows", "finding"), FOUND)
def test_what_is_there_is_held_against_what_was_asked(operation, request_, rows, finding):
    for ordered in (rows, rows[::-1]):
        assert find(operation, request_, iter(ordered)) is finding


@pytest.mark.parametrize(("case", "refused", "settled", "agreed", "rounds"), CASES)
def test_a_doubt_ends_as_the_table_says(case, refused, settled, agreed, rounds):
    operation, finding = case
    at_once, at_last, after_a_refusal = TABLE[case]

    if finding is AS_ASKED:
        expected = DONE if agreed else at_once
    elif settled and rounds >= ROUNDS:
        expected = BLOCKED
    elif settled and (agreed or finding is None):
        expected = after_a_refusal if refused else at_last
    else:
        expected = LOOK_AGAIN

    verdict = conclude(
        operation, finding, refused=refused, settled=settled, agreed=agreed, rounds=rounds
    )
    assert verdict is expected


def test_nothing_goes_out_again_before_the_settle_time_or_after_one_look_alone():
    for case, refused, settled, agreed, rounds in CASES:
        operation, finding = case
        verdict = conclude(
            operation, finding, refused=refused, settled=settled, agreed=agreed, rounds=rounds
        )
        if verdict in {AGAIN, REJECTED}:
            assert settled
            assert agreed or operation in UNREADABLE


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
