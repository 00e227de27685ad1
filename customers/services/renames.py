"""A rename that was made at the distributor: one customer vanished, one account is new.

The list knows accounts by their names alone, so a rename looks like that. It is proposed as a
drift of the field `username`; a person says whether it is the same account.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Lower

from customers.distributor.rules import ALTERABLE, fold
from customers.models import Change, Customer, Drift, Refresh, Username, clock
from customers.services import drift, names
from customers.services.drift import Difference
from customers.services.seen import last_seq

logger = logging.getLogger(__name__)

State, Problem = Drift.State, Drift.Problem
Status = Customer.Status
VANISHED = Q(missing_since__isnull=False, status__in=(Status.LIVE, Status.MISSING))
# Of more at once nobody would look at the proposals.
MOST, BATCH = 2000, 500
# The reading that found the new name may have had to leave the customer who had the old one.
EARLY = timedelta(hours=1)
# What of a customer is not the account's, but ours, or is worked out when two rows become one.
OURS = frozenset(
    {"id", "status", "origin", "account_manager", "created_at", "touched_at", "quiet_until",
     "missing_since"}
)  # fmt: skip


def propose(reading: Refresh) -> None:
    """Once a reading is merged: propose what looks like a rename, and end what does no longer."""
    _end_outdated()
    vanished = Customer.objects.filter(VANISHED).order_by("-missing_since", "-pk")[:MOST]
    for old, new in _pairs(list(vanished)):
        with transaction.atomic():
            still = Customer.objects.select_for_update().filter(VANISHED, pk=old.pk).first()
            if still:
                difference = Difference(still.pk, "username", still.username, new.username)
                drift.record([difference], reading, clock.now())


def _pairs(vanished: Sequence[Customer]) -> Iterator[tuple[Customer, Customer]]:
    """Each with the only new account that has the same e-mail and names."""
    old, new = defaultdict(list), defaultdict(list)
    for customer in vanished:
        old[_person(customer)].append(customer)
    for customer in _adopted_since(vanished):
        new[_person(customer)].append(customer)
    for who in old.keys() & new.keys():
        if len(old[who]) == len(new[who]) == 1 and _may_be_one(old[who][0], new[who][0]):
            yield old[who][0], new[who][0]


def _person(customer: Customer) -> tuple[str, str, str]:
    return fold(customer.email), customer.first_name, customer.last_name


def _may_be_one(old: Customer, new: Customer) -> bool:
    """Unless the distributor numbers its accounts, and these have two numbers."""
    one, other = old.distributor_id, new.distributor_id
    return None in {one, other} or one == other


def _adopted_since(vanished: Sequence[Customer]) -> Iterator[Customer]:
    """The accounts with their e-mails that were adopted when they vanished, or later."""
    since = {customer.email.lower(): customer.missing_since for customer in vanished}
    emails = list(since)
    adopted = Username.objects.filter(
        state=Username.State.LIVE,
        customer__origin=Customer.Origin.DISTRIBUTOR,
        customer__status=Status.LIVE,
        customer__missing_since=None,
    )
    for start in range(0, len(emails), BATCH):
        batch = adopted.alias(email=Lower("customer__email")).filter(
            email__in=emails[start : start + BATCH]
        )
        for name in batch.select_related("customer"):
            customer: Any = name.customer
            gone_at = since.get(customer.email.lower())
            if gone_at and name.since >= gone_at - EARLY:
                yield customer


def _end_outdated() -> None:
    """Those who came back, and whose new account vanished in its turn."""
    proposed = list(Drift.objects.open().filter(field="username").select_related("customer"))
    if not proposed:
        return
    there = Username.objects.filter(
        key__in=[fold(str(row.theirs)) for row in proposed],
        state=Username.State.LIVE,
        customer__status=Status.LIVE,
        customer__missing_since=None,
    )
    listed = set(there.values_list("key", flat=True))
    over = [
        row.pk
        for row in proposed
        if row.customer.missing_since is None or fold(str(row.theirs)) not in listed
    ]
    Drift.objects.open().filter(pk__in=over).update(state=State.GONE, decided_at=clock.now())


def accept(proposal: Drift, *, by: User) -> Drift:
    """It is the same account: the customer takes the new name, and all that the new row knows.

    The row that was adopted under the new name goes, once its history is the customer's.
    Returns the proposal as it stands now: ADOPTED, GONE as it does not hold any more, OPEN with
    the problem, or as somebody else decided it meanwhile.
    """
    with transaction.atomic():
        found = Username.objects.filter(key=fold(str(proposal.theirs)), state=Username.State.LIVE)
        new_pk = found.values_list("customer", flat=True).first()
        # In the order of their keys: of two who accept crosswise neither waits for ever.
        locked = Customer.objects.select_for_update().order_by("pk")
        both = locked.in_bulk([proposal.customer_id, new_pk]) if new_pk else {}
        row = Drift.objects.select_for_update().get(pk=proposal.pk)
        if row.state == State.OPEN:
            _follow(row, both.get(row.customer_id), both.get(new_pk), by)
            row.save(update_fields=["state", "problem", "decided_by", "decided_at"])
    logger.info("rename %s is %s by user %s", row.pk, row.state, by.pk)
    return row


def _follow(row: Drift, old: Customer | None, new: Customer | None, by: User) -> None:
    now = clock.now()
    if not (old and new and _holds(old, new)):
        row.state, row.decided_at = State.GONE, now
    elif Change.objects.open().filter(customer__in=(old, new)).exists():
        row.problem = Problem.UNSETTLED
    else:
        _unite(old, new, row.refresh, now)
        row.state, row.problem = State.ADOPTED, ""
        row.decided_by, row.decided_at = by, now


def _holds(old: Customer, new: Customer) -> bool:
    is_vanished = old.missing_since is not None and old.status in {Status.LIVE, Status.MISSING}
    return is_vanished and new.missing_since is None and new.status == Status.LIVE


def _unite(old: Customer, new: Customer, reading: Refresh | None, now: datetime) -> None:
    Drift.objects.unsettled().filter(customer=new).update(state=State.GONE, decided_at=now)
    names.take(new.username, old)
    _hand_over(old, new)
    drift.record(_differences(old, new), reading, now)
    quiet = [until for until in (old.quiet_until, new.quiet_until) if until]
    Customer.objects.filter(pk=old.pk).update(
        **_known(new),
        status=Status.LIVE,
        missing_since=None,
        # A list that was read before knows nothing of this.
        touched_at=now,
        quiet_until=max(quiet, default=None),
        account_manager=old.account_manager_id or new.account_manager_id,
    )
    new.delete()


def _differences(old: Customer, new: Customer) -> list[Difference]:
    both = [(name, getattr(old, name), getattr(new, name)) for name in ALTERABLE]
    return [
        Difference(old.pk, name, agreed, theirs)
        for name, agreed, theirs in both
        if theirs is not None and theirs != agreed
    ]


def _known(customer: Customer) -> dict[str, Any]:
    columns = [it.name for it in Customer._meta.concrete_fields if not it.generated]  # noqa: SLF001
    values = {name: getattr(customer, name) for name in columns if name not in OURS}
    return {name: value for name, value in values.items() if value is not None}


def _hand_over(old: Customer, new: Customer) -> None:
    """Whatever tells of the new row tells of the customer: nothing goes with it."""
    after = last_seq(old)
    for relation in Customer._meta.related_objects:  # noqa: SLF001
        table, column = relation.related_model._base_manager, relation.field.name  # noqa: SLF001
        numbered = {"seq": F("seq") + after} if relation.related_model is Change else {}
        theirs = table.filter(**{column: new})
        if relation.one_to_one and theirs.exists():
            table.filter(**{column: old}).delete()  # There is room for one: the present account's.
        theirs.update(**{column: old}, **numbered)
