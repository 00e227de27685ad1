"""What the good readings have attested, over time: to be plotted, read in a table, exported."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from customers.models import Refresh, clock
from customers.models.refresh import RefreshQuerySet
from customers.views.export import stream_csv

# How far back one looks, and the points that are drawn at most: more could not be told apart.
PERIODS = {"day": (timedelta(days=1), _("A day")), "month": (timedelta(days=30), _("30 days"))}
POINTS = 100
COLUMNS = (
    "started_at", "finished_at", "listed", "verified", "differing", "missing", "in_flight",
    "oldest_verified_at",
)  # fmt: skip


@dataclass(frozen=True)
class History:
    """The attestations of a period, the latest first, and the other periods to choose."""

    period: str
    readings: Sequence[Refresh]

    @property
    def is_drawn(self) -> bool:
        """Whether there was anybody of whom they could say something."""
        return any(reading.attested for reading in self.readings)

    @property
    def periods(self) -> Iterable[tuple[str, Any]]:
        return ((name, label) for name, (_span, label) in PERIODS.items())


def history(request: HttpRequest) -> History:
    period = request.GET.get("period", "")
    period = period if period in PERIODS else "day"
    since = clock.now() - PERIODS[period][0]
    readings = list(attested().filter(started_at__gte=since))
    return History(period, readings[:: -(-len(readings) // POINTS) or 1])


def attested() -> RefreshQuerySet:
    """The readings that were merged, and say of every customer how they stand."""
    return Refresh.objects.good().exclude(verified=None)


@require_safe
@permission_required("customers.view_customer", raise_exception=True)
def attestations(request: HttpRequest) -> StreamingHttpResponse:
    """All of them, the latest first."""
    return stream_csv("attestations.csv", COLUMNS, _rows())


def _rows() -> Iterator[tuple[Any, ...]]:
    return attested().values_list(*COLUMNS).iterator(chunk_size=1000)
