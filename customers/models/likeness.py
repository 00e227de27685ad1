"""What looks or sounds the same in an index: both databases and Python fold text alike.

The pairs stand in indexes of the database: whoever alters them writes a migration that makes
those anew.
"""

from typing import Any

from django.db.models import Func, TextField

# Letters, digits and pairs that a reader takes for each other, in the order they are replaced.
# SQLite's parser takes no more than some 16 of them inside each other.
LOOK_ALIKE = (
    ("а", "a"), ("е", "e"), ("о", "o"), ("р", "p"), ("с", "c"), ("і", "i"),  # noqa: RUF001
    ("0", "o"), ("1", "l"), ("i", "l"), ("3", "e"), ("5", "s"), ("8", "b"),
    ("rn", "m"), ("vv", "w"),
)  # fmt: skip
# What people write between the digits of a phone number.
BETWEEN_DIGITS = tuple((sign, "") for sign in " -./()+\u00a0")


# Characters: an index of PostgreSQL takes no longer text, and the distributor may tell any.
LONGEST = 100


class Alike(Func):
    """What an index keeps of a text, in literals alone: SQLite finds no index by a parameter."""

    arity = 1
    output_field = TextField()
    pairs: tuple[tuple[str, str], ...] = ()
    folds = False

    def as_sql(  # type: ignore[override]
        self, compiler: Any, connection: Any, **context: Any
    ) -> tuple[str, tuple[Any, ...]]:
        sql, params = compiler.compile(self.source_expressions[0])
        if self.folds:
            sql = f"LOWER({sql})"
        for old, new in self.pairs:
            sql = f"REPLACE({sql}, '{old}', '{new}')"
        return f"SUBSTR({sql}, 1, {LONGEST})", tuple(params)

    @classmethod
    def of(cls, text: str) -> str:
        """The same of a text that is not in the database."""
        for old, new in cls.pairs:
            text = text.replace(old, new)
        return text[:LONGEST]


class Folded(Alike):
    """Without regard to case, as far as the database knows it: SQLite folds Latin letters alone."""

    folds = True


class Skeleton(Alike):
    """Of a case-folded name: two that look alike have the same."""

    pairs = LOOK_ALIKE


class Digits(Alike):
    """Of a phone number: the same number however it is written."""

    pairs = BETWEEN_DIGITS
