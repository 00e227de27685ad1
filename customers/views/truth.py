"""What a customer page may say of each field: the value, and how we know."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, Q
from django.utils.translation import gettext as _

from customers.distributor.rules import ROW_FIELDS, SWITCHES, WITH_PASSWORD, Operation
from customers.models import Change, Customer, Verification
from customers.models.customer import EDITABLE
from customers.models.labels import label
from customers.views.altered import Altered, marks

SHOWN = (
    "username", "email", "first_name", "last_name", "company", "website", "phone",
    "address", "zip", "city", "state", "country",
    "package", "whitelabel", "free_user", "ip_group", "ip", "billing_date",
)  # fmt: skip


SWITCHED = ("active", "website_access")
WITH_PARAMS = (Operation.PROFILE, Operation.EMAIL, Operation.USERNAME)
# At a glance, beside the words: verified, sent and no more, unknown.
SIGNS = {
    "read": "bi-check2 sign-good",
    "confirmed": "bi-check2 sign-good",
    "probed": "bi-check2 sign-good",
    "sent": "bi-send",
    "refuted": "bi-exclamation-diamond sign-doubt",
    "omitted": "bi-dash",
    "asked": "bi-hourglass-split",
    "closed": "bi-archive",
    "unknown": "bi-question-lg",
}
# What a creation may leave to the distributor.
OPTIONAL = {"ip_group", "ip", "billing_date"}


@dataclass(frozen=True)
class Fact:
    """One field. `how`: read (back from the distributor), confirmed (by its answer), sent (it
    cannot be read back), probed or refuted (no row shows it, but the list was filtered by it),
    omitted (nothing was asked for), asked (nothing is there yet), closed (what it was), unknown
    (never known to us). `altered`: at the distributor, and nobody has said yet what is to become
    of it."""

    name: str
    label: str
    value: Any
    how: str
    when: datetime | None
    coming: Any = None
    change: Change | None = None
    altered: Altered | None = None

    @property
    def expected(self) -> Any:
        """How it will be once all that is on its way is done."""
        return self.coming if self.change else self.value

    @property
    def sign(self) -> str:
        return SIGNS["asked" if self.how == "read" and self.when is None else self.how]

    @property
    def text(self) -> str:
        """The value in words; empty where there is none."""
        match self.value:
            case None:
                return ""
            case bool(yes):
                return str(_("yes") if yes else _("no"))
            case list(several):
                return ", ".join(several)
            case other:
                return str(other)


def facts(
    customer: Customer, open_changes: Iterable[Change], verification: Verification | None = None
) -> Iterator[Fact]:
    """Each shown field of the customer, with what is on its way to it; the password's value is
    never known."""
    told = _confirmations(customer)
    noticed = marks(customer)
    coming: dict[str, tuple[Any, Change]] = {}
    for change in open_changes:
        if change.operation in WITH_PASSWORD:
            coming["password"] = (None, change)
        if change.operation != Operation.CREATE:
            coming |= {name: (value, change) for name, value in change.effects().items()}
    for name in (*SHOWN, *SWITCHED):
        value = getattr(customer, name)
        how, when = _how(customer, name, told.get(name), customer.verified_at)
        if name == "company" and how in {"sent", "unknown"}:
            how, when = _probed(customer, verification, told.get(name)) or (how, when)
        to, by = coming.get(name, (None, None))
        yield Fact(name, label(name), value, how, when, to, by, noticed.get(name))
    set_at = told["password"]
    how = "sent" if set_at else "unknown"
    yield Fact("password", _("Password"), None, how, set_at, *coming.get("password", (None, None)))


def _probed(
    customer: Customer, verification: Verification | None, told: datetime | None
) -> tuple[str, datetime | None] | None:
    """What a look that filtered by the company has shown, if it asked for what stands here."""
    if verification is None or verification.company != customer.company:
        return None
    probed_at = verification.company_at
    if probed_at is None or (told and told > probed_at):
        return None
    return "probed" if verification.company_confirmed else "refuted", probed_at


def _is_asked(customer: Customer) -> bool:
    return customer.status in {Customer.Status.REQUESTED, Customer.Status.REFUSED}


def _confirmations(customer: Customer) -> dict[str, datetime | None]:
    """When the distributor last answered "success" to each column; one row, however many did."""
    done = customer.changes.filter(state=Change.State.DONE)
    latest = {
        name: Max("settled_at", filter=_tells(name)) for name in (*SHOWN, *SWITCHED, "password")
    }
    told = done.aggregate(**{f"{name}_at": it for name, it in latest.items()})
    return {name: told[f"{name}_at"] for name in latest}


def _tells(name: str) -> Q:
    """The changes whose success says something of that column; a creation's does of all."""
    told = Q(operation=Operation.CREATE)
    if name == "password":
        return told | Q(operation=Operation.PASSWORD)
    if name in EDITABLE:
        return told | Q(operation__in=WITH_PARAMS, params__has_key=name)
    return told | Q(operation__in=[op for op, (column, _on) in SWITCHES.items() if column == name])


def _how(
    customer: Customer, name: str, told: datetime | None, read_at: datetime | None
) -> tuple[str, datetime | None]:
    if name in OPTIONAL and getattr(customer, name) in (None, []) and (told or _is_asked(customer)):
        return "omitted", None
    if _is_asked(customer):
        return "asked", None
    if customer.status == Customer.Status.CLOSED:
        return "closed", None
    if name in ROW_FIELDS:
        if told and (read_at is None or read_at < told):
            return "confirmed", told
        return "read", read_at
    if told:
        return "sent", told
    return "unknown", None
