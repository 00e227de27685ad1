"""Who is like whom: indexed readings, each of a few rows, however many customers there are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db.models import Q, QuerySet, Value

from customers.distributor.rules import fold
from customers.models import Customer, Signup, Username
from customers.models.likeness import Digits, Folded, Skeleton

Said = Mapping[str, Any]  # under the contract's names

# Shorter local parts differ by one letter from many a stranger's; longer ones have too many
# neighbours to be looked up.
SHORTEST, LONGEST = 6, 40
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789._-+"
FEWEST_DIGITS = 6
PIECE = 900  # keys in one reading
MOST = 5  # of each kind that is shown

TAKEN = (Username.State.LIVE, Username.State.PENDING, Username.State.BURNT)


@dataclass
class Alike:
    """A customer, and in what they are like the one who signs up."""

    customer: Customer
    why: list[str] = field(default_factory=list)

    @property
    def signup(self) -> Signup | None:
        return getattr(self.customer, "signup", None)


def names(name: str, customer: int | None = None) -> list[Username]:
    """Names that look like this one, or differ by one letter within the same domain."""
    key, taken = fold(name), Username.objects.filter(state__in=TAKEN)
    if customer is not None:
        taken = taken.exclude(customer=customer)
    by_looks = Q(
        pk__in=taken.alias(bones=Skeleton("key")).filter(bones=Skeleton.of(key)).values("pk")
    )
    found = {it.key: it for it in _others(taken.filter(by_looks), key)}
    neighbours = neighbouring(key)
    while piece := list(islice(neighbours, PIECE)):
        found |= {it.key: it for it in _others(taken.filter(key__in=piece), key)}
    return sorted(found.values(), key=lambda it: it.key)[:MOST]


def _others(found: QuerySet[Username], key: str) -> QuerySet[Username]:
    return found.exclude(key=key).select_related("customer")[:MOST]


def neighbouring(key: str) -> Iterator[str]:
    """All that differ by one letter of the local part: added, left out, another, or swapped."""
    local, at, domain = key.rpartition("@")
    local, rest = (local, at + domain) if at else (key, "")
    if not SHORTEST <= len(local) <= LONGEST:
        return
    for n in range(len(local) + 1):
        before, here, after = local[:n], local[n : n + 1], local[n + 1 :]
        yield from (before + letter + here + after + rest for letter in LETTERS)
        if here:
            yield before + after + rest
            yield from (before + letter + after + rest for letter in LETTERS if letter != here)
        if after:
            yield before + after[0] + here + after[1:] + rest


def customers(said: Said, customer: int | None = None) -> list[Alike]:
    """Customers, and those who only asked to be one, with the same e-mail, phone, or name and
    address."""
    found: dict[int, Alike] = {}
    for why, others in _same(said).items():
        for other in others.exclude(pk=customer or 0).select_related("signup")[:MOST]:
            found.setdefault(other.pk, Alike(other)).why.append(why)
    return sorted(found.values(), key=lambda it: -len(it.why))


def _same(said: Said) -> dict[str, QuerySet[Customer]]:
    same = {"email": _folded(email=said.get("email", ""))}
    digits = Digits.of(said.get("phone", ""))
    if len(digits) >= FEWEST_DIGITS:
        by_phone = Customer.objects.alias(digits=Digits("phone")).filter(digits=digits)
        same["phone"] = by_phone
    if said.get("last_name"):
        name = Folded(Value(f"{said['last_name']} {said.get('first_name', '')}"))
        there = _folded(address=said.get("address", ""), city=said.get("city", ""))
        same["person"] = there.filter(sorted_name=name)
    return same


def _folded(**columns: str) -> QuerySet[Customer]:
    """Customers with these texts, whatever their case."""
    found = Customer.objects.alias(**{f"folded_{column}": Folded(column) for column in columns})
    return found.filter(**{f"folded_{name}": Folded(Value(text)) for name, text in columns.items()})


def signups(email: str, reference: Any) -> QuerySet[Signup]:
    """Others of the same e-mail address that got further than that, the latest first."""
    others = Signup.objects.filter(email_key=fold(email)).exclude(pk=reference)
    return others.exclude(confirmed_at=None).select_related("customer")[:MOST]
