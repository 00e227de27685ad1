"""A refresh reads while changes are delivered: all that can happen is tried on a small model.

What the application decides by is its own: the WHERE clause of the merge is asked of the database
for every case that there is. Each rule is then taken away, and must be missed.
"""

from datetime import timedelta
from itertools import product

import pytest

from customers.models import Change, Customer
from customers.services import merge
from tests.integration.race_model import (
    AFTER,
    BEFORE,
    LAG,
    LONG_AGO,
    READING,
    SETTLE,
    Model,
    Wrong,
    explore,
)

pytestmark = pytest.mark.django_db
State = Change.State
TICK = timedelta(seconds=20)
STATES = ("WAITING", "SENDING", "IN_DOUBT", "BLOCKED", "DONE")
TOUCHED = (None, *range(LONG_AGO + 1))
THERE_AND_BACK = (AFTER, BEFORE)


@pytest.fixture
def speaks(settings, clock):
    """Whether a reading may speak of a customer, as the database answers it."""
    settings.SETTLE_TIME = SETTLE * TICK
    now = clock()
    cases = {_customer(now, touched, state): (touched, state)
             for touched, state in product(TOUCHED, STATES)}  # fmt: skip
    allowed = {
        (*cases[pk], since)
        for since in range(READING + 1)
        for pk in Customer.objects.filter(merge.untouched(now - since * TICK)).values_list(
            "pk", flat=True
        )
    }
    return lambda *case: case in allowed


def _customer(now, touched, state):
    at = None if touched is None else now - touched * TICK
    customer = Customer.objects.create(status=Customer.Status.LIVE, touched_at=at)
    settled_at = now if state == "DONE" else None
    asked = {"operation": "profile", "seq": 1, "asked_at": now, "due_at": now}
    Change.objects.create(customer=customer, state=state, settled_at=settled_at, **asked)
    return customer.pk


@pytest.mark.parametrize("asked", [(AFTER,), THERE_AND_BACK], ids=len)
@pytest.mark.parametrize(("lag", "edits"), [(0, False), (1, False), (LAG, False), (0, True)])
def test_whatever_comes_between_no_older_value_ends_over_a_newer_one(speaks, asked, lag, edits):
    assert explore(Model(speaks, asked, lag=lag, edits=edits)) > 5000


def test_a_reading_that_heeds_no_settle_time_brings_back_an_older_value(speaks):
    def rash(touched, state, since):
        return touched is None or (touched > since and speaks(None, state, since))

    with pytest.raises(Wrong, match="an older value over a newer one"):
        explore(Model(rash, lag=LAG))


def test_a_reading_that_heeds_no_change_since_it_began_brings_back_an_older_value(speaks):
    with pytest.raises(Wrong, match="an older value over a newer one"):
        explore(Model(lambda _touched, state, since: speaks(None, state, since)))


def test_a_reading_that_heeds_no_unsettled_change_takes_ours_for_somebody_elses(speaks):
    with pytest.raises(Wrong, match="our own change for somebody else's"):
        explore(Model(lambda touched, _state, since: speaks(touched, "DONE", since)))


def test_a_look_that_heeds_no_lag_tells_of_a_change_that_never_was(speaks):
    with pytest.raises(Wrong, match="never executed"):
        explore(Model(speaks, THERE_AND_BACK, lag=LAG, knows_of_lag=False))
