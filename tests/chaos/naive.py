"""What many would write instead: post it, try again until it works, "taken" counts as success.

No look at what became of a call without an answer, no settle time: only to show that the
checker sees the difference. `python -m tests.chaos.naive` takes the worker's place.
"""

import logging
import os
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reseller.settings")
django.setup()

from datetime import timedelta  # noqa: E402

from django.db import Error, close_old_connections, transaction  # noqa: E402

from customers.distributor.errors import DistributorError, Rejected  # noqa: E402
from customers.distributor.rules import Operation  # noqa: E402
from customers.models import Change, clock  # noqa: E402
from customers.services import claims, settling  # noqa: E402
from customers.services.calling import distributor  # noqa: E402
from customers.services.sealing import unseal  # noqa: E402

TRIES = 8
PAUSE = 0.5  # seconds, longer after each try
HELD = timedelta(seconds=10)
TAKEN = "already exists"


def deliver(change: Change) -> None:
    request = claims.frozen_request(change)
    if change.sealed_password:
        password = unseal(change.sealed_password, change.pk)
        request |= {"password": password, "confirm_password": password}
    for number in range(TRIES):
        claims.mine(change, lease_until=clock.now() + HELD)
        try:
            distributor().send(Operation(change.operation), request)
            return end(change, [])
        except Rejected as refusal:
            return end(change, [] if TAKEN in str(refusal) else refusal.words)
        except DistributorError:
            time.sleep(PAUSE * number)
    return end(change, [f"No answer after {TRIES} tries."])


def end(change: Change, refused: list[str]) -> None:
    with transaction.atomic():
        claims.lock_customer(change)
        if refused:
            settling.rejected(change, refused)
        else:
            settling.done(change)


def work() -> None:
    while True:
        try:
            if change := claims.claim():
                deliver(change)
            else:
                time.sleep(0.2)
        except (Error, claims.FencedOffError):
            logging.getLogger(__name__).exception("given up for now")
        close_old_connections()


if __name__ == "__main__":
    work()
