from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from customers.models import Change, Gate


@dataclass(frozen=True)
class Standing:
    why: str
    since: datetime | None
    waiting: int
    denied: bool
    throttled: bool
    until: datetime | None


def standing(request: HttpRequest) -> dict[str, object]:
    """For signed-in people, on every page: what keeps changes from going out, if anything."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {"standing": SimpleLazyObject(_standing)}


def _standing() -> Standing | None:
    gate = Gate.closed()
    if gate is None:
        return None
    waiting = Change.objects.unfinished().count()
    return Standing(
        gate.why, gate.since, waiting, gate.denied, gate.is_throttled, gate.throttled_until
    )
