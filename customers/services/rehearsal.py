"""What merging a staged list would do, found out without writing any of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from customers.models import Customer, Listed, Refresh, Username
from customers.services.comparing import Compared, absent
from customers.services.merge import altered, otherwise, untouched

BATCH = 2_000


@dataclass
class Rehearsal:
    """`reading` carries the numbers as a merge would; it is in no table any more.

    `problem` says why the list would be put aside, `fields` how many customers differ in each
    field, `noted` how many of the absent were absent the last time too: they would be looked for.
    """

    reading: Refresh
    problem: str
    noted: int = 0
    fields: Counter[str] = field(default_factory=Counter)


def foretell(compared: Compared, problem: str) -> Rehearsal:
    reading = compared.reading
    live = Customer.objects.filter(status=Customer.Status.LIVE, missing_since__isnull=False)
    rehearsal = Rehearsal(reading, problem, noted=absent(reading, live).count())
    reading.adopted = len(compared.new)
    for first in range(0, len(compared.known), BATCH):
        _count(rehearsal, compared.known[first : first + BATCH])
    return rehearsal


def _count(rehearsal: Rehearsal, rows: Sequence[int]) -> None:
    reading, spoken_of = rehearsal.reading, 0
    known = Listed.objects.filter(
        untouched(reading.started_at, of="name__customer__"),
        pk__in=rows,
        name__state=Username.State.LIVE,
    )
    for row in known.select_related("name__customer").iterator():
        if row.name is None or row.name.customer is None:
            continue
        customer, spoken_of = row.name.customer, spoken_of + 1
        found = otherwise(customer, row.columns)
        is_back = customer.status == Customer.Status.MISSING or customer.missing_since is not None
        rehearsal.fields.update(it.field for it in altered(customer, found))
        reading.updated += bool(found) or is_back
        reading.equal += not found and not is_back
    reading.left += len(rows) - spoken_of
