"""Asking: one row, one id, one hint to the workers."""

import logging
import time
from uuid import uuid4

import pytest

from customers.distributor.rules import Operation
from customers.models import Change, Customer
from customers.services import changes, doorbell
from customers.services.errors import AlreadySent, NothingChanged, NotPossible
from customers.services.names import NameTaken
from customers.services.seen import Seen
from tests.integration.steps import (
    ADA,
    ADAS,
    NEW_NAME,
    PASSWORD,
    again,
    at_once,
    create,
    deliver_all,
    deliver_until_settled,
    live,
    profile,
    rename,
    withdraw,
)

pytestmark = pytest.mark.django_db
State = Change.State


def test_the_same_form_twice_is_one_change(sandbox):
    identity = uuid4()
    assert create(change_id=identity) == create(change_id=identity)
    customer = Customer.objects.get()
    for operation, fields, password in (
        (Operation.EMAIL, {"email": NEW_NAME}, ""),
        (Operation.PASSWORD, {}, "another-engine"),
        (Operation.DISABLE, {}, ""),
    ):
        identity, seen = uuid4(), Seen.of(customer)
        said = {"password": password, "change_id": identity, "seen": seen}
        first = changes.ask(customer, operation, fields, **said)
        assert changes.ask(customer, operation, fields, **said) == first
    assert Change.objects.count() == 4


def test_a_client_that_sends_nothing_seen_asks_twice_and_it_is_one_change(sandbox):
    customer, identity = live(), uuid4()
    fields = {"city": "Paris", "zip": ADA["zip"]}
    asked = [changes.ask(customer, Operation.PROFILE, fields, change_id=identity) for _ in "12"]
    assert asked[0] == asked[1]
    assert asked[0].params == {"city": "Paris"}


@pytest.mark.parametrize(
    ("params", "password"), [({"city": "Paris"}, PASSWORD), ({}, "another-engine")]
)
def test_the_same_id_with_other_content_is_no_change(params, password):
    change = create()
    with pytest.raises(AlreadySent):
        changes.create(params=ADA | params, password=password, change_id=change.pk)
    assert Customer.objects.count() == Change.objects.count() == 1


def test_the_same_id_for_another_customer_or_operation_is_no_change(sandbox):
    ada, grace, identity = live(), live("grace@navy.example"), uuid4()
    changes.ask(ada, Operation.DISABLE, change_id=identity)
    for customer, operation in ((grace, Operation.DISABLE), (ada, Operation.ENABLE)):
        with pytest.raises(AlreadySent):
            changes.ask(customer, operation, change_id=identity)


def test_a_password_that_is_erased_cannot_be_compared_any_more(sandbox):
    identity = uuid4()
    create(change_id=identity)
    deliver_all()
    with pytest.raises(AlreadySent):
        create(change_id=identity)


def test_what_was_shown_is_no_change(sandbox):
    customer = live()
    with pytest.raises(NothingChanged):
        profile(customer, city=ADA["city"], company=ADA["company"])
    with pytest.raises(NothingChanged):
        rename(customer, ADAS.upper())
    profile(customer, city="Paris")
    with pytest.raises(NothingChanged):
        profile(customer, city="Paris")


def test_nothing_is_asked_of_customers_who_are_refused_closed_or_closing(sandbox):
    sandbox.add_account(username="grace@navy.example")
    refused = create("grace@navy.example").customer
    closing = live()
    delete = changes.ask(closing, Operation.DELETE)
    with pytest.raises(NotPossible, match="closing"):
        profile(closing, city="Paris")
    deliver_all()
    assert again(delete).state == State.DONE
    for customer, why in ((refused, "refused"), (closing, "closed")):
        for operation in (Operation.PROFILE, Operation.DELETE, Operation.ENABLE):
            fields = {"city": "Paris"} if operation == Operation.PROFILE else {}
            with pytest.raises(NotPossible, match=why):
                changes.ask(customer, operation, fields)


def test_a_switch_wants_a_name_that_is_an_address_or_is_about_to_be_one(sandbox):
    customer = live("ada")
    with pytest.raises(NotPossible, match="not_email"):
        changes.ask(customer, Operation.DISABLE)
    rename(customer)
    changes.ask(customer, Operation.DISABLE)
    deliver_all()
    assert sandbox.account(NEW_NAME)["active"] is False


def test_what_waits_behind_a_withdrawn_create_goes_with_it(sandbox):
    change = create()
    behind = rename(change.customer)
    assert withdraw(change)
    assert (again(change).state, again(behind).state) == (State.WITHDRAWN, State.WITHDRAWN)
    assert not withdraw(change)
    assert deliver_all() == 0
    assert create(NEW_NAME)


def test_what_was_tried_once_cannot_be_withdrawn(sandbox, clock):
    customer = live()
    sandbox.faults.append("429")
    change = profile(customer, city="Paris")
    deliver_all()
    assert again(change).state == State.WAITING
    assert not withdraw(change)
    deliver_until_settled(clock)
    assert again(change).state == State.DONE


@pytest.mark.django_db(transaction=True)
def test_a_double_click_is_one_change(sandbox):
    identity = uuid4()
    ended = at_once(*[lambda: create(change_id=identity)] * 4)
    assert {getattr(end, "pk", end) for end in ended} == {identity}
    assert Customer.objects.count() == Change.objects.count() == 1

    deliver_all()
    customer, identity = Customer.objects.get(), uuid4()
    seen = Seen.of(customer)
    ended = at_once(
        *[
            lambda: changes.ask(
                customer, Operation.EMAIL, {"email": NEW_NAME}, seen=seen, change_id=identity
            )
        ]
        * 4
    )
    assert {getattr(end, "pk", end) for end in ended} == {identity}
    assert Change.objects.count() == 2


@pytest.fixture
def no_broker(monkeypatch):
    """Nothing listens where the messages go."""
    app = doorbell.tasks.deliver.app
    with monkeypatch.context() as patch:
        patch.setattr(app.conf, "broker_url", "redis://127.0.0.1:1/0")
        # Connections that stand already are kept in these.
        patch.setattr(app, "_pool", None)
        patch.setattr(app.amqp, "_producer_pool", None)
        yield


@pytest.mark.django_db(transaction=True)
def test_with_the_broker_away_asking_goes_on_and_says_so_in_one_line(sandbox, no_broker, caplog):
    caplog.set_level(logging.WARNING)
    began = time.monotonic()

    change = create()

    assert time.monotonic() - began < 3
    assert [record.name for record in caplog.records] == ["customers.services.doorbell"]
    assert "the next round finds it" in caplog.text
    deliver_all()
    assert again(change).state == State.DONE


@pytest.mark.django_db(transaction=True)
def test_the_doorbell_rings_after_the_commit_with_one_id_and_nothing_else(monkeypatch):
    rung = []
    monkeypatch.setattr(doorbell.tasks.deliver, "delay", lambda *args: rung.append(args))
    change = create()
    assert rung == [(change.customer_id,)]
    with pytest.raises(NameTaken):
        create()
    assert len(rung) == 1
