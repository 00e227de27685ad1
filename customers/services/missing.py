"""Who is not in a good list: noted at first, MISSING after a second one and a look by name."""

import random
from collections.abc import Iterator, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from customers.distributor.errors import DistributorError
from customers.models import Alert, Customer, Refresh
from customers.services import gate
from customers.services.alerts import alert, over
from customers.services.comparing import FETCHED, Compared, absent
from customers.services.look import control_name, seen
from customers.services.merge import untouched
from customers.services.rate import Shut
from customers.services.readings import go_on

Status = Customer.Status

BATCH = 500
# Looks of one reading, each in its turn among the changes. Of more, chance takes some each time.
LOOKS = 200
# So many looks, then a control: an account that the same search must still show.
BESIDE_A_CONTROL = 20


def note(compared: Compared) -> None:
    """At worst a customer is MISSING, until they are listed again. Nobody is ever closed."""
    if not compared.are_absent:
        return
    reading = compared.reading
    new: list[int] = []
    noted: list[int] = []
    live = Customer.objects.filter(status=Status.LIVE)
    rows = absent(reading, live).order_by("pk").values_list("pk", "missing_since")
    for pk, since in rows.iterator(chunk_size=FETCHED):
        (noted if since else new).append(pk)
    for some in _in_batches(new, BATCH):
        _write(reading, some, missing_since=reading.started_at)
    looked_for = random.sample(noted, min(LOOKS, len(noted)))
    for some in _in_batches(looked_for, BESIDE_A_CONTROL):
        try:
            unseen = _unseen(reading, some)
        except (DistributorError, Shut):
            break  # The next reading looks again.
        _write(reading, unseen, status=Status.MISSING)


def _in_batches(keys: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (keys[first : first + size] for first in range(0, len(keys), size))


def _unseen(reading: Refresh, keys: Sequence[int]) -> list[int]:
    """Whom a look by name does not find either, if it finds the control."""
    customers = []
    for customer in Customer.objects.filter(pk__in=keys):
        go_on(reading)
        if not seen(customer.username, gate.await_turn):
            customers.append(customer)
    control = control_name(customers[0]) if customers else None
    if not control:
        return []
    if not seen(control, gate.await_turn):
        alert(
            Alert.Kind.CONTROL,
            _("A look by name did not show an account that must be there: nobody is missing."),
        )
        return []
    over(Alert.Kind.CONTROL)
    return [customer.pk for customer in customers]


def _write(reading: Refresh, keys: Sequence[int], **columns: object) -> None:
    live = Customer.objects.filter(untouched(reading.started_at), status=Status.LIVE)
    with transaction.atomic():
        go_on(reading)
        live.filter(pk__in=keys).update(**columns)
