"""The numbers under what needs a person: never older than they say, and quick at a million rows."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from customers.models import Change, Customer, Sample
from customers.views.counting import Count, count

State, Status = Change.State, Customer.Status
DAY = timedelta(days=1)
# An older sample says nothing of today.
FRESH = timedelta(minutes=30)


@dataclass(frozen=True)
class Figures:
    """`sampled_at`: when the customers were counted, where they are too many to count at once."""

    live: Count
    off: Count
    requested: Count
    missing: Count
    on_their_way: Count
    oldest: Change | None
    done: Count
    refused: Count
    sampled_at: datetime | None

    @property
    def is_new(self) -> bool:
        """Nobody was ever created or read."""
        return not (self.live.number or self.requested.number or self.missing.number)


def figures(now: datetime) -> Figures:
    live = Customer.objects.filter(status=Status.LIVE)
    ended = Change.objects.filter(settled_at__gte=now - DAY)
    sample = Sample.objects.filter(at__gte=now - FRESH).first()
    known = {
        "live": count(live),
        "off": count(live.filter(active=False)),
        "missing": count(Customer.objects.filter(status=Status.MISSING)),
    }
    sampled_at = None
    if sample and any(it.is_more for it in known.values()):
        known = {
            "live": Count(sample.live),
            "off": Count(sample.sending_off),
            "missing": Count(sample.missing),
        }
        sampled_at = sample.at
    return Figures(
        **known,
        requested=count(Customer.objects.filter(status=Status.REQUESTED)),
        on_their_way=count(Change.objects.unfinished()),
        oldest=Change.objects.unfinished().order_by("asked_at").first(),
        done=count(ended.filter(state=State.DONE)),
        refused=count(ended.filter(state=State.REJECTED)),
        sampled_at=sampled_at,
    )
