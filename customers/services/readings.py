"""The life of one reading of the list: begun, alive, ended. One at a time, installation-wide."""

import logging
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from customers.models import Alert, Refresh, clock
from customers.services import staging
from customers.services.alerts import alert, over

logger = logging.getLogger(__name__)

Verdict = Refresh.Verdict

# Without a sign of life; the longest silence is a list that does not begin, or one look.
LOST_AFTER = timedelta(minutes=3)
PROGRESS = ("phase", "listed", "merged")
JUDGEMENT = ("problem", "cause", "live", "sample", "digest", "would_adopt", "would_update")
COUNTS = ("adopted", "updated", "equal", "left", "absent")
OUTCOME = ("verdict", "finished_at", *PROGRESS, *JUDGEMENT, *COUNTS)


class AlreadyRunning(Exception):
    """Another reading runs, somewhere on the installation."""


class GivenUp(Exception):
    """This reading took so long that it was closed as lost."""


class Superseded(Exception):
    """It cannot be applied any more: decided, overtaken by a later one, or its rows are gone."""


def begin(asked_by: int | None) -> Refresh:
    """Raises AlreadyRunning."""
    now = _close_lost()
    try:
        with transaction.atomic():
            return Refresh.objects.create(started_at=now, asked_by_id=asked_by)
    except IntegrityError:
        raise AlreadyRunning from None


def resume(pk: int) -> Refresh:
    """Take up a quarantined reading again. Raises AlreadyRunning or Superseded."""
    now = _close_lost()
    waiting = Refresh.objects.filter(pk=pk, verdict=Verdict.QUARANTINED)
    try:
        with transaction.atomic():
            taken = waiting.update(
                verdict=Verdict.RUNNING, phase=Refresh.Phase.CHECKING, merged=0, alive_at=now
            )
            reading = Refresh.objects.get(pk=pk)
            later = Refresh.objects.filter(
                verdict=Verdict.OK, started_at__gt=reading.started_at
            ).exists()
            if not taken or later or not staging.is_whole(reading):
                raise Superseded
    except IntegrityError:
        raise AlreadyRunning from None
    return reading


def _close_lost() -> datetime:
    now = clock.now()
    lost = Refresh.objects.filter(verdict=Verdict.RUNNING, alive_at__lt=now - LOST_AFTER)
    for reading in lost:
        end(reading, Verdict.FAILED, _("Its worker did not come back."))
    return now


def go_on(reading: Refresh) -> None:
    """A sign of life; one that was given up for lost must not go on over a newer reading."""
    running = Refresh.objects.filter(pk=reading.pk, verdict=Verdict.RUNNING)
    progress = {field: getattr(reading, field) for field in PROGRESS}
    if not running.update(alive_at=clock.now(), **progress):
        raise GivenUp


def end(reading: Refresh, verdict: Refresh.Verdict, problem: str = "") -> None:
    """Its end, once: a reading that was given up for lost stays FAILED."""
    reading.verdict, reading.problem, reading.finished_at = verdict, problem, clock.now()
    values = {field: getattr(reading, field) for field in OUTCOME}
    if Refresh.objects.filter(pk=reading.pk, verdict=Verdict.RUNNING).update(**values):
        staging.clear(reading)
        _tell(reading)
    else:
        reading.refresh_from_db()
    logger.info("refresh %s: %s, %s listed", reading.pk, reading.verdict, reading.listed)


def forget(reading: Refresh) -> None:
    """As if it had never been."""
    ours = Refresh.objects.filter(pk=reading.pk)
    ours.update(verdict=Verdict.FAILED, finished_at=clock.now())
    staging.clear(reading)
    ours.delete()


def _tell(reading: Refresh) -> None:
    if reading.verdict == Verdict.OK:
        over(Alert.Kind.REFRESH)
    else:
        alert(Alert.Kind.REFRESH, _("A refresh was not applied: %s") % reading.problem)
