"""Whatever is wrong with a list, it changes nothing, and says why.

MUTATED_LISTS=10000 looks at other lists than those of every run, at some hundredths of a second
each. What it finds is printed as the smallest list that it could make of it.
"""

import os

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from customers.models import Drift
from customers.sandbox import replies
from customers.services import mirror
from tests.integration.lies import FORMS, LIES, OK, QUARANTINED, Honest, Lie
from tests.integration.steps import everything, listed

pytestmark = pytest.mark.django_db
LISTS = os.environ.get("MUTATED_LISTS")
RUN = settings(
    max_examples=int(LISTS or 1000) // len(FORMS),
    derandomize=not LISTS,
    deadline=None,
    database=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
CUSTOMERS = 60


@pytest.fixture
def rows(sandbox):
    """As an honest list shows all customers, whom we know just so."""
    listed(sandbox, CUSTOMERS)
    (batch,) = sandbox.store.rows({})
    return batch


def breaks_off(body):
    """It ends in the middle of its framing."""
    if body:
        yield body
    raise ConnectionAbortedError


def send(monkeypatch, lie):
    """Were one believed that must not be, everybody would have moved."""
    body = lie.body if lie.verdict == OK else lie.body.replace(b"London", b"Paris")

    def listing(*_args, **_options):
        return replies.Reply(body if lie.whole else breaks_off(body))

    monkeypatch.setattr(replies, "listing", listing)


def shown():
    """All that a list could alter, and who is missed."""
    customers, names, asked = everything()
    missed = [customer.pop("missing_since") for customer in customers]
    return [customers, names, asked, list(Drift.objects.values())], missed


@pytest.mark.parametrize("form", FORMS)
def test_a_list_that_lies_changes_nothing(sandbox, settings, rows, monkeypatch, form):
    honest = Honest(rows, form)
    settings.DISTRIBUTOR_FORMAT = honest.written
    before, nobody_missed = shown()

    @RUN
    @given(data=st.data())
    def changes_nothing(data):
        lie = data.draw(st.sampled_from(LIES))(data, honest)
        send(monkeypatch, lie)
        with transaction.atomic():
            reading = mirror.refresh()
            after, missed = shown()
            transaction.set_rollback(True)
        assert reading.verdict == lie.verdict, reading.problem
        assert after == before
        if lie.verdict == OK:
            assert len(missed) - missed.count(None) == reading.absent
        else:
            assert missed == nobody_missed
            assert reading.problem

    changes_nothing()


def test_the_lists_that_are_put_aside_would_have_changed_everybody(sandbox, rows, monkeypatch):
    """Had they been believed: what they would have to say about is not what we know."""
    body = Honest(rows, "array").body(rows)
    send(monkeypatch, Lie(body, QUARANTINED))
    assert mirror.refresh().updated == CUSTOMERS
