"""The orders that a list of customers can have, each with its index; the key decides at last.

No expression is ever NULL, so that every customer has a place and the next page is a comparison;
and none is longer than an index takes, whatever the distributor tells.
SQLite sorts where the order is an expression: it is not meant for a million.
"""

from django.db.models import Case, F, Func, Q, TextField, Value, When
from django.db.models.expressions import Combinable

from customers.models.likeness import Folded


def _one_after_another(*texts: Combinable) -> Func:
    # In the order of their names: a migration writes them so, and looks at the order.
    return Func(*texts, arg_joiner=" || ", output_field=TextField(), template="(%(expressions)s)")


def _unknown_last(field: str) -> Combinable:
    return Case(
        When(Q(**{f"{field}__isnull": True}) | Q(**{field: ""}), then=Value("1")),
        default=_one_after_another(Value("0"), Folded(F(field))),
        output_field=TextField(),
    )


# What `sorted_name` of a customer keeps: of many who are found the name is put together no more.
# The blank is a literal: SQLite finds no index by a parameter.
SORTED_NAME = Folded(
    Func(
        F("last_name"),
        F("first_name"),
        arg_joiner=" || ' ' || ",
        output_field=TextField(),
        template="(%(expressions)s)",
    )
)
BY_EMAIL = Folded(F("email"))
BY_COMPANY = _unknown_last("company")
BY_PACKAGE = _unknown_last("package")

# By the name in the address. None: the order in which they came to be known here.
ORDERS: dict[str, Combinable | None] = {
    "name": F("sorted_name"),
    "username": F("username"),
    "email": BY_EMAIL,
    "company": BY_COMPANY,
    "package": BY_PACKAGE,
    "status": F("status"),
    "known": None,
}
DEFAULT = "-known"
