"""Which customers are meant by what somebody has typed.

On PostgreSQL the trigrams of `searched` and of former names answer. What has no three letters or
digits in a row has none: two signs of Chinese, or `%`, are looked for among those alone who hold a
sign of that kind. SQLite reads everything.
"""

import re
import unicodedata
from collections.abc import Iterable
from itertools import groupby

from django.db import connection
from django.db.models import F, Q, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Lower, StrIndex
from django.db.models.lookups import Exact

from customers.distributor.rules import fold, has_control_characters
from customers.models.customer import Customer, CustomerQuerySet
from customers.models.facets import FACETS, holding
from customers.models.searched import RARE
from customers.models.username import Username

# Each word of a search is a reading of its own; nobody types so many.
MOST_WORDS = 12
# A word of so few letters is looked for where words begin: it stands inside of nearly every row.
SHORT = 2
# Customers with such a former name that are named one by one; more are looked up beside.
MOST_FORMER = 1000
_TRIGRAM = re.compile(r"[^\W_]{3}")
_ENDING = re.compile(r"(.+\.)([^\W\d_]{2,})")
_NUMBER = re.compile(r"[+(]?[0-9][0-9()./+-]{3,}")
_PART = re.compile(r"[()./+-]*[0-9][0-9()./+-]*")


def search(customers: CustomerQuerySet, text: str) -> CustomerQuerySet:
    """Those in whom every word stands somewhere, in a name ever used as well."""
    words = words_of(text)
    # No value holds control characters, and PostgreSQL takes offence at some.
    if has_control_characters(text) or len(words) > MOST_WORDS:
        return customers.none()
    former, numbers = _former(words), _numbers(text)
    for word in words:
        where = _in_text(word) | former[word]
        for number in {word, numbers.get(word, word)}:
            where |= _dialled(number)
        customers = customers.filter(where)
    return customers


def words_of(text: str) -> list[str]:
    return list(dict.fromkeys(_split(text)))


def _split(text: str) -> list[str]:
    return unicodedata.normalize("NFC", text).split()


def _numbers(text: str) -> dict[str, str]:
    """For each word of digits that of which it is a part: people write 020 7946 0958."""
    found: dict[str, str] = {}
    for is_part, those in groupby(_split(text), lambda word: bool(_PART.fullmatch(word))):
        if is_part:
            parts = list(those)
            found |= dict.fromkeys(parts, "".join(parts))
    return found


def has(field: str, text: str) -> Q:
    """The text stands in that field, which is one of those that are searched."""
    if field in FACETS and (those := holding(field, text)):
        return those
    value = Lower(Cast(F(field), TextField()))
    return _contains("searched", text) & _stands_in(value, text)


def is_former(key: str, word: str) -> bool:
    """Whether a search for the word means that folded name."""
    folded = fold(word)
    return key.startswith(folded) if _is_short(word) else folded in key


def former_names(words: Iterable[str]) -> Q:
    """Usernames of which one of the words is a part, and that nobody goes by."""
    anyone = Q()
    for word in words:
        lookup = "key__startswith" if _is_short(word) else "key__contains"
        anyone |= Q(**{lookup: fold(word)}) & _among("key", word)
    return ~Q(state=Username.State.LIVE) & Q(customer__isnull=False) & anyone


def _former(words: list[str]) -> dict[str, Q]:
    """For each word the customers who had such a name."""
    if not words:
        return {}
    rows = Username.objects.filter(former_names(words)).order_by().values_list("key", "customer")
    known = list(rows[: MOST_FORMER + 1])
    if len(known) > MOST_FORMER:
        named = {word: Username.objects.filter(former_names([word])) for word in words}
        return {word: Q(pk__in=rows.values("customer")) for word, rows in named.items()}
    return {word: Q(pk__in={who for key, who in known if is_former(key, word)}) for word in words}


def _in_text(word: str) -> Q:
    front = _without_ending(word)
    if front != word:
        return _contains("searched", front) & _stands_in(F("searched"), word)
    found = _contains("searched", f" {word}" if _is_short(word) else word)
    return found & _among("searched", word)


def _dialled(number: str) -> Q:
    """However it was written: +44 (0)20, 004420 and 020 are the same digits from some point on."""
    digits = re.sub("[^0-9]", "", number.replace("(0)", "")).lstrip("0")
    if not _NUMBER.fullmatch(number) or len(digits) <= SHORT:
        return Q()  # No number, or next to nothing of one, which stands in nearly every row.
    return _contains("searched", digits)


def _without_ending(word: str) -> str:
    """As `info@acme.` of `info@acme.com`, if most customers have something with that ending.

    Its trigrams lead to nearly everybody, and an index follows them all before it looks at a row.
    """
    parts = _ENDING.fullmatch(word)
    if connection.vendor != "postgresql" or not parts or not _TRIGRAM.search(parts[1]):
        return word
    those = Customer.objects.filter(_contains("searched", f".{parts[2]}")).expected() or 0
    return parts[1] if those > (Customer.objects.expected() or 0) / 2 else word


def _among(column: str, word: str) -> Q:
    """Those who hold a rare sign, where no trigram leads to the word and it holds one itself.

    One that is small or large is no proof: the database may have written another one for it.
    """
    if connection.vendor != "postgresql" or _TRIGRAM.search(word):
        return Q()
    rare = [sign for sign in re.findall(RARE, word) if sign == sign.lower() == sign.upper()]
    return Q(**{f"{column}__regex": RARE}) if rare else Q()


def _contains(column: str, text: str) -> Q:
    where = Q()
    for spelled in _spellings(text):
        small: Combinable = Value(spelled)
        # The database's own small letters: only it knows how it wrote the column.
        where |= Q(**{f"{column}__contains": Lower(small)})
    return where


def _stands_in(small: Combinable, text: str) -> Q:
    """Said as "its position is not nowhere": of that the database expects that nearly all meet it.

    A second LIKE it would take for independent of the first, and expect next to nobody.
    """
    here = Q()
    for spelled in _spellings(text):
        here |= ~Q(Exact(StrIndex(small, Lower(Value(spelled))), 0))
    return here


def _spellings(text: str) -> set[str]:
    """PostgreSQL knows the small letters of all alphabets, SQLite those of English."""
    if text.isascii() or connection.vendor != "sqlite":
        return {text}
    return {text, text.lower(), text.upper(), text.title()}


def _is_short(word: str) -> bool:
    return len(word) <= SHORT and word.isascii() and word.isalnum()
