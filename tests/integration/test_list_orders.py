"""A page costs the same wherever it is: read off an index, neither sorted nor counted through."""

import pytest
from django.db import connection

from customers.models import Customer
from customers.models.keyset import Order, Place, beyond
from customers.models.orders import ORDERS
from tests.integration.pages import many_customers

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("name", [f"{sign}{name}" for name in ORDERS for sign in ("", "-")])
def test_a_page_in_any_order_begins_where_the_index_says(name, backwards):
    many_customers(300)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
    order = Order.named(name)
    middle = Customer.objects.annotate(sort_key=order.key).order_by(*order.by(backwards=False))[150]
    place = Place(middle.sort_key, middle.pk)
    rows = Customer.objects.filter(beyond(order, place, backwards=backwards))
    page = rows.order_by(*order.by(backwards=backwards)).values("pk")[:51]

    plan = page.explain()

    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan
    if connection.vendor == "postgresql":
        assert "Index Cond: (" in plan, plan
    else:
        assert "SEARCH customers_customer USING" in plan, plan
