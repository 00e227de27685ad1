"""A page costs the same wherever it is: read off an index, neither sorted nor counted through."""

import pytest
from django.db import connection

from customers.models import Customer
from customers.models.keyset import Order, Place, beyond
from customers.models.orders import ORDERS
from tests.integration.pages import a_customer, many_customers, signed_in

pytestmark = pytest.mark.django_db

# SQLite knows an expression again only where no parameter stands in it.
PLAIN = ("username", "status", "known")
READ_OFF = tuple(ORDERS) if connection.vendor == "postgresql" else PLAIN


@pytest.fixture
def console(db):
    return signed_in("Managers")


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("name", [f"{sign}{name}" for name in READ_OFF for sign in ("", "-")])
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


def test_whatever_length_the_distributor_tells_has_its_place(console):
    endless = "".join(chr(0x3400 + n * 7 % 20_000) for n in range(5_000))  # not to be compressed
    texts = ("first_name", "last_name", "email", "company", "package", "city")
    ada = a_customer(**dict.fromkeys(texts, endless))
    for name in ORDERS:
        assert list(console.get(f"/customers/?sort={name}").context["page"]) == [ada]
