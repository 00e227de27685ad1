"""How often: one question for all pages of the signup, answered by what the database counts."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest

from customers.models import Signup, clock

PERIODS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
MAILS_AN_HOUR = 5


def allowed(request: HttpRequest, what: str, signup: Signup | None = None) -> bool:
    """Whether this may be done now: start, resend, code or availability.

    The same for an address that we know and for one that we do not.
    """
    match what:
        case "start":
            return _recent_starts(request) < int(settings.SIGNUP_RATE.split("/")[0])
        case "resend" if signup:
            since = clock.now() - timedelta(hours=1)
            return signup.mails.filter(asked_at__gte=since).count() < MAILS_AN_HOUR
        case _:
            return True


def _recent_starts(request: HttpRequest) -> int:
    period = settings.SIGNUP_RATE.split("/")[1]
    since = clock.now() - timedelta(seconds=PERIODS[period])
    address = request.META["REMOTE_ADDR"] or None
    return Signup.objects.filter(address=address, started_at__gte=since).count()
