"""A row that is written by its key, without the ORM, is as the ORM would have written it."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from customers.models import Attempt, Change, Customer, clock, row
from customers.models.change import State
from customers.services.claims import claim, give_back
from tests.integration.steps import again, create

pytestmark = [pytest.mark.django_db, pytest.mark.core]

REQUEST = {"user": "Łovelace 100%", "ip": ["192.0.2.1"], "free": False}


postgresql_only = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="SQLite's client keeps them itself"
)
OFTEN = 8  # More than DATABASE_PREPARE_AFTER.


def attempt_of(change, **columns):
    now = clock.now()
    return Attempt(
        change=change, n=1, begun_at=now, deadline=now + timedelta(seconds=20), **columns
    )


def values(of):
    return {field.attname: getattr(of, field.attname) for field in of._meta.concrete_fields}


def test_what_is_inserted_reads_as_it_was_made():
    attempt = attempt_of(create(), request=REQUEST, reply="it's 100 %s")

    row.insert(attempt)

    assert attempt.pk
    assert values(again(attempt)) == values(attempt)


def test_what_is_updated_reads_as_it_was_written():
    change, other = create(), create("grace@navy.example")
    written = {
        "state": State.DONE, "settled_at": clock.now(), "sealed_password": None,
        "params": REQUEST, "error": "it's 100 %s", "claim": 3,
    }  # fmt: skip
    before = values(again(change)), values(again(other))

    found = row.update(Change, {"id": change.pk, "state": State.WAITING}, written, "seq, claim")

    assert found == (1, 3)
    assert values(again(change)) == before[0] | written
    assert values(again(other)) == before[1]


def test_lists_and_what_is_not_known_are_written_to_a_customer():
    customer = create().customer
    written = {"ip": ["192.0.2.1"], "ip_group": None, "website_access": True, "active": None}

    assert row.update(Customer, {"id": customer.pk}, written, "username") == (customer.username,)

    there = again(customer)
    assert {name: getattr(there, name) for name in written} == written
    assert Customer.objects.filter(ip_group__isnull=True, pk=customer.pk).exists(), (
        "NULL, not JSON's null"
    )


def test_a_row_that_is_otherwise_stays_as_it_is():
    change = create()

    assert row.update(Change, {"id": change.pk, "claim": 9}, {"error": "no"}) is None

    assert again(change).error == ""


def test_constraints_bind_it_too():
    change = create()
    row.insert(attempt_of(change))

    with pytest.raises(IntegrityError), transaction.atomic():
        row.insert(attempt_of(change))


def test_what_is_fetched_reads_as_the_orm_reads_it():
    change = create()
    Change.objects.filter(pk=change.pk).update(params=REQUEST, error="it's 100 %s")
    sql = f"SELECT {row.columns(Change)} FROM customers_change WHERE error = %(error)s"

    found = row.fetch(Change, sql, {"error": "it's 100 %s"})

    assert found == change
    assert values(found) == values(again(change))
    assert not found._state.adding
    assert row.fetch(Change, sql, {"error": "none such"}) is None


def claimed_and_given_back():
    change = claim()
    assert change
    give_back(change)


@postgresql_only
def test_the_plan_of_what_is_written_often_is_kept():
    create()
    for _ in range(OFTEN):
        claimed_and_given_back()

    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        kept = [sql for (sql,) in cursor.fetchall()]
    assert sum("claim = claim + 1" in sql for sql in kept) == 1, "one text, whatever the moment"
    assert not any("'20" in sql for sql in kept), "no values in it"


@postgresql_only
def test_a_kept_plan_outlives_a_new_column():
    """As an update adds one, with workers of the former version running."""
    create()
    for _ in range(OFTEN):
        claimed_and_given_back()

    connection.check_constraints()  # What is deferred would hold the table as it is.
    with connection.cursor() as cursor:
        # Whoever alters a table himself forgets his plans, and this is somebody else.
        cursor.execute("DO 'BEGIN ALTER TABLE customers_change ADD COLUMN novelty integer; END'")

    claimed_and_given_back()
