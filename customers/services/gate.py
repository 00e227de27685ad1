"""Is the distributor reachable? A circuit breaker: told by every call, asked before every claim.

Five failures in a row, or refused credentials, shut it. When its pause is over, one worker looks
at the distributor for all the others.
"""

import logging
import random
import time
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from customers.distributor.errors import Denied, DistributorError, Rejected, Throttled
from customers.models import Alert, Attempt, Customer, Gate, clock
from customers.services import rate
from customers.services.alerts import alert, over
from customers.services.calling import distributor

logger = logging.getLogger(__name__)

FAILURES = 5
DOUBLINGS = 20  # the longest pause, in first pauses: 10 minutes for one of 30 seconds
JITTER = 0.2
REDIRECTS = range(300, 400)
# Refused credentials: a person mends them, and wants to see it.
DENIED_PAUSE = timedelta(seconds=10)


def lets_through() -> bool:
    """Whether calls may be made. Once a pause is over, one caller finds that out for all."""
    now = clock.now()
    gate, _new = Gate.objects.get_or_create(pk=1)
    if gate.throttled_until and gate.throttled_until > now:
        return False
    return gate.shut_until is None or (gate.shut_until <= now and _look(now))


def await_turn(_seconds: float = 0) -> None:
    """Wait until a call may be made that changes nothing. Raises rate.Shut."""
    if not lets_through():
        raise rate.Shut
    wait, _is_failing = rate.turn()
    time.sleep(wait)


def tell(error: DistributorError | None) -> None:
    """How a command ended: None for success; a refusal or "too many" is an answer too."""
    match error:
        case None | Rejected():
            # While it is shut only a list opens it: this may be an answer from before.
            if Gate.objects.filter(failures__gt=0, shut_until=None).update(**WELL):
                over(Alert.Kind.REDIRECT)
            credentials_taken()
        case Throttled():
            rate.slow_down(error)
        case _:
            _failed(error)


def read() -> None:
    """The distributor has shown a list, whole, whatever stood in it."""
    shut = Gate.objects.filter(Q(failures__gt=0) | Q(shut_until__isnull=False))
    if not shut.exists():
        return
    rate.begin_slowly()
    if shut.update(**WELL):
        credentials_taken()
        over(Alert.Kind.REDIRECT)
        logger.info("the distributor is to be had again")


def credentials_taken() -> None:
    """Nobody is alerted any more, unless a change still waits whose last try was denied.

    A list that is shown does not end that: a key may be good for reading alone.
    """
    raised = Alert.objects.filter(kind=Alert.Kind.CREDENTIALS, over_at=None)
    if not raised.exists() or Gate.objects.filter(denied=True).exists():
        return
    later = Attempt.objects.sends().filter(change=OuterRef("change"), n__gt=OuterRef("n"))
    denied = Attempt.objects.sends().filter(
        ~Exists(later), outcome=Attempt.Outcome.DENIED, change__settled_at=None
    )
    if not denied.exists():
        over(Alert.Kind.CREDENTIALS)


WELL = {
    "failures": 0,
    "since": None,
    "why": "",
    "shut_until": None,
    "denied": False,
    "pauses": 0,
    "probe_until": None,
}


def _failed(error: DistributorError) -> None:
    """Not to be had, and so for every customer."""
    logger.warning("no usable answer from the distributor: %s", error.reason)
    _tell_of_redirect(error)
    with transaction.atomic():
        gate = _locked()
        gate.failures += 1
        gate.since, gate.why = gate.since or clock.now(), error.reason
        if isinstance(error, Denied):
            _shut(gate, denied=True)
        elif gate.shut_until is None and gate.failures >= FAILURES:
            _shut(gate)
        gate.save()


def _tell_of_redirect(error: DistributorError) -> None:
    if error.status in REDIRECTS:
        alert(
            Alert.Kind.REDIRECT,
            f"The distributor answers with a redirect ({error.status}). It is never followed: our "
            "key would go to whoever it names. Ask the distributor, then check DISTRIBUTOR_URL.",
        )


def _shut(gate: Gate, *, denied: bool = False) -> None:
    gate.denied = denied
    pause = DENIED_PAUSE
    if not denied:
        first: timedelta = settings.BREAKER_PAUSE
        longer = min(2**gate.pauses, DOUBLINGS) if gate.pauses < DOUBLINGS else DOUBLINGS
        pause = first * longer * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
        gate.pauses += 1
    gate.shut_until, gate.probe_until = clock.now() + pause, None
    logger.warning("no calls to the distributor for %.0f s: %s", pause.total_seconds(), gate.why)
    if denied:
        alert(
            Alert.Kind.CREDENTIALS,
            "The distributor refuses our credentials. Every change waits, nothing is lost. "
            "Check DISTRIBUTOR_USER and DISTRIBUTOR_KEY.",
        )


def _look(now: datetime) -> bool:
    """One worker's harmless look; whether it opened the gate. Its right ends with LEASE."""
    until = now + settings.LEASE
    nobodys = Q(probe_until=None) | Q(probe_until__lte=now)
    if not Gate.objects.filter(nobodys, shut_until__lte=now).update(probe_until=until):
        return False
    try:
        distributor(look_deadline=settings.LEASE.total_seconds()).look(username=_somebody())
    except Throttled as error:
        rate.slow_down(error)
        Gate.objects.filter(probe_until=until).update(probe_until=None)
        return False
    except DistributorError as error:
        _still_away(error, until)
        return False
    read()
    return True


def _still_away(error: DistributorError, until: datetime) -> None:
    with transaction.atomic():
        gate = _locked()
        if gate.probe_until == until:
            gate.why = error.reason
            _tell_of_redirect(error)
            _shut(gate, denied=isinstance(error, Denied))
            gate.save()


def _somebody() -> str:
    """Whom to look for; that nobody of that name is there is an answer too."""
    live = Customer.objects.filter(status=Customer.Status.LIVE)
    return settings.DISTRIBUTOR_CONTROL or live.values_list("username", flat=True).first() or "x"


def _locked() -> Gate:
    Gate.objects.get_or_create(pk=1)
    return Gate.objects.select_for_update().get(pk=1)
