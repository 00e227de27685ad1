"""Nobody knows whether it was executed: look, conclude, and only then go on."""

import logging
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from customers.distributor.errors import DistributorError, Rejected
from customers.distributor.rules import Operation
from customers.models import Alert, Attempt, Change, Customer, clock
from customers.services import gate
from customers.services.alerts import alert, over
from customers.services.claims import await_turn, frozen_request, lock_customer, mine, next_number
from customers.services.evidence import (
    ROUNDS,
    UNDONE_BY,
    Finding,
    Verdict,
    conclude,
    readable,
    rests_on_absence,
)
from customers.services.look import Sight, look
from customers.services.reasons import Grounds, throttled, why
from customers.services.settling import block, done, outcome_of, rejected

logger = logging.getLogger(__name__)

AGREE = timedelta(seconds=2)  # between two looks that count as two
AWAY_PAUSE = timedelta(seconds=5)  # before the next look when this one got no answer
PAUSES = (2, 2, 4, 8, 15, 30)  # seconds from one look to the next

State = Change.State


def resolve(change: Change) -> None:
    """Look at the distributor what became of the change, and draw the conclusion."""
    begun = clock.now()
    sight: Sight | None = None
    if readable(Operation(change.operation)):
        try:
            sight = look(change, frozen_request(change), partial(await_turn, change))
        except DistributorError as error:
            gate.tell(error)
            _unanswered(change, begun, error)
            return
        gate.read()
        if sight.finding is None:
            _mistrust(change, begun, sight)
            return
        if rests_on_absence(Operation(change.operation), sight.finding):
            over(Alert.Kind.CONTROL)
    _conclude(change, sight, begun)


def _unanswered(change: Change, begun: datetime, error: DistributorError) -> None:
    settles = _settles(change)
    # A refusal is an answer: the gate tells nobody of it, and it may be given for ever.
    counts = isinstance(error, Rejected) and (settles is None or settles <= begun)
    rounds = change.rounds + int(counts)
    with transaction.atomic():
        lock_customer(change)
        # They follow each other every few seconds for as long as it is away.
        if counts or not _is_repeated(change, error):
            record(change, outcome_of(error), begun, error.reason, error=error)
        if not counts:
            look_later(change, AWAY_PAUSE)
        elif rounds < ROUNDS:
            mine(change, rounds=rounds)
            look_later(change)
        else:
            why_not = _("The distributor refuses to show it: %s") % error.reason
            block(change, why_not, rounds=rounds)


def _settles(change: Change) -> datetime | None:
    found: datetime | None = Customer.objects.values_list("quiet_until", flat=True).get(
        pk=change.customer_id
    )
    return found


def _is_repeated(change: Change, error: DistributorError) -> bool:
    last = change.attempt_set.order_by("-n").first()
    return last is not None and (last.kind, last.outcome, last.conclusion) == (
        Attempt.Kind.LOOK,
        outcome_of(error),
        error.reason,
    )


def _mistrust(change: Change, begun: datetime, sight: Sight) -> None:
    text = _(
        "A reading did not show an account that must be there; doubts stay open until it does."
    )
    alert(Alert.Kind.CONTROL, text)
    with transaction.atomic():
        record(change, Attempt.Outcome.NO_CONTROL, begun, text, sight=sight)
        look_later(change)


def _conclude(change: Change, sight: Sight | None, begun: datetime) -> None:
    settles = _settles(change)
    last_send = change.sends.first()
    finding = sight.finding if sight else None
    grounds = Grounds(
        Operation(change.operation),
        finding,
        apart=_apart(change, finding, begun) if finding else None,
        control=sight.control if sight else None,
        settles=settles,
        settled=settles is None or settles <= begun,
        refused=last_send is not None and last_send.outcome == Attempt.Outcome.REFUSED,
        rounds=change.rounds,
        stale=_may_be_stale(change),
    )
    verdict = conclude(
        grounds.operation,
        finding,
        refused=grounds.refused,
        settled=grounds.settled,
        agreed=grounds.apart is not None,
        rounds=grounds.rounds,
        stale=grounds.stale,
    )
    # It was throttled, not unanswered: one look is all that it owed.
    owed = change.state == State.WAITING and verdict is not Verdict.DONE
    reason = throttled(grounds) if owed else why(verdict, grounds)
    with transaction.atomic():
        lock_customer(change)
        if finding is not None:
            record(change, Attempt.Outcome(finding), begun, reason, sight=sight)
        if owed:
            mine(change, due_at=clock.now(), lease_until=None)
        else:
            _follow(change, verdict, grounds, reason)
    logger.info("change %s: a look found %s, so %s", change.pk, finding, verdict)


