"""How a call ended, and what follows for the change, the mirror and the names."""

import logging
import random
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from customers.distributor.errors import (
    Denied,
    DistributorError,
    NoAnswer,
    NotExecuted,
    Rejected,
    Throttled,
)
from customers.distributor.rules import NOT_REPEATABLE, Operation
from customers.distributor.wire import Answer
from customers.models import Alert, Attempt, Change, Customer, clock, row
from customers.models.drift import UNSETTLED as UNSETTLED_DRIFT
from customers.services import drift, names
from customers.services.alerts import alert
from customers.services.claims import FencedOffError, bring_forward, keep_quiet, mine

logger = logging.getLogger(__name__)

LONGEST_PAUSE = 300.0  # seconds between two tries of one change that does not get through

Result = Answer | DistributorError
State = Change.State
Outcome = Attempt.Outcome


def settle(change: Change, attempt: Attempt, result: Result) -> None:
    """Write down how the call ended: the attempt in any case, the rest while it is ours."""
    try:
        with transaction.atomic():
            _follow(change, attempt, result)
            _complete(attempt, result)
    except FencedOffError:
        _complete(attempt, result)
        raise
    logger.info("change %s is %s after attempt %s", change.pk, change.state, attempt.n)


def _follow(change: Change, attempt: Attempt, result: Result) -> None:
    match result:
        case Answer():
            done(change)
        case Rejected() if not _doubtful(change, attempt):
            rejected(change, result.words)
        case Rejected() if _says_gone(change, result):
            done(change)
        case NotExecuted():
            _wait(change, result)
        case _:
            _doubt(change, attempt, result)


def _doubtful(change: Change, attempt: Attempt) -> bool:
    """Whether an earlier try may have been executed, so that a refusal proves nothing.

    A 429 says that it was not; where a second copy would do harm that is not taken on trust.
    """
    earlier = change.attempt_set.exclude(pk=attempt.pk)
    if earlier.perhaps_executed().exists():
        return True
    throttled = earlier.sends().filter(outcome=Outcome.THROTTLED)
    return change.operation in NOT_REPEATABLE and throttled.exists()


def _says_gone(change: Change, refusal: Rejected) -> bool:
    """A delete that went unanswered and then finds nobody has been executed."""
    return change.operation == Operation.DELETE and any(
        "user not found" in words.casefold() for words in refusal.words
    )


def _complete(attempt: Attempt, result: Result) -> None:
    ended = {
        "ended_at": clock.now(),
        "http_status": result.status,
        "reply": result.reply,
        "conclusion": result.reason if isinstance(result, DistributorError) else "",
        "outcome": outcome_of(result),
    }
    row.update(Attempt, {"id": attempt.pk}, ended)


def outcome_of(result: Result) -> Attempt.Outcome:
    """How a call ended, for its attempt."""
    match result:
        case Answer():
            return Outcome.SUCCESS
        case Rejected():
            return Outcome.REFUSED
        case Throttled():
            return Outcome.THROTTLED
        case Denied():
            return Outcome.DENIED
        case NotExecuted():
            return Outcome.NOT_SENT
        case _:
            return Outcome.UNKNOWN


def _wait(change: Change, error: NotExecuted) -> None:
    """Surely not executed: it goes on waiting, no strike against it.

    When all have to wait, the gate holds them back; this pause spares the others one that alone
    does not get through.
    """
    longest = min(LONGEST_PAUSE, 2 * 2.0 ** min(change.attempts, 10))
    # One that alone is denied, while reads are answered, would shut the gate for all each time.
    soon = isinstance(error, Throttled) or (isinstance(error, Denied) and change.attempts == 1)
    pause = 0.0 if soon else random.uniform(0, longest)  # noqa: S311
    touch(change)
    mine(
        change,
        state=State.WAITING,
        due_at=clock.now() + timedelta(seconds=pause),
        lease_until=None,
        error=error.reason,
    )


def _doubt(change: Change, attempt: Attempt, error: DistributorError) -> None:
    """It may have been executed, and may still be until the settle time is over."""
    touch(change)
    mine(change, state=State.IN_DOUBT, due_at=clock.now(), lease_until=None, error=error.reason)
    if isinstance(error, NoAnswer):
        keep_quiet(change, attempt)
    elif before := change.sends.exclude(pk=attempt.pk).filter(outcome__in=Attempt.UNPROVEN).first():
        # Refused, since an earlier try may have been executed: until when, that one says.
        keep_quiet(change, before)


