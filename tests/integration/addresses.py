"""Every address of the URLconf, each with a real row behind its parameters."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from customers.models import (
    Alert,
    Attempt,
    Change,
    Customer,
    Decision,
    Drift,
    Gate,
    Mail,
    Note,
    Package,
    Refresh,
    Review,
    Sample,
    SavedView,
    Signup,
    Tally,
    Usage,
    Verification,
    clock,
)
from customers.services import changes
from tests.integration.pages import a_customer, fill_catalogue, person


def names(resolver: Any = None, within: str = "") -> list[str]:
    """The names of all addresses, those in a namespace with it."""
    found = []
    for entry in (resolver or get_resolver()).url_patterns:
        match entry:
            case URLResolver(namespace=space):
                found += names(entry, f"{within}{space}:" if space else within)
            case URLPattern(name=str(name)):
                found.append(within + name)
    return list(dict.fromkeys(found))


def address(name: str) -> str:
    """The address of that name for the rows that `populate` has made."""
    if name in ODD:
        return reverse(name, args=ODD[name]())
    guesses = [list, _customers_key, _changes_key]
    if name.startswith("admin:") and "_" in name:
        guesses = [list, lambda: [admins_row(name).pk]]
    for parameters in guesses:
        try:
            return reverse(name, args=parameters())
        except NoReverseMatch:
            continue
    raise LookupError(name)


def _refreshs_key() -> list[Any]:
    return [Refresh.objects.earliest("pk").pk]


def _views_key() -> list[Any]:
    return [SavedView.objects.earliest("pk").pk]


ODD: dict[str, Callable[[], list[Any]]] = {
    "customers:drift-rename": lambda: [Drift.objects.get(field="username").pk],
    "customers:refresh": _refreshs_key,
    "customers:decide-refresh": _refreshs_key,
    "customers:view": _views_key,
    "customers:delete-view": _views_key,
    "customers:signup": lambda: [Signup.objects.get().pk],
    "customers:review-signup": lambda: [Signup.objects.get().pk],
    "signup-status": lambda: [Signup.objects.get().pk],
    "signup-fresh-link": lambda: [Signup.objects.get().pk],
    "signup-link": lambda: [Signup.objects.get().pk, "token"],
    "password_reset_confirm": lambda: ["MQ", "set-password"],
    "admin:app_list": lambda: ["customers"],
    "admin:view_on_site": lambda: [
        ContentType.objects.get_for_model(Customer).pk,
        Customer.objects.earliest("pk").pk,
    ],
}


def _customers_key() -> list[Any]:
    return [Customer.objects.earliest("pk").pk]


def _changes_key() -> list[Any]:
    return [Change.objects.latest("seq").pk]


def admins_row(name: str) -> Any:
    app, model = name.removeprefix("admin:").split("_")[:2]
    return apps.get_model(app, model)._default_manager.all()[0]


def populate(**columns: Any) -> Customer:
    """One row at least of everything that has a page; `columns` are the customer's."""
    fill_catalogue()
    who = person("Managers", username="asker")
    customer = a_customer(account_manager=who, **columns)
    change = changes.ask(customer, "profile", {"phone": "1"}, asked_by=who)
    now = clock.now()
    Attempt.objects.create(change=change, n=1, begun_at=now, deadline=now + timedelta(seconds=20))
    Decision.objects.create(change=change, choice="AGAIN", by="ana", reason="because", at=now)
    Note.objects.create(customer=customer, text="Rang.", author=who, by="asker", at=now)
    Verification.objects.create(customer=customer, begun_at=now, outcome="EQUAL", asked_by=who)
    SavedView.objects.create(owner=who, name="Ours", query="q=x", is_shared=True)
    signup = Signup.objects.create(
        customer=customer, address="192.0.2.7", state="SUBMITTED", started_at=now
    )
    Mail.objects.create(signup=signup, kind="live", asked_at=now)
    Review.objects.create(signup=signup, choice="APPROVED", by="ana", at=now)
    Usage.objects.create(key="start address 192.0.2.7/32", until=now + timedelta(hours=1))
    _created(customer, who)
    Refresh.objects.create(started_at=now, finished_at=now, verdict="FAILED", problem="cut")
    Drift.objects.create(
        customer=customer, field="username", agreed="a", ours="a", theirs="b", seen_at=now
    )
    Alert.objects.create(kind="blocked", subject="x", text="look", raised_at=now)
    counts = dict.fromkeys(("live", "sending_off", "website_off", "requested", "missing"), 1)
    Sample.objects.create(at=now, waiting=1, blocked=0, oldest_waiting_seconds=7, **counts)
    Tally.objects.create(hour=now, done=1, refused=2, withdrawn=0)
    Gate.objects.create(failures=3, since=now, why="It does not answer.")
    LogEntry.objects.log_actions(who.pk, [Package.objects.all()[0]], ADDITION)
    return customer


def _created(customer: Customer, who: Any) -> None:
    now = clock.now()
    params = {"username": customer.username, "email": customer.email, "package": customer.package}
    Change.objects.create(
        customer=customer, seq=0, operation="create", params=params, state="DONE",
        asked_by=who, asked_at=now, due_at=now, settled_at=now,
    )  # fmt: skip
