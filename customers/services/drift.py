"""What was altered at the distributor by somebody else, kept as rows.

The policy of a field is a setting: adopt and tell everybody, ask a person, or push back. Near
a doubt of the customer a person is asked whatever it says: what looks like somebody else's
doing may be a late copy of a call of ours.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from customers.models import Attempt, Change, Customer, Decision, Drift, Refresh
from customers.models.drift import UNSETTLED, kind
from customers.services.evidence import same

State = Drift.State
Place = tuple[int, str]  # a customer's key, and a field

# A doubt stays near for so long, and so long a machine does not push the same field back again.
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Difference:
    """A field of one customer: as the mirror had it, and as the distributor shows it."""

    customer_id: int
    field: str
    agreed: Any
    theirs: Any

    @property
    def place(self) -> Place:
        return self.customer_id, self.field


def record(differences: Sequence[Difference], reading: Refresh | None, now: datetime) -> None:
    """Keep what the mirror takes over from the distributor, one row a field.

    Call it in the transaction that writes the mirror, with the customers locked. What was never
    known is no drift. Costs five statements, however many differences there are; on SQLite,
    which takes few values at once, a long INSERT becomes several.
    """
    found = [it for it in differences if it.agreed is not None]
    if not found:
        return
    customers = {it.customer_id for it in found}
    earlier, waiting = _earlier(customers, now), _waiting(customers)
    doubtful = _doubtful(customers, now)
    over: list[int] = []
    new: list[Drift] = []
    for it in found:
        before = earlier[it.place]
        unsettled = [row for row in before if row.state in UNSETTLED]
        if any(row.theirs == it.theirs for row in unsettled):
            continue  # It is known, and waits.
        over += [row.pk for row in unsettled]
        agreed = _agreed(it, before)
        if not _same(it.field, agreed, it.theirs) and not _is_ignored(it, before):
            row = Drift(
                customer_id=it.customer_id,
                field=it.field,
                kind=kind(agreed, it.theirs),
                agreed=agreed,
                ours=waiting.get(it.place, agreed),
                theirs=it.theirs,
                refresh=reading,
                seen_at=now,
                is_doubtful=it.customer_id in doubtful,
            )
            _apply_policy(row, before)
            new.append(row)
    Drift.objects.filter(pk__in=over).update(state=State.GONE, decided_at=now)
    Drift.objects.bulk_create(new)


def overtaken(customer: int, columns: Collection[str], now: datetime) -> None:
    """A change of ours has altered these: what was asked about them is past."""
    about = Drift.objects.unsettled().filter(customer=customer, field__in=columns)
    about.update(state=State.GONE, decided_at=now)


def refused(change: Change) -> None:
    """Pushing back came to nothing: a person is asked again, unless the field has a newer row."""
    newer = Drift.objects.filter(
        customer=OuterRef("customer"), field=OuterRef("field"), pk__gt=OuterRef("pk")
    )
    Drift.objects.filter(~Exists(newer), change=change, state=State.PUSHED).update(
        state=State.OPEN, problem=Drift.Problem.REFUSED, decided_by=None, decided_at=None
    )


def _earlier(customers: Collection[int], now: datetime) -> dict[Place, list[Drift]]:
    """What a new difference is held against, the latest first."""
    lately = Q(state=State.PUSHED, decided_by=None, decided_at__gt=now - DAY)
    rows = Drift.objects.filter(
        Q(state__in=(*UNSETTLED, State.IGNORED)) | lately, customer__in=customers
    )
    found = defaultdict(list)
    for row in rows.order_by("-pk"):
        found[row.customer_id, row.field].append(row)
    return found


def _waiting(customers: Collection[int]) -> dict[Place, Any]:
    """What is asked for and not settled yet."""
    found: dict[Place, Any] = {}
    for change in Change.objects.open().filter(customer__in=customers).order_by("seq"):
        found |= {(change.customer_id, name): to for name, to in change.effects().items()}
    return found


def _doubtful(customers: Collection[int], now: datetime) -> set[int]:
    """Of whom a call went unanswered, was looked up or was decided about within the last day."""
    recent = now - DAY
    unanswered = Q(outcome__in=(Attempt.Outcome.UNKNOWN, Attempt.Outcome.LOST))
    calls = Attempt.objects.filter(
        unanswered | Q(kind=Attempt.Kind.LOOK),
        Q(ended_at__gt=recent) | Q(begun_at__gt=recent),
        change__customer=OuterRef("pk"),
    )
    decisions = Decision.objects.filter(at__gt=recent, change__customer=OuterRef("pk"))
    unsettled = Change.objects.open().filter(
        customer=OuterRef("pk"), state__in=(Change.State.IN_DOUBT, Change.State.BLOCKED)
    )
    decided = decisions.exclude(choice=Decision.Choice.WITHDRAWN)
    near = Q(Exists(calls)) | Q(Exists(unsettled)) | Q(Exists(decided))
    return set(Customer.objects.filter(near, pk__in=customers).values_list("pk", flat=True))


def _agreed(it: Difference, before: Sequence[Drift]) -> Any:
    """What both sides last had. A value that nobody has adopted is none."""
    never_agreed = (row for row in before if row.state != State.PUSHED)
    return next((row.agreed for row in never_agreed if row.theirs == it.agreed), it.agreed)


def _is_ignored(it: Difference, before: Sequence[Drift]) -> bool:
    return any(row.state == State.IGNORED and row.theirs == it.theirs for row in before)


def _same(field: str, agreed: Any, theirs: Any) -> bool:
    if isinstance(agreed, str):
        return same(field, agreed, theirs)
    return bool(agreed == theirs)


def _apply_policy(row: Drift, before: Sequence[Drift]) -> None:
    """Adopt it, ask a person, or push it back; the last not twice a day.

    Whoever alters it again right away means it: two machines must not argue for ever.
    """
    if row.is_doubtful or row.field in (*settings.DRIFT_ASK, "username"):
        return
    if row.field not in settings.DRIFT_PUSH_BACK:
        row.state, row.decided_at = State.TOLD, row.seen_at
    elif any(earlier.state in {State.PUSHED, State.PUSHING} for earlier in before):
        row.problem = Drift.Problem.AGAIN
    else:
        row.state, row.decided_at = State.PUSHING, row.seen_at
