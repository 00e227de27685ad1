"""A look that a person asks for before they decide. Reads only, and concludes nothing."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from customers.distributor.errors import DistributorError
from customers.distributor.rules import Operation
from customers.models import Attempt, Change, clock
from customers.services import gate
from customers.services.claims import frozen_request, lock_customer
from customers.services.doubt import record
from customers.services.evidence import readable
from customers.services.look import Sight, look
from customers.services.rate import Shut
from customers.services.settling import outcome_of


def look_at(pk: UUID, by: int) -> None:
    """Show what the distributor has now of a BLOCKED change, as an attempt of it."""
    change = Change.objects.select_related("customer").filter(pk=pk, state=Change.State.BLOCKED)
    if found := change.first():
        who, begun = User.objects.get(pk=by), clock.now()
        outcome, conclusion, shown = _seen(found)
        asked = _("%(who)s asked for this look. %(what)s") % {"who": who, "what": conclusion}
        _record(found, outcome, begun, asked, shown)


def _seen(change: Change) -> tuple[Attempt.Outcome, str, dict[str, Any]]:
    try:
        sight = look(change, frozen_request(change), gate.await_turn)
    except Shut:
        return Attempt.Outcome.NOT_SENT, _("No calls go out at the moment: nothing was read."), {}
    except DistributorError as error:
        gate.tell(error)
        return outcome_of(error), error.reason, {"error": error}
    gate.read()
    return _outcome(change, sight), _("Nothing follows by itself."), {"sight": sight}


def _outcome(change: Change, sight: Sight) -> Attempt.Outcome:
    if sight.finding is None:
        return Attempt.Outcome.NO_CONTROL
    if not readable(Operation(change.operation)):
        return Attempt.Outcome.UNREADABLE
    return Attempt.Outcome(sight.finding)


def _record(
    change: Change,
    outcome: Attempt.Outcome,
    begun: datetime,
    conclusion: str,
    shown: dict[str, Any],
) -> None:
    with transaction.atomic():
        lock_customer(change)
        # Decided meanwhile, it may have gone out again, and what was seen is from before.
        as_it_was = Change.objects.filter(pk=change.pk, claim=change.claim, state=change.state)
        if as_it_was.exists():
            record(change, outcome, begun, conclusion, **shown)
