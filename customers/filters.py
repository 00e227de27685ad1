"""What a list of customers can be narrowed down by: each name is one of the address."""

from datetime import UTC, date, datetime, time
from typing import Any

import django_filters as filters
from django import forms
from django.contrib.auth.models import User
from django.core.validators import MinValueValidator
from django.db.models import Exists, OuterRef, Q
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from customers.models import Change, Customer, Drift, Refresh
from customers.models.customer import CustomerQuerySet
from customers.models.labels import called, label
from customers.models.search import has, search

LONGEST = 255
EARLIEST = date(1970, 1, 1)
SWITCH = [("on", _("On")), ("off", _("Off")), ("unknown", _("Unknown"))]
YES = [("yes", _("Yes")), ("no", _("No")), ("unknown", _("Unknown"))]
VALUES = {"on": True, "yes": True, "off": False, "no": False, "unknown": None}
CHANGES: dict[str, tuple[Any, dict[str, Any]]] = {
    "open": (_("Not settled yet"), {"settled_at": None}),
    "refused": (_("Refused"), {"state": Change.State.REJECTED}),
    "blocked": (_("Needs a person"), {"settled_at": None, "state": Change.State.BLOCKED}),
}


class WordsField(forms.CharField):
    """Takes whatever was typed: what no customer can have finds nobody."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.validators = []


class WordsFilter(filters.CharFilter):
    field_class = WordsField


class TextFilter(filters.CharFilter):
    """The field holds the text, in letters of either size."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=LONGEST, **options)

    def filter(self, customers: CustomerQuerySet, text: str) -> CustomerQuerySet:
        return customers.filter(has(self.field_name, text)) if text else customers


class SwitchFilter(filters.ChoiceFilter):
    def filter(self, customers: CustomerQuerySet, value: str) -> CustomerQuerySet:
        if not value:
            return customers
        return customers.filter(**{self.field_name: VALUES[value]})


class DayFilter(filters.DateFilter):
    def __init__(self, **options: Any) -> None:
        day = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
        sane = [MinValueValidator(EARLIEST)]
        super().__init__(widget=day, validators=sane, input_formats=["%Y-%m-%d"], **options)


def _managers() -> list[tuple[str, Any]]:
    """Whoever has left stays as long as somebody looks up their customers, to give them away."""
    theirs = Customer.objects.filter(account_manager=OuterRef("pk"))
    people = User.objects.filter(Q(is_active=True) | Exists(theirs)).order_by("username")
    named = [(str(who.pk), called(who)) for who in people]
    return [("mine", _("My customers")), ("nobody", _("Nobody")), *named]


def _title(name: str) -> Any:
    return lazy(lambda: label(name), str)()


class CustomerFilter(filters.FilterSet):
    """`q` is the search box; what is not said, or said wrongly, narrows nothing down."""

    q = WordsFilter(method="by_words", label=_("Search customers"))
    status = filters.ChoiceFilter(choices=Customer.Status.choices, empty_label=_("Any status"))
    manager = filters.ChoiceFilter(
        choices=_managers,
        method="by_manager",
        label=_("Account manager"),
        empty_label=_("Anybody's"),
    )
    changes = filters.ChoiceFilter(
        choices=[(name, words) for name, (words, _where) in CHANGES.items()],
        method="by_changes",
        label=_("Has changes"),
        empty_label=_("Any changes"),
    )
    drift = filters.ChoiceFilter(
        choices=[("open", _("Needs a person"))],
        method="by_drift",
        label=_("Has drift"),
        empty_label=_("Any drift"),
    )
    active = SwitchFilter(choices=SWITCH, label=_title("active"), empty_label=_("Any"))
    website_access = SwitchFilter(
        choices=SWITCH, label=_title("website_access"), empty_label=_("Any")
    )
    username = TextFilter(label=_title("username"))
    email = TextFilter(label=_title("email"))
    first_name = TextFilter(label=_title("first_name"))
    last_name = TextFilter(label=_title("last_name"))
    company = TextFilter(label=_title("company"))
    phone = TextFilter(label=_title("phone"))
    website = TextFilter(label=_title("website"))
    address = TextFilter(label=_title("address"))
    zip = TextFilter(label=_title("zip"))
    city = TextFilter(label=_title("city"))
    state = TextFilter(label=_title("state"))
    country = TextFilter(label=_title("country"))
    # The page has a list of that name: what the catalogue offers.
    package = TextFilter(
        label=_title("package"), widget=forms.TextInput(attrs={"list": "packages"})
    )
    whitelabel = TextFilter(label=_title("whitelabel"))
    ip_group = TextFilter(label=_title("ip_group"))
    ip = TextFilter(label=_title("ip"))
    free_user = SwitchFilter(choices=YES, label=_title("free_user"), empty_label=_("Any"))
    billing_from = DayFilter(
        field_name="billing_date", lookup_expr="gte", label=_("Billing date from")
    )
    billing_to = DayFilter(field_name="billing_date", lookup_expr="lte", label=_("Billing date to"))
    origin = filters.ChoiceFilter(
        choices=Customer.Origin.choices, label=_title("origin"), empty_label=_("Any")
    )
    seen_before = DayFilter(method="by_verified", label=_("Not verified since (a day in UTC)"))

    # Those that are always to be seen; all others stand behind "More filters".
    EVERYDAY = ("status", "manager", "changes")

    def by_words(self, customers: CustomerQuerySet, _name: str, text: str) -> CustomerQuerySet:
        return search(customers, text)

    def by_manager(self, customers: CustomerQuerySet, _name: str, who: str) -> CustomerQuerySet:
        if who == "nobody":
            return customers.filter(account_manager=None)
        return customers.filter(account_manager=self.request.user.pk if who == "mine" else int(who))

    def by_changes(self, customers: CustomerQuerySet, _name: str, which: str) -> CustomerQuerySet:
        changes = Change.objects.filter(**CHANGES[which][1])
        return customers.filter(pk__in=changes.order_by().values("customer"))

    def by_drift(self, customers: CustomerQuerySet, *_: str) -> CustomerQuerySet:
        return customers.filter(pk__in=Drift.objects.open().order_by().values("customer"))

    def by_verified(self, customers: CustomerQuerySet, _name: str, day: date) -> CustomerQuerySet:
        """Those whose `verified_at` is older, in words that an index understands."""
        moment = datetime.combine(day, time.min, UTC)
        good = Refresh.objects.good().values_list("started_at", flat=True).first()
        own = Q(seen_at=None) | Q(seen_at__lt=moment)
        if good is None or good < moment:
            return customers.filter(own)
        others = [status for status in Customer.Status.values if status != Customer.Status.LIVE]
        left_out = (
            Q(status__in=others)
            | Q(missing_since__isnull=False)
            | Q(is_unverified=True)
            | Q(created_at__gte=good)
        )
        return customers.filter(own & left_out)
