"""Accounts that come and go in the lists, and one that comes after everybody has given it up."""

import pytest

from customers.models import Alert, Change, Customer, Refresh, Username
from customers.services import mirror
from tests.integration.steps import (
    ADAS,
    GRACE,
    again,
    create,
    decide,
    deliver_until_settled,
    everything,
    live,
)

pytestmark = pytest.mark.django_db
Verdict = Refresh.Verdict


@pytest.fixture
def customer(sandbox, control, clock):
    customer = live()
    clock.forward(120)
    return customer


@pytest.fixture
def hidden(sandbox, monkeypatch):
    """Names that whole lists leave out, while a look by name still finds them."""
    names = set()
    real = sandbox.store.rows

    def rows(filters, **options):
        for batch in real(filters, **options):
            yield [row for row in batch if filters or row["username"] not in names]

    monkeypatch.setattr(sandbox.store, "rows", rows)
    return names


def read(clock):
    reading = mirror.refresh()
    assert reading.verdict == Verdict.OK
    clock.forward(900)


@pytest.mark.parametrize("shown", [(False, True), (False, False, True), (True, False, False)])
def test_who_is_in_some_lists_and_not_in_others_is_neither_missing_nor_new(
    sandbox, hidden, customer, clock, shown
):
    read(clock)
    customers = Customer.objects.count()
    for is_shown in shown * 4:
        (hidden.discard if is_shown else hidden.add)(ADAS)
        read(clock)
        assert again(customer).status == Customer.Status.LIVE
        assert (again(customer).missing_since is None) is is_shown
    assert Customer.objects.count() == customers
    assert Username.objects.get(key=ADAS).customer == customer
    assert not Alert.objects.exists()


def test_a_stranger_who_comes_and_goes_is_adopted_once(sandbox, hidden, customer, clock):
    sandbox.add_account(username=GRACE)
    for _ in range(4):
        read(clock)
        hidden.add(GRACE)
        read(clock)
        hidden.clear()
    read(clock)
    assert Customer.objects.filter(username=GRACE).count() == 1


def test_an_account_that_comes_after_it_was_given_up_is_told_by_the_next_reading(
    sandbox, control, clock
):
    """Its creation got no answer, a person gave it up, and the distributor did it after all."""
    read(clock)
    sandbox.faults.add("dropped", times=10, operation="create")
    change = create()
    deliver_until_settled(clock, seconds=100, times=40)
    assert again(change).state == Change.State.BLOCKED
    decide(change, "REJECTED")
    assert again(change.customer).status == Customer.Status.REFUSED
    clock.forward(3600)
    before = everything()
    read(clock)
    told = Alert.objects.filter(kind=Alert.Kind.LISTED)
    assert (everything(), told.count()) == (before, 0)

    sandbox.add_account(username=ADAS)
    read(clock)

    assert told.get().subject == ADAS
    assert Customer.objects.filter(username=ADAS).count() == 1
    assert again(change).state == Change.State.REJECTED
