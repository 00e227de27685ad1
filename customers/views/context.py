from functools import cached_property

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from customers.models import Change, Drift, Gate, Signup
from customers.views.counting import Count, count

# Of drifts, and of signups, that need a person.
MOST_SHOWN = 999


class Standing:
    """What keeps changes from going out."""

    def __init__(self, gate: Gate) -> None:
        self.why, self.since, self.denied = gate.why, gate.since, gate.denied
        self.throttled, self.until = gate.is_throttled, gate.throttled_until

    @cached_property
    def waiting(self) -> Count:
        return count(Change.objects.unfinished())

    @property
    def mark(self) -> str:
        """The same as long as the same is to be said, however many wait."""
        until = self.until if self.throttled else ""
        return f"{self.why} {self.since} {self.denied} {self.throttled} {until}"

    @classmethod
    def now(cls) -> "Standing | None":
        gate = Gate.closed()
        return cls(gate) if gate else None


def standing(request: HttpRequest) -> dict[str, object]:
    """For signed-in people, on every page: what keeps changes from going out, if anything,
    whether any is on its way, and how many drifts and signups need one of them."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {
        "standing": SimpleLazyObject(Standing.now),
        "is_under_way": SimpleLazyObject(Change.objects.any_unfinished),
        "drifts": SimpleLazyObject(_drifts),
        "signups": SimpleLazyObject(_signups),
    }


def _drifts() -> Count:
    return count(Drift.objects.open(), MOST_SHOWN)


def _signups() -> Count:
    return count(Signup.objects.filter(state=Signup.State.REVIEW), MOST_SHOWN)
