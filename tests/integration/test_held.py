"""A change that is held back: nobody takes it, nobody misses it, until a person lets it go."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from customers.models import Change, Username
from customers.models import clock as database_clock
from customers.services import lateness
from tests.integration.pages import Page, a_name, signed_in
from tests.integration.steps import ADAS, create, deliver_all

pytestmark = pytest.mark.django_db


def held():
    change = create()
    Change.objects.update(due_at=None)
    change.refresh_from_db()
    return change


@pytest.mark.core
def test_what_is_held_does_not_go_out_and_is_not_late(sandbox, clock):
    held()
    clock.forward(3600)
    deliver_all()
    assert sandbox.operations() == []
    assert lateness.check() is None
    assert Client().get("/health").json()["delivery"] == "ok"

    Change.objects.update(due_at=database_clock.now())
    deliver_all()
    assert sandbox.operations() == ["create"]


def test_what_is_held_says_what_it_waits_for():
    page = signed_in("Managers").get(held().get_absolute_url())
    assert "It waits for a review" in Page(page).words


@pytest.mark.core
@pytest.mark.parametrize("columns", [{"state": "SENDING"}, {"attempts": 1}, {"state": "BLOCKED"}])
def test_only_what_was_never_sent_can_be_held(columns):
    held()
    with pytest.raises(IntegrityError), transaction.atomic():
        Change.objects.update(**columns)


@pytest.mark.core
def test_a_name_that_an_open_signup_holds_is_free_once_the_signup_is_over():
    now = database_clock.now()
    a_name(ADAS, Username.State.PENDING, until=now + timedelta(days=1))
    assert not Username.objects.get().free_for(None, now)
    assert Username.objects.get().free_for(None, now + timedelta(days=1))
