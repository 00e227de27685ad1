"""A customer whom the distributor refused is corrected and asked for again."""

import pytest
from django.urls import reverse

from customers.models import Change, Customer, Username
from tests.integration.pages import ADA, a_customer, fill_catalogue, signed_in
from tests.integration.steps import deliver_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager():
    fill_catalogue()
    return signed_in("Managers")


@pytest.fixture
def refused(manager, sandbox):
    """The name belongs to an account over there that nobody has told us of."""
    sandbox.add_account(username=ADA["username"])
    manager.post(reverse("customers:new"), ADA)
    deliver_all()
    return Customer.objects.get()


def test_the_form_shows_what_was_typed_and_no_password(manager, refused):
    assert refused.status == Customer.Status.REFUSED
    page = manager.get(reverse("customers:correct", args=[refused.pk])).content.decode()
    assert ADA["address"].replace("'", "&#x27;") in page
    assert ADA["password"] not in page
    detail = manager.get(refused.get_absolute_url()).content.decode()
    assert reverse("customers:correct", args=[refused.pk]) in detail


def test_it_stays_the_same_customer_and_becomes_live(manager, refused, sandbox):
    other = ADA | {"username": "countess@example.com", "package": "Free"}
    answer = manager.post(reverse("customers:correct", args=[refused.pk]), other)
    assert answer.status_code == 302
    refused.refresh_from_db()
    assert (refused.status, refused.package) == (Customer.Status.REQUESTED, "Free")
    deliver_all()
    refused.refresh_from_db()
    assert (refused.status, refused.free_user) == (Customer.Status.LIVE, True)
    assert sandbox.account("countess@example.com")["package"] == "Free"
    assert [change.state for change in refused.changes.order_by("seq")] == ["REJECTED", "DONE"]
    assert Username.objects.get(customer=refused, state="LIVE").name == "countess@example.com"


def test_a_name_that_was_taken_is_refused_at_once(manager, refused):
    answer = manager.post(reverse("customers:correct", args=[refused.pk]), ADA)
    assert "can never be used again" in answer.content.decode()
    assert Change.objects.count() == 1


def test_a_name_that_is_held_is_still_their_own(manager, sandbox):
    a_customer("grace@example.com")
    manager.post(reverse("customers:new"), ADA)
    change = Change.objects.get()
    manager.post(reverse("customers:withdraw", args=[change.pk]))
    answer = manager.post(reverse("customers:correct", args=[change.customer_id]), ADA)
    assert answer.status_code == 302
    deliver_all()
    assert Customer.objects.get(pk=change.customer_id).status == Customer.Status.LIVE


def test_sent_twice_it_is_one_change(manager, refused):
    other = ADA | {
        "username": "countess@example.com",
        "change_id": "7b7f3f60-7c0c-4b36-8d5c-8f3f3f0e0a11",
    }
    for _ in range(2):
        answer = manager.post(reverse("customers:correct", args=[refused.pk]), other)
        assert answer.status_code == 302
    assert refused.changes.count() == 2


def test_nobody_else_is_created_over(manager):
    customer = a_customer("grace@example.com")
    other = ADA | {"username": "countess@example.com"}
    answer = manager.post(reverse("customers:correct", args=[customer.pk]), other)
    assert "not refused any more" in answer.content.decode()
    customer.refresh_from_db()
    assert (customer.username, customer.status) == ("grace@example.com", Customer.Status.LIVE)
    assert not Change.objects.exists()
