"""All sealed passwords at once: the old ones are erased, and new keys seal the others anew."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from customers.models import Change, clock
from customers.services.claims import FencedOffError, lock_customer, mine
from customers.services.sealing import SEALED_FOR, SealBroken, has_expired, seal_anew
from customers.services.settling import ask_for_password

logger = logging.getLogger(__name__)

State = Change.State
BATCH = 200


def erase_old() -> int:
    """Erase what was sealed a week ago; how many. A worker's call under way is left alone.

    What waits needs a person then. What is in doubt is looked up first: it may be done. What is
    held goes on waiting: whoever lets it go has a new one asked for.
    """
    now, erased = clock.now(), 0
    sealed = Change.objects.open().exclude(Q(sealed_password=None) | Q(state=State.SENDING))
    old = sealed.filter(Q(lease_until=None) | Q(lease_until__lte=now))
    for change in old.filter(asked_at__lte=now - SEALED_FOR).select_related("customer"):
        try:
            erased += _erase_if_old(change)
        except FencedOffError:
            logger.info("change %s went on meanwhile", change.pk)
        except SealBroken:
            continue  # Told when it is to go out, and not in every round.
    return erased


def _erase_if_old(change: Change) -> bool:
    assert change.sealed_password
    if not has_expired(change.sealed_password):
        return False
    with transaction.atomic():
        lock_customer(change)
        if change.state == State.WAITING and not change.is_held:
            ask_for_password(change)
        else:
            mine(change, sealed_password=None)
    return True


@dataclass
class Rotated:
    """How many were sealed anew, and the changes whose passwords no key of ours opens."""

    anew: int = 0
    unopened: list[UUID] = field(default_factory=list)


def rotate() -> Rotated:
    """Seal every waiting password with the first key. Workers may go on meanwhile."""
    told = Rotated()
    for batch in _batches():
        with transaction.atomic():
            for pk, sealed in batch:
                try:
                    anew = seal_anew(sealed)
                except SealBroken:
                    told.unopened.append(pk)
                    continue
                # What was settled or sealed anew since it was read stays as it is.
                as_read = Change.objects.filter(pk=pk, sealed_password=sealed)
                told.anew += as_read.update(sealed_password=anew)
    return told


def _batches() -> Iterator[list[tuple[UUID, Any]]]:
    """By pages and not by one cursor: on SQLite that would hold what others have to write."""
    sealed = Change.objects.exclude(sealed_password=None).order_by("pk")
    rows = sealed.values_list("pk", "sealed_password")
    batch = list(rows[:BATCH])
    while batch:
        yield batch
        batch = list(rows.filter(pk__gt=batch[-1][0])[:BATCH])
