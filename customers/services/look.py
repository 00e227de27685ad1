"""Look at the distributor what became of a change. Reads only."""

import random
from collections.abc import Callable, Iterator
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
    rows = list(_named(operation, request, await_turn))
    finding = _probe_company(request, find(operation, request, rows), await_turn, operation)
    if not rests_on_absence(operation, finding):
        return Sight(finding, _listed(operation, request, rows))
    control = control_name(change.customer)
    if control is None:
        rows = _whole_list(operation, request, await_turn)
        return Sight(find(operation, request, rows), _listed(operation, request, rows), control="")
    is_seen = seen(control, await_turn)
    listed = _listed(operation, request, rows)
    return Sight(finding if is_seen else None, listed, control, is_seen)


def _listed(operation: Operation, request: Request, rows: list[Row]) -> dict[str, Row | None]:
    return {name: exact(rows, name) for name in names_to_look_up(operation, request)}


def seen(name: str, await_turn: Turn) -> bool:
    await_turn(settings.DISTRIBUTOR_LOOK_DEADLINE)
    return exact(distributor().look(username=name), name) is not None


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


def _named(operation: Operation, request: Request, await_turn: Turn) -> Iterator[Row]:
    for name in names_to_look_up(operation, request):
        await_turn(settings.DISTRIBUTOR_LOOK_DEADLINE)
        row = exact(distributor().look(username=name), name)
        if row:
            yield row


def _probe_company(
    request: Request, finding: Finding, await_turn: Turn, operation: Operation
) -> Finding:
    """The list never shows a company, but filters by it."""
    if operation is not Operation.PROFILE or "company" not in request:
        return finding
    if finding is not Finding.AS_ASKED:
        return finding
    await_turn(settings.DISTRIBUTOR_LOOK_DEADLINE)
    user, company = str(request["user"]), str(request["company"])
    there = exact(distributor().look(username=user, company=company), user)
    return Finding.AS_ASKED if there else Finding.NOT_APPLIED


def _whole_list(operation: Operation, request: Request, await_turn: Turn) -> list[Row]:
    """Read when nobody else is live: a short list, and no more time for it than for a look."""
    await_turn(settings.DISTRIBUTOR_LOOK_DEADLINE)
    names = {fold(name) for name in names_to_look_up(operation, request)}
    rows = distributor(list_deadline=settings.DISTRIBUTOR_LOOK_DEADLINE).rows()
    return [row for row in rows if fold(row["username"]) in names]
