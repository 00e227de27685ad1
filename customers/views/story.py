"""What a change's page tells: how it stands, what comes next, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from customers.distributor.rules import Operation
from customers.models import Change, Decision, Gate, clock
from customers.services.evidence import readable
from customers.views.words import OVERRULED, STORIES

State = Change.State


@dataclass(frozen=True)
class Next:
    """The next step: in words, the change that is waited for, and when it may come."""

    text: str
    when: datetime | None = None
    ahead: Change | None = None


def story(change: Change, decided: Sequence[Decision]) -> str:
    """How it stands. `decided` by people about it, the latest first."""
    words = OVERRULED if is_overruled(change, decided) else STORIES
    return str(words[State(change.state)])


def latest_first(change: Change) -> list[Decision]:
    return list(change.decisions.order_by("-at", "-pk"))


def is_overruled(change: Change, decided: Sequence[Decision]) -> bool:
    """Whether it ended by a person's word, not by the distributor's."""
    return change.state in OVERRULED and bool(decided) and decided[0].choice == change.state


def next_step(change: Change) -> Next | None:
    """What happens next; None if nothing does by itself."""
    match change.state:
        case State.WAITING:
            return _before_it_goes_out(change)
        case State.SENDING:
            return Next(
                _("An answer, or the end of the worker's time. If it does not come back, we look."),
                change.lease_until,
            )
        case State.IN_DOUBT:
            return _before_the_next_look(change)
        case _:
            return None


def _before_it_goes_out(change: Change) -> Next:
    now, quiet = clock.now(), change.customer.quiet_until
    ahead = change.customer.open_changes.filter(seq__lt=change.seq).last()
    if ahead:
        return Next(_("It waits behind an earlier change of the same customer:"), ahead=ahead)
    if change.due_at is None:
        return Next(_("It waits for a review: it goes out once a person says that it may."))
    if closed := _closed(now):
        return closed
    if quiet and quiet > max(now, change.due_at):
        return Next(
            _(
                "It waits until an earlier try for this customer, which got no answer, can no "
                "longer be executed at the distributor."
            ),
            quiet,
        )
    if change.lease_until and change.lease_until > now:
        return Next(_("A worker has it in hand."), change.lease_until)
    if change.due_at > now:
        return Next(_("It goes out by itself."), change.due_at)
    return Next(_("It goes out as soon as a worker is free."))


def _before_the_next_look(change: Change) -> Next:
    now = clock.now()
    if change.lease_until and change.lease_until > now:
        return Next(_("A worker looks at the distributor right now."), change.lease_until)
    if closed := _closed(now):
        return closed
    if not readable(Operation(change.operation)):
        text = _("The list never shows this: the same request goes out again.")
        return Next(text, change.due_at)
    if change.due_at and change.due_at > now:
        return Next(_("The next look at the distributor."), change.due_at)
    return Next(_("A look at the distributor, as soon as a worker is free."))


def _closed(now: datetime) -> Next | None:
    gate = Gate.closed()
    if gate is None or gate.shut_until is None:
        return None
    text = _("No calls go out at the moment: %s") % gate.why
    return Next(text, gate.shut_until if gate.shut_until > now else None)
