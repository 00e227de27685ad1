"""What a staged list says about the mirror, found out by one statement for all of it.

The same test as `merge.differences`, in SQL. It may call different what is the same in another
spelling, never the other way round: the merge looks at each such row once more.
"""

from array import array
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Concat
from django.db.models.lookups import Exact

from customers.models import Customer, Listed, Refresh, Username, clock
from customers.models.customer import CustomerQuerySet
from customers.models.listed import OPTIONAL, SHOWN
from customers.services.merge import untouched

EQUAL, DIFFERENT, BACK, NEW, OTHER = "=", "!", "<", "+", "?"
FETCHED = 2_000


def _keys() -> "array[int]":
    """Eight bytes each: of a million rows all may be of one kind."""
    return array("q")


@dataclass
class Compared:
    """Keys of staged rows by what they say; `equal` is a number alone, since nothing follows.

    `live` counts the live customers whom the list could speak of, `shown` those whom it did.
    """

    reading: Refresh
    live: int
    shown: int = 0
    new: "array[int]" = field(default_factory=_keys)
    known: "array[int]" = field(default_factory=_keys)

    @property
    def are_absent(self) -> bool:
        """Whether anybody is; whom else something began for meanwhile counts among them here."""
        return self.live > self.shown


def compare(reading: Refresh) -> Compared:
    """Hold the whole list against the mirror; nothing is locked, so nothing is sure yet."""
    live = Customer.objects.filter(untouched(reading.started_at), status=Customer.Status.LIVE)
    compared = Compared(reading, live=live.count())
    reading.would_update = 0
    for pk, kind in _news(reading).iterator(chunk_size=FETCHED):
        (compared.new if kind == NEW else compared.known).append(pk)
        compared.shown += kind == DIFFERENT
        reading.would_update += kind in {DIFFERENT, BACK}
    reading.would_adopt = len(compared.new)
    doubled = reading.cause == Refresh.Cause.TWICE
    believed = staged(reading).count() if doubled else reading.listed
    reading.left = reading.listed - believed
    reading.equal = believed - len(compared.new) - len(compared.known)
    compared.shown += reading.equal
    return compared


def _news(reading: Refresh) -> QuerySet[Listed, tuple[int, str]]:
    rows = staged(reading).annotate(kind=_kind(reading.started_at, clock.now()))
    return rows.exclude(kind=EQUAL).order_by("pk").values_list("pk", "kind")


def staged(reading: Refresh) -> QuerySet[Listed]:
    """The rows that can be believed: where a name stands twice, neither row can."""
    rows = Listed.objects.filter(refresh=reading)
    if reading.cause == Refresh.Cause.TWICE:
        rows = rows.exclude(name__in=twice(reading))
    return rows


def twice(reading: Refresh) -> QuerySet[Any, str]:
    """The names, case-folded, that stand in the list more than once."""
    names = Listed.objects.filter(refresh=reading).values("name")
    several = names.annotate(times=Count("pk")).filter(times__gt=1)
    return several.order_by("name").values_list("name", flat=True)


def absent(reading: Refresh, customers: CustomerQuerySet) -> CustomerQuerySet:
    """Those whom the list should show and does not, by the same test as what it shows."""
    named = Username.objects.filter(
        customer=OuterRef("pk"),
        state=Username.State.LIVE,
        key__in=Listed.objects.filter(refresh=reading).values("name"),
    )
    return customers.filter(untouched(reading.started_at)).filter(~Exists(named))


def _kind(started_at: datetime, now: datetime) -> Case:
    spoken_of = Q(untouched(started_at, of="name__customer__"), name__state=Username.State.LIVE)
    live = Q(name__customer__status=Customer.Status.LIVE)
    equal = Q(spoken_of, live, *_same(), name__customer__missing_since=None)
    free = Q(Q(name__until=None) | Q(name__until__lte=now), name__state=Username.State.RELEASED)
    return Case(
        When(equal, then=Value(EQUAL)),
        When(spoken_of & live, then=Value(DIFFERENT)),
        When(spoken_of, then=Value(BACK)),
        When(Q(name__state=None) | free, then=Value(NEW)),
        default=Value(OTHER),
    )


def _same() -> list[Q | Exact]:
    """Each column as the row shows it, or in a spelling that is surely the same."""
    ours = {column: F(f"name__customer__{column}") for column in SHOWN}
    plain = [it for it in SHOWN if it not in {"username", "email", "website", *OPTIONAL}]
    with_scheme = Concat(Value("http://"), ours["website"])
    return [
        *(Exact(ours[column], F(column)) for column in plain),
        *(Q(**{column: None}) | Q(Exact(ours[column], F(column))) for column in OPTIONAL),
        # Small letters are made only where it takes them.
        Q(Exact(ours["email"], F("email"))) | Q(Exact(_Lower(ours["email"]), _Lower(F("email")))),
        Q(Exact(ours["website"], F("website"))) | Q(website=with_scheme),
    ]


class _Lower(Func):
    """Of ASCII letters alone, whatever the database's locale makes of others."""

    function = "LOWER"
    output_field = TextField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = '%(function)s(%(expressions)s COLLATE "C")'
        return self.as_sql(compiler, connection, template=template, **context)
