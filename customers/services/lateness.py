"""Is anything delivered at all? Whoever still runs asks, so that it is told when others do not."""

from django.conf import settings

from customers.models import Alert, Change, Gate, clock
from customers.services import gate
from customers.services.alerts import alert, over
from customers.services.claims import DUE, OF_ANYBODY, mend

# What stood behind an earlier one of its customer could not go out, whenever it was asked for: that
# it was its turn shows in `touched_at`, which each step of the earlier one has set.
OLDEST = f"""
    SELECT due.* {DUE} {OF_ANYBODY}
      AND NOT EXISTS (
        SELECT 1 FROM customers_customer WHERE id = due.customer_id AND touched_at > %(now)s)
    ORDER BY due.due_at LIMIT 1
"""  # noqa: S608 (a text of our own)


def oldest() -> Change | None:
    """The oldest change that could have gone out for all of LATE_AFTER, and did not."""
    then = clock.now() - settings.LATE_AFTER
    return next(iter(Change.objects.raw(OLDEST, {"now": then})), None)


def check() -> Change | None:
    """Raise the alert, or end it; the oldest late change if there is one."""
    mend()
    gate.credentials_taken()  # What was denied may have been given up meanwhile.
    late = oldest()
    if late:
        alert(Alert.Kind.LATE, _words(late))
    else:
        over(Alert.Kind.LATE)
    return late


def _words(late: Change) -> str:
    closed = Gate.closed()
    why = f"No calls go out: {closed.why}" if closed else "Do worker, beat and poller run?"
    return f"The oldest change that is due waits since {late.due_at:%Y-%m-%d %H:%M} UTC. {why}"
