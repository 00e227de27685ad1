"""A claim must not become slower with what waits, and not with what is long settled."""

import pytest
from django.db import connection

from bench import filling
from customers.models import Change
from customers.services.claims import claim
from tests.integration.plans import kept_plan, plans_of, statements_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def customers():
    """The first of 600; 400 have a settled change each and one that waits, 200 a long line."""
    first = filling.customers(600)
    filling.changes(first, 400, lane=10, state="DONE", hours_ago=100)
    filling.changes(first, 400, seq=10)
    filling.changes(first + 400, 200, lane=20)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return first


@pytest.mark.parametrize("of_one", [False, True])
def test_no_statement_of_a_claim_reads_the_whole_table(customers, of_one):
    plans = plans_of(lambda: claim(customers + 500 if of_one else None))

    ((sql, plan),) = plans
    assert not sequential(plan), f"{sql}\n{plan}"


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite knows one plan")
@pytest.mark.parametrize(("of_one", "index"), [(False, "change_first_due"), (True, "customer_id")])
def test_the_plan_that_is_kept_for_all_claims_is_as_good(customers, of_one, index):
    ((sql, params),) = statements_of(lambda: claim(customers + 500 if of_one else None))

    plan = kept_plan(sql, params)

    assert not sequential(plan), plan
    assert index in plan
    assert of_one or "Sort" not in plan


def test_what_is_due_comes_in_order_from_the_index(customers):
    """However long the queue: it is neither read to its end nor sorted."""
    _sql, plan = plans_of(claim)[0]

    assert "change_first_due" in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan


def test_a_plan_without_its_index_is_told_from_one_with_it(customers):
    """What the other tests look for does show in a plan."""
    ((_sql, plan),) = plans_of(lambda: list(Change.objects.order_by("reason")[:1]))

    assert sequential(plan)


def sequential(plan: str) -> bool:
    lines = [line.strip(" ->") for line in plan.splitlines()]
    return any(
        line.startswith(("Seq Scan on customers_", "SCAN ")) and "USING" not in line
        for line in lines
    )
