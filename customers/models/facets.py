"""Fields of which all customers together have few different values, each with an index.

Whoever looks for a part of such a value is told the values, in place of looking at each customer.
"""

from django.db import connection
from django.db.models import F, Q
from django.db.models.lookups import In

from customers.models.likeness import LONGEST, Alike

FACETS = ("country",)
# Of more values than these the field is no facet after all: the distributor takes any text.
MOST_VALUES = 500

# From each value to the next one by the index, however many customers have it.
_EACH = """
    WITH RECURSIVE each (value) AS (
        SELECT min({key}) FROM customers_customer
        UNION ALL
        SELECT (SELECT min({key}) FROM customers_customer WHERE {key} > each.value)
        FROM each WHERE each.value IS NOT NULL
    )
    SELECT value, strpos(lower(value), lower(%s)) <> 0 FROM each WHERE value IS NOT NULL LIMIT %s
"""


def key_of(field: str) -> Alike:
    """What the index keeps."""
    return Alike(F(field))


def holding(field: str, text: str) -> Q | None:
    """In that facet the text stands, in letters of either size; None if it has to be looked for."""
    if connection.vendor != "postgresql":
        return None
    key = f"substr({field}, 1, {LONGEST})"
    with connection.cursor() as cursor:
        cursor.execute(_EACH.format(key=key), [text, MOST_VALUES + 1])
        rows = cursor.fetchall()
    # What was cut may hold the text further on.
    if len(rows) > MOST_VALUES or any(len(value) == LONGEST for value, _ in rows):
        return None
    return Q(In(key_of(field), [value for value, holds in rows if holds]))
