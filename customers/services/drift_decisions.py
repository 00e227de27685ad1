"""What a person decides about drift: one conditional UPDATE, however many rows it is about."""

import logging

from django.contrib.auth.models import User

from customers.models import Drift, clock
from customers.models.drift import DriftQuerySet

logger = logging.getLogger(__name__)

State = Drift.State
CHOICES = (State.ADOPTED, State.PUSHING, State.IGNORED)


def decide(rows: DriftQuerySet, choice: State, *, by: User) -> int:
    """How many of the rows it was: whoever comes second finds them decided.

    PUSHING is a promise that services.pushing_back keeps, row by row. A rename can only be
    ignored here: to adopt it takes more than this, see services.renames.
    """
    rows = rows.undecided()
    if choice != State.IGNORED:
        rows = rows.exclude(field="username")
    decided = rows.update(state=choice, decided_by=by, decided_at=clock.now(), problem="")
    logger.info("%s drifts are %s by user %s", decided, choice, by.pk)
    return decided
