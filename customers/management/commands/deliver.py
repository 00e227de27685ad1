"""`manage.py deliver`: deliver what is due, here and without a broker."""

import logging
import signal
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import Error, close_old_connections

from customers.models import Change
from customers.services import lateness, limits, mails, signup_ends
from customers.services.delivery import deliver_due
from customers.services.passwords import erase_old
from customers.services.pushing_back import push_back_due

logger = logging.getLogger(__name__)

POLL = 5  # seconds between two rounds that found nothing


class Command(BaseCommand):
    help = "Deliver all changes that are due, in this process, without a broker."

    def add_arguments(self, parser: ArgumentParser) -> None:
        how_long = parser.add_mutually_exclusive_group()
        how_long.add_argument(
            "--wait",
            type=float,
            metavar="SECONDS",
            help="go on until nothing waits, is being sent or in doubt; exit 1 if time is up first",
        )
        how_long.add_argument(
            "--forever", action="store_true", help=f"look every {POLL} seconds, until told to end"
        )

    def handle(self, *, wait: float | None, forever: bool, **options: Any) -> None:
        if forever:
            return self._poll()
        erase_old()
        _signups()
        push_back_due(seconds=float("inf"))
        end = time.monotonic() + (wait or 0)
        steps = deliver_due(seconds=float("inf") if wait is None else wait)
        while wait is not None and Change.objects.any_unfinished():
            if time.monotonic() > end:
                left = Change.objects.unfinished().count()
                self.stderr.write(f"Time is up, {left} still unfinished. Nothing is lost.")
                raise SystemExit(1)
            time.sleep(0.2)
            steps += deliver_due(seconds=max(0.0, end - time.monotonic()))
        self.stdout.write(f"{steps} steps taken, {Change.objects.unfinished().count()} unfinished.")
        return None

    def _poll(self) -> None:
        """What no worker was told of, and all there is while the broker is away."""
        ended = False

        def end(*_: object) -> None:
            nonlocal ended
            ended = True

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, end)
        while not ended:
            try:
                # Short rounds: one that is told to end finishes its call, and nothing after it.
                steps = deliver_due(seconds=1)
                if not steps:
                    erase_old()
                    lateness.check()
                    limits.forget()
                    push_back_due(seconds=1)
                # Somebody waits for a code: not behind all that is due.
                _signups()
            except Error:
                logger.exception("the database does not answer")
                steps = 0
            close_old_connections()
            pause = time.monotonic() + (0 if steps else POLL)
            while not ended and time.monotonic() < pause:
                time.sleep(0.2)


def _signups() -> None:
    signup_ends.notice()
    signup_ends.erase_old()
    mails.send_due()
