"""Many customers and changes at once, in plain SQL: through the services it would take hours."""

from datetime import timedelta

from django.db import connection

from customers.models import Customer, clock
from customers.models.change import OPEN

BATCH = 5000
NEW_ID = {"postgresql": "gen_random_uuid()", "sqlite": "lower(hex(randomblob(16)))"}

# A line `lane` long for each customer from %(first)s on, asked one after another within an hour.
CHANGES = """
    INSERT INTO customers_change (id, customer_id, seq, operation, params, state, claim, attempts,
        rounds, lost, due_at, is_behind, error, reason, asked_at, settled_at)
    WITH RECURSIVE
        who(c, n) AS (SELECT 0, %(customers)s UNION ALL SELECT c + 1, n FROM who WHERE c + 1 < n),
        line(s) AS (SELECT 1 UNION ALL SELECT s + 1 FROM line WHERE s < %(lane)s)
    SELECT {new_id}, %(first)s + c, %(seq)s + s, 'enable', '{{}}',
        CASE WHEN s = 1 THEN %(head)s ELSE %(state)s END, 0, 0, 0, 0, {moment}, s > 1, '', '',
        {moment}, {settled}
    FROM who CROSS JOIN line
"""
MOMENT = {
    "postgresql": "%(since)s::timestamptz + %(step)s * interval '1 second'"
    " * ((s - 1) * %(customers)s + c::bigint * 7919 %% %(customers)s)",
    "sqlite": "strftime('%%Y-%%m-%%d %%H:%%M:%%f000', %(since)s, '+' ||"
    " (((s - 1) * %(customers)s + c * 7919 %% %(customers)s) * %(step)s) || ' seconds')",
}


def customers(number: int, **columns: object) -> int:
    """So many live ones; the first one's key."""
    blank = dict.fromkeys(("first_name", "last_name", "address", "city", "state", "zip"), "x")
    blank |= dict.fromkeys(("country", "phone", "website"), "x")
    start = Customer.objects.count()
    for begin in range(start, start + number, BATCH):
        names = (f"c{n}@navy.example" for n in range(begin, min(begin + BATCH, start + number)))
        Customer.objects.bulk_create(
            [
                Customer(username=name, email=name, status="LIVE", **blank | columns)
                for name in names
            ]
        )
    last = Customer.objects.order_by("-pk").values_list("pk", flat=True)[0]
    return int(last) - number + 1


def changes(
    first: int,
    number: int,
    *,
    lane: int = 1,
    state: str = "WAITING",
    head: str = "",
    seq: int = 0,
    hours_ago: float = 1,
) -> None:
    """A line of so many changes for each of these customers; `head` is the first one's state."""
    vendor = connection.vendor
    since = clock.now() - timedelta(hours=hours_ago)
    sql = CHANGES.format(
        new_id=NEW_ID[vendor],
        moment=MOMENT[vendor],
        settled="NULL" if state in OPEN else MOMENT[vendor],
    )
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            {
                "customers": number,
                "first": first,
                "lane": lane,
                "seq": seq,
                "state": state,
                "head": head or state,
                "since": since if vendor == "postgresql" else since.strftime("%Y-%m-%d %H:%M:%S"),
                # All of it within half an hour: due, whatever the clock says meanwhile.
                "step": 1800 / (number * lane),
            },
        )


def analyze() -> None:
    """What the database itself does from time to time, once it sees that much was written."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
