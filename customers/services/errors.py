"""Why something that was asked for is not written down.

* AskingError
  x AlreadySent     the id stands for other content
  x NothingChanged  every field is as the form had shown it
  x NotPossible     not with this customer
  x Conflict        somebody else was there meanwhile
"""

from typing import Any


class AskingError(Exception):
    """Why nothing was written; each subclass is one reason."""


class AlreadySent(AskingError):
    """This id was used with other content, or its password is erased and cannot be compared."""


class NothingChanged(AskingError):
    """Every field is as the form had shown it."""


class NotPossible(AskingError):
    """`why`: refused, closed, closing (a delete is on its way), not_email (a switch needs one),
    not_refused (only who was refused is asked for again), united (its row is another's now)."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Conflict(AskingError):
    """Somebody else asked for, or a refresh brought, another value since the form was shown.

    `fields` maps each such field to the value that stands now.
    """

    def __init__(self, fields: dict[str, Any]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields
