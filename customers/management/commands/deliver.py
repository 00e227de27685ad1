"""`manage.py deliver`: deliver what is due, here and without a broker."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from customers.models import Change
from customers.services.delivery import deliver_due


class Command(BaseCommand):
    help = "Deliver all changes that are due, in this process, without a broker."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--wait",
            type=float,
            metavar="SECONDS",
            help="go on until nothing waits, is being sent or in doubt; exit 1 if time is up first",
        )

    def handle(self, *, wait: float | None, **options: Any) -> None:
        end = time.monotonic() + (wait or 0)
        steps = deliver_due(seconds=float("inf") if wait is None else wait)
        while wait is not None and Change.objects.unfinished().exists():
            if time.monotonic() > end:
                left = Change.objects.unfinished().count()
                self.stderr.write(f"Time is up, {left} still unfinished. Nothing is lost.")
                raise SystemExit(1)
            time.sleep(0.2)
            steps += deliver_due(seconds=max(0.0, end - time.monotonic()))
        self.stdout.write(f"{steps} steps taken, {Change.objects.unfinished().count()} unfinished.")
