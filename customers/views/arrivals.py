"""How many have signed up: one counts once all is sent, whatever becomes of it then."""

from datetime import UTC, datetime

from django.db.models import Count
from django.db.models.functions import Trunc

from customers.models import Signup


def arrivals(since: datetime, *, is_by_day: bool) -> dict[datetime, int]:
    """By the beginning of the day or hour, in UTC."""
    came = Signup.objects.filter(submitted_at__gte=since).order_by()
    begin = Trunc("submitted_at", "day" if is_by_day else "hour", tzinfo=UTC)
    return dict(came.annotate(begin=begin).values_list("begin").annotate(Count("pk")))