def _may_be_stale(change: Change) -> bool:
    """Whether a look may show how things were before an earlier change of the same."""
    undone_by = UNDONE_BY.get(Operation(change.operation), frozenset())
    first = change.sends.last()
    return first is not None and (
        Attempt.objects.perhaps_executed()
        .filter(change__customer=change.customer_id, change__operation__in=undone_by)
        .filter(begun_at__lt=first.begun_at, ended_at__gt=first.begun_at - settings.SETTLE_TIME)
        .exists()
    )


def _apart(change: Change, finding: Finding, begun: datetime) -> timedelta | None:
    """How long before a look, since the last try, has shown the same; None if none has."""
    before = change.attempt_set.telling().order_by("-n").first()
    if before is None or before.outcome != finding or before.ended_at is None:
        return None
    apart = begun - before.ended_at
    return apart if apart >= AGREE else None


def record(
    change: Change,
    found: Attempt.Outcome,
    begun: datetime,
    conclusion: str,
    *,
    sight: Sight | None = None,
    error: DistributorError | None = None,
) -> None:
    """The look as evidence: what was asked for, what was seen, and what follows from it."""
    Attempt.objects.create(
        change=change,
        n=next_number(change),
        kind=Attempt.Kind.LOOK,
        request=frozen_request(change),
        begun_at=begun,
        deadline=begun + timedelta(seconds=settings.DISTRIBUTOR_LOOK_DEADLINE),
        ended_at=clock.now(),
        outcome=found,
        http_status=error.status if error else None,
        reply=error.reply if error else "",
        seen=sight.evidence() if sight else None,
        conclusion=conclusion,
    )


def _follow(change: Change, verdict: Verdict, grounds: Grounds, reason: str) -> None:
    match verdict:
        case Verdict.DONE:
            done(change, by_reading=True)
        case Verdict.REJECTED:
            rejected(change, [_last_words(change)], taken=grounds.finding is Finding.TAKEN)
        case Verdict.BLOCKED:
            block(change, reason)
        case Verdict.AGAIN:
            mine(
                change,
                state=State.WAITING,
                due_at=clock.now(),
                lease_until=None,
                rounds=change.rounds + 1,
                error=reason,
            )
        case Verdict.LOOK_AGAIN:
            mine(change, rounds=change.rounds + int(grounds.settled))
            look_later(change)


def _last_words(change: Change) -> str:
    refusal = change.sends.filter(outcome=Attempt.Outcome.REFUSED).first()
    return refusal.conclusion if refusal else _("The name belongs to another account.")


def look_later(change: Change, pause: timedelta | None = None) -> None:
    """The next look: soon at first, and again from the end of the settle time on."""
    now = clock.now()
    quiet = _settles(change)
    settled = quiet is None or quiet <= now
    looks = change.rounds if settled else _looks_since_last_send(change)
    due = now + (pause or _pause(looks))
    if quiet and not settled and pause is None:
        due = min(quiet, due) if readable(Operation(change.operation)) else quiet
    mine(change, due_at=due, lease_until=None)


def _pause(number: int) -> timedelta:
    return timedelta(seconds=PAUSES[min(number, len(PAUSES) - 1)])


def _looks_since_last_send(change: Change) -> int:
    last = change.sends.first()
    looks = change.attempt_set.looks().telling()
    return looks.filter(n__gt=last.n if last else 0).count()
