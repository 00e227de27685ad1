"""The three statements that write the mirror from staged rows. PostgreSQL and SQLite take them.

Call them in the transaction of a batch; `rows` are keys of staged rows.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from customers.models import Customer, Username
from customers.models.customer import CustomerQuerySet
from customers.models.listed import OPTIONAL, SHOWN

# A name that somebody has asked for meanwhile is theirs: this waits for them, and passes it over.
TAKE_NAMES = """
    INSERT INTO customers_username (key, name, customer_id, state, until, since)
    SELECT l.key, l.username, {new_id}, %s, NULL, %s
    FROM customers_listed AS l
    WHERE {rows}
    ORDER BY l.id
    ON CONFLICT (key) DO UPDATE
    SET name = excluded.name, customer_id = excluded.customer_id, state = excluded.state,
        until = NULL, since = excluded.since
    WHERE customers_username.state = %s
      AND (customers_username.until IS NULL OR customers_username.until <= excluded.since)
    RETURNING customer_id
"""
ADD_CUSTOMERS = """
    INSERT INTO customers_customer (id, {columns}, status, origin, created_at, seen_at)
    SELECT u.customer_id, {shown}, %s, %s, %s, %s
    FROM customers_listed AS l JOIN customers_username AS u ON u.key = l.key
    WHERE {rows} AND u.customer_id {among}
"""
LAY_OVER = """
    UPDATE customers_customer
    SET {columns}, status = %s, missing_since = NULL, seen_at = %s
    FROM customers_listed AS l JOIN customers_username AS u ON u.key = l.key
    WHERE {rows} AND u.state = %s AND customers_customer.id = u.customer_id
      AND customers_customer.id IN ({who})
    RETURNING customers_customer.id
"""
NEW_ID = {
    "postgresql": "nextval(pg_get_serial_sequence('customers_customer', 'id'))",
    "sqlite": "coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'customers_customer'), 0)"
    " + row_number() OVER (ORDER BY l.id)",
}
# All keys are one parameter, so that the text stays the same: SQLite takes few parameters, and of
# the last hundred texts the client keeps what they were compiled to.
AMONG = {"postgresql": "= ANY(%s)", "sqlite": "IN (SELECT value FROM json_each(%s))"}


def _theirs(column: str) -> str:
    """What becomes of a column of the mirror; the same in another spelling stays as it is."""
    ours, theirs = f"customers_customer.{column}", f"l.{column}"
    if column == "website":
        return f"CASE WHEN {theirs} = 'http://' || {ours} THEN {ours} ELSE {theirs} END"
    return f"coalesce({theirs}, {ours})" if column in OPTIONAL else theirs


LAID_OVER = ", ".join(f"{it} = {_theirs(it)}" for it in SHOWN if it != "username")
INSERTED, SELECTED = ", ".join(SHOWN), ", ".join(f"l.{it}" for it in SHOWN)


def lay_over(rows: Sequence[int], who: CustomerQuerySet, seen_at: datetime) -> set[int]:
    """Write the rows over those of their customers who are among `who`; the keys of these.

    The e-mail address is written as it stands in the row, be it only spelled otherwise.
    """
    among, keys = _among(rows)
    who_sql, who_params = who.values("pk").query.sql_with_params()
    sql = LAY_OVER.format(columns=LAID_OVER, rows=among, who=who_sql)
    written = Customer.Status.LIVE, _moment(seen_at)
    with connection.cursor() as cursor:
        cursor.execute(sql, [*written, *keys, Username.State.LIVE, *who_params])
        return {pk for (pk,) in cursor.fetchall()}


def add(rows: Sequence[int], now: datetime, seen_at: datetime) -> int:
    """Make customers of the rows whose names can be had; how many."""
    among, keys = _among(rows)
    take = TAKE_NAMES.format(rows=among, new_id=NEW_ID[connection.vendor])
    name = Username.State.LIVE, _moment(now)
    customer = Customer.Status.LIVE, Customer.Origin.DISTRIBUTOR, _moment(now), _moment(seen_at)
    with connection.cursor() as cursor:
        cursor.execute(take, [*name, *keys, Username.State.RELEASED])
        if new := [pk for (pk,) in cursor.fetchall()]:
            cursor.execute(_add_customers(among), [*customer, *keys, _keys(new)])
    return len(new)


def _add_customers(rows: str) -> str:
    among = AMONG[connection.vendor]
    return ADD_CUSTOMERS.format(columns=INSERTED, shown=SELECTED, rows=rows, among=among)


def _among(rows: Sequence[int]) -> tuple[str, list[Any]]:
    """A condition for these staged rows, which are in their order, and its parameters."""
    if rows[-1] - rows[0] + 1 == len(rows):
        return "l.id BETWEEN %s AND %s", [rows[0], rows[-1]]
    return f"l.id {AMONG[connection.vendor]}", [_keys(rows)]


def _keys(keys: Sequence[int]) -> Any:
    return list(keys) if connection.vendor == "postgresql" else json.dumps(list(keys))


def _moment(moment: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)
