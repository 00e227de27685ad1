"""How many have signed up: the one place that knows when a signup counts."""

from datetime import UTC, datetime

from django.db.models import Count
from django.db.models.functions import Trunc

from customers.models import Signup


def arrivals(since: datetime, *, is_by_day: bool) -> dict[datetime, int]:
    """By the beginning of the day or hour, in UTC."""
    came = Signup.objects.filter(at__gte=since).order_by()
    begin = Trunc("at", "day" if is_by_day else "hour", tzinfo=UTC)
    return dict(came.annotate(begin=begin).values_list("begin").annotate(Count("pk")))
