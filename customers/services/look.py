"""Look at the distributor what became of a change. Reads only."""

import random
from collections.abc import Callable, Iterator

from django.conf import settings

from customers.distributor.rules import Operation, fold
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
Turn = Callable[[float], None]


def look(change: Change, request: Request, await_turn: Turn) -> Finding | None:
    """What has become of the request; None if the reading cannot be trusted.

    Raises DistributorError. Whatever rests on absence is read beside a control: an account
    that must be there, or else the whole list.
    """
    operation = Operation(change.operation)
    rows = list(_named(operation, request, await_turn))
    finding = _probe_company(request, find(operation, request, rows), await_turn, operation)
    if not rests_on_absence(operation, finding):
        return finding
    control = control_name(change.customer)
    if control is None:
        return find(operation, request, _whole_list(operation, request, await_turn))
    return finding if seen(control, await_turn) else None


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
