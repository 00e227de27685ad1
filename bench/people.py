"""Believable customers with names, changes and drifts, as many as are wanted, in plain SQL.

The first ones are people of the sandbox; all others are these again, with another number before
their names. Two in three were only ever seen in the distributor's list.
"""

from django.db import connection

from bench import filling
from customers.distributor.rules import PROFILE_FIELDS
from customers.models import Customer, Refresh, clock
from customers.sandbox.people import person

# People who are told apart by the beginning of their names.
DIFFERENT = 10_000
COPIED = (
    "first_name, last_name, address, city, state, zip, country, website, company, package,"
    " whitelabel, ip, free_user, active, website_access, origin, account_manager_id, created_at,"
    " seen_at, is_unverified"
)
AGAIN = f"""
    INSERT INTO customers_customer (username, email, phone, status, {COPIED})
    SELECT n || '.' || username, n || '.' || email, phone || n, status, {COPIED}
    FROM customers_customer CROSS JOIN generate_series(1, %s) AS n
    ORDER BY n, id
"""
NAMES = """
    INSERT INTO customers_username (key, name, customer_id, state, since)
    SELECT lower(username), username, id, 'LIVE', now() FROM customers_customer WHERE id > %s
"""
FORMER = """
    INSERT INTO customers_username (key, name, customer_id, state, since)
    SELECT 'former' || id || '@before.example', 'Former' || id || '@before.example', id, 'RELEASED',
        now() FROM customers_customer WHERE id % 33 = 0
"""
DRIFTS = """
    INSERT INTO customers_drift (customer_id, field, kind, agreed, ours, theirs, seen_at, state,
        is_doubtful, problem)
    SELECT id, 'city', 'ALTERED', '"a"', '"a"', '"b"', now(), 'OPEN', false, ''
    FROM customers_customer WHERE id % 1000 = 0
"""
# The states of customers, of which the others are LIVE.
STATES = {"CLOSED": 100, "MISSING": 1000, "REFUSED": 500}
# One in so many lives at a university of Beijing.
CHINESE = 500


def fill(number: int, manager: int) -> None:
    """An empty database; of so many customers one in fifty is looked after by the manager."""
    now = clock.now()
    Refresh.objects.create(started_at=now, finished_at=now, verdict="OK")
    first = min(number, DIFFERENT)
    people = [_customer(n, manager) for n in range(first)]
    Customer.objects.bulk_create(people, batch_size=filling.BATCH)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE customers_customer")
        if number > first:
            cursor.execute(AGAIN, [number // first - 1])
        cursor.execute(NAMES, [0])
        cursor.execute(FORMER)
        cursor.execute(DRIFTS)
    # Half of them have a history of one change; one in a hundred has something on its way.
    start, half = Customer.objects.earliest("pk").pk, number // 2
    filling.changes(start, half, state="DONE", hours_ago=100)
    filling.changes(start, half // 50, seq=10, state="REJECTED", hours_ago=50)
    filling.changes(start + half, number // 100, seq=20)
    filling.changes(start + half, number // 1000, seq=30, state="BLOCKED")
    filling.analyze()


def _customer(n: int, manager: int) -> Customer:
    known = person(n)
    named = ("username", "email", *PROFILE_FIELDS, "active")
    columns = {name: known[name] for name in named}
    if n % 3 == 0:
        more = ("package", "whitelabel", "ip", "free_user", "website_access")
        columns |= {name: known[name] for name in more} | {"origin": "console"}
    else:
        columns |= {"company": None, "origin": "distributor"}
    if n % CHINESE == CHINESE - 1:
        columns |= {"first_name": "小明", "last_name": "王", "address": "北京大学, 海淀区"}
    states = [state for state, every in STATES.items() if n % every == every - 1]
    return Customer(
        **columns,
        status=states[0] if states else "LIVE",
        account_manager_id=manager if n % 50 == 0 else None,
        is_unverified=n % 200 == 0,
    )
