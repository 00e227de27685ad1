"""Look at the distributor what became of a change. Reads only."""

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from customers.distributor.rules import OPTIONAL_ROW_FIELDS, ROW_FIELDS, Operation, fold
from customers.distributor.wire import masking
from customers.models import Change, Customer
from customers.services.calling import distributor
from customers.services.evidence import (
    Finding,
    Request,
    Row,
    exact,
    find,
    names_to_look_up,
    rests_on_absence,
)

# Called with the seconds that the next call may take: our turn has come when it returns.
Turn = Callable[[float], object]
# Characters of a value that are kept as evidence.
LONGEST = 255


@dataclass(frozen=True)
class Sight:
    """What a look has shown: the rows of the names concerned, None where nobody is listed.

    `finding` is None if the reading cannot be trusted. `control` is the account that was looked
    for beside them, "" where the whole list was read instead, None where none was needed.
    """

    finding: Finding | None
    listed: dict[str, Row | None]
    control: str | None = None
    control_seen: bool | None = None

    def evidence(self) -> dict[str, Any]:
        """For the attempt: what the contract lets a row show, our key masked, each value cut."""
        mask = masking([settings.DISTRIBUTOR_KEY])
        known = (*ROW_FIELDS, *OPTIONAL_ROW_FIELDS)
        return {
            "listed": {
                name: row and {field: mask(row[field])[:LONGEST] for field in known if field in row}
                for name, row in self.listed.items()
            },
            "control": self.control,
            "control_seen": self.control_seen,
        }


def look(change: Change, request: Request, await_turn: Turn) -> Sight:
    """What has become of the request.

    Raises DistributorError. Whatever rests on absence is read beside a control: an account
    that must be there, or else the whole list.
    """
    operation = Operation(change.operation)
    names = names_to_look_up(operation, request)
    rows = [row for name in names if (row := row_of(name, await_turn))]
    finding = _probe_company(request, find(operation, request, rows), await_turn, operation)
    if not rests_on_absence(operation, finding):
        return Sight(finding, _listed(operation, request, rows))
    control = control_name(change.customer)
    if control is None:
        rows = in_whole_list(names, await_turn)
        return Sight(find(operation, request, rows), _listed(operation, request, rows), control="")
    is_seen = seen(control, await_turn)
    listed = _listed(operation, request, rows)
    return Sight(finding if is_seen else None, listed, control, is_seen)


def _listed(operation: Operation, request: Request, rows: list[Row]) -> dict[str, Row | None]:
    return {name: exact(rows, name) for name in names_to_look_up(operation, request)}


def row_of(name: str, await_turn: Turn) -> Row | None:
    await_turn(settings.DISTRIBUTOR_LOOK_DEADLINE)
    return exact(distributor().look(username=name), name)


def seen(name: str, await_turn: Turn) -> bool:
    return row_of(name, await_turn) is not None


def has_company(name: str, company: str, await_turn: Turn) -> bool:
    """No row shows a company, but the list is filtered by it."""
    await_turn(settings.DISTRIBUTOR_LOOK_DEADLINE)
    return exact(distributor().look(username=name, company=company), name) is not None


def in_whole_list(names: Collection[str], await_turn: Turn) -> list[Row]:
    """Read when nobody else is live: a short list, and no more time for it than for a look."""
    await_turn(settings.DISTRIBUTOR_LOOK_DEADLINE)
    wanted = {fold(name) for name in names}
    rows = distributor(list_deadline=settings.DISTRIBUTOR_LOOK_DEADLINE).rows()
    return [row for row in rows if fold(row["username"]) in wanted]


def control_name(customer: Customer) -> str | None:
    """A name that every honest reading shows: another one each time, unless one is set."""
    if settings.DISTRIBUTOR_CONTROL:
        return str(settings.DISTRIBUTOR_CONTROL)
    quiet = Customer.objects.filter(status=Customer.Status.LIVE, missing_since=None).exclude(
        pk__in=Change.objects.open().values("customer")
    )
    others = quiet.exclude(pk=customer.pk).order_by("pk").values_list("username", flat=True)
    last = quiet.order_by("pk").values_list("pk", flat=True).last()
    start = random.randint(1, last) if last else 1  # noqa: S311 (no secret, a spot check)
    return others.filter(pk__gte=start).first() or others.first()


def _probe_company(
    request: Request, finding: Finding, await_turn: Turn, operation: Operation
) -> Finding:
    if operation is not Operation.PROFILE or "company" not in request:
        return finding
    if finding is not Finding.AS_ASKED:
        return finding
    user, company = str(request["user"]), str(request["company"])
    is_there = has_company(user, company, await_turn)
    return Finding.AS_ASKED if is_there else Finding.NOT_APPLIED
