"""The columns that a list of customers can have; each name is one of the address."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import django_tables2 as tables
from django.template.loader import render_to_string
from django.utils.functional import lazy
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.models import Change, Customer
from customers.models.orders import ORDERS

DEFAULT = ("name", "username", "company", "package", "status", "active", "website_access",
           "verified")  # fmt: skip
ALWAYS = "name"
LONG = 60  # characters; some three lines of a column
NEVER_KNOWN = gettext_lazy("Empty, or never known to us: the distributor does not tell all")
NOTHING = lazy(format_html, SafeString)(
    '<span class="nothing text-body-secondary" title="{}">—</span>', NEVER_KNOWN
)


class Column(tables.Column):
    """`few` of a card's cells stand beside each other; `known` ones are left out of it if empty.
    Without a `label` a card does not say what it is: one sees that. `wide`: an e-mail address."""

    def __init__(
        self,
        title: Any = None,
        *,
        few: bool = False,
        known: bool = False,
        label: bool = True,
        wide: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(title, default=NOTHING, **options)
        self.kind = "inline" if few else "if-known" if known else ""
        if wide:
            self.kind = f"{self.kind} wide".strip()
        self.has_label = label

    @property
    def opening(self) -> str:
        """The tag that each of its cells begins with."""
        kind = format_html(' class="{}"', self.kind) if self.kind else ""
        label = format_html(' data-label="{}"', capfirst(self.verbose_name))
        return f"<td{kind}{label if self.has_label else ''}>"


class Plain(Column):
    """A value as it is. A row stays a row: of a very long one the first lines are shown."""

    def render(self, value: Any) -> Any:
        if not isinstance(value, str) or len(value) <= LONG:
            return value
        return format_html('<span class="long" title="{}">{}</span>', value, value)


def _plain(name: str, **options: bool) -> Column:
    field: Any = Customer._meta.get_field(name)  # noqa: SLF001
    return Plain(field.verbose_name, known=True, **options)


class CustomerTable(tables.Table):
    name = Column(gettext_lazy("Customer"), label=False)
    username = Column(gettext_lazy("Username"), label=False, wide=True)
    email = _plain("email", wide=True)
    company = _plain("company")
    package = _plain("package")
    status = Column(gettext_lazy("Status"), few=True, label=False)
    active = Column(gettext_lazy("Sending"), few=True, empty_values=())
    website_access = Column(gettext_lazy("Website access"), few=True, empty_values=())
    changes = Column(gettext_lazy("On its way"), few=True, accessor="pk")
    verified = Column(gettext_lazy("Verified"), few=True, accessor="verified_at", empty_values=())
    manager = Column(gettext_lazy("Account manager"), known=True, accessor="account_manager")
    phone = _plain("phone")
    website = _plain("website")
    address = _plain("address")
    zip = _plain("zip")
    city = _plain("city")
    state = _plain("state")
    country = _plain("country")
    whitelabel = _plain("whitelabel")
    ip_group = _plain("ip_group")
    ip = _plain("ip")
    free_user = _plain("free_user")
    billing_date = _plain("billing_date")
    origin = Column(gettext_lazy("Origin"), few=True)
    known = Column(gettext_lazy("Known since"), few=True, accessor="created_at")

    class Meta:
        orderable = False
        template_name = "customers/_table.html"

    def __init__(
        self,
        customers: Iterable[Customer],
        *,
        columns: Iterable[str],
        link: str,
        waiting: Mapping[int, Mapping[str, int]],
        stuck: Iterable[int],
        former: Mapping[int, Iterable[str]],
    ) -> None:
        """`link` is what an address of a customer ends in; `waiting` counts open changes by state;
        `former` are names that were searched for and that the customer does not go by."""
        wanted = tuple(columns)
        hidden = [name for name in self.base_columns if name not in wanted]
        super().__init__(customers, exclude=hidden, sequence=wanted)
        self.link, self.waiting, self.stuck, self.former = link, waiting, set(stuck), former
        self._drawn: dict[tuple[str, Any], SafeString] = {}

    @property
    def drawn_rows(self) -> Iterator[SafeString]:
        """The cells of each row. Not by a template: it would take half of the page's time."""
        openings = [column.column.opening for column in self.columns]
        for row in self.rows:
            cells = (conditional_escape(cell) for _, cell in row.items())
            pairs = zip(openings, cells, strict=True)
            yield mark_safe("".join(f"{opening}{cell}</td>" for opening, cell in pairs))  # noqa: S308

    def render_name(self, record: Customer) -> SafeString:
        link = format_html(
            '<a href="{}{}">{}</a>', record.get_absolute_url(), self.link, record.name
        )
        was = self.former.get(record.pk, ())
        return link + format_html_join("", '<span class="said">{}</span>', ((it,) for it in was))

    def render_status(self, record: Customer) -> SafeString:
        is_stuck = record.pk in self.stuck
        return self._state(Change.State.BLOCKED if is_stuck else record.status)

    def render_changes(self, record: Customer) -> str:
        counts = self.waiting.get(record.pk, {})
        parts = ((self._state(state), f" {n}" if n > 1 else "") for state, n in counts.items())
        return format_html_join(" ", "{}{}", parts) or str(NOTHING)

    def render_active(self, value: bool | None) -> SafeString:  # noqa: FBT001
        return self._draw("customers/_switch.html", "on", value)

    render_website_access = render_active

    def render_verified(self, value: Any) -> SafeString:
        return self._draw("_time.html", "when", value)

    render_known = render_verified

    def render_ip(self, value: list[str]) -> str:
        return ", ".join(value) or str(NOTHING)

    render_ip_group = render_ip

    def render_free_user(self, value: bool) -> str:  # noqa: FBT001
        return _("yes") if value else _("no")

    def _state(self, state: str) -> SafeString:
        return self._draw("_state.html", "state", state)

    def _draw(self, template: str, name: str, value: Any) -> SafeString:
        """Most cells of a page look like one that was drawn before."""
        if (template, value) not in self._drawn:
            self._drawn[template, value] = mark_safe(render_to_string(template, {name: value}))  # noqa: S308
        return self._drawn[template, value]


SORTABLE = set(ORDERS)
COLUMNS = tuple(CustomerTable.base_columns)


def chosen(wanted: Iterable[str]) -> tuple[str, ...]:
    """Those columns in the order of the table, whoever the customer is always among them."""
    named = {name for text in wanted for name in text.split(",")} & set(COLUMNS)
    return tuple(it for it in COLUMNS if it in named | {ALWAYS}) if named else DEFAULT
