"""A page of a list of customers: who is on it, the ways on from there, what is told of each."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from django.db.models import Count
from django.utils.translation import gettext as _

from customers.distributor.rules import Operation, fold
from customers.models import Change, Customer, Username
from customers.models.keyset import MOST_COUNTED, Order, Place
from customers.models.search import former_names, is_former, words_of

if TYPE_CHECKING:
    from customers.views.listing import Listing

PAGE = 50
LAST = "end"


class Page:
    """Some customers of a list, in its order, and the ways on from there."""

    def __init__(self, listing: "Listing") -> None:
        self.listing = listing
        query, order, reading = listing.query, listing.order, listing.reading
        after, before = query.get("after", ""), query.get("before", "")
        self.backwards = bool(before)
        place = None if before == LAST else Place.read(before or after, order)
        # What leads nowhere leads to the first page, which says so.
        self.is_lost = bool(before or after) and place is None and before != LAST
        if self.is_lost:
            self.backwards = False
        keys = reading.keys(place, PAGE + 1, backwards=self.backwards)
        self.began_somewhere = place is not None
        if self.backwards and len(keys) <= PAGE and place is not None:
            # Nothing is left before the page: it is the first one, and shown in full.
            self.backwards, self.began_somewhere = False, False
            keys = reading.keys(None, PAGE + 1)
        elif place is not None and not keys:
            # Nobody is left after that place: the last page there is now.
            before, self.backwards, self.began_somewhere = LAST, True, False
            keys = reading.keys(None, PAGE + 1, backwards=True)
        self.goes_on = len(keys) > PAGE
        keys = keys[:PAGE]
        self.object_list = rows(reversed(keys) if self.backwards else keys, order)
        found = {"before": before} if self.backwards else {"after": after}
        self.where = {} if self.is_lost else found
        self.here = listing.encoded(**self.where)

    def __iter__(self) -> Iterator[Customer]:
        return iter(self.object_list)

    def __len__(self) -> int:
        return len(self.object_list)

    @property
    def has_previous(self) -> bool:
        return self.goes_on if self.backwards else self.began_somewhere

    @property
    def has_next(self) -> bool:
        return self.began_somewhere if self.backwards else self.goes_on

    @property
    def has_other_pages(self) -> bool:
        return self.has_previous or self.has_next

    @property
    def previous_query(self) -> str:
        return self.listing.encoded(before=str(_place(self.object_list[0])))

    @property
    def next_query(self) -> str:
        return self.listing.encoded(after=str(_place(self.object_list[-1])))

    @property
    def last_query(self) -> str:
        return self.listing.encoded(before=LAST)

    @property
    def here_counted(self) -> str:
        return self.listing.encoded(**self.where, count="exact")

    @cached_property
    def count(self) -> int:
        """The number of all, exact up to MOST_COUNTED or if it was asked for."""
        reading = self.listing.reading
        if not self.has_other_pages:
            return len(self)
        if self.listing.query.get("count") == "exact":
            return reading.customers.count()
        return reading.counted

    @property
    def is_exact(self) -> bool:
        return self.count <= MOST_COUNTED or self.listing.query.get("count") == "exact"

    @property
    def most(self) -> int:
        return MOST_COUNTED

    @property
    def about(self) -> int | None:
        """In two figures, if the database has an idea."""
        expected = self.listing.reading.expected
        return int(float(f"{max(expected, MOST_COUNTED):.2g}")) if expected else None


def rows(keys: Iterable[int], order: Order) -> list[Customer]:
    """These customers in this order, each with its `sort_key` there."""
    wanted = list(keys)
    found = (
        Customer.objects.with_verified_at()
        .select_related("account_manager")
        .defer("searched", "sorted_name")
        .annotate(sort_key=order.key)
        .in_bulk(wanted)
    )
    return [found[key] for key in wanted if key in found]


def _place(customer: Customer) -> Place:
    return Place(customer.sort_key, customer.pk)  # type: ignore[attr-defined]


def open_changes(keys: list[int]) -> tuple[Mapping[int, Mapping[str, int]], set[int]]:
    """For each customer the open changes by state; and whose creation needs a person."""
    waiting: dict[int, dict[str, int]] = {}
    stuck = set()
    found = Change.objects.open().filter(customer__in=keys).order_by("state", "operation")
    for key, state, operation, number in found.values_list(
        "customer", "state", "operation"
    ).annotate(Count("pk")):
        states = waiting.setdefault(key, {})
        states[state] = states.get(state, 0) + number
        if (operation, state) == (Operation.CREATE, Change.State.BLOCKED):
            stuck.add(key)
    return waiting, stuck


def former(customers: list[Customer], text: str) -> dict[int, list[str]]:
    """Names by which the search has found them, and that they do not go by."""
    words = words_of(text)
    if not words:
        return {}
    by_key = {customer.pk: customer for customer in customers}
    found: dict[int, list[str]] = {}
    for name in Username.objects.filter(former_names(words), customer__in=by_key):
        present = fold(by_key[name.customer_id].username)  # type: ignore[index]
        if name.key != present and any(
            is_former(name.key, word) and not is_former(present, word) for word in words
        ):
            is_coming = name.state == Username.State.PENDING
            words_for_it = _("asked for %s") if is_coming else _("was %s")
            found.setdefault(name.customer_id, []).append(words_for_it % name.name)  # type: ignore[arg-type]
    return found
