"""Is the distributor reachable? One row, told by every call, asked before every claim."""

from datetime import datetime, timedelta

from django.db.models import F

from customers.distributor.errors import Denied, DistributorError, Rejected, Throttled
from customers.models import Alert, Gate, clock
from customers.services.alerts import alert, over

# Wrong credentials stop everything; after this the next change tries whether they work again.
DENIED_PAUSE = timedelta(seconds=10)


def is_shut(now: datetime) -> bool:
    return Gate.objects.filter(shut_until__gt=now).exists()


def tell(error: DistributorError | None) -> None:
    """How a call ended: None for an answer, also a refusal or "too many" is one."""
    if error is None or isinstance(error, (Rejected, Throttled)):
        answered()
    else:
        failed(error)


def answered() -> None:
    """The distributor answered, whatever it said."""
    if Gate.objects.filter(failures__gt=0).update(failures=0, since=None, why="", shut_until=None):
        over(Alert.Kind.CREDENTIALS)


def failed(error: DistributorError) -> None:
    """The distributor was not to be had, and so for every customer."""
    now = clock.now()
    gate, _new = Gate.objects.get_or_create(pk=1)
    Gate.objects.filter(pk=1).update(
        failures=F("failures") + 1,
        since=gate.since or now,
        why=error.reason,
        shut_until=now + DENIED_PAUSE if isinstance(error, Denied) else None,
    )
    if isinstance(error, Denied):
        alert(
            Alert.Kind.CREDENTIALS,
            "The distributor refuses our credentials. Every change waits, nothing is lost. "
            "Check DISTRIBUTOR_USER and DISTRIBUTOR_KEY.",
        )
