"""`manage.py refresh`: read the distributor's list into the mirror."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from customers.checks import TAG
from customers.distributor.errors import DistributorError
from customers.management.watching import Watching, progress, running
from customers.models import Refresh
from customers.services import mirror
from customers.services.rate import Shut
from customers.services.rehearsal import Rehearsal
from customers.views.progress import spelled

SUMMARY = """{listed:,} accounts listed, in {took}.
{adopted:9,} adopted as new customers
{updated:9,} updated
{equal:9,} found equal
{left:9,} left for the next reading: something of theirs was under way
{absent:9,} live customers are not in it
"""
FORETOLD = """{listed:,} accounts listed. Nothing was changed. A refresh would
{adopted:9,} adopt as new customers
{updated:9,} update{fields}
{equal:9,} find equal
{left:9,} leave for the next reading: something of theirs is under way
{absent:9,} miss, of whom it would look for {noted:,} by name
"""


class Command(BaseCommand):
    help = "Read the distributor's list into the mirror; exit 1 unless the verdict is OK."
    # The others load every page: a third of a second, and a tenth of a reading's memory.
    requires_system_checks = (TAG,)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="read and judge the list, say what a refresh would do, and change nothing",
        )

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        try:
            with Watching(self.stderr):
                done = mirror.rehearse() if dry_run else mirror.refresh()
        except mirror.AlreadyRunning:
            raise CommandError(f"Another refresh is running{_so_far()}") from None
        except DistributorError as error:
            raise CommandError(f"The list was not read: {error.reason}") from None
        except Shut:
            raise CommandError("No calls to the distributor at the moment.") from None
        if isinstance(done, Rehearsal):
            self._foretell(done)
        else:
            self._tell(done)

    def _tell(self, reading: Refresh) -> None:
        if reading.verdict == Refresh.Verdict.FAILED or not reading.finished_at:
            raise CommandError(f"The list was not read to its end: {reading.problem}")
        took = spelled(reading.finished_at - reading.started_at)
        self.stdout.write(SUMMARY.format(**vars(reading), took=took), ending="")
        if reading.verdict != Refresh.Verdict.OK:
            raise CommandError(f"It was put aside, and nothing was changed: {reading.problem}")

    def _foretell(self, rehearsal: Rehearsal) -> None:
        counted = ", ".join(f"{name} {times:,}" for name, times in rehearsal.fields.most_common())
        self.stdout.write(
            FORETOLD.format(
                **vars(rehearsal.reading),
                fields=f" ({counted})" if counted else "",
                noted=rehearsal.noted,
            ),
            ending="",
        )
        if rehearsal.problem:
            raise CommandError(f"It would be put aside, and nothing changed: {rehearsal.problem}")


def _so_far() -> str:
    reading = running()
    return f": {progress(reading)}" if reading else "."
