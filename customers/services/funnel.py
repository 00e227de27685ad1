"""How far those who sign up get, and where they give up. Of times and steps alone: what was
erased of a person still counts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDay, TruncMonth, TruncWeek
from django.utils.translation import gettext_lazy as _

from customers.models import Signup, clock
from customers.models.signup import UNFINISHED, Step

State = Signup.State
# How far back one looks, and what one bar stands for.
PERIODS: dict[str, tuple[timedelta, Any, Any]] = {
    "week": (timedelta(days=7), TruncDay, _("7 days")),
    "month": (timedelta(days=30), TruncDay, _("30 days")),
    "quarter": (timedelta(days=91), TruncWeek, _("13 weeks")),
    "year": (timedelta(days=365), TruncMonth, _("A year")),
}
DEFAULT = "month"


@dataclass(frozen=True)
class Stage:
    """One step: how many reached it, are still at it, or went no further."""

    label: Any
    reached: int
    share: float  # of those who began, in a hundred
    staying: int
    gave_up: int


@dataclass(frozen=True)
class Bar:
    """A day, week or month: what became of those who began in it."""

    start: datetime
    started: int
    confirmed: int
    sent: int
    live: int


def period(name: str) -> str:
    return name if name in PERIODS else DEFAULT


def stages(name: str) -> list[Stage]:
    now = clock.now()
    open_still = Q(state__in=UNFINISHED, expires_at__gt=now)
    at_step = _begun(name, now).order_by().values("step")
    rows = at_step.annotate(all=Count("pk"), staying=Count("pk", open_still))
    at = {row["step"]: row for row in rows}
    began = sum(row["all"] for row in at.values())
    found = []
    for step in Step:
        here = at.get(step.value, {"all": 0, "staying": 0})
        reached = sum(row["all"] for other, row in at.items() if other >= step)
        share = 100 * reached / began if began else 0.0
        gone = 0 if step == Step.DONE else here["all"] - here["staying"]
        staying = 0 if step == Step.DONE else here["staying"]
        found.append(Stage(step.label, reached, share, staying, gone))
    return found


def ends(name: str) -> dict[str, int]:
    """What became of those that were sent."""
    sent = Q(step=Step.DONE)
    return _begun(name, clock.now()).aggregate(
        live=Count("pk", Q(live_at__isnull=False)),
        review=Count("pk", sent & Q(state=State.REVIEW)),
        correction=Count("pk", sent & Q(state=State.CORRECTION)),
        refused=Count("pk", sent & Q(state=State.REFUSED)),
        going_on=Count("pk", sent & Q(state=State.SUBMITTED, live_at=None)),
    )


def bars(name: str) -> list[Bar]:
    """The latest first; a day on which nobody began has none."""
    _span, trunc, _label = PERIODS[name]
    cut = _begun(name, clock.now()).order_by().annotate(start=trunc("started_at"))
    rows = cut.values("start").annotate(
        started=Count("pk"),
        confirmed=Count("pk", Q(step__gte=Step.PACKAGE)),
        sent=Count("pk", Q(step=Step.DONE)),
        live=Count("pk", Q(live_at__isnull=False)),
    )
    return [Bar(**row) for row in rows.order_by("-start")]


def _begun(name: str, now: datetime) -> QuerySet[Signup]:
    return Signup.objects.filter(started_at__gte=now - PERIODS[name][0])
