from datetime import UTC, datetime

import pytest

from customers.models import clock as database_clock
from tests.integration.any_operation import account_of
from tests.integration.steps import CONTROL, MovableClock


@pytest.fixture(autouse=True)
def clock_that_is_read_each_time(monkeypatch):
    """So that the number of statements does not hang on how quick a test is."""
    monkeypatch.setattr(database_clock, "CARRIED", 0)


@pytest.fixture
def clock(monkeypatch):
    """Time goes by when a test says so: leases, due times and settle times follow it."""
    movable = MovableClock(database_clock.now)
    monkeypatch.setattr(database_clock, "now", movable)
    return movable


@pytest.fixture
def control(sandbox, settings):
    """An account that every honest reading shows."""
    sandbox.add_account(username=CONTROL)
    settings.DISTRIBUTOR_CONTROL = CONTROL


@pytest.fixture
def still_clock(monkeypatch, settings):
    """Time stands still but for the test; asking the database for it would be one more thing that
    can go wrong with it."""
    settings.DISTRIBUTOR_RATE = settings.DISTRIBUTOR_BURST = 10**6
    start = datetime.now(UTC)
    movable = MovableClock(lambda: start)
    monkeypatch.setattr(database_clock, "now", movable)
    return movable


@pytest.fixture
def somebody_live(sandbox):
    """A customer of ours, so that there is always one whom an honest reading shows."""
    return account_of(sandbox, "control@navy.example")
