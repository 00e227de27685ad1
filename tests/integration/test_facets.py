"""Fields of few values: those that hold the text are told to the database, and found as before."""

import re

import pytest
from django.db import connection

from customers.models import Customer, facets
from customers.models.search import has
from tests.integration.pages import a_customer

pytestmark = pytest.mark.django_db
COUNTRIES = ("Poland", "poland", "Finland", "ÖSTERREICH", "", "Österreich")


@pytest.fixture(params=["few", "many", "long"])
def countries(request, monkeypatch):
    for n, country in enumerate(COUNTRIES * 2):
        a_customer(f"c{n}@example.com", country=country)
    if request.param == "many":
        monkeypatch.setattr(facets, "MOST_VALUES", 3)
    if request.param == "long":
        a_customer("long@example.com", country="x" * 120 + "Poland")
    return request.param


def found(text):
    return list(Customer.objects.filter(has("country", text)).values_list("country", flat=True))


@pytest.mark.parametrize(
    ("text", "those"),
    [("poland", ["Poland", "poland"]), ("LAND", ["Poland", "poland", "Finland"]),
     ("österreich", ["ÖSTERREICH", "Österreich"]), ("%", []), ("_", []), ("polen", [])],
)  # fmt: skip
def test_whoever_has_a_part_of_it_is_found(countries, text, those):
    further_on = countries == "long" and text in ("poland", "LAND")
    rest = found(text)
    assert any(len(country) > 100 for country in rest) == further_on
    assert sorted(it for it in rest if len(it) < 100) == sorted(those * 2)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="the index is PostgreSQL's")
def test_a_country_is_answered_by_its_index():
    for n in range(50):
        a_customer(f"c{n}@example.com", country="Poland" if n else "Norway")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE customers_customer")
        cursor.execute("SET LOCAL enable_seqscan = off")
    customers = Customer.objects.filter(has("country", "norw"))
    assert "customer_country" in customers.explain()
    assert customers.expected() == 1
    assert Customer.objects.filter(has("country", "nowhere")).expected() == 0


@pytest.mark.skipif(connection.vendor != "postgresql", reason="the index is PostgreSQL's")
def test_whose_sending_is_off_in_a_country_is_answered_by_one_index():
    """No row is read in order to see where they live: there are 30,000 of a million."""
    for n in range(60):
        a_customer(f"c{n}@example.com", country="Poland" if n % 3 else "Norway", active=n % 2 == 0)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE customers_customer")
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = Customer.objects.filter(has("country", "norw"), active=False).explain()
    assert re.search(r"customer_not_sending.*\n *Index Cond: .*country.*Norway", plan), plan
