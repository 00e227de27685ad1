from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from customers.models import Change, Gate

# One lost answer is no outage; a person need not hear of it.
WORTH_TELLING = 2


@dataclass(frozen=True)
class Standing:
    why: str
    since: datetime | None
    waiting: int
    denied: bool


def standing(request: HttpRequest) -> dict[str, object]:
    """For signed-in people, on every page: what keeps changes from going out, if anything."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {"standing": SimpleLazyObject(_standing)}


def _standing() -> Standing | None:
    gate = Gate.objects.first()
    if gate is None or not (gate.shut_until or gate.failures >= WORTH_TELLING):
        return None
    waiting = Change.objects.unfinished().count()
    return Standing(gate.why, gate.since, waiting, denied=gate.shut_until is not None)
