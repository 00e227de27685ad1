"""The database's clock is asked once a second, and its answer carried on in between."""

import time
from datetime import timedelta
from itertools import count

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import clock

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has no clock of its own."),
]


@pytest.fixture(autouse=True)
def counter(monkeypatch):
    """What this machine counts, moved by the test; nothing is carried over from before."""
    moved = [1000.0]
    monkeypatch.setattr(time, "clock_gettime", lambda _clock: moved[0])
    monkeypatch.setattr(clock, "CARRIED", 1.0)
    monkeypatch.setattr(clock, "_read", (float("-inf"), clock.now()))
    return moved


def times(moments, counter, step=0.4):
    """So many readings with a pause after each, and how often the database was asked."""
    with CaptureQueriesContext(connection) as said:
        found = []
        for _ in range(moments):
            found.append(clock.now())
            counter[0] += step
    return found, len(said)


def test_what_is_counted_in_between_is_added(counter):
    (first, second, third), asked = times(3, counter)

    assert asked == 1
    assert [second - first, third - first] == [timedelta(seconds=0.4), timedelta(seconds=0.8)]


def test_after_a_second_the_database_is_asked_again(counter):
    _found, asked = times(4, counter)

    assert asked == 2


def test_an_answer_that_took_long_is_not_carried_on(counter, monkeypatch):
    """The process was stopped before it heard it: nobody knows what time it is by now."""
    passed = count(counter[0], step=0.1)
    monkeypatch.setattr(time, "clock_gettime", lambda _clock: next(passed))

    _found, asked = times(3, counter)

    assert asked == 3
