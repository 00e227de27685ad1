"""The database has written it, and its answer is lost."""

import pytest
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from customers.models import Change, Customer
from tests.integration.applicant import Applicant
from tests.integration.pages import (
    ADA,
    Page,
    a_customer,
    fill_catalogue,
    form,
    signed_in,
    url,
)

pytestmark = pytest.mark.django_db(transaction=True)
AWAY = "Our database does not answer at the moment."


@pytest.fixture
def lose_the_answer(monkeypatch):
    """The first COMMIT that brings a change takes effect, and the connection breaks."""
    commit = BaseDatabaseWrapper._commit

    def committed(self):
        written = self.connection.execute("SELECT count(*) FROM customers_change").fetchone()[0]
        commit(self)
        if written:
            monkeypatch.undo()
            raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(BaseDatabaseWrapper, "_commit", committed)


def test_a_change_whose_commit_was_not_answered_is_asked_for_once(lose_the_answer):
    console, customer = signed_in(is_superuser=True), a_customer()
    said = form(console, customer, "email") | {"email": "b@example.com"}
    assert AWAY in Page(console.post(url(customer, "email"), said)).words
    assert Change.objects.count() == 1

    assert console.post(url(customer, "email"), said).status_code == 302

    assert Change.objects.get().params == {"email": "b@example.com"}


def test_so_is_a_creation(lose_the_answer):
    fill_catalogue()
    console = signed_in(is_superuser=True)
    said = Page(console.get("/customers/new/")).sends | ADA
    assert AWAY in Page(console.post("/customers/new/", said)).words

    assert console.post("/customers/new/", said).status_code == 302

    assert (Customer.objects.count(), Change.objects.count()) == (1, 1)


def test_so_is_a_signup(lose_the_answer):
    fill_catalogue()
    applicant = Applicant().confirm().fill()
    assert AWAY in Page(applicant.send()).words

    assert applicant.send()["Location"] == f"/signup/{applicant.signup().pk}/"

    assert (Customer.objects.count(), Change.objects.count()) == (1, 1)
