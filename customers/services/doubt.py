"""Nobody knows whether it was executed: look, conclude, and only then go on."""

import logging
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from customers.distributor.errors import DistributorError
from customers.distributor.rules import Operation
from customers.models import Alert, Attempt, Change, Customer, clock
from customers.services import gate
from customers.services.alerts import alert, over
from customers.services.claims import await_turn, frozen_request, lock_customer, mine, next_number
from customers.services.evidence import Finding, Verdict, conclude, readable, rests_on_absence
from customers.services.look import look
from customers.services.settling import block, done, rejected

logger = logging.getLogger(__name__)

AGREE = timedelta(seconds=2)  # between two looks that count as two
AWAY_PAUSE = timedelta(seconds=5)  # before the next look when this one got no answer
PAUSES = (2, 2, 4, 8, 15, 30)  # seconds from one look to the next

State = Change.State


def resolve(change: Change) -> None:
    """Look at the distributor what became of the change, and draw the conclusion."""
    begun = clock.now()
    finding: Finding | None = None
    if readable(Operation(change.operation)):
        try:
            finding = look(change, frozen_request(change), partial(await_turn, change))
        except DistributorError as error:
            gate.tell(error)
            look_later(change, AWAY_PAUSE)
            return
        gate.read()
        if finding is None:
            _mistrust(change, begun)
            return
        if rests_on_absence(Operation(change.operation), finding):
            over(Alert.Kind.CONTROL)
    _conclude(change, finding, begun)


def _mistrust(change: Change, begun: datetime) -> None:
    text = _(
        "A reading did not show an account that must be there; doubts stay open until it does."
    )
    alert(Alert.Kind.CONTROL, text)
    with transaction.atomic():
        _record(change, Attempt.Outcome.NO_CONTROL, begun, text)
        look_later(change)


def _conclude(change: Change, finding: Finding | None, begun: datetime) -> None:
    settled = not Customer.objects.filter(pk=change.customer_id, quiet_until__gt=begun).exists()
    last_send = change.sends.first()
    verdict = conclude(
        Operation(change.operation),
        finding,
        refused=last_send is not None and last_send.outcome == Attempt.Outcome.REFUSED,
        settled=settled,
        agreed=finding is not None and _agrees(change, finding, begun),
        rounds=change.rounds,
    )
    with transaction.atomic():
        lock_customer(change)
        if finding is not None:
            _record(change, Attempt.Outcome(finding), begun, WORDS[verdict])
        if change.state == State.WAITING and verdict is not Verdict.DONE:
            # It was throttled, not unanswered: one look is all that it owed.
            mine(change, due_at=clock.now(), lease_until=None)
        else:
            _follow(change, verdict, finding, settled=settled)
    logger.info("change %s: a look found %s, so %s", change.pk, finding, verdict)


def _agrees(change: Change, finding: Finding, begun: datetime) -> bool:
    """Whether the look before, since the last try, has shown the same."""
    before = change.attempt_set.order_by("-n").first()
    return (
        before is not None
        and before.outcome == finding
        and before.ended_at is not None
        and begun - before.ended_at >= AGREE
    )


def _record(change: Change, found: Attempt.Outcome, begun: datetime, conclusion: str) -> None:
    Attempt.objects.create(
        change=change,
        n=next_number(change),
        kind=Attempt.Kind.LOOK,
        request=frozen_request(change),
        begun_at=begun,
        deadline=begun + timedelta(seconds=settings.DISTRIBUTOR_LOOK_DEADLINE),
        ended_at=clock.now(),
        outcome=found,
        conclusion=conclusion,
    )


WORDS = {
    Verdict.DONE: "It is done.",
    Verdict.AGAIN: "It was not executed: the same request goes out again.",
    Verdict.REJECTED: "It was refused.",
    Verdict.BLOCKED: "Only a person can tell what happened.",
    Verdict.LOOK_AGAIN: "Not certain yet: another look follows.",
}


def _follow(change: Change, verdict: Verdict, finding: Finding | None, *, settled: bool) -> None:
    match verdict:
        case Verdict.DONE:
            done(change, by_reading=True)
        case Verdict.REJECTED:
            rejected(change, [_last_words(change)], taken=finding is Finding.TAKEN)
        case Verdict.BLOCKED:
            block(change, _("What the distributor shows does not explain what happened."))
        case Verdict.AGAIN:
            mine(
                change,
                state=State.WAITING,
                due_at=clock.now(),
                lease_until=None,
                rounds=F("rounds") + 1,
            )
        case Verdict.LOOK_AGAIN:
            mine(change, rounds=F("rounds") + int(settled))
            look_later(change)


def _last_words(change: Change) -> str:
    refusal = change.sends.filter(outcome=Attempt.Outcome.REFUSED).first()
    return refusal.conclusion if refusal else _("The name belongs to another account.")


def look_later(change: Change, pause: timedelta | None = None) -> None:
    """The next look: soon at first, and again from the end of the settle time on."""
    now = clock.now()
    quiet = Customer.objects.values_list("quiet_until", flat=True).get(pk=change.customer_id)
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
    return change.attempt_set.looks().filter(n__gt=last.n if last else 0).count()
