"""The text of a customer that a search looks through: one expression, one column, one index."""

from functools import reduce

from django.db.models import F, Func, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, Lower, Replace

TEXTS = (
    "first_name", "last_name", "username", "email", "phone", "website",
    "address", "city", "state", "zip", "country",
)  # fmt: skip
# NULL where it was never known.
PERHAPS = ("company", "package", "whitelabel")
LISTS = ("ip_group", "ip")
# A sign that hardly any Latin text holds, in the words of both Python and PostgreSQL. Two indexes
# are of the rows that have one: whoever alters it writes a migration that makes them anew.
RARE = r"[^a-z0-9\u00c0-\u024f @.,:/+()\[\]\"'&#_-]"
# What people write between the digits of a phone number: +44 (0)20 is dialled as 4420.
BETWEEN_DIGITS = ("(0)", *" +-()./")


def _digits(field: str) -> Combinable:
    bare: Combinable = F(field)
    return reduce(lambda text, sign: Replace(text, Value(sign), Value("")), BETWEEN_DIGITS, bare)


def _pieces() -> list[Combinable]:
    texts: list[Combinable] = [F(field) for field in TEXTS]
    texts.append(_digits("phone"))
    texts += [Coalesce(F(field), Value("")) for field in PERHAPS]
    texts += [Coalesce(Cast(field, TextField()), Value("")) for field in LISTS]
    return texts


# A blank before each: a short word is looked for where a word begins. One long chain, since the
# parser of SQLite does not go as deep as pairs of pairs would.
SEARCHED = Lower(
    Func(
        *_pieces(),
        template="(' ' || %(expressions)s)",
        arg_joiner=" || ' ' || ",
        output_field=TextField(),
    )
)
