"""Refreshes read one after the other while a hundred changes a second happen: all of it for real.

Every value is a number that only grows, so that an older one over a newer one is seen at once.
RACE_SECONDS says for how long; from half a minute on there must be a hundred a second indeed.
"""

import os
import random
import sys
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count

import pytest
from django.db import connection

from customers.distributor.rules import Operation
from customers.models import Change, Customer, Drift, Refresh
from customers.services import changes, claims, delivery, mirror
from tests.integration.steps import listed

pytestmark = pytest.mark.django_db(transaction=True)

SECONDS = float(os.environ.get("RACE_SECONDS", "6"))
OURS, THEIRS, WRITERS = 30, 10, 3
# How far lists lag behind, always the same: a list that lags more than the one before it shows
# what was altered over there as it was. And how many changes a second are made over there.
LAG, RATE = 0.3, 150


class Race:
    """Workers, an editor over there, a reader, and somebody who watches the mirror."""

    def __init__(self, sandbox):
        self.sandbox, self.done = sandbox, threading.Event()
        self.asked, self.edited, self.readings = 0, 0, []
        self.stepped_back = []
        self.numbers = count(1)
        self.customers = list(Customer.objects.order_by("pk"))

    def run(self):
        writers = [lambda n=n: self.write(self.customers[n:OURS:WRITERS]) for n in range(WRITERS)]
        works = [*writers, self.edit, self.read, self.watch]
        with ThreadPoolExecutor(len(works)) as pool:
            ended = [pool.submit(self._until_it_is_over, work) for work in works]
            time.sleep(SECONDS)
            self.done.set()
        for work in ended:
            work.result()

    def _until_it_is_over(self, work):
        try:
            work()
        except BaseException:
            self.done.set()
            raise
        finally:
            connection.close()

    def write(self, customers):
        """One change after the other, each delivered at once; some get no answer."""
        while not self.done.is_set():
            customer = random.choice(customers)
            changes.ask(customer, Operation.PROFILE, {"city": str(next(self.numbers))})
            self.asked += 1
            if random.random() < 0.03:
                self.sandbox.faults.add("lost", operation="profile")
            if change := claims.claim(customer.pk):
                delivery.deliver(change)

    def edit(self):
        """So many a second, on the average: what a busy machine has kept up is made good."""
        begun = time.monotonic()
        while not self.done.wait(max(0.0, begun + self.edited / RATE - time.monotonic())):
            customer = random.choice(self.customers[OURS:])
            self.sandbox.change(customer.username, city=str(next(self.numbers)))
            self.edited += 1

    def read(self):
        while not self.done.is_set():
            self.readings.append(mirror.refresh())

    def watch(self):
        newest = defaultdict(int)
        while not self.done.wait(0.02):
            for pk, city in Customer.objects.values_list("pk", "city"):
                if int(city) < newest[pk]:
                    self.stepped_back.append((pk, newest[pk], city))
                newest[pk] = max(newest[pk], int(city))


@pytest.fixture
def race(sandbox, settings):
    settings.DISTRIBUTOR_RATE = settings.DISTRIBUTOR_BURST = 10**6
    settings.DISTRIBUTOR_DEADLINE = 2
    settings.SETTLE_TIME = timedelta(seconds=2 * LAG)
    listed(sandbox, OURS + THEIRS)
    for account in sandbox.accounts():
        sandbox.change(account["username"], city="0")
    assert mirror.refresh().updated == OURS + THEIRS
    Drift.objects.all().delete()
    sandbox.faults.add("stale", times=10**6, seconds=LAG)
    time.sleep(2 * LAG)  # No list goes back to before all this.
    return Race(sandbox)


def settle(sandbox):
    sandbox.faults.clear()
    end = time.monotonic() + 30
    while Change.objects.unfinished().exists():
        assert time.monotonic() < end
        time.sleep(0.1 * (delivery.deliver_due() == 0))
    time.sleep(2.5 * LAG)
    assert mirror.refresh().verdict == Refresh.Verdict.OK


def test_no_refresh_brings_an_older_value_back_while_all_are_at_work(sandbox, race, capsys):
    race.run()
    settle(sandbox)

    happened = (race.asked + race.edited) / SECONDS
    with capsys.disabled():
        sys.stdout.write(
            f"\n{happened:.0f} changes a second, {race.asked / SECONDS:.0f} of them "
            f"asked for here, for {SECONDS:.0f} s; {len(race.readings)} refreshes\n"
        )
    assert happened >= 100 or SECONDS < 30
    assert race.stepped_back == []
    assert {reading.verdict for reading in race.readings} == {Refresh.Verdict.OK}
    assert min(race.asked, race.edited, sum(it.updated for it in race.readings)) > 10
    assert not Change.objects.exclude(state=Change.State.DONE).exists()
    for customer in race.customers:
        account = sandbox.account(customer.username)
        assert Customer.objects.get(pk=customer.pk).city == account["city"]
    # What was altered over there is told, and nothing of what we altered ourselves.
    told = set(Drift.objects.values_list("customer", flat=True))
    assert told == {customer.pk for customer in race.customers[OURS:]}
