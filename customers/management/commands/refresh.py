"""`manage.py refresh`: read the distributor's list into the mirror."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from customers.models import Refresh
from customers.services import mirror


class Command(BaseCommand):
    help = "Read the distributor's list into the mirror; exit 1 unless the verdict is OK."

    def handle(self, **options: Any) -> None:
        try:
            reading = mirror.refresh()
        except mirror.AlreadyRunning:
            raise CommandError("Another refresh is running.") from None
        self.stdout.write(
            f"{reading.verdict}: {reading.listed} listed, {reading.adopted} adopted, "
            f"{reading.updated} updated, {reading.equal} found equal, "
            f"{reading.left} left for the next reading, {reading.absent} not in the list."
        )
        if reading.verdict != Refresh.Verdict.OK:
            raise CommandError(reading.problem)
