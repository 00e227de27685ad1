"""What the tests of the services do again and again, in the words of the contract."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.contrib.auth.models import User
from django.db import connection

from customers.distributor.rules import SWITCHES, Operation
from customers.models import Change, Customer, Refresh, Username
from customers.services import changes, claims, decisions, delivery, mirror

PASSWORD = "difference-engine"
ADA = {
    "username": "ada@analytical.example",
    "email": "ada@analytical.example",
    "first_name": "Ada",
    "last_name": "Łovelace",
    "address": "12 St James's Square",
    "city": "London",
    "state": "England",
    "zip": "SW1Y 4JH",
    "country": "United Kingdom",
    "phone": "+44 20 7946 0001",
    "website": "www.analytical.example",
    "company": "Analytical Engines Ltd",
    "package": "Gold",
    "whitelabel": "mail.analytical.example",
    "free_user": "false",
}
ADAS = ADA["username"]
NEW_NAME = "countess@analytical.example"
NOWHERE = "http://127.0.0.1:1/api"
UPDATES = {
    Operation.PROFILE: (
        {"city": "Zürich", "company": "Engines AG", "website": "engines.example"},
        {"city": "Zürich", "company": "Engines AG", "website": "http://engines.example"},
    ),
    Operation.EMAIL: ({"email": NEW_NAME}, {"email": NEW_NAME}),
    Operation.USERNAME: ({"username": NEW_NAME}, {"username": NEW_NAME}),
    Operation.PASSWORD: ({}, {"password": "another-engine"}),
    **{operation: ({}, {column: on}) for operation, (column, on) in SWITCHES.items()},
    Operation.DELETE: ({}, {"closed": True}),
}
both_formats = pytest.mark.parametrize("written", ["json", "xml"])
CONTROL = "control@navy.example"
SETTLE = timedelta(seconds=60)
GRACE = "grace@navy.example"


class MovableClock:
    """The database's clock, some time later: nobody has to wait for a settle time."""

    def __init__(self, real):
        self.real = real
        self.ahead = timedelta()

    def __call__(self):
        return self.real() + self.ahead

    def forward(self, seconds):
        self.ahead += timedelta(seconds=seconds)


def create(username=ADAS, **options):
    """Ask for a new customer; nothing is delivered yet."""
    options = {"password": PASSWORD} | options
    return changes.create(params=ADA | {"username": username}, **options)


def live(username=ADAS):
    """A customer whom the distributor has."""
    change = create(username)
    deliver_all()
    customer = Customer.objects.get(pk=change.customer_id)
    assert customer.status == Customer.Status.LIVE
    return customer


def deliver_all():
    """Whatever is due now is delivered."""
    return delivery.deliver_due()


def deliver_until_settled(clock, *, seconds=25, times=20):
    """Time goes by and workers work until nothing is left for them to do."""
    for _ in range(times):
        deliver_all()
        if not Change.objects.unfinished().exists():
            return
        clock.forward(seconds)
    raise AssertionError(list(Change.objects.unfinished().values_list("operation", "state")))


def deliver_until_it_waits_again(change, clock):
    """Step by step, up to the moment before the request goes out once more."""
    deliver_all()
    while again(change).state != Change.State.WAITING:
        clock.forward(25)
        if found := claims.claim():
            delivery.deliver(found)


def again(row):
    """The row as it is in the database by now."""
    return type(row).objects.get(pk=row.pk)


def at_once(*works):
    """Do these in threads that start together; what each returned or raised, in their order."""
    barrier = Barrier(len(works))

    def do(work):
        try:
            barrier.wait()
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        futures = [pool.submit(do, work) for work in works]
    return [future.exception() or future.result() for future in futures]


def profile(customer, seen=None, **fields):
    return changes.ask(customer, Operation.PROFILE, fields, seen=seen)


def rename(customer, name=NEW_NAME):
    return changes.ask(customer, Operation.USERNAME, {"username": name})


def somebody():
    return User.objects.get_or_create(username="ana")[0]


def withdraw(change):
    return decisions.withdraw(change, by=somebody())


def decide(change, choice, *, claim=None, reason="I called them.", **more):
    """As the page of the change asks for it, on the number that the page showed."""
    seen = again(change)
    claim = seen.claim if claim is None else claim
    return decisions.decide(seen, choice, claim=claim, by=somebody(), reason=reason, **more)


def commands(sandbox):
    return [operation for operation in sandbox.operations() if operation != "retrieve"]


def looks(change):
    rows = change.attempt_set.looks().order_by("n")
    return list(rows.values_list("outcome", flat=True))


def listed(sandbox, number):
    """So many accounts over there, all of them adopted."""
    for n in range(number):
        sandbox.add_account(username=f"c{n}@navy.example")
    reading = mirror.refresh()
    assert (reading.verdict, reading.adopted) == (Refresh.Verdict.OK, number)


def everything():
    """All that a reading may write, bar the reading itself and its marks of who was verified."""
    return [rows(table.objects.order_by("pk")) for table in (Customer, Username, Change)]


def rows(query):
    """What stands in them, without the marks of who was verified."""
    return [
        {name: value for name, value in row.items() if name not in {"seen_at", "is_unverified"}}
        for row in query.values()
    ]


def list_again(sandbox, username):
    """Closed here and over there, and yet the distributor goes on listing it."""
    sandbox.store.change(username, {})
    with sandbox.store._lock:
        sandbox.store._db.execute("UPDATE accounts SET closed = 0")
