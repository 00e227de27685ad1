"""The checker is seen to fail: one piece of evidence is bent at a time."""

from dataclasses import replace

import pytest

from customers.distributor.rules import NOT_REPEATABLE, SWITCHES, Operation
from customers.sandbox.store import NEW
from tests.chaos.checker import Finding, Kind, _in_turn, check
from tests.chaos.evidence import COMPARED, Evidence
from tests.chaos.load import Told
from tests.chaos.plan import Asked, idle, outcome, plan

SEED = 5
OTHER = {**NEW, "username": "other@navy.example", "first_name": "Grace"}
PLAN = plan(SEED, 120)
DELETED = next(lane for lane in PLAN if lane[-1].operation is Operation.DELETE)
KEPT = next(lane for lane in PLAN if lane[-1].operation is not Operation.DELETE)


def name_of(asked: Asked) -> str:
    """At the distributor when that is sent."""
    lane = PLAN[asked.lane]
    before = lane[: asked.n] if asked.n else lane[:1]
    return str(outcome(before)["username"])


def called(asked: Asked) -> dict:
    user = {} if asked.operation is Operation.CREATE else {"user": name_of(asked)}
    fields = {} if asked.operation is Operation.DELETE else asked.fields
    return {
        "operation": asked.operation.value,
        "user": name_of(asked),
        "params": {**fields, **user},
        "executed": True,
        "executed_at": asked.lane * 1000.0 + asked.n * 10,
        "fault": None,
    }


def row(asked: Asked) -> dict:
    said = {"id": str(asked.key), "customer_id": asked.lane, "operation": asked.operation}
    return {**said, "state": "DONE", "error": "", "sealed": False, "rounds": 0}


def shown(account: dict, pk: int) -> dict:
    status = "CLOSED" if account["closed"] else "LIVE"
    return {"id": pk, "status": status, **{name: account[name] for name in COMPARED}}


@pytest.fixture
def good() -> Evidence:
    """A run in which everything went well."""
    every = [asked for lane in PLAN for asked in lane]
    ends = [{**NEW, **outcome(lane)} for lane in PLAN]
    return Evidence(
        PLAN,
        [Told(asked, str(asked.key), 1, 0.1) for asked in every],
        [row(asked) for asked in every],
        [shown(account, pk) for pk, account in enumerate([*ends, OTHER])],
        [dict(OTHER), *(account for account in ends if not account["closed"])],
        [called(asked) for asked in every],
        {OTHER["username"]},
    )


def kinds(evidence: Evidence) -> set[Kind]:
    return {finding.kind for finding in check(evidence)}


def account_of(evidence: Evidence, lane: list[Asked]) -> dict:
    name = outcome(lane)["username"]
    return next(it for it in evidence.accounts if it["username"] == name)


def customer_of(evidence: Evidence, lane: list[Asked]) -> dict:
    name = outcome(lane)["username"]
    return next(it for it in evidence.customers if it["username"] == name)


