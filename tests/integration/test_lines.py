"""Who stands behind another open change of the customer is marked, and claims pass it unseen.

The mark is for speed alone: each claim asks the line itself, so a wrong one delays, no more.
"""

import importlib

import pytest
from django.apps import apps

from customers.distributor.rules import Operation
from customers.models import Change
from customers.services import changes, claims, lateness, settling
from tests.integration.steps import again, create, decide, deliver_all, live, withdraw

pytestmark = pytest.mark.django_db

LIMIT = 15 * 60


def line():
    """Three changes of one live customer."""
    customer = live()
    asked = (Operation.DISABLE, Operation.ENABLE, Operation.DISABLE)
    return [changes.ask(customer, operation) for operation in asked]


def behind(those):
    return [again(change).is_behind for change in those]


def end(change, how):
    match how:
        case "done":
            settling.done(claims.claim())
        case "refused":
            settling.rejected(claims.claim(), ["User is suspended"])
        case "withdrawn":
            assert withdraw(change)
        case choice:
            settling.block(claims.claim(), "Only a person can tell.")
            assert claims.claim() is None
            assert decide(change, choice)


@pytest.mark.parametrize("how", ["done", "refused", "withdrawn", "DONE", "REJECTED"])
def test_the_next_one_steps_forward_when_the_one_before_it_has_ended(sandbox, how):
    three = line()
    assert behind(three) == [False, True, True]

    end(three[0], how)

    assert behind(three) == [False, False, True]
    assert claims.claim() == three[1]


def test_one_that_is_withdrawn_from_the_middle_brings_nobody_forward(sandbox):
    first, second, third = line()

    assert withdraw(second)

    assert behind([first, third]) == [False, True]
    end(first, "done")
    assert behind([third]) == [False]


def test_a_creation_that_is_asked_for_again_is_at_the_head_of_its_line(sandbox):
    refused = create()
    changes.ask(refused.customer, Operation.PASSWORD, password="another-engine")
    end(refused, "refused")

    corrected = create("countess@analytical.example", refused=again(refused.customer))

    assert claims.claim() == corrected


def test_a_mark_too_few_sends_nothing_out_of_order(sandbox):
    first, *rest = line()
    Change.objects.update(is_behind=False)
    claims.claim()

    assert claims.claim() is None
    deliver_all()
    assert behind([first, *rest]) == [False, False, False]
    assert [again(change).state for change in rest] == ["WAITING", "WAITING"]


def test_whoever_was_forgotten_is_brought_forward_told_of_and_late(sandbox, clock, caplog):
    """As after a worker of an older version, which knows no marks."""
    three, others = line(), create("grace@navy.example")
    end(three[0], "done")
    Change.objects.filter(pk=three[1].pk).update(is_behind=True)
    deliver_all()
    assert [again(change).state for change in (others, three[1])] == ["DONE", "WAITING"]
    clock.forward(LIMIT + 5)

    assert lateness.check() == three[1]

    assert behind(three) == [False, False, True]
    assert caplog.text.count("no claim saw: 1") == 1
    deliver_all()
    assert {again(change).state for change in three} == {"DONE"}
    assert lateness.check() is None


def test_a_doorbell_finds_even_whoever_was_forgotten(sandbox):
    three = line()
    Change.objects.update(is_behind=True)

    assert claims.claim(three[0].customer_id) == three[0]


def test_rows_from_before_the_mark_get_it(sandbox):
    three, alone = line(), create("grace@navy.example")
    end(three[0], "done")
    Change.objects.update(is_behind=False)

    importlib.import_module("customers.migrations.0014_lines").mark(apps, None)

    assert behind([*three, alone]) == [False, False, True, False]
