"""What is counted by the hour, by six, or by the day: bars."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from django.utils.translation import gettext as _

from customers.models import Change, Tally
from customers.services.sampling import HOUR, ended, hour_of
from customers.views.arrivals import arrivals
from customers.views.plots import DAY, Column, Period, Plot, Row

State = Change.State


def _begins(period: Period, now: datetime) -> list[datetime]:
    """The beginnings of the bars, in UTC, the current one the last."""
    midnight = hour_of(now).replace(hour=0)
    last = midnight + (now - midnight) // period.bar * period.bar
    number = period.span // period.bar
    return [last - n * period.bar for n in reversed(range(number))]


def _bar_title(period: Period, hour: str, six: str, day: str) -> str:
    return {"day": hour, "week": six, "month": day}[period.name]


def ended_changes(period: Period, now: datetime) -> Plot:
    """Hours that were counted before, and the changes themselves for what came since."""
    begins = _begins(period, now)
    sums = {begin: [0, 0, 0] for begin in begins}

    def add(hour: datetime, counts: Iterable[int]) -> None:
        begin = begins[0] + (hour - begins[0]) // period.bar * period.bar
        sums[begin] = [a + b for a, b in zip(sums[begin], counts, strict=True)]

    counted_to = begins[0]
    columns = ("hour", "done", "refused", "withdrawn")
    for hour, *counts in Tally.objects.filter(hour__gte=begins[0]).values_list(*columns):
        add(hour, counts)
        counted_to = max(counted_to, hour + HOUR)
    states = (State.DONE, State.REJECTED, State.WITHDRAWN)
    for (hour, state), number in ended(counted_to, now).items():
        add(hour, [number if state == it else 0 for it in states])
    rows = [Row(begin, sums[begin], begin + period.bar) for begin in begins]
    return Plot(
        "ended",
        _bar_title(
            period,
            _("Changes that ended, per hour"),
            _("Changes that ended, in 6 hours"),
            _("Changes that ended, per day"),
        ),
        [
            Column("done", _("Done"), "--good"),
            Column("refused", _("Refused"), "--bad"),
            Column("withdrawn", _("Withdrawn"), "--quiet"),
        ],
        rows if any(map(any, sums.values())) else [],
        _("No change has ended in this time."),
        kind="bars",
        is_by_day=period.bar == DAY,
        note=_("The last bar is not over yet."),
    )


def signups(period: Period, now: datetime) -> Plot:
    """Days, but for a single one: its hours."""
    bar = HOUR if period.name == "day" else DAY
    begins = _begins(replace(period, bar=bar), now)
    came = arrivals(begins[0], is_by_day=bar == DAY)
    return Plot(
        "signups",
        _("Signups per day") if bar == DAY else _("Signups per hour"),
        [Column("signups", _("Signups"), "--accent")],
        [Row(begin, [came.get(begin, 0)], begin + bar) for begin in begins] if came else [],
        _("Nobody has signed up in this time."),
        kind="bars",
        is_by_day=bar == DAY,
        note=_("The last bar is not over yet."),
    )
