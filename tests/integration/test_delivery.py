"""From a row that somebody asked for to an account at the distributor, and back to the mirror."""

from datetime import UTC, date, datetime, timedelta

import pytest

from customers.distributor.rules import SWITCHES, Operation
from customers.models import Attempt, Change, Customer, Username
from customers.services import changes
from tests.integration.steps import (
    ADA,
    ADAS,
    NEW_NAME,
    NOWHERE,
    PASSWORD,
    UPDATES,
    again,
    both_formats,
    create,
    deliver_all,
    deliver_until_settled,
    live,
)

pytestmark = pytest.mark.django_db
State = Change.State


@both_formats
def test_a_create_makes_the_account_and_the_mirror(sandbox, settings, written):
    settings.DISTRIBUTOR_FORMAT = written
    today = datetime.now(UTC).date().isoformat()
    more = {"ip_group": ["g1", "g2"], "ip": ["192.0.2.1"], "billing_date": today}

    change = changes.create(params=ADA | more, password=PASSWORD)
    deliver_all()

    account = sandbox.account(ADAS)
    asked = ADA | more | {"free_user": False, "website": "http://www.analytical.example"}
    assert account | asked == account
    assert account["password"] == PASSWORD
    customer, change = again(change.customer), again(change)
    assert (customer.status, customer.active, customer.website_access) == ("LIVE", True, True)
    assert customer.billing_date == date.fromisoformat(today)
    assert customer.free_user is False
    assert (change.state, change.sealed_password, change.attempts) == (State.DONE, None, 1)
    assert Username.objects.get().state == Username.State.LIVE


@both_formats
@pytest.mark.parametrize("operation", UPDATES)
def test_an_update_is_delivered_and_mirrored(sandbox, settings, operation, written):
    settings.DISTRIBUTOR_FORMAT = written
    customer = live()
    fields, shown = UPDATES[operation]
    if operation in SWITCHES:
        column, on = SWITCHES[operation]
        sandbox.change(ADAS, **{column: not on})
        Customer.objects.update(**{column: not on})
    password = "another-engine" if operation == Operation.PASSWORD else ""

    change = changes.ask(customer, operation, fields, password=password)
    deliver_all()

    account = sandbox.account(fields.get("username", ADAS))
    assert account | shown == account
    assert again(change).state == State.DONE
    mirror = again(customer)
    expected = {**fields, **(shown if operation in SWITCHES else {})}
    assert {column: getattr(mirror, column) for column in expected} == expected
    assert mirror.status == ("CLOSED" if operation == Operation.DELETE else "LIVE")
    assert sandbox.operations() == [Operation.CREATE, operation]


def test_a_delete_burns_the_name_and_a_rename_holds_the_former_one(sandbox):
    customer = live()
    changes.ask(customer, Operation.USERNAME, {"username": NEW_NAME})
    changes.ask(customer, Operation.DELETE)

    deliver_all()

    states = dict(Username.objects.values_list("name", "state"))
    assert states == {ADAS: Username.State.RELEASED, NEW_NAME: Username.State.BURNT}


def test_changes_of_one_customer_are_delivered_in_their_order_and_follow_a_rename(sandbox):
    change = create()
    changes.ask(change.customer, Operation.USERNAME, {"username": NEW_NAME})
    changes.ask(change.customer, Operation.EMAIL, {"email": NEW_NAME})
    changes.ask(change.customer, Operation.DISABLE)

    deliver_all()

    assert [(call.operation, call.user) for call in sandbox.calls] == [
        ("create", ADAS),
        ("username", ADAS),
        ("email", NEW_NAME),
        ("disable", NEW_NAME),
    ]
    assert sandbox.account(NEW_NAME)["active"] is False


def test_a_customer_in_doubt_holds_up_nobody_else(sandbox, clock):
    stuck = live()
    sandbox.faults.add("dropped", operation="password")
    first = changes.ask(stuck, Operation.PASSWORD, password="another-engine")
    behind = changes.ask(stuck, Operation.DISABLE)
    other = create("grace@navy.example")

    deliver_all()

    assert [again(change).state for change in (first, behind, other)] == [
        State.IN_DOUBT,
        State.WAITING,
        State.DONE,
    ]


def test_a_refusal_ends_a_change_with_the_distributors_words(sandbox):
    sandbox.add_account(username=ADAS)
    change = create()

    deliver_all()

    change = again(change)
    assert (change.state, change.sealed_password) == (State.REJECTED, None)
    assert change.error == "Username already exists"
    assert again(change.customer).status == Customer.Status.REFUSED
    name = Username.objects.get()
    assert (name.state, name.customer) == (Username.State.BURNT, None)


def test_a_refused_create_withdraws_what_waits_behind_it_and_gives_the_names_back(sandbox):
    create_change = changes.create(params=ADA | {"email": "no address"}, password=PASSWORD)
    rename = changes.ask(create_change.customer, Operation.USERNAME, {"username": NEW_NAME})
    password = changes.ask(create_change.customer, Operation.PASSWORD, password="another-engine")

    deliver_all()

    assert again(rename).state == again(password).state == State.WITHDRAWN
    assert "email must be an email address" in again(rename).error
    assert again(password).sealed_password is None
    assert sandbox.operations() == ["create"]
    held = {name.name: name for name in Username.objects.all()}
    assert {name.state for name in held.values()} == {Username.State.RELEASED}
    assert held[ADAS].until - held[ADAS].since == timedelta(days=1)  # A call has carried it.
    assert held[NEW_NAME].until == held[NEW_NAME].since


def test_a_refused_update_lets_what_waits_behind_it_go_on(sandbox):
    sandbox.add_account(username=NEW_NAME)
    customer = live()
    refused = changes.ask(customer, Operation.USERNAME, {"username": NEW_NAME})
    behind = changes.ask(customer, Operation.DISABLE)

    deliver_all()

    assert (again(refused).state, again(behind).state) == (State.REJECTED, State.DONE)
    assert again(customer).username == ADAS


def test_the_first_attempt_fixes_what_goes_out(sandbox, settings, clock):
    settings.DISTRIBUTOR_URL = NOWHERE
    change = create()
    deliver_all()
    Change.objects.update(params=ADA | {"city": "Paris"})
    settings.DISTRIBUTOR_URL = sandbox.url
    clock.forward(16)

    deliver_all()

    assert sandbox.account(ADAS)["city"] == "London"
    requests = Attempt.objects.filter(change=change).values_list("request", flat=True)
    assert list(requests) == [ADA, ADA]


def test_one_account_is_called_from_now_on_by_the_name_it_has_then(sandbox, clock):
    """A name that was given up is sent by nobody, and what waits uses the new one."""
    customer = live()
    sandbox.faults.add("lost", operation="username")
    changes.ask(customer, Operation.USERNAME, {"username": NEW_NAME})
    changes.ask(customer, Operation.EMAIL, {"email": NEW_NAME})

    deliver_until_settled(clock)

    assert [c.user for c in sandbox.calls if c.operation == "email"] == [NEW_NAME]
    assert sandbox.account(NEW_NAME)["email"] == NEW_NAME
