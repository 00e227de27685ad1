"""Transactions of a reading are as short as their time, whatever a row costs."""

import pytest
from django.db import connection

from customers.services import batches

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.core]


@pytest.fixture
def clock(monkeypatch):
    """A clock that only the work moves on."""
    now = [0.0]
    monkeypatch.setattr(batches.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(batches.time, "sleep", now.append)
    return now


def sizes(clock, rows, cost, **options):
    done = []

    def write(batch):
        assert connection.in_atomic_block
        done.append(list(batch))
        clock[0] += sum(map(cost, batch))

    batches.in_batches(range(rows), write, **options)
    assert [it for batch in done for it in batch] == list(range(rows))
    return [len(batch) for batch in done]


def test_batches_grow_until_they_last_as_long_as_they_may(clock):
    held = batches.HELD
    grown = sizes(clock, 10_000, lambda _: held / 1_000)
    assert grown[:6] == [50, 100, 200, 400, 800, 1_000]
    assert set(grown[5:-1]) == {1_000}


def test_rows_that_cost_more_make_smaller_batches(clock):
    held = batches.HELD
    grown = sizes(clock, 10_000, lambda n: held / 1_000 if n < 5_000 else held / 400)
    assert max(grown) == 1_000
    assert grown[-2] == 400


def test_there_are_never_more_in_one_than_was_said(clock):
    assert max(sizes(clock, 1_000, lambda _: 0.0, most=30)) == 30


def test_on_a_busy_machine_a_batch_is_not_one_row(clock):
    assert sizes(clock, 170, lambda _: 60.0) == [50, 50, 50, 20]


def test_on_sqlite_nobody_has_the_lock_between_two_batches(clock):
    number = len(sizes(clock, 1_000, lambda _: 0.001))
    pauses = number if connection.vendor == "sqlite" else 0
    assert clock[1:] == [batches.PAUSE] * pauses
