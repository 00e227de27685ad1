"""A process that dies at the Nth thing it says to its database or to the distributor.

Points lie before every statement, before and after whatever takes effect by itself (COMMIT, a
writing statement outside of a transaction), and before and after each connect, send and receive.
"""

import socket
from contextlib import contextmanager
from itertools import count

import pytest
from django.db import connection
from psycopg.pq import TransactionStatus

from customers import tasks
from customers.distributor.line import Line
from tests.integration.crashes import Killed


class CrashPoints:
    """Counts the points that are passed; at `at` everything of the process ends."""

    def __init__(self, at=None):
        self.at, self.passed, self.dead = at, 0, False

    def point(self):
        self.passed += 1
        if self.dead or self.passed == self.at:
            self.die()

    def die(self):
        if not self.dead:
            self.dead = True
            # What the server does when the connection of a dead process breaks. Django's own
            # way out of a transaction would commit here on SQLite.
            if not _copies():  # The end of a COPY that breaks off does the same.
                connection.connection.rollback()
        raise Killed

    def statement(self, execute, sql, params, many, context):
        self.point()
        result = execute(sql, params, many, context)
        if not connection.in_atomic_block and not sql.startswith("SELECT"):
            self.point()
        return result


def _copies():
    status = getattr(connection.connection, "info", None)
    return status is not None and status.transaction_status == TransactionStatus.ACTIVE


class _Socket(socket.socket):
    """The client's end of its connection to the distributor."""

    points: CrashPoints

    def sendall(self, *args):
        self.points.point()
        super().sendall(*args)
        self.points.point()

    def recv_into(self, *args):
        self.points.point()
        return super().recv_into(*args)


@contextmanager
def crash_points(at=None):
    """The points of whatever runs inside; it dies at number `at`, if it gets there."""
    points = CrashPoints(at)
    dial, commit = Line.dial, connection._commit

    def dialled(self, host, port):
        points.point()
        plain = dial(self, host, port)
        wait = plain.gettimeout()
        watched = _Socket(fileno=plain.detach())
        watched.points = points
        watched.settimeout(wait)
        points.point()
        return watched

    def committed():
        points.point()
        commit()
        points.point()

    def rung(customer):
        points.point()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Line, "dial", dialled)
        patch.setattr(connection, "_commit", committed)
        patch.setattr(tasks.deliver, "delay", rung)
        with connection.execute_wrapper(points.statement):
            try:
                yield points
            except Killed:
                assert points.dead, "something else died"
    assert not connection.in_atomic_block


def at_every_point(run, stride=1):
    """Run it with a crash at its first point, its second and so on, until it does not get there.

    `run` is given the number, and tells whether it did; how many runs died is returned.
    """
    for died in count():
        if not run(1 + died * stride):
            return died
    return None
