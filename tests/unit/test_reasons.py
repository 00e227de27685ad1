"""Why a doubt was concluded as it was: each sentence says what it rests on."""

from datetime import UTC, datetime, timedelta

import pytest

from customers.distributor.rules import Operation
from customers.services.evidence import Finding, Verdict
from customers.services.reasons import Grounds, throttled, why

AT = datetime(2026, 2, 3, 10, 14, 3, tzinfo=UTC)
GROUNDS = {
    "operation": Operation.CREATE,
    "finding": Finding.NOT_APPLIED,
    "apart": timedelta(seconds=4.4),
    "control": "ada@example.com",
    "settles": AT,
    "settled": True,
    "refused": False,
    "rounds": 0,
}


@pytest.mark.parametrize(
    ("verdict", "grounds", "words"),
    [
        (Verdict.AGAIN, {},
         ("Absent, in two looks 4 s apart, the control account ada@example.com was seen, the "
         "settle time was over at 10:14:03 UTC: the same request goes out again.")),
        (Verdict.DONE, {"finding": Finding.AS_ASKED, "apart": None, "control": None},
         "There as asked: it is done."),
        (Verdict.DONE, {"operation": Operation.DELETE, "finding": Finding.AS_ASKED, "control": ""},
         ("Not listed any more, in two looks 4 s apart, the whole list was read to its end: it is "
         "done.")),
        (Verdict.LOOK_AGAIN, {"settled": False, "apart": None, "control": None},
         "Absent. Another look follows: a copy may still be executed until 10:14:03 UTC."),
        (Verdict.LOOK_AGAIN, {"settles": None, "apart": None, "control": None},
         "Absent. Another look follows: one look alone proves nothing."),
        (Verdict.LOOK_AGAIN, {"operation": Operation.EMAIL, "finding": Finding.AS_ASKED,
                              "settled": False, "stale": True, "apart": None, "control": None},
         ("There as asked. Another look follows: this may be how it was before an earlier "
         "change.")),
        (Verdict.REJECTED, {"operation": Operation.USERNAME, "finding": Finding.TAKEN,
                            "control": None, "settles": None, "apart": None},
         "Both names are listed, so the new one belongs to another account: it was refused."),
        (Verdict.REJECTED, {"operation": Operation.EMAIL, "refused": True, "control": None,
                            "settles": None},
         "Not applied, in two looks 4 s apart, the last answer was a refusal: it was refused."),
        (Verdict.BLOCKED, {"finding": Finding.CONTRADICTION, "control": None, "settles": None},
         ("There, but not as asked, in two looks 4 s apart. That does not tell what happened: a "
         "person decides.")),
        (Verdict.BLOCKED, {"operation": Operation.PASSWORD, "finding": None, "apart": None,
                           "control": None, "rounds": 8},
         ("The list never shows this, the settle time was over at 10:14:03 UTC. 8 rounds ended "
         "without certainty: a person decides.")),
        (Verdict.AGAIN, {"operation": Operation.PASSWORD, "finding": None, "apart": None,
                         "control": None},
         ("The list never shows this, the settle time was over at 10:14:03 UTC: the same request "
         "goes out again.")),
    ],
)  # fmt: skip
def test_a_conclusion_says_what_was_seen_and_what_that_rests_on(verdict, grounds, words):
    assert why(verdict, Grounds(**(GROUNDS | grounds))) == words


@pytest.mark.parametrize(
    ("operation", "words"),
    [(Operation.USERNAME, "Neither the old name nor the new one is listed"),
     (Operation.PROFILE, "The customer is not listed")],
)  # fmt: skip
def test_what_contradicts_is_named(operation, words):
    grounds = Grounds(**(GROUNDS | {"operation": operation, "finding": Finding.CONTRADICTION}))
    assert why(Verdict.BLOCKED, grounds).startswith(words)


def test_the_look_that_a_429_owes_says_so():
    assert "there were too many calls" in throttled(Grounds(**GROUNDS))
