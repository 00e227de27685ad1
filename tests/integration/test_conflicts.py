"""Nothing is overwritten that somebody had not seen."""

from datetime import timedelta

import pytest

from customers.distributor.rules import Operation
from customers.models import Change, Customer
from customers.services import changes, mirror
from customers.services.errors import Conflict
from customers.services.seen import Seen
from tests.integration.steps import (
    ADA,
    ADAS,
    NEW_NAME,
    again,
    at_once,
    deliver_all,
    live,
    profile,
    withdraw,
)

pytestmark = pytest.mark.django_db


def test_a_field_that_was_asked_for_since_conflicts(sandbox):
    customer = live()
    seen = Seen.of(customer)
    profile(customer, city="Paris", zip="75001")
    with pytest.raises(Conflict) as caught:
        profile(customer, seen, city="Rome", phone="+39 06 0000")
    assert caught.value.fields == {"city": "Paris"}
    assert Change.objects.filter(operation=Operation.PROFILE).count() == 1


def test_it_conflicts_also_once_it_is_delivered_and_not_once_it_is_withdrawn(sandbox):
    customer = live()
    seen = Seen.of(customer)
    profile(customer, city="Paris")
    deliver_all()
    with pytest.raises(Conflict):
        profile(customer, seen, city="Rome")
    assert withdraw(profile(customer, state="Île-de-France"))
    assert profile(customer, seen, state="Lazio")


def test_another_field_of_the_same_form_does_not_conflict(sandbox):
    customer = live()
    seen = Seen.of(customer)
    profile(customer, city="Paris")
    assert profile(customer, seen, city=ADA["city"], phone="+33 1 0000").params == {
        "phone": "+33 1 0000"
    }


def test_a_field_that_a_refresh_altered_conflicts(sandbox, clock):
    customer = live()
    seen = Seen.of(customer)
    sandbox.change(ADAS, city="Rome", zip="00100")
    clock.forward(120)
    mirror.refresh()
    with pytest.raises(Conflict) as caught:
        profile(customer, seen, city="Paris")
    assert caught.value.fields == {"city": "Rome"}


def test_a_refresh_that_brings_back_an_older_value_conflicts_too(sandbox, clock):
    customer = live()
    profile(customer, city="Paris")
    deliver_all()
    seen = Seen.of(again(customer))
    sandbox.change(ADAS, city="London")
    clock.forward(120)
    mirror.refresh()
    with pytest.raises(Conflict):
        profile(customer, seen, city="Rome")


@pytest.mark.parametrize("delivered", ["none", "the first", "both"])
def test_deliveries_alone_never_conflict(sandbox, clock, delivered):
    customer = live()
    profile(customer, city="Paris")
    profile(customer, city="Rome")
    seen = Seen.of(customer)
    assert (seen.mirror["city"], seen.shown["city"]) == ("London", "Rome")
    if delivered == "the first":
        Change.objects.filter(params={"city": "Rome"}).update(due_at=clock() + timedelta(days=1))
    if delivered != "none":
        deliver_all()
    expected = {"none": "London", "the first": "Paris", "both": "Rome"}
    assert again(customer).city == expected[delivered]

    assert profile(customer, seen, city="Oslo").params == {"city": "Oslo"}


def test_a_refusal_in_between_is_no_conflict(sandbox):
    customer = live()
    changes.ask(customer, Operation.EMAIL, {"email": "no address"})
    seen = Seen.of(customer)
    deliver_all()
    assert again(customer).email == ADA["email"]
    assert changes.ask(customer, Operation.EMAIL, {"email": NEW_NAME}, seen=seen)


@pytest.mark.django_db(transaction=True)
def test_what_is_asked_for_while_a_form_is_made_counts_as_asked_since(sandbox, monkeypatch):
    customer = live()
    real = Customer.expected

    def slowly(self):
        shown = real(self)
        monkeypatch.setattr(Customer, "expected", real)
        at_once(lambda: profile(customer, city="Paris"))
        return shown

    monkeypatch.setattr(Customer, "expected", slowly)
    seen = Seen.of(customer)
    with pytest.raises(Conflict):
        profile(customer, seen, city="Rome")


def test_a_form_never_shows_the_value_before_a_change_that_it_counts(sandbox, monkeypatch):
    """A delivery between two reads: the stale instance is read again."""
    customer = live()
    stale = again(customer)
    profile(customer, city="Paris")
    deliver_all()
    assert Seen.of(stale).shown["city"] == "Paris"


@pytest.mark.django_db(transaction=True)
def test_two_who_change_one_field_at_once(sandbox):
    customer = live()
    seen = Seen.of(customer)
    ended = at_once(
        lambda: profile(customer, seen, city="Paris"), lambda: profile(customer, seen, city="Rome")
    )
    assert sorted(type(end).__name__ for end in ended) == ["Change", "Conflict"]
