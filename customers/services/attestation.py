"""After a merge: how much of the mirror the distributor has just shown to be true."""

from array import array
from typing import Any

from django.db.models import Case, Count, Exists, F, Min, OuterRef, Q, Value, When
from django.db.models.functions import Coalesce

from customers.models import Customer, Drift, Refresh, Verification
from customers.models.customer import CustomerQuerySet
from customers.services.batches import in_batches
from customers.services.merge import untouched

Status = Customer.Status
# Customers of a transaction at most: each is named.
BATCH, FETCHED = 500, 5_000
MISSING = Q(status=Status.MISSING) | Q(missing_since__isnull=False)

# Of looks that have shown the account.
SHOWN = (Verification.Outcome.EQUAL, Verification.Outcome.DIFFERED)


def attest(reading: Refresh) -> None:
    """Count what a merged reading says of every LIVE and MISSING customer, each counted once.

    missing    noted as not listed, by a good reading or by a look
    in flight  it could not speak of them: a change of theirs is being sent, in doubt or blocked,
               or was settled too shortly before it began
    differing  read back, and something is not as it was last agreed: found by this reading, or
               found before and not decided yet
    verified   read back, by it or by a look at the same time, and all is as agreed

    `oldest_verified_at` is of the customer whose last reading back lies furthest in the past;
    who never was read back does not count for it. Few statements, however many customers.
    """
    _mark(reading)
    counted = _count(reading)
    differing = _altered(reading)
    verified = counted.pop("read_back") - differing
    attested = {"verified": verified, "differing": differing, **counted}
    Refresh.objects.filter(pk=reading.pk).update(**attested)
    for column, value in attested.items():
        setattr(reading, column, value)


def _mark(reading: Refresh) -> None:
    """Who is equal is not written; who was not verified keeps when they last were.

    The marks of the reading before tell who was verified by that one.
    """
    shown = Q(untouched(reading.started_at), status=Status.LIVE, missing_since=None)
    before = reading.before()
    columns = {"seen_at": _last_shown(before)} if before else {}
    _alter(Customer.objects.filter(~shown, is_unverified=False), is_unverified=True, **columns)
    _alter(Customer.objects.filter(shown, is_unverified=True), is_unverified=False)


def _alter(customers: CustomerQuerySet, **columns: object) -> None:
    """Found first: an UPDATE that reads a million would hold up every writer on SQLite."""
    found = customers.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=FETCHED)
    keys = array("q", found)
    in_batches(keys, lambda some: customers.filter(pk__in=some).update(**columns), most=BATCH)


def _last_shown(before: Refresh) -> Case:
    by_reading = Q(
        Q(seen_at=None) | Q(seen_at__lt=before.started_at), created_at__lt=before.started_at
    )
    return Case(When(by_reading, then=before.started_at), default=F("seen_at"))


def _count(reading: Refresh) -> dict[str, Any]:
    customers = Customer.objects.filter(status__in=(Status.LIVE, Status.MISSING))
    return customers.aggregate(
        read_back=Count("pk", _read_back()),
        missing=Count("pk", MISSING),
        in_flight=Count("pk", ~MISSING & ~_read_back()),
        oldest_verified_at=Coalesce(
            Min("seen_at", filter=Q(is_unverified=True)), Value(reading.started_at)
        ),
    )


def _read_back() -> Q:
    just_looked_at = Verification.objects.filter(
        customer=OuterRef("pk"), begun_at=OuterRef("touched_at"), outcome__in=SHOWN
    )
    shown = Q(is_unverified=False) | Exists(just_looked_at)
    return Q(shown, status=Status.LIVE, missing_since=None)


def _altered(reading: Refresh) -> int:
    altered = Drift.objects.filter(refresh=reading) | Drift.objects.unsettled()
    return Customer.objects.filter(_read_back(), pk__in=altered.values("customer")).count()
