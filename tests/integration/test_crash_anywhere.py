"""A worker that dies at any point of its way, and another one that goes on: the end is the same."""

import os
from datetime import UTC, datetime
from itertools import count
from uuid import uuid4

import pytest

from customers.distributor.rules import SWITCHES, Operation
from customers.models import Change, Customer, Username
from customers.models import clock as database_clock
from customers.services import changes
from tests.integration import oracle
from tests.integration.crash_points import at_every_point, crash_points
from tests.integration.steps import ADA, PASSWORD, MovableClock, deliver_until_settled

pytestmark = pytest.mark.django_db(transaction=True)

State = Change.State
# Without an answer the way is long: each so many points unless CRASH_STRIDE says 1.
STRIDE = int(os.environ.get("CRASH_STRIDE", "29"))
# Each of these must differ from what the customer begins with.
FIELDS = {
    Operation.PROFILE: {"city": "Zürich", "company": "Engines AG", "website": "engines.example"},
    Operation.EMAIL: {"email": "new@analytical.example"},
}
NEW_PASSWORD = "another-engine"
OPERATIONS = [op for op in Operation if op != Operation.RETRIEVE]


@pytest.fixture
def clock(monkeypatch, settings):
    """Time stands still but for the test; asking the database for it would be a point to die at."""
    settings.DISTRIBUTOR_RATE = settings.DISTRIBUTOR_BURST = 10**6
    start = datetime.now(UTC)
    movable = MovableClock(lambda: start)
    monkeypatch.setattr(database_clock, "now", movable)
    return movable


@pytest.fixture
def control(sandbox, settings):
    """A customer of ours, so that there is always one whom an honest reading shows."""
    return account_of(sandbox, "control@navy.example")


def account_of(sandbox, name, **columns):
    """A customer who is live here and over there."""
    fields = ADA | {"username": name, "website": "http://www.analytical.example"}
    switches = {"active": True, "website_access": True} | columns
    sandbox.add_account(**fields | switches | {"free_user": False, "password": PASSWORD})
    customer = Customer.objects.create(
        status=Customer.Status.LIVE, **fields | switches | {"free_user": False}
    )
    Username.objects.create(
        key=name, name=name, customer=customer, state="LIVE", since=database_clock.now()
    )
    return customer


def ask(operation, number, change_id=None):
    """The same wish for another customer each time, so that no run has to be cleared away."""
    name = f"c{number}@navy.example"
    change_id = change_id or uuid4()
    if operation == Operation.CREATE:
        params = ADA | {"username": name}
        return changes.create(params=params, password=PASSWORD, change_id=change_id)
    return changes.ask(
        Customer.objects.get(usernames__key=name),
        operation,
        fields_of(operation, number),
        password=NEW_PASSWORD if operation == Operation.PASSWORD else "",
        change_id=change_id,
    )


def fields_of(operation, number):
    if operation == Operation.USERNAME:
        return {"username": f"new{number}@navy.example"}
    return FIELDS.get(operation, {})


def before(sandbox, operation, number):
    """Whom it is asked for, with each switch the other way round."""
    column, on = SWITCHES.get(operation, ("active", False))
    if operation != Operation.CREATE:
        account_of(sandbox, f"c{number}@navy.example", **{column: not on})


def expected_account(operation, number):
    account = {"password": PASSWORD} | fields_of(operation, number)
    if operation == Operation.PASSWORD:
        account["password"] = NEW_PASSWORD
    if operation in SWITCHES:
        account |= dict([SWITCHES[operation]])
    if "website" in account:
        account["website"] = f"http://{account['website']}"
    return account


def check(sandbox, change, operation, number):
    change.refresh_from_db()
    oracle.assert_over(change)
    assert change.state == State.DONE
    oracle.assert_sent_as_often_as_allowed(sandbox, change)
    oracle.assert_mirrored(sandbox, change.customer)
    account = sandbox.account(Customer.objects.get(pk=change.customer_id).username)
    assert account | expected_account(operation, number) == account
    oracle.assert_no_person_was_asked()
    # The names that it had and has; one account and no more.
    names = [f"c{number}@navy.example", f"new{number}@navy.example"]
    there = [account for name in names if (account := sandbox.account(name))]
    assert len(there) == 1


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
        return points

    return at_every_point(run, stride)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_delivery_that_dies_anywhere_ends_as_if_it_had_not(sandbox, control, clock, operation):
    assert dies_anywhere(sandbox, clock, operation) > 25


@pytest.mark.parametrize("fault", ["lost", "dropped"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_so_does_one_that_gets_no_answer_and_then_dies_anywhere(
    sandbox, control, clock, operation, fault
):
    died = dies_anywhere(sandbox, clock, operation, fault=fault, stride=STRIDE)
    assert died >= 60 // STRIDE


@pytest.mark.parametrize("operation", OPERATIONS)
def test_who_dies_anywhere_in_asking_has_asked_for_all_or_for_nothing(sandbox, clock, operation):
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
        deliver_until_settled(clock, seconds=95)
        check(sandbox, same, operation, number)
        return points

    creates = operation == Operation.CREATE
    whole = [int(creates), int(creates or operation == Operation.USERNAME), 1]
    assert at_every_point(run) > 5