def touch(change: Change, **columns: object) -> str | None:
    """A list that was read before this moment says nothing about the customer; their username.

    It locks the customer too, so it comes before the change is written, see lock_customer().
    """
    touched = {"touched_at": clock.now(), **columns}
    found = row.update(Customer, {"id": change.customer_id}, touched, returning="username")
    name: str | None = found[0] if found else None
    return name


# Mostly nobody stands behind it, and nobody asks about what was altered over there.
UNSETTLED = ", ".join(f"'{state}'" for state in UNSETTLED_DRIFT)
ASIDE = f"""
    EXISTS (SELECT 1 FROM customers_change line WHERE line.customer_id =
        customers_change.customer_id AND line.settled_at IS NULL AND line.is_behind),
    EXISTS (SELECT 1 FROM customers_drift drift WHERE drift.customer_id =
        customers_change.customer_id AND drift.state IN ({UNSETTLED}))
"""  # noqa: S608 (a text of our own)


def _end(change: Change, state: str, **columns: Any) -> bool:
    """It is over, and the next one of the line steps forward; whether drift is unsettled.

    Call it with the customer locked: so what it is told of both still holds.
    """
    over = {"settled_at": clock.now(), "sealed_password": None, "lease_until": None}
    is_followed, is_drifting = mine(change, returning=ASIDE, state=state, **over | columns)
    if is_followed:
        bring_forward(change.customer_id)
    return bool(is_drifting)


def done(change: Change, *, by_reading: bool = False, **columns: Any) -> None:
    """The distributor has it: the mirror and the names follow, the password is erased.

    `columns` are further ones of the change.
    """
    now = clock.now()
    confirmed = change.effects()
    if by_reading:
        confirmed["seen_at"] = now
        if change.operation in NOT_REPEATABLE:
            confirmed["quiet_until"] = None  # A late copy would meet nobody, or be refused.
    touch(change, **confirmed)
    if _end(change, State.DONE, error="", **columns):
        drift.overtaken(change.customer_id, confirmed, now)
    if change.operation == Operation.DELETE:
        customer = Customer.objects.get(pk=change.customer_id)
        names.burn(customer.username, customer)
    elif "username" in confirmed:
        names.take(confirmed["username"], Customer.objects.get(pk=change.customer_id))


def rejected(change: Change, words: list[str], *, taken: bool = False) -> None:
    """The distributor said no, and nothing was done. Its words are kept.

    `taken`: a look has shown the name at another account; else its words may say so.
    """
    turned_down(change, "; ".join(words), taken=taken or _says_taken(words))


def turned_down(change: Change, error: str, *, taken: bool = False, **columns: Any) -> None:
    """It was not done and shall not be. `columns` are further ones of the change."""
    touch(change)
    _end(change, State.REJECTED, error=error, **columns)
    drift.refused(change)
    if "username" in change.params:
        names.release(change.params["username"], change.customer)
        if taken:
            names.burn(change.params["username"], None)
    if change.operation == Operation.CREATE:
        touch(change, status=Customer.Status.REFUSED)
        withdraw_followers(change, _("The customer was refused: %s") % error)


def _says_taken(words: list[str]) -> bool:
    """Usernames are unique over the whole service: another account has it, or had it once."""
    said = " ".join(words).casefold()
    return "username" in said and any(w in said for w in ("taken", "exist", "already"))


def block(change: Change, why: str, **columns: Any) -> None:
    """Only a person can tell, only this customer waits. `columns` are further ones of it."""
    with transaction.atomic():
        mine(change, state=State.BLOCKED, lease_until=None, error=why, **columns)
        alert(
            Alert.Kind.BLOCKED,
            f"{change.get_operation_display()} {change.customer}: {why}",
            subject=str(change.pk),
        )


def ask_for_password(change: Change) -> None:
    """Its password is too old to be sent; a person gives a new one, or gives the change up."""
    why = _("Its password waited for a week and was erased: a new one is needed.")
    block(change, why, sealed_password=None)


def withdraw_followers(create: Change, why: str) -> None:
    """What waits behind a customer who never came to be was never attempted, and never will."""
    behind = Change.objects.open().filter(customer=create.customer_id, seq__gt=create.seq)
    # Locked in the order in which keys are rotated, so that neither waits for the other in a ring.
    locked = behind.select_for_update().order_by("pk")
    wanted = [change.params["username"] for change in locked if "username" in change.params]
    behind.update(
        state=State.WITHDRAWN,
        claim=F("claim") + 1,
        settled_at=clock.now(),
        sealed_password=None,
        error=why,
    )
    for name in wanted:
        names.release(name, create.customer)
