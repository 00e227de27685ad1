import pytest

from customers.models import clock as database_clock
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
