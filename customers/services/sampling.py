"""How things stand, written down every few minutes: a plot over time needs to have looked then."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

from django.db.models import Count, Min
from django.db.models.functions import TruncHour

from customers.models import Change, Customer, Sample, Tally, clock

State, Status = Change.State, Customer.Status

EVERY = timedelta(minutes=5)
# Older than that, one sample an hour stays; and at last none.
DENSE = timedelta(days=2)
KEPT = timedelta(days=400)
HOUR = timedelta(hours=1)
# How far back the first tallies reach: as far as the plots.
TALLIED = timedelta(days=31)
# What was settled within an hour is written by then, however long its transaction took.
LATE = timedelta(minutes=5)


def sample() -> Sample | None:
    """Take the sample that is due, if none was taken meanwhile; safe to repeat, by two at once."""
    now = clock.now()
    minute = now.replace(second=0, microsecond=0)
    if Sample.objects.filter(at__gt=minute - EVERY).exists():
        return None
    taken = Sample(at=minute, **_customers(), **_changes(now))
    Sample.objects.bulk_create([taken], ignore_conflicts=True)
    tally(now)
    thin(now)
    return taken


def _customers() -> dict[str, int]:
    """Each from an index of its own: a count over all columns would read a million rows."""
    live = Customer.objects.filter(status=Status.LIVE)
    return {
        "live": live.count(),
        "sending_off": live.filter(active=False).count(),
        "website_off": live.filter(website_access=False).count(),
        "requested": Customer.objects.filter(status=Status.REQUESTED).count(),
        "missing": Customer.objects.filter(status=Status.MISSING).count(),
    }


def _changes(now: datetime) -> dict[str, int]:
    waiting = Change.objects.unfinished().aggregate(count=Count("pk"), oldest=Min("asked_at"))
    age = now - (waiting["oldest"] or now)
    return {
        "waiting": waiting["count"],
        "blocked": Change.objects.filter(state=State.BLOCKED).count(),
        "oldest_waiting_seconds": max(round(age.total_seconds()), 0),
    }


def tally(now: datetime) -> None:
    """Count each hour that has ended since the last one counted."""
    last = Tally.objects.order_by("-hour").values_list("hour", flat=True).first()
    end = hour_of(now - LATE)
    begin = max(last + HOUR if last else end - TALLIED, end - TALLIED)
    if begin >= end:
        return
    counts = ended(begin, end)
    hours = (begin + n * HOUR for n in range((end - begin) // HOUR))
    Tally.objects.bulk_create(
        (
            Tally(
                hour=hour,
                done=counts[hour, State.DONE],
                refused=counts[hour, State.REJECTED],
                withdrawn=counts[hour, State.WITHDRAWN],
            )
            for hour in hours
        ),
        ignore_conflicts=True,
    )


def ended(begin: datetime, end: datetime) -> dict[tuple[datetime, str], int]:
    """How many changes were settled in each hour from `begin` to before `end`, by state."""
    settled = Change.objects.settled().filter(settled_at__gte=begin, settled_at__lt=end).order_by()
    by_hour = settled.annotate(hour=TruncHour("settled_at", tzinfo=UTC)).values("hour", "state")
    counts: dict[tuple[datetime, str], int] = defaultdict(int)
    for row in by_hour.annotate(count=Count("pk")):
        counts[row["hour"], row["state"]] = row["count"]
    return counts


def hour_of(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def thin(now: datetime) -> None:
    """Of each older hour the sample with the longest wait stays: no trouble is smoothed away."""
    Sample.objects.filter(at__lt=now - KEPT).delete()
    Tally.objects.filter(hour__lt=now - KEPT).delete()
    old = Sample.objects.filter(at__lt=hour_of(now - DENSE))
    by_hour = old.order_by().annotate(hour=TruncHour("at", tzinfo=UTC)).values("hour")
    crowded = by_hour.annotate(count=Count("pk")).filter(count__gt=1)
    for hour in crowded.values_list("hour", flat=True):
        of_hour = old.filter(at__gte=hour, at__lt=hour + HOUR)
        longest = of_hour.order_by("-oldest_waiting_seconds", "at").first()
        if longest:
            of_hour.exclude(pk=longest.pk).delete()
