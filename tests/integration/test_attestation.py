"""After each good reading: who is verified equal, who differs, is missing or in flight."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.distributor.rules import Operation
from customers.models import Change, Customer, Drift, Refresh, Verification
from customers.services import attestation, changes, mirror
from tests.integration.steps import ADAS, GRACE, again, deliver_all, list_again, listed, live

pytestmark = pytest.mark.django_db
State = Change.State


@pytest.fixture
def customer(sandbox, clock):
    customer = live()
    clock.forward(120)
    return customer


def attested():
    reading = mirror.refresh()
    assert reading.verdict == Refresh.Verdict.OK
    assert again(reading).verified == reading.verified
    return reading.verified, reading.differing, reading.missing, reading.in_flight


def verified_at(customer):
    return Customer.objects.with_verified_at().get(pk=customer.pk).verified_at


def drifted(customer, clock, **columns):
    return Drift.objects.create(
        customer=customer,
        field="phone",
        agreed="1",
        ours="1",
        theirs="2",
        seen_at=clock(),
        **columns,
    )


def test_a_reading_says_of_every_customer_how_they_stand(sandbox, clock):
    listed(sandbox, 6)
    gone, busy, doubtful, odd, *_equal = Customer.objects.order_by("username")
    sandbox.remove(gone.username)
    change = changes.ask(busy, Operation.DISABLE)
    Change.objects.filter(pk=change.pk).update(state=State.IN_DOUBT)
    Customer.objects.filter(pk=doubtful.pk).update(touched_at=clock())
    drifted(odd, clock)
    live(GRACE)
    changes.create(params={"username": ADAS, "email": ADAS}, password="difference-engine")

    assert attested() == (2, 1, 1, 3)


def test_an_alteration_counts_as_a_difference_until_somebody_has_said_what_of_it(customer, clock):
    earlier = mirror.refresh()
    told = {"state": Drift.State.ADOPTED, "decided_at": clock()}
    drift = drifted(customer, clock)
    assert attested() == (0, 1, 0, 0)
    Drift.objects.filter(pk=drift.pk).update(refresh=earlier, **told)
    assert attested() == (1, 0, 0, 0)
    reading = Refresh.objects.latest("started_at")
    drifted(customer, clock, refresh=reading, **told)
    attestation.attest(reading)
    assert (reading.verified, reading.differing) == (0, 1)


def test_who_was_looked_at_just_now_is_no_less_verified(customer, clock):
    looked = clock()
    Customer.objects.filter(pk=customer.pk).update(touched_at=looked, seen_at=looked)
    assert attested() == (0, 0, 0, 1)
    Verification.objects.create(customer=customer, begun_at=looked, outcome="EQUAL")
    assert attested() == (1, 0, 0, 0)
    assert verified_at(customer) == looked


def test_who_cannot_be_verified_keeps_when_they_last_were(customer, clock):
    assert verified_at(customer) is None
    first = mirror.refresh()
    assert verified_at(customer) == first.started_at
    assert first.oldest_verified_at == first.started_at

    changes.ask(customer, Operation.DISABLE)
    deliver_all()
    second = mirror.refresh()
    third = mirror.refresh()
    assert verified_at(customer) == first.started_at
    assert second.oldest_verified_at == third.oldest_verified_at == first.started_at

    clock.forward(120)
    last = mirror.refresh()
    assert verified_at(customer) == last.oldest_verified_at == last.started_at


def test_who_is_missing_keeps_when_they_were_last_listed(sandbox, customer, clock):
    sandbox.add_account(username=GRACE)
    first = mirror.refresh()
    sandbox.change(ADAS, closed=True)
    for _ in range(2):
        clock.forward(120)
        assert attested() == (1, 0, 1, 0)
        assert verified_at(customer) == first.started_at

    list_again(sandbox, ADAS)
    clock.forward(120)
    assert attested() == (2, 0, 0, 0)
    assert verified_at(customer) == Refresh.objects.good()[0].started_at


def test_who_came_after_a_reading_was_not_verified_by_it(sandbox, clock):
    live(GRACE)
    clock.forward(120)
    mirror.refresh()
    customer = live()
    Customer.objects.filter(pk=customer.pk).update(created_at=clock())
    assert verified_at(customer) is None
    assert attested() == (1, 0, 0, 1)
    assert verified_at(customer) is None


def test_a_reading_that_was_not_applied_attests_nothing(sandbox, customer):
    good = mirror.refresh()
    sandbox.faults.append("cut")
    failed = mirror.refresh()
    assert (failed.verified, failed.missing, failed.oldest_verified_at) == (None, None, None)
    assert verified_at(customer) == good.started_at


def test_attesting_costs_the_same_however_many_there_are(sandbox, clock):
    def statements():
        reading = mirror.refresh()
        with CaptureQueriesContext(connection) as ran:
            attestation.attest(reading)
        return len(ran)

    listed(sandbox, 2)
    few = statements()
    for n in range(20):
        sandbox.add_account(username=f"more{n}@navy.example")
    assert statements() == few == 6
