"""Who stands before and after a customer in the list that one came from."""

from dataclasses import dataclass
from functools import cached_property

from django.http import HttpRequest, QueryDict

from customers.models import Customer
from customers.models.keyset import Place
from customers.views.list_pages import rows
from customers.views.listing import Listing

# Nobody's list has so long an address; a longer one is no list of ours.
LONGEST = 4000


@dataclass
class Neighbours:
    """`back` is the query string of the very page of the list; `link` that of the next customer."""

    request: HttpRequest
    customer: Customer
    back: str

    @property
    def link(self) -> str:
        return QueryDict.fromkeys(["from"], self.back).urlencode()

    @property
    def previous(self) -> Customer | None:
        return self._both[0]

    @property
    def next(self) -> Customer | None:
        return self._both[1]

    @cached_property
    def _both(self) -> tuple[Customer | None, Customer | None]:
        listing = Listing(QueryDict(self.back), self.request)
        reading, order = listing.reading, listing.order
        key = (
            Customer.objects.filter(pk=self.customer.pk)
            .annotate(sort_key=order.key)
            .values_list("sort_key", flat=True)
            .get()
        )
        place = Place(key, self.customer.pk)
        before, after = reading.next(place, backwards=True), reading.next(place)
        found = {it.pk: it for it in rows([*before, *after], order)}
        return found.get(next(iter(before), 0)), found.get(next(iter(after), 0))


def neighbours(request: HttpRequest, customer: Customer) -> Neighbours | None:
    """None for who came from no list; nothing is asked of the database before it is shown."""
    back = request.GET.get("from")
    if back is None or len(back) > LONGEST:
        return None
    return Neighbours(request, customer, QueryDict(back).urlencode(safe=",@"))