def calls_of(evidence: Evidence, lane: list[Asked]) -> list[dict]:
    return [call for call in evidence.calls if call["executed_at"] // 1000 == lane[0].lane]


def test_a_run_in_which_all_went_well_has_no_findings(good):
    assert check(good) == []


@pytest.mark.parametrize("state", ["REJECTED", "WAITING", "IN_DOUBT", "BLOCKED", "WITHDRAWN"])
def test_what_was_taken_and_is_not_done_is_lost(good, state):
    good.changes[3]["state"] = state
    assert kinds(good) == {Kind.LOST}


def test_a_change_without_a_row_is_lost(good):
    del good.changes[3]
    assert kinds(good) == {Kind.LOST}


def test_a_form_that_refused_what_is_possible_is_told(good):
    good.history[3] = replace(good.history[3], refusal="200: There is a problem")
    assert check(good) == [
        Finding(Kind.LOST, f"{good.history[3].asked}: the form said 200: There is a problem")
    ]


def test_a_change_that_nobody_was_told_of_is_lost(good):
    del good.history[3]
    assert Kind.LOST in kinds(good)


def test_done_but_never_executed_is_lost(good):
    calls = calls_of(good, KEPT)
    victim = next(it for it in reversed(calls) if it["operation"] not in SWITCHES)
    good.calls.remove(victim)
    assert Kind.LOST in kinds(good) or Kind.ORDER in kinds(good)


def test_an_account_that_is_gone_is_lost_and_the_mirror_differs(good):
    good.accounts.remove(account_of(good, KEPT))
    assert kinds(good) == {Kind.LOST, Kind.MIRROR}


def test_an_account_that_was_there_before_must_outlive_the_run(good):
    del good.accounts[0]
    assert kinds(good) == {Kind.LOST, Kind.MIRROR}


def test_a_second_account_of_a_customer_is_a_duplicate(good):
    good.accounts.append({**account_of(good, KEPT), "username": "again@chaos.example"})
    assert Kind.DUPLICATE in kinds(good)


def test_a_change_that_nobody_asked_for_is_a_ghost(good):
    good.changes.append({**good.changes[3], "id": "another"})
    assert kinds(good) == {Kind.GHOST}


def test_a_deleted_account_that_is_still_there_is_a_ghost(good):
    good.accounts.append({**NEW, **outcome(DELETED)})
    assert kinds(good) == {Kind.GHOST, Kind.MIRROR}


@pytest.mark.parametrize(
    ("field", "value"), [("city", "elsewhere"), ("email", "x@chaos.example"), ("active", None)]
)
def test_a_field_that_is_not_the_last_writers_is_wrong(good, field, value):
    account_of(good, KEPT)[field] = value
    assert kinds(good) == {Kind.WRONG, Kind.MIRROR}


def test_a_wrong_password_is_found_though_no_list_shows_it(good):
    account_of(good, KEPT)["password"] = "an older one"
    assert kinds(good) == {Kind.WRONG}


def test_website_access_is_found_wrong_though_no_list_shows_it(good):
    account = account_of(good, KEPT)
    account["website_access"] = not account["website_access"]
    assert kinds(good) == {Kind.WRONG, Kind.MIRROR}


def test_a_late_copy_of_an_older_call_is_out_of_order(good):
    first, *_middle, last = calls_of(good, KEPT)
    good.calls.append({**first, "executed_at": last["executed_at"] + 1})
    assert Kind.ORDER in kinds(good)


def test_the_same_call_again_before_the_next_one_is_no_finding(good):
    call = next(it for it in good.calls if it["operation"] not in NOT_REPEATABLE)
    good.calls.append({**call, "executed_at": call["executed_at"] + 1})
    assert check(good) == []


def test_what_must_not_be_repeated_is_found_repeated(good):
    call = next(it for it in good.calls if it["operation"] == Operation.USERNAME)
    good.calls.append({**call, "executed_at": call["executed_at"] + 1})
    assert kinds(good) == {Kind.ORDER}


def test_a_switch_that_changes_nothing_may_be_settled_by_a_look_alone(good):
    lane = next(lane for lane in PLAN if idle(lane))
    for call in calls_of(good, lane):
        if (call["executed_at"] % 1000) / 10 in idle(lane):
            good.calls.remove(call)
    assert check(good) == []


def test_what_is_left_of_a_secret_is_found(good):
    good.changes[0]["sealed"] = True
    assert kinds(good) == {Kind.SECRET}
    good.changes[0]["sealed"] = False
    assert kinds(replace(good, secrets={"log/worker.log"})) == {Kind.SECRET}


def test_a_mirror_that_shows_something_else_is_found(good):
    customer_of(good, KEPT)["city"] = "elsewhere"
    assert kinds(good) == {Kind.MIRROR}


def test_a_closed_customer_who_is_live_here_is_found(good):
    customer_of(good, DELETED)["status"] = "LIVE"
    assert kinds(good) == {Kind.MIRROR}


def test_an_account_that_the_mirror_does_not_know_is_found(good):
    good.customers.remove(customer_of(good, KEPT))
    assert kinds(good) == {Kind.MIRROR}


def test_an_attempt_without_an_outcome_is_found(good):
    assert kinds(replace(good, open_attempts=1)) == {Kind.MIRROR}


def test_the_same_seed_asks_for_the_same(good):
    assert plan(SEED, 120) == PLAN != plan(SEED + 1, 120)
    assert sum(map(len, PLAN)) == 120


def test_a_repeated_call_is_no_later_one_though_what_lies_between_may_be_missing():
    switched = (Operation.WEBSITE_DISABLE, Operation.ENABLE, Operation.WEBSITE_DISABLE)
    lane = [
        Asked(0, 0, Operation.CREATE, {"username": "user-0-0@chaos.example"}),
        *(Asked(0, n, operation) for n, operation in enumerate(switched, 1)),
    ]
    create, off, on, off_again = (called_for(it) for it in lane)
    assert list(_in_turn(lane, [create, off, off, on, off_again])) == []
    assert list(_in_turn(lane, [create, off, off_again])) == []
    wrong = list(_in_turn(lane, [create, off, on, off_again, on]))
    assert [it.kind for it in wrong] == [Kind.ORDER]


def called_for(asked: Asked) -> dict:
    return {"operation": asked.operation.value, "params": dict(asked.fields)}
