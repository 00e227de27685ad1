"""A plot as the table that it is drawn from, see _plot.html and plots.js."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from customers.services.sampling import HOUR
from customers.views.progress import spelled

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """How far back, what is counted together, and of how long one point is drawn."""

    name: str
    label: Any
    span: timedelta
    bar: timedelta
    point: timedelta


PERIODS = {
    it.name: it
    for it in (
        Period("day", gettext_lazy("A day"), DAY, HOUR, timedelta(minutes=15)),
        Period("week", gettext_lazy("A week"), 7 * DAY, 6 * HOUR, 2 * HOUR),
        Period("month", gettext_lazy("30 days"), 30 * DAY, DAY, 6 * HOUR),
    )
}


def period_of(request: HttpRequest) -> Period:
    return PERIODS.get(request.GET.get("period", ""), PERIODS["day"])


@dataclass(frozen=True)
class Column:
    name: str
    label: str
    ink: str  # a colour of app.css


@dataclass(frozen=True)
class Row:
    """Values as they are drawn; `until` of what was counted together, or of a gap."""

    at: datetime
    values: Sequence[float | None] = ()
    until: datetime | None = None
    href: str = ""

    @property
    def is_gap(self) -> bool:
        return not self.values


@dataclass(frozen=True)
class Plot:
    """`unit` is number, seconds or share (of a hundred)."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    empty: str
    kind: str = "lines"
    unit: str = "number"
    is_by_day: bool = False
    note: str = ""

    @property
    def is_empty(self) -> bool:
        """Not one value: its axes would promise what is not there."""
        return all(value is None for row in self.rows for value in row.values)

    @property
    def cells(self) -> Iterator[tuple[Row, list[tuple[float | None, str]]]]:
        """The latest first, each value as it is drawn and as it is read."""
        for row in reversed(self.rows):
            yield row, [(value, self._read(value)) for value in row.values]

    def _read(self, value: float | None) -> str:
        if value is None:
            return "—"
        if self.unit == "seconds":
            return spelled(timedelta(seconds=value)) if value else "0"
        return f"{value:g} %" if self.unit == "share" else f"{value:,.0f}"


@dataclass(frozen=True)
class OverTime:
    period: Period
    since: datetime
    until: datetime
    plots: Sequence[Plot]
    periods: Sequence[Period] = field(default_factory=lambda: list(PERIODS.values()))
