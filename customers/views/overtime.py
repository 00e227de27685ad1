"""How things went over time, and how they stood whenever somebody looked."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.models import Sample
from customers.services.sampling import DENSE, EVERY, HOUR
from customers.views.attestations import POINTS, attested
from customers.views.bars import ended_changes, signups
from customers.views.plots import Column, OverTime, Period, Plot, Row

# Missed so often, or for so long where only one an hour is kept, nobody has looked.
GAP, GAP_OF_OLD = 3 * EVERY, 2 * HOUR + EVERY
NOT_YET = gettext_lazy(
    "Nothing to draw: every few minutes a worker writes down how things stand, and none did in "
    "this time."
)


def over_time(period: Period, now: datetime) -> OverTime:
    samples = list(_samples(period, now))
    plots = (
        ended_changes(period, now), _oldest(samples), _live(samples), _not_right(samples),
        signups(period, now), _attested(period, now),
    )  # fmt: skip
    return OverTime(period, now - period.span, now, plots)


@dataclass(frozen=True)
class Taken:
    sample: Sample | None  # None: nobody looked until then
    at: datetime
    until: datetime


def _samples(period: Period, now: datetime) -> Iterator[Taken]:
    """Of each stretch the sample with the longest wait; between them where nobody looked."""
    held: Sample | None = None
    before: datetime | None = None
    for sample in Sample.objects.filter(at__gte=now - period.span).order_by("at"):
        allowed = GAP if sample.at > now - DENSE else GAP_OF_OLD
        is_gap = before is not None and sample.at - before > allowed
        if held and (is_gap or _stretch(held, period) != _stretch(sample, period)):
            yield Taken(held, held.at, held.at)
            held = None
        if is_gap and before:
            yield Taken(None, before, sample.at)
        if held is None or sample.oldest_waiting_seconds >= held.oldest_waiting_seconds:
            held = sample
        before = sample.at
    if held and before:
        yield Taken(held, held.at, held.at)
        if now - before > GAP:
            yield Taken(None, before, now)


def _stretch(sample: Sample, period: Period) -> int:
    return int(sample.at.timestamp() // period.point.total_seconds())


def _drawn(samples: Iterable[Taken], *columns: str) -> list[Row]:
    return [
        Row(it.at, [getattr(it.sample, name) for name in columns], None)
        if it.sample
        else Row(it.at, (), it.until)
        for it in samples
    ]


def _live(samples: Sequence[Taken]) -> Plot:
    return Plot(
        "live-customers",
        _("Live customers"),
        [Column("live", _("Live"), "--good")],
        _drawn(samples, "live"),
        str(NOT_YET),
    )


def _not_right(samples: Sequence[Taken]) -> Plot:
    """Beside the live ones they would all lie on the ground."""
    return Plot(
        "switched-off",
        _("Customers switched off or missing"),
        [
            Column("sending_off", _("Sending off"), "--doubt"),
            Column("website_off", _("Website access off"), "--busy"),
            Column("missing", _("Missing"), "--bad"),
        ],
        _drawn(samples, "sending_off", "website_off", "missing"),
        str(NOT_YET),
    )


def _oldest(samples: Sequence[Taken]) -> Plot:
    return Plot(
        "oldest",
        _("Age of the oldest change on its way"),
        [Column("oldest_waiting_seconds", _("Waits so long"), "--doubt")],
        _drawn(samples, "oldest_waiting_seconds"),
        str(NOT_YET),
        unit="seconds",
    )


def _attested(period: Period, now: datetime) -> Plot:
    columns = ("started_at", "verified", "differing", "missing", "in_flight")
    readings = list(attested().filter(started_at__gte=now - period.span).only(*columns))
    few = readings[:: -(-len(readings) // POINTS) or 1]
    return Plot(
        "attested",
        _("Verified equal, of a hundred customers"),
        [Column("verified", _("Verified equal"), "--good")],
        [
            Row(it.started_at.astimezone(UTC), [it.verified_share], href=it.get_absolute_url())
            for it in reversed(few)
        ],
        _("No list with a customer was applied in this time."),
        unit="share",
    )
