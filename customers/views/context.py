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


def standing(request: HttpRequest) -> dict[str, object]:
    """For signed-in people, on every page: what keeps changes from going out, if anything."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {"standing": SimpleLazyObject(_standing)}


def _standing() -> Standing | None:
    gate = Gate.objects.filter(failures__gte=WORTH_TELLING).first()
    denied = Gate.objects.filter(shut_until__isnull=False).first()
    found = gate or denied
    if not found:
        return None
    return Standing(found.why, found.since, Change.objects.unfinished().count())
