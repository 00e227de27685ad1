"""A doubt about a rename or a delete: looked up by name, never sent twice blindly."""

import pytest

from customers.distributor.rules import Operation
from customers.models import Change, Customer, Username
from customers.services import changes, claims, delivery
from tests.integration.steps import (
    ADAS,
    NEW_NAME,
    again,
    commands,
    deliver_all,
    deliver_until_it_waits_again,
    deliver_until_settled,
    live,
    looks,
)

pytestmark = pytest.mark.django_db
State = Change.State


@pytest.fixture
def customer(sandbox, control):
    return live()


def rename(customer, name=NEW_NAME):
    return changes.ask(customer, Operation.USERNAME, {"username": name})


def test_a_rename_that_was_executed_is_found(sandbox, customer):
    sandbox.faults.append("lost")
    change = rename(customer)
    deliver_all()
    assert (again(change).state, again(customer).username) == (State.DONE, NEW_NAME)
    assert commands(sandbox) == ["create", "username"]
    assert Username.objects.get(name=ADAS).state == Username.State.RELEASED


def test_a_rename_that_was_not_executed_goes_out_again(sandbox, customer, clock):
    sandbox.faults.append("dropped")
    change = rename(customer)
    deliver_until_settled(clock)
    assert (again(change).state, again(customer).username) == (State.DONE, NEW_NAME)
    assert commands(sandbox) == ["create", "username", "username"]


def test_a_rename_to_a_name_that_another_account_has_is_refused(sandbox, customer, clock):
    sandbox.add_account(username=NEW_NAME)
    sandbox.faults.append("dropped")
    change = rename(customer)
    deliver_until_settled(clock)
    assert (again(change).state, again(customer).username) == (State.REJECTED, ADAS)
    name = Username.objects.get(name=NEW_NAME)
    assert (name.state, name.customer) == (Username.State.BURNT, None)


@pytest.mark.parametrize("fault", ["lost", "dropped"])
@pytest.mark.parametrize("name", [ADAS, ADAS.title()])
def test_a_rename_back_behind_one_that_is_refused_clashes_with_nobody(
    sandbox, customer, clock, fault, name
):
    sandbox.add_account(username=NEW_NAME)
    refused, back = rename(customer), rename(customer, name)
    delivery.deliver(claims.claim())
    assert again(refused).state == State.REJECTED
    sandbox.faults.add(fault, operation="username")

    deliver_until_settled(clock)

    assert (again(back).state, again(customer).username) == (State.DONE, name)
    assert sandbox.account(ADAS)["username"] == name
    assert Username.objects.get(key=ADAS).state == Username.State.LIVE


def test_a_rename_after_which_neither_name_is_there_is_for_a_person(sandbox, customer, clock):
    sandbox.faults.append("lost")
    change = rename(customer)
    sandbox.remove(ADAS)
    deliver_until_settled(clock)
    assert again(change).state == State.BLOCKED
    assert again(customer).username == ADAS


def test_a_delete_that_was_executed_is_believed_after_two_looks(sandbox, customer, clock):
    clock.forward(120)  # No list lags so far behind that it would not show the creation.
    sandbox.faults.append("lost")
    change = changes.ask(customer, Operation.DELETE)
    deliver_all()
    assert again(change).state == State.IN_DOUBT

    clock.forward(3)
    deliver_all()

    assert again(change).state == State.DONE
    assert looks(change) == ["AS_ASKED"] * 2
    assert commands(sandbox) == ["create", "delete"]
    assert again(customer).status == Customer.Status.CLOSED
    assert Username.objects.get(name=ADAS).state == Username.State.BURNT


def test_a_delete_that_finds_nobody_after_an_unanswered_one_is_done(sandbox, customer, clock):
    """It was executed between the last look and the next try."""
    sandbox.faults.append("dropped")
    change = changes.ask(customer, Operation.DELETE)
    deliver_until_it_waits_again(change, clock)
    sandbox.remove(ADAS)

    deliver_all()

    assert sandbox.calls[-1].answer == "User not found"
    assert again(change).state == State.DONE
    assert again(customer).status == Customer.Status.CLOSED


def test_a_delete_of_an_account_that_was_never_there_is_refused(sandbox, customer):
    sandbox.remove(ADAS)
    change = changes.ask(customer, Operation.DELETE)
    deliver_all()
    assert (again(change).state, again(change).error) == (State.REJECTED, "User not found")
    assert again(customer).status == Customer.Status.LIVE
