"""What the tests of the services do again and again, in the words of the contract."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from django.db import connection

from customers.models import Change, Customer
from customers.services import changes, claims, delivery

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
