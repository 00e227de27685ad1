"""The list of customers: what is in its address, and the page of it that is shown.

q, status, manager …   the search and the filters, customers/filters.py names them all
sort                   a column of customers/models/orders.py, with `-` the other way round
columns                names of columns, separated by commas, customers/tables.py
after, before          where a page begins or ends; `before=end` is the last one
count=exact            counted to the last customer, however many they are
density                compact or comfortable; kept in a cookie, no part of what is shown
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from django.contrib.auth.decorators import permission_required
from django.forms import BoundField, ChoiceField, Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from customers import tables
from customers.filters import CustomerFilter
from customers.models import Customer, Package
from customers.models.keyset import Order, Reading
from customers.models.orders import DEFAULT, ORDERS
from customers.views.list_pages import Page, former, open_changes
from customers.views.offered import views_for

DENSITIES = ("comfortable", "compact")
A_YEAR = 365 * 24 * 3600
SAFE = ",@"


@dataclass(frozen=True)
class Heading:
    """Of a column; `link` turns to its order, `aria` says how the list is ordered by it."""

    title: str
    link: str = ""
    aria: str = ""


class Listing:
    """What the query string of a list means to that person."""

    def __init__(self, query: QueryDict, request: HttpRequest) -> None:
        self.query = query
        self.filter = CustomerFilter(query, Customer.objects.all(), request=request)
        self.form = self.filter.form
        _dress(self.form)
        self.order = Order.named(query.get("sort", DEFAULT))
        self.columns = tables.chosen(query.getlist("columns"))
        self.density = _density(request)

    @cached_property
    def said(self) -> dict[str, str]:
        """The search and the filters that are in force, as the address says them."""
        self.form.is_valid()
        cleaned = self.form.cleaned_data
        return {
            name: str(self.query[name]).strip()
            for name in self.form.fields
            if cleaned.get(name) not in (None, "")
        }

    @property
    def sort(self) -> str:
        """As it has to stand in a form; empty for the order that comes by itself."""
        return "" if str(self.order) == DEFAULT else str(self.order)

    @property
    def shown(self) -> str:
        return "" if self.columns == tables.DEFAULT else ",".join(self.columns)

    @property
    def wrong(self) -> list[BoundField]:
        return [field for field in self.form if field.errors]

    @property
    def has_errors(self) -> bool:
        return bool(self.form.errors)

    @property
    def headings(self) -> Iterator[Heading]:
        for name in self.columns:
            title = _title(name)
            if name not in ORDERS:
                yield Heading(title)
                continue
            is_by_this = name == self.order.name
            falling = is_by_this and not self.order.descending
            aria = ("descending" if self.order.descending else "ascending") if is_by_this else ""
            yield Heading(title, self.encoded(sort=f"-{name}" if falling else name), aria)

    @property
    def orders(self) -> Iterator[tuple[str, str]]:
        for name, key in ORDERS.items():
            is_text = key is not None
            title = _title(name)
            yield name, (_("%s, A to Z") if is_text else _("%s, earliest first")) % title
            yield f"-{name}", (_("%s, Z to A") if is_text else _("%s, latest first")) % title

    @property
    def as_it_was(self) -> str:
        query = QueryDict(mutable=True)
        query.update(self.said)
        return query.urlencode(safe=SAFE)

    @cached_property
    def view_query(self) -> str:
        """What makes a view: search, filters, order and columns, always written the same way; not
        the page that one has come to."""
        return self.encoded()

    def encoded(self, *, without: str = "", **more: str) -> str:
        query = QueryDict(mutable=True)
        query.update({name: value for name, value in self.said.items() if name != without})
        more = {"sort": self.sort, "columns": self.shown} | more
        for name, value in more.items():
            if value and (name, value) != ("sort", DEFAULT):
                query[name] = value
        return query.urlencode(safe=SAFE)

    @property
    def everyday(self) -> list[BoundField]:
        return [self.form[name] for name in CustomerFilter.EVERYDAY]

    @property
    def more(self) -> list[BoundField]:
        return [it for it in self.form if it.name not in {*CustomerFilter.EVERYDAY, "q"}]

    @property
    def choices(self) -> list[tuple[str, str]]:
        return [(name, _title(name)) for name in tables.COLUMNS]

    @cached_property
    def drawn(self) -> dict[str, str]:
        """What asks the database nothing."""
        return {
            name: render_to_string(f"customers/_{name}.html", {"listing": self})
            for name in ("narrow_down", "list_menu")
        }

    @cached_property
    def reading(self) -> Reading:
        return Reading(self.filter.qs, self.order)


def _title(column: str) -> str:
    return capfirst(str(tables.CustomerTable.base_columns[column].verbose_name))


def _dress(form: Form) -> None:
    """In Bootstrap's classes; and what a list of choices asks the database is asked once."""
    for name, field in form.fields.items():
        if is_choice := isinstance(field, ChoiceField):
            field.choices = list(iter(field.choices))  # type: ignore[arg-type]
        kind = "form-select" if is_choice else "form-control"
        bad = " is-invalid" if name in form.errors else ""
        small = "" if name in CustomerFilter.EVERYDAY else f" {kind}-sm"
        field.widget.attrs["class"] = kind + small + bad


@require_safe
@permission_required("customers.view_customer", raise_exception=True)
def customer_list(request: HttpRequest) -> HttpResponse:
    listing = Listing(request.GET, request)
    listing.reading.meanwhile = lambda: listing.drawn
    page = Page(listing)
    keys = [customer.pk for customer in page]
    waiting, stuck = open_changes(keys)
    table = tables.CustomerTable(
        page.object_list,
        columns=listing.columns,
        link=f"?{QueryDict.fromkeys(['from'], page.here).urlencode()}",
        waiting=waiting,
        stuck=stuck,
        former=former(page.object_list, listing.said.get("q", "")),
    )
    context = {
        "listing": listing,
        "views": views_for(request.user, listing.view_query),  # type: ignore[arg-type]
        "page": page,
        "table": table,
        "stuck": stuck,
        "packages": Package.objects.values_list("name", flat=True),
        "chips": list(_chips(listing)),
    }
    response = render(request, "customers/list.html", context)
    if request.GET.get("density") in DENSITIES:
        response.set_cookie(
            "density", listing.density, max_age=A_YEAR, samesite="Lax", httponly=True
        )
    return response


@dataclass(frozen=True)
class Chip:
    label: str
    value: str
    without: str


def _chips(listing: Listing) -> Iterator[Chip]:
    for name, value in listing.said.items():
        field = listing.form.fields[name]
        words = dict(getattr(field, "choices", ())).get(value, value)
        label = _("Search") if name == "q" else str(field.label)
        yield Chip(label, str(words), listing.encoded(without=name))


def _density(request: HttpRequest) -> str:
    wanted = request.GET.get("density") or request.COOKIES.get("density", "")
    return wanted if wanted in DENSITIES else DENSITIES[0]
