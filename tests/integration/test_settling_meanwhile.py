"""A change that settles while a page is made: the page may be behind, but never for good."""

import pytest
from django.urls import reverse

from customers.models import Change, Customer, Signup, clock
from tests.integration.pages import ADA, fill_catalogue, signed_in
from tests.integration.steps import deliver_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def created(sandbox):
    """Asked for, not delivered, and the manager who looks at it."""
    fill_catalogue()
    manager = signed_in("Managers")
    manager.post(reverse("customers:new"), ADA)
    return manager, Customer.objects.get()


def settle_after_the_first(monkeypatch, table):
    """A worker is through as soon as the page has read the first row of this table."""
    real, once = table.from_db.__func__, []

    def read(cls, *args):
        row = real(cls, *args)
        if not once:
            once.append(row)
            deliver_all()
        return row

    monkeypatch.setattr(table, "from_db", classmethod(read))
    return once


@pytest.mark.parametrize("table", [Customer, Change])
def test_a_customers_page_asks_again_or_is_up_to_date(created, monkeypatch, table):
    manager, customer = created
    once = settle_after_the_first(monkeypatch, table)

    page = manager.get(customer.get_absolute_url()).content.decode()

    assert once
    assert Change.objects.get().state == "DONE"
    assert "Being set up" not in page or 'hx-trigger="every' in page


@pytest.mark.parametrize("table", [Customer, Change])
def test_a_signups_page_asks_again_or_is_up_to_date(created, client, monkeypatch, table):
    _manager, customer = created
    signed_up = Signup.objects.create(customer=customer, state="SUBMITTED", started_at=clock.now())
    once = settle_after_the_first(monkeypatch, table)

    page = client.get(reverse("signup-status", args=[signed_up.pk])).content.decode()

    assert once
    assert Change.objects.get().state == "DONE"
    assert "Being set up" not in page or 'hx-trigger="every' in page
