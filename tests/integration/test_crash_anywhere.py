"""A worker that dies at any point of its way, and another one that goes on: the end is the same."""

import os
from itertools import count
from uuid import uuid4

import pytest

from customers.distributor.rules import Operation
from customers.models import Change, Customer, Username
from tests.integration.any_operation import OPERATIONS, ask, before, check
from tests.integration.crash_points import at_every_point, crash_points
from tests.integration.steps import deliver_until_settled

pytestmark = pytest.mark.django_db(transaction=True)

# Without an answer the way is long: each so many points unless CRASH_STRIDE says 1.
STRIDE = int(os.environ.get("CRASH_STRIDE", "29"))


def dies_anywhere(sandbox, clock, operation, *, fault="", stride=1):
    """The same change for one customer after the other, each time with a death further on."""
    numbers = count()

    def run(at):
        number = next(numbers)
        before(sandbox, operation, number)
        change = ask(operation, number)
        if fault:
            sandbox.faults.add(fault, operation=operation)
        with crash_points(at) as points:
            deliver_until_settled(clock, seconds=95)
        if points.dead:
            deliver_until_settled(clock, seconds=95)
        check(sandbox, change, operation, number)
        return points.dead

    return at_every_point(run, stride)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_delivery_that_dies_anywhere_ends_as_if_it_had_not(
    sandbox, somebody_live, still_clock, operation
):
    assert dies_anywhere(sandbox, still_clock, operation) > 20


@pytest.mark.parametrize("fault", ["lost", "dropped"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_so_does_one_that_gets_no_answer_and_then_dies_anywhere(
    sandbox, somebody_live, still_clock, operation, fault
):
    died = dies_anywhere(sandbox, still_clock, operation, fault=fault, stride=STRIDE)
    assert died >= 60 // STRIDE


@pytest.mark.parametrize("operation", OPERATIONS)
def test_who_dies_anywhere_in_asking_has_asked_for_all_or_for_nothing(
    sandbox, still_clock, operation
):
    numbers = count()
    tables = (Customer, Username, Change)

    def run(at):
        number, change_id = next(numbers), uuid4()
        before(sandbox, operation, number)
        were = [table.objects.count() for table in tables]
        with crash_points(at) as points:
            ask(operation, number, change_id)
        added = [table.objects.count() - n for table, n in zip(tables, were, strict=True)]
        assert added in ([0, 0, 0], whole)

        same = ask(operation, number, change_id)

        assert same.pk == change_id
        added = [table.objects.count() - n for table, n in zip(tables, were, strict=True)]
        assert added == whole
        deliver_until_settled(still_clock, seconds=95)
        check(sandbox, same, operation, number)
        return points.dead

    creates = operation == Operation.CREATE
    whole = [int(creates), int(creates or operation == Operation.USERNAME), 1]
    assert at_every_point(run) > 5
