"""What was altered at the distributor, as a person reads it: where it differs, how many alike."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from customers.models import Customer, Drift, clock
from customers.models.labels import label

State = Drift.State
# What was adopted by rule is marked on the customer's page for so long.
NEWS = timedelta(days=30)


@dataclass(frozen=True)
class Text:
    """A value in three pieces: `middle` is where it is not as the other one."""

    head: str
    middle: str
    tail: str


@dataclass(frozen=True)
class Altered:
    """One drift; `agreed` and `theirs` are None for a switch, which is shown as one."""

    drift: Drift
    label: str
    agreed: Text | None
    theirs: Text | None

    @property
    def is_waiting_ours(self) -> bool:
        """Whether something of ours is on its way, so that ours is not what was agreed."""
        return bool(self.drift.ours != self.drift.agreed)


def altered(rows: Iterable[Drift]) -> list[Altered]:
    return [_altered(row) for row in rows]


def _altered(row: Drift) -> Altered:
    if isinstance(row.theirs, bool):
        return Altered(row, label(row.field), None, None)
    agreed, theirs = str(row.agreed), str(row.theirs)
    return Altered(row, label(row.field), _apart(agreed, theirs), _apart(theirs, agreed))


def _apart(text: str, other: str) -> Text:
    """Where little is common nothing is set apart: all of it differs."""
    head = _common(text, other)
    tail = _common(text[head:][::-1], other[head:][::-1])
    if 2 * (head + tail) < max(len(text), len(other)):
        return Text("", text, "")
    end = len(text) - tail
    return Text(text[:head], text[head:end], text[end:])


def _common(text: str, other: str) -> int:
    """How many characters they have in common at the beginning."""
    differs = (n for n, (one, two) in enumerate(zip(text, other, strict=False)) if one != two)
    return next(differs, min(len(text), len(other)))


@dataclass(frozen=True)
class Pattern:
    """So many drifts that look the same; `query` is the address of them in the inbox."""

    words: str
    count: int
    field: str
    kind: str
    is_doubtful: bool
    until: int
    query: str

    @property
    def frozen(self) -> list[tuple[str, str]]:
        """What a form sends back, so that what has come since is not meant."""
        names = ("field", "kind", "is_doubtful", "until", "count")
        return [(name, str(getattr(self, name))) for name in names]


def patterns(
    groups: Iterable[Mapping[str, Any]], address: QueryDict | None = None
) -> list[Pattern]:
    """`groups` as of DriftQuerySet.patterns; `address` is that of the inbox they stand in."""
    return [_pattern(group, address) for group in groups]


def _pattern(group: Mapping[str, Any], address: QueryDict | None) -> Pattern:
    query = address.copy() if address else QueryDict(mutable=True)
    query.pop("page", None)
    query["field"], query["kind"] = group["field"], group["kind"]
    if group["is_doubtful"]:
        query["doubtful"] = "on"
    return Pattern(words=_words(group), query=query.urlencode(), **group)


def _words(group: Mapping[str, Any]) -> str:
    if group["field"] == "username":
        return _("Perhaps renamed")
    return f"{label(group['field'])}: {Drift.Kind(group['kind']).label}"


def marks(customer: Customer) -> dict[str, Altered]:
    """What the customer's page tells of beside a field, while nobody has decided about it."""
    recent = clock.now() - NEWS
    found = {}
    for row in customer.drifts.undecided().order_by("pk"):
        is_news = row.state == State.OPEN or row.seen_at > recent
        stands = row.field == "username" or getattr(customer, row.field) == row.theirs
        if is_news and stands:
            found[row.field] = _altered(row)
    return found
