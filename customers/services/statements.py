"""The three statements that write the mirror from staged rows. PostgreSQL and SQLite take them.

Call them in the transaction of a batch; `rows` are keys of staged rows.
"""

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
    SELECT l.key, l.username, {new_id}, %(live)s, NULL, %(now)s
    FROM customers_listed AS l
    WHERE {rows}
    ORDER BY l.id
    ON CONFLICT (key) DO UPDATE
    SET name = excluded.name, customer_id = excluded.customer_id, state = excluded.state,
        until = NULL, since = excluded.since
    WHERE customers_username.state = %(released)s
      AND (customers_username.until IS NULL OR customers_username.until <= excluded.since)
    RETURNING customer_id
"""
ADD_CUSTOMERS = """
    INSERT INTO customers_customer (id, {columns}, status, origin, created_at, seen_at)
    SELECT u.customer_id, {shown}, %(live)s, %(origin)s, %(now)s, %(seen)s
    FROM customers_listed AS l JOIN customers_username AS u ON u.key = l.key
    WHERE {rows} AND u.customer_id IN ({new})
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
    who_sql, who_params = who.values("pk").query.sql_with_params()
    sql = LAY_OVER.format(columns=LAID_OVER, rows=_among(rows), who=who_sql)
    live = Customer.Status.LIVE, _moment(seen_at), Username.State.LIVE
    with connection.cursor() as cursor:
        cursor.execute(sql, [*live, *who_params])
        return {pk for (pk,) in cursor.fetchall()}


def add(rows: Sequence[int], now: datetime, seen_at: datetime) -> int:
    """Make customers of the rows whose names can be had; how many."""
    values = {
        "live": "LIVE",  # of a name and of a customer alike
        "released": Username.State.RELEASED,
        "origin": Customer.Origin.DISTRIBUTOR,
        "now": _moment(now),
        "seen": _moment(seen_at),
    }
    among, new_id = _among(rows), NEW_ID[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(TAKE_NAMES.format(rows=among, new_id=new_id), values)
        if new := [pk for (pk,) in cursor.fetchall()]:
            columns = {"columns": INSERTED, "shown": SELECTED}
            cursor.execute(ADD_CUSTOMERS.format(rows=among, new=_numbers(new), **columns), values)
    return len(new)


def _among(rows: Sequence[int]) -> str:
    """A condition for these staged rows, which are in their order."""
    if rows[-1] - rows[0] + 1 == len(rows):
        return f"l.id BETWEEN {rows[0]} AND {rows[-1]}"
    return f"l.id IN ({_numbers(rows)})"


def _numbers(keys: Sequence[int]) -> str:
    """As text, since SQLite takes few parameters; they are numbers of our own."""
    return ",".join(map(str, keys))


def _moment(moment: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)
