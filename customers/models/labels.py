"""Parameters of the contract under the names that a person knows them by."""

from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import FieldDoesNotExist
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from customers.models.customer import Customer

SWITCHED = {"free_user", "active", "website_access"}


def label(name: str) -> str:
    """`user` is what the contract calls the username of whom a call is about."""
    try:
        field = Customer._meta.get_field("username" if name == "user" else name)  # noqa: SLF001
    except FieldDoesNotExist:
        return name
    return capfirst(str(field.verbose_name))  # type: ignore[union-attr]


def called(person: User) -> str:
    """As somebody is chosen: the username, by which all pages name people, and who that is."""
    name = person.get_full_name()
    words = f"{person} ({name})" if name else str(person)
    return words if person.is_active else _("%s, no longer active") % words


def in_words(name: str, value: Any) -> str:
    match value:
        case list():
            return ", ".join(value)
        case "true" | "false" if name in SWITCHED:
            return str(_("yes") if value == "true" else _("no"))
        case _:
            return str(value)
