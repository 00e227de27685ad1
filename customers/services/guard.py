"""Is this list what it seems? One that is empty, short, foreign or doubled is put aside."""

from collections.abc import Iterable
from hashlib import sha256

from django.conf import settings
from django.utils.translation import gettext as _

from customers.distributor.rules import fold
from customers.models import Customer, Refresh
from customers.services.comparing import FETCHED, Compared, absent, compare, twice

Cause = Refresh.Cause

SAMPLE, SAID = 20, 5


def suspicion(compared: Compared) -> str:
    """Why this list cannot be what it seems; empty if nothing speaks against it.

    The reading keeps the cause, the numbers it was judged by, and the names that speak.
    """
    reading = compared.reading
    live = Customer.objects.filter(status=Customer.Status.LIVE)
    reading.live = live.count()
    if compared.are_absent:
        reading.absent = absent(reading, live).count()
    if _is_because(reading, Cause.TWICE, twice(reading)):
        compare(reading)  # What it would do without them.
        return _("Names stand in it twice: %s") % ", ".join(reading.sample[:SAID])
    control = settings.DISTRIBUTOR_CONTROL
    if control and not reading.staged.filter(name=fold(control)).exists():
        _is_because(reading, Cause.NO_CONTROL, [control])
        return str(_("The control account %s is not in it.") % control)
    if reading.absent and not reading.listed:
        _is_because(reading, Cause.EMPTY, _names(reading))
        reading.digest = ""  # One empty list agrees with any other.
        return _("It is empty, and %(live)s customers are live.") % {"live": reading.live}
    if reading.absent > _most_at_once(reading):
        _is_because(reading, Cause.SHORT, _names(reading))
        return _("%(absent)s of %(live)s live customers are not in it.") % {
            "absent": reading.absent,
            "live": reading.live,
        }
    return ""


def _most_at_once(reading: Refresh) -> float:
    """More missing than this, of the live ones, is a broken list and no news."""
    share = settings.REFRESH_MISSING_SHARE * reading.live
    return float(max(settings.REFRESH_MISSING_AT_LEAST, share))


def _names(reading: Refresh) -> Iterable[str]:
    """Whom it lacks, one after another: they may be a million."""
    live = Customer.objects.filter(status=Customer.Status.LIVE)
    names = absent(reading, live).order_by("username").values_list("username", flat=True)
    return names.iterator(chunk_size=FETCHED)


def _is_because(reading: Refresh, cause: Refresh.Cause, names: Iterable[str]) -> bool:
    """Whether there are such names; if so, some are kept as the cause, and a digest of all."""
    sample: list[str] = []
    digest = sha256()
    for name in names:
        if len(sample) < SAMPLE:
            sample.append(name)
        digest.update(f"{name}\n".encode())
    if sample:
        reading.cause, reading.sample, reading.digest = cause, sample, digest.hexdigest()
    return bool(sample)
