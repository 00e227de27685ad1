"""Refresh the mirror from the distributor's whole list.

Read strictly into a staging table first; only a list that was read to its end, and that is
no lie on the face of it, is merged. Nothing is ever deleted, and nothing that we changed
since the reading began is overwritten.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from django.utils.translation import gettext as _

from customers.distributor.errors import DistributorError
from customers.models import Refresh
from customers.services import attestation, gate, guard, merge, missing, readings, renames, staging
from customers.services.batches import in_batches
from customers.services.calling import distributor
from customers.services.comparing import Compared, compare
from customers.services.rate import Shut
from customers.services.readings import LOST_AFTER, AlreadyRunning, GivenUp, Superseded, go_on
from customers.services.rehearsal import Rehearsal, foretell

__all__ = ["LOST_AFTER", "AlreadyRunning", "GivenUp", "Superseded", "apply", "refresh", "rehearse"]

Verdict, Phase = Refresh.Verdict, Refresh.Phase


def refresh(asked_by: int | None = None) -> Refresh:
    """Read the list and merge it; the returned row tells what came of it.

    Raises AlreadyRunning while another reading runs, anywhere on the installation.
    """
    reading = readings.begin(asked_by)
    try:
        with _surfacing(reading):
            _stage(reading)
            with staging.at_one_go():
                compared = compare(reading)
                problem = guard.suspicion(compared)
            if not problem:
                _merge(compared)
    except DistributorError as error:
        gate.tell(error)
        readings.end(reading, Verdict.FAILED, error.reason)
    except Shut:
        why = _("No calls to the distributor at the moment.")
        readings.end(reading, Verdict.FAILED, why)
    else:
        gate.read()
        readings.end(reading, Verdict.QUARANTINED if problem else Verdict.OK, problem)
    return reading


def rehearse() -> Rehearsal:
    """Read and judge the list, and say what `refresh` would do with it; nothing is kept.

    Raises AlreadyRunning, and DistributorError or Shut where no list was to be had.
    """
    reading = readings.begin(None)
    try:
        _stage(reading)
        with staging.at_one_go():
            compared = compare(reading)
            rehearsal = foretell(compared, guard.suspicion(compared))
    except DistributorError as error:
        gate.tell(error)
        raise
    else:
        gate.read()
    finally:
        readings.forget(reading)
    return rehearsal


def apply(pk: int) -> Refresh:
    """Merge what a quarantined reading has staged: somebody says that the list is right.

    Raises AlreadyRunning while another reading runs, Superseded if a later one was applied
    or its rows are not there any more.
    """
    reading = readings.resume(pk)
    with _surfacing(reading):
        with staging.at_one_go():
            compared = compare(reading)
        _merge(compared)
    readings.end(reading, Verdict.OK)
    return reading


@contextmanager
def _surfacing(reading: Refresh) -> Iterator[None]:
    """A bug of ours ends the reading, and is heard of."""
    try:
        yield
    except (DistributorError, Shut):
        raise
    except BaseException:
        readings.end(reading, Verdict.FAILED, _("An error of ours: see the log."))
        raise


def _stage(reading: Refresh) -> None:
    gate.await_turn()
    for written in staging.fill(reading, distributor().rows()):
        reading.listed += written
        go_on(reading)
    staging.analyze()
    reading.phase = Phase.CHECKING
    go_on(reading)


def _merge(compared: Compared) -> None:
    reading = compared.reading
    reading.phase, reading.merged = Phase.MERGING, reading.equal + reading.left
    go_on(reading)
    _lay(reading, compared.known, merge.merge)
    _lay(reading, compared.new, merge.adopt)
    missing.note(compared)
    renames.propose(reading)
    attestation.attest(reading)


def _lay(
    reading: Refresh, rows: Sequence[int], over: Callable[[Refresh, Sequence[int]], None]
) -> None:
    def lay(batch: Sequence[int]) -> None:
        go_on(reading)
        over(reading, batch)
        reading.merged += len(batch)

    in_batches(rows, lay)
