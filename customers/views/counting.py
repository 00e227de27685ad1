"""Numbers on pages that are asked for all the time: exact as far as that is quick."""

from dataclasses import dataclass
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import QuerySet

# Beyond this nobody needs the number, and counting costs.
MOST = 10_000


@dataclass(frozen=True)
class Count:
    number: int
    is_more: bool = False

    @property
    def text(self) -> str:
        return f"{intcomma(self.number)}{'+' if self.is_more else ''}"


def count(rows: QuerySet[Any], most: int | None = None) -> Count:
    most = most or MOST
    number = rows.order_by()[: most + 1].count()
    return Count(min(number, most), number > most)
