"""Refresh the mirror from the distributor's whole list.

Read strictly into a staging table first; only a list that was read to its end, and that is
no lie on the face of it, is merged. Nothing is ever deleted, and nothing that we changed
since the reading began is overwritten.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, OuterRef
from django.utils.translation import gettext as _

from customers.distributor.errors import DistributorError
from customers.distributor.rules import fold
from customers.models import Alert, Customer, Listed, Refresh, Username, clock
from customers.models.customer import CustomerQuerySet
from customers.services import gate, merge, renames
from customers.services.alerts import alert, over
from customers.services.calling import distributor
from customers.services.look import seen
from customers.services.rate import Shut

logger = logging.getLogger(__name__)

BATCH = 500
# More missing than this, of the live ones, is a broken list and no news.
MISSING_AT_LEAST, MISSING_SHARE = 5, 0.10
SAMPLE = 5
# Without a sign of life; the longest silence is a list that does not begin, or one look.
LOST_AFTER = timedelta(minutes=3)
COUNTS = ("listed", "adopted", "updated", "equal", "left", "absent")
OUTCOME = ("verdict", "problem", "finished_at", *COUNTS)


class AlreadyRunning(Exception):
    """Another reading runs, somewhere on the installation."""


class GivenUp(Exception):
    """This reading took so long that it was closed as lost."""


def refresh(asked_by: int | None = None) -> Refresh:
    """Read the list and merge it; the returned row tells what came of it.

    Raises AlreadyRunning while another reading runs, anywhere on the installation.
    """
    reading = _open(asked_by)
    try:
        _stage(reading)
        problem = _suspicion(reading)
        verdict = Refresh.Verdict.QUARANTINED if problem else Refresh.Verdict.OK
        if not problem:
            _merge(reading)
    except DistributorError as error:
        gate.tell(error)
        verdict, problem = Refresh.Verdict.FAILED, error.reason
    except Shut:
        verdict, problem = Refresh.Verdict.FAILED, _("No calls to the distributor at the moment.")
    except BaseException:
        _close(reading, Refresh.Verdict.FAILED, _("An error of ours: see the log."))
        raise
    else:
        gate.read()
    _close(reading, verdict, problem)
    return reading


def _open(asked_by: int | None) -> Refresh:
    now = clock.now()
    running = Refresh.objects.filter(verdict=Refresh.Verdict.RUNNING)
    for left in running.filter(alive_at__lt=now - LOST_AFTER):
        _close(left, Refresh.Verdict.FAILED, _("Its worker did not come back."))
    try:
        with transaction.atomic():
            return Refresh.objects.create(started_at=now, asked_by_id=asked_by)
    except IntegrityError:
        raise AlreadyRunning from None


def _close(reading: Refresh, verdict: Refresh.Verdict, problem: str) -> None:
    """Its end, once: a reading that was given up for lost stays FAILED."""
    reading.verdict, reading.problem, reading.finished_at = verdict, problem, clock.now()
    values = {field: getattr(reading, field) for field in OUTCOME}
    ours = Refresh.objects.filter(pk=reading.pk, verdict=Refresh.Verdict.RUNNING).update(**values)
    Listed.objects.filter(refresh=reading).delete()
    if not ours:
        reading.refresh_from_db()
    elif verdict == Refresh.Verdict.OK:
        over(Alert.Kind.REFRESH)
    else:
        alert(Alert.Kind.REFRESH, _("A refresh was not applied: %s") % problem)
    logger.info("refresh %s: %s, %s listed", reading.pk, reading.verdict, reading.listed)


def _stage(reading: Refresh) -> None:
    gate.await_turn()
    rows = distributor().rows()
    while batch := list(islice(rows, BATCH)):
        Listed.objects.bulk_create(
            Listed(refresh=reading, key=fold(row["username"]), row=row) for row in batch
        )
        reading.listed += len(batch)
        _go_on(reading)


def _suspicion(reading: Refresh) -> str:
    """Why this list cannot be what it seems; empty if nothing speaks against it."""
    listed = Listed.objects.filter(refresh=reading)
    twice = listed.values("key").annotate(times=Count("pk")).filter(times__gt=1)
    if names := list(twice.values_list("key", flat=True)[:SAMPLE]):
        return _("Names stand in it twice: %s") % ", ".join(names)
    control = settings.DISTRIBUTOR_CONTROL
    if control and not listed.filter(key=fold(control)).exists():
        return str(_("The control account %s is not in it.") % control)
    live = Customer.objects.filter(status=Customer.Status.LIVE)
    reading.absent = absent(reading, live).count()
    if reading.absent and not reading.listed:
        return _("It is empty, and %(live)s customers are live.") % {"live": live.count()}
    if reading.absent > max(MISSING_AT_LEAST, MISSING_SHARE * live.count()):
        return _("%(absent)s of %(live)s live customers are not in it.") % {
            "absent": reading.absent,
            "live": live.count(),
        }
    return ""


def absent(reading: Refresh, customers: CustomerQuerySet) -> CustomerQuerySet:
    """Those whom the list should show and does not, by the same test as what it shows."""
    named = Username.objects.filter(
        customer=OuterRef("pk"),
        state=Username.State.LIVE,
        key__in=Listed.objects.filter(refresh=reading).values("key"),
    )
    return customers.filter(merge.untouched(reading.started_at)).filter(~Exists(named))


def _merge(reading: Refresh) -> None:
    for batch in _batches(reading):
        with transaction.atomic():
            _go_on(reading)
            merge.merge(reading, batch)
    _note_missing(reading)
    renames.propose(reading)


def _go_on(reading: Refresh) -> None:
    """A sign of life; one that was given up for lost must not go on over a newer reading."""
    running = Refresh.objects.filter(pk=reading.pk, verdict=Refresh.Verdict.RUNNING)
    if not running.update(alive_at=clock.now(), listed=reading.listed):
        raise GivenUp


def _batches(reading: Refresh) -> Iterator[Sequence[Listed]]:
    last = ""
    staged = Listed.objects.filter(refresh=reading).order_by("key")
    while batch := list(staged.filter(key__gt=last)[:BATCH]):
        last = batch[-1].key
        yield batch


def _note_missing(reading: Refresh) -> None:
    """Missing needs two good readings and one look by name that finds nobody."""
    live = Customer.objects.filter(status=Customer.Status.LIVE)
    for customer in absent(reading, live.filter(missing_since__isnull=False)):
        _go_on(reading)
        try:
            if seen(customer.username, gate.await_turn):
                continue
        except (DistributorError, Shut):
            break  # The next reading looks again.
        _note(reading, live.filter(pk=customer.pk), status=Customer.Status.MISSING)
    _note(reading, live.filter(missing_since=None), missing_since=reading.started_at)


def _note(reading: Refresh, customers: CustomerQuerySet, **columns: object) -> None:
    with transaction.atomic():
        _go_on(reading)
        absent(reading, customers).update(**columns)
