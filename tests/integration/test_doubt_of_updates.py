"""A doubt about what may be sent twice: read back where a row shows it, else sent again."""

import pytest

from customers.distributor.rules import Operation
from customers.models import Change
from customers.services import changes
from tests.integration.steps import (
    ADAS,
    NEW_NAME,
    PASSWORD,
    SETTLE,
    again,
    commands,
    deliver_all,
    deliver_until_settled,
    live,
)

pytestmark = pytest.mark.django_db
State = Change.State


@pytest.fixture
def customer(sandbox, control):
    return live()


@pytest.mark.parametrize(
    ("operation", "fields"),
    [
        (Operation.PROFILE, {"city": "Paris", "website": "engines.example"}),
        (Operation.PROFILE, {"company": "Engines SA"}),
        (Operation.EMAIL, {"email": NEW_NAME}),
        (Operation.DISABLE, {}),
    ],
)
class TestWhatARowShows:
    def test_is_read_back_after_a_lost_answer(self, sandbox, customer, clock, operation, fields):
        sandbox.faults.append("lost")
        change = changes.ask(customer, operation, fields)
        deliver_all()
        assert again(change).state == State.DONE
        assert commands(sandbox) == ["create", operation]
        mirror = again(customer)
        assert {field: getattr(mirror, field) for field in fields} == fields
        # A late copy could still undo what comes after.
        assert mirror.quiet_until > clock()

    def test_is_sent_again_when_it_was_not_applied(
        self, sandbox, customer, clock, operation, fields
    ):
        sandbox.faults.append("dropped")
        change = changes.ask(customer, operation, fields)
        deliver_until_settled(clock)
        assert again(change).state == State.DONE
        first, second = change.sends.reverse()
        assert second.begun_at > first.deadline + SETTLE
        assert first.request == second.request

    def test_is_for_a_person_when_the_account_is_gone(
        self, sandbox, customer, clock, operation, fields
    ):
        sandbox.faults.append("dropped")
        change = changes.ask(customer, operation, fields)
        sandbox.remove(ADAS)
        deliver_until_settled(clock)
        assert again(change).state == State.BLOCKED


@pytest.mark.parametrize("fault", ["lost", "dropped"])
@pytest.mark.parametrize(
    "operation", [Operation.PASSWORD, Operation.WEBSITE_DISABLE, Operation.WEBSITE_ENABLE]
)
def test_what_no_row_shows_is_sent_again_after_the_settle_time(
    sandbox, customer, clock, operation, fault
):
    sandbox.faults.append(fault)
    secret = "another-engine" if operation == Operation.PASSWORD else ""
    change = changes.ask(customer, operation, password=secret)

    deliver_until_settled(clock)

    first, second = change.sends.reverse()
    assert second.begun_at > first.deadline + SETTLE
    assert again(change).state == State.DONE
    assert sandbox.operations() == ["create", operation, operation]
    account = sandbox.account(ADAS)
    assert account["password"] == (secret or PASSWORD)
    assert account["website_access"] is (operation != Operation.WEBSITE_DISABLE)


def test_what_no_row_shows_and_is_then_refused_is_for_a_person(sandbox, customer, clock):
    sandbox.faults.append("lost")
    change = changes.ask(customer, Operation.PASSWORD, password="another-engine")
    deliver_all()
    sandbox.remove(ADAS)
    deliver_until_settled(clock)
    assert again(change).state == State.BLOCKED


@pytest.mark.parametrize("operation", [Operation.PASSWORD, Operation.EMAIL, Operation.PROFILE])
def test_nothing_follows_for_the_customer_before_the_settle_time(
    sandbox, customer, clock, operation
):
    sandbox.faults.append("lost")
    fields = {Operation.EMAIL: {"email": NEW_NAME}, Operation.PROFILE: {"city": "Paris"}}
    secret = "another-engine" if operation == Operation.PASSWORD else ""
    change = changes.ask(customer, operation, fields.get(operation, {}), password=secret)
    behind = changes.ask(customer, Operation.DISABLE)

    deliver_until_settled(clock)

    first = change.sends.last()
    assert behind.sends.get().begun_at > first.deadline + SETTLE
    assert commands(sandbox)[-1] == "disable"


def test_a_newer_password_waits_until_the_older_one_is_settled(sandbox, customer, clock):
    sandbox.faults.append("dropped")
    changes.ask(customer, Operation.PASSWORD, password="the-older-one")
    changes.ask(customer, Operation.PASSWORD, password="the-newer-one")
    deliver_until_settled(clock)
    assert sandbox.account(ADAS)["password"] == "the-newer-one"


def test_eight_rounds_without_an_end_are_for_a_person(sandbox, customer, clock):
    sandbox.faults.add("dropped", times=100, operation="email")
    change = changes.ask(customer, Operation.EMAIL, {"email": NEW_NAME})

    deliver_until_settled(clock, seconds=45, times=60)

    change = again(change)
    assert (change.state, change.rounds, change.attempts) == (State.BLOCKED, 8, 9)


def test_a_distributor_that_does_not_answer_looks_costs_no_round(sandbox, customer, clock):
    sandbox.faults.add("dropped", operation="email")
    change = changes.ask(customer, Operation.EMAIL, {"email": NEW_NAME})
    sandbox.faults.add("503", times=30, operation="retrieve")
    for _ in range(5):
        deliver_all()
        clock.forward(31)
    assert (again(change).state, again(change).rounds) == (State.IN_DOUBT, 0)
    sandbox.faults.clear()

    deliver_until_settled(clock)

    assert again(change).state == State.DONE
