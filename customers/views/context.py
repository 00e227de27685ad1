from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from customers.models import Change, Drift, Gate

# Every page counts them while the distributor is away: beyond this nobody needs the number.
MOST = 10_000
# The same of drifts that need a person.
MOST_DRIFTS = 999


@dataclass(frozen=True)
class Standing:
    why: str
    since: datetime | None
    waiting: int  # at most one more than MOST
    denied: bool
    throttled: bool
    until: datetime | None

    @property
    def is_more(self) -> bool:
        return self.waiting > MOST


@dataclass(frozen=True)
class Drifts:
    """Those that need a person."""

    number: int

    @property
    def text(self) -> str:
        return f"{MOST_DRIFTS}+" if self.number > MOST_DRIFTS else str(self.number)


def standing(request: HttpRequest) -> dict[str, object]:
    """For signed-in people, on every page: what keeps changes from going out, if anything,
    and how many drifts need one of them."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {"standing": SimpleLazyObject(_standing), "drifts": SimpleLazyObject(_drifts)}


def _standing() -> Standing | None:
    gate = Gate.closed()
    if gate is None:
        return None
    waiting = Change.objects.unfinished()[: MOST + 1].count()
    return Standing(
        gate.why, gate.since, waiting, gate.denied, gate.is_throttled, gate.throttled_until
    )


def _drifts() -> Drifts:
    return Drifts(Drift.objects.open().order_by()[: MOST_DRIFTS + 1].count())
