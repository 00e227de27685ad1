"""What the statements over a whole list find and write is what Python says of each row."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.distributor.rules import ROW_FIELDS
from customers.models import Customer, Refresh, Username, clock
from customers.models.listed import SHOWN
from customers.services import merge, staging
from customers.services.comparing import compare

pytestmark = pytest.mark.django_db

# Spellings that are the same to some and not to others: case, accents, sharp s, dotted capital I.
TEXTS = st.sampled_from(
    [
        *(
            "",
            "a",
            "A",
            "ab",
            " a",
            "é",
            "É",
            "e\u0301",
            "ß",
            "ss",
            "SS",
            "i",
            "I",
            "İ",
            "i\u0307",
            "ı",
        ),
        *(
            "http://a",
            "http://A",
            "http://http://a",
            "https://a",
            "K",
            "\u212a",
            "a\\b\tc\n",
            "%s {}",
        ),
    ]
)
OURS = st.fixed_dictionaries(
    {field: TEXTS for field in ROW_FIELDS if field not in {"username", "active"}}
    | dict.fromkeys(("active", "website_access"), st.sampled_from([True, False, None]))
    | dict.fromkeys(("address2", "distributor_id"), st.none() | TEXTS)
)
THEIRS = st.fixed_dictionaries(
    {field: TEXTS for field in ROW_FIELDS if field not in {"username", "active"}}
    | {"active": st.sampled_from(["true", "false"])},
    optional={"website_access": st.sampled_from(["true", "false", "1", "0"])}
    | dict.fromkeys(("address2", "id"), TEXTS),
)


@st.composite
def pairs(draw):
    """A customer and their row; most fields are the same, some in another spelling."""
    ours, theirs = draw(OURS), draw(THEIRS)
    for field in draw(st.sets(st.sampled_from([*ours]))) ^ set(ours):
        if field == "active" and ours[field] is not None:
            theirs[field] = "true" if ours[field] else "false"
        elif field in theirs and isinstance(ours[field], str):
            theirs[field] = ours[field]
    if draw(st.booleans()):
        theirs |= {"website": f"http://{ours['website']}", "email": ours["email"].swapcase()}
    return ours, theirs


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(pairs(), min_size=1, max_size=20))
def test_the_statements_write_what_python_calls_different_and_nothing_else(database, them):
    with transaction.atomic():
        expected, customers, rows = [], [], []
        for number, (ours, theirs) in enumerate(them):
            name = f"C{number}@Navy.example"
            customer = Customer(**ours, username=name, status="LIVE")
            row = theirs | {"username": name.lower()}
            customers.append(customer)
            rows.append(row)
            expected.append(shown(customer) | merge.differences(customer, row))
        keep(customers)
        reading = read(rows)

        compared = compare(reading)
        merge.merge(reading, compared.known)

        after = Customer.objects.in_bulk()
        assert [shown(after[customer.pk]) for customer in customers] == expected
        altered = [
            shown(customer) != wish for customer, wish in zip(customers, expected, strict=True)
        ]
        assert [bool(after[it.pk].seen_at) for it in customers] == altered
        assert (reading.updated, reading.equal) == (sum(altered), len(them) - sum(altered))
        assert len(compared.known) == sum(altered) or not "".join(map(str, them)).isascii()
        assert not compared.new
        assert not compared.are_absent
        transaction.set_rollback(True)


@pytest.fixture
def database(db):
    """Hypothesis wants to be told that each example cleans up by itself."""


def shown(customer):
    return {column: getattr(customer, column) for column in SHOWN}


def keep(customers):
    Customer.objects.bulk_create(customers)
    Username.objects.bulk_create(
        Username(
            key=it.username.lower(), name=it.username, customer=it, state="LIVE", since=clock.now()
        )
        for it in customers
    )


def read(rows):
    reading = Refresh.objects.create(started_at=clock.now())
    reading.listed = sum(staging.fill(reading, iter(rows)))
    return reading
