"""The database's line breaks, or it gives a transaction up, at any moment: nothing is lost by it,
nothing is done twice, and whoever works goes on.

Unlike in test_crash_anywhere.py the process lives: what it has begun it must put right itself.
"""

import os
from contextlib import contextmanager
from itertools import count
from uuid import uuid4

import pytest
from django.db import DatabaseError, Error, close_old_connections, connection

from customers.distributor.rules import Operation
from customers.models import Change, Customer, Username
from tests.integration.any_operation import OPERATIONS, ask, before, check
from tests.integration.crash_points import at_every_point
from tests.integration.steps import deliver_all
from tests.proxy import Proxy

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no line to break"),
]

# A creation meets it at each moment, the others at each so many unless CRASH_STRIDE says 1.
STRIDE = int(os.environ.get("CRASH_STRIDE", "13"))
SAY = "DO $$ BEGIN RAISE EXCEPTION 'not this time' USING ERRCODE = '{}'; END $$"


class Refusal:
    """At the statement of that number the server gives the transaction up."""

    def __init__(self, at, code):
        self.at, self.code, self.passed, self.broke = at, code, 0, False

    def __call__(self, execute, sql, params, many, context):
        self.passed += 1
        if self.passed != self.at:
            return execute(sql, params, many, context)
        self.broke = True
        return execute(SAY.format(self.code), None, False, context)


@pytest.fixture
def line():
    """Django reaches its database by a line that we hold in our hands."""
    where = connection.settings_dict
    direct = {name: where[name] for name in ("HOST", "PORT")}
    with Proxy(direct["HOST"], int(direct["PORT"])) as proxy:
        connection.close()
        where.update(HOST="127.0.0.1", PORT=proxy.port)
        yield proxy
        connection.close()
        where.update(direct)


@pytest.fixture(params=["cut before", "cut after", "deadlock", "serialization"])
def trouble(request, line):
    """Makes trouble at the moment of a number; the block is given what tells whether it came."""

    @contextmanager
    def cut(at):
        line.arm(at, heard=request.param == "cut after")
        yield line
        line.at = None

    @contextmanager
    def refused(at):
        refusal = Refusal(at, {"deadlock": "40P01", "serialization": "40001"}[request.param])
        with connection.execute_wrapper(refusal):
            yield refusal

    return cut if request.param.startswith("cut") else refused


def work(clock):
    """As the poller does: an error of the database ends its round."""
    errors = 0
    for _ in range(20):
        try:
            deliver_all()
            if not Change.objects.unfinished().exists():
                return errors
        except Error:
            errors += 1
        close_old_connections()
        clock.forward(95)
    raise AssertionError(list(Change.objects.unfinished().values()))


def stride(operation):
    return 1 if operation == Operation.CREATE else STRIDE


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_delivery_that_loses_the_database_at_any_moment_ends_as_if_it_had_not(
    sandbox, somebody_live, still_clock, trouble, operation
):
    numbers, errors = count(), []

    def run(at):
        number = next(numbers)
        before(sandbox, operation, number)
        change = ask(operation, number)
        with trouble(at) as met:
            errors.append(work(still_clock))
        check(sandbox, change, operation, number)
        return met.broke

    assert at_every_point(run, stride(operation)) >= 15 // stride(operation)
    assert max(errors) == 1


@pytest.mark.parametrize("operation", [Operation.CREATE, Operation.USERNAME])
def test_what_is_asked_for_when_the_database_is_lost_is_there_as_a_whole_or_not_at_all(
    sandbox, still_clock, trouble, operation
):
    numbers = count()
    tables = (Customer, Username, Change)
    creates = operation == Operation.CREATE
    whole = [int(creates), int(creates or operation == Operation.USERNAME), 1]

    def added(were):
        return [table.objects.count() - n for table, n in zip(tables, were, strict=True)]

    def run(at):
        number, change_id = next(numbers), uuid4()
        before(sandbox, operation, number)
        were = [table.objects.count() for table in tables]
        with trouble(at) as met:
            try:
                ask(operation, number, change_id)
            except DatabaseError:
                assert met.broke
            close_old_connections()
        assert added(were) in ([0, 0, 0], whole)

        assert ask(operation, number, change_id).pk == change_id

        assert added(were) == whole
        work(still_clock)
        check(sandbox, Change.objects.get(pk=change_id), operation, number)
        return met.broke

    assert at_every_point(run) >= 5
