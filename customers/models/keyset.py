"""A page of a list of customers, read off where the last one ended and not counted from the start.

A list may hold a million: it is never sorted as a whole. What few customers match is collected by
the index that knows them, and then put in order; what many match is met while walking along the
order, or, where it stands far away, as far as a page can reach at most. PostgreSQL says beforehand
how many they are.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, F, Func, TextField, Value, Window
from django.db.models.expressions import Combinable
from django.db.models.functions import RowNumber

from customers.models.customer import Customer, CustomerQuerySet
from customers.models.orders import DEFAULT, ORDERS

Meanwhile = Callable[[], object]

LARGEST_KEY = 2**63 - 1
# Of more than so many PostgreSQL is believed how many they are: nobody counts for that alone.
MOST_COUNTED = 10_000
# Customers along the order among whom a page of many is looked for first; and the nearest of them,
# among whom the next one is. Where those hold nobody none is nearby.
WINDOW = 5_000
BESIDE = 1_000
# In an order by text these are enough to see it: it often goes along with what is searched.
GLANCE = 300
# In an order by text so many of many are enough to tell how far a page can reach at most.
SOME = 2_000
# Of more some are met soon enough, wherever one looks.
MOST_COLLECTED = 200_000
TABLE = Customer._meta.db_table  # noqa: SLF001


@dataclass(frozen=True)
class Order:
    name: str
    descending: bool

    @classmethod
    def named(cls, text: str) -> "Order":
        """As the address says it, `name` or `-name`; the default for what it cannot mean."""
        name = text.removeprefix("-")
        return cls(name, text.startswith("-")) if name in ORDERS else cls.named(DEFAULT)

    def __str__(self) -> str:
        return f"-{self.name}" if self.descending else self.name

    @property
    def key(self) -> Combinable:
        return ORDERS[self.name] or F("pk")

    def by(self, *, backwards: bool) -> list[Any]:
        falling = self.descending != backwards
        keys: list[Any] = [F("pk")] if ORDERS[self.name] is None else [self.key, F("pk")]
        return [key.desc() if falling else key.asc() for key in keys]


@dataclass(frozen=True)
class Place:
    """Where a customer stands in an order."""

    key: str | int
    pk: int

    def __str__(self) -> str:
        written = json.dumps([self.key, self.pk], separators=(",", ":"))
        return urlsafe_b64encode(written.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str, order: Order) -> "Place | None":
        """None for what is no place in that order."""
        try:
            key, pk = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            str(key).encode()
        except (ValueError, TypeError, RecursionError):
            return None
        if type(pk) is not int or not 0 < pk <= LARGEST_KEY:
            return None
        if ORDERS[order.name] is None:
            return cls(pk, pk) if key == pk else None
        is_text = isinstance(key, str) and "\0" not in key
        return cls(key, pk) if is_text else None


def beyond(order: Order, place: Place, *, backwards: bool) -> Func:
    """On the other side of that place: rows are compared, which an index can do."""
    sign = "<" if order.descending != backwards else ">"
    here: list[Any] = [F("pk")]
    there: list[Any] = [Value(place.pk)]
    if ORDERS[order.name] is not None:
        here, there = [order.key, *here], [Value(place.key), *there]
    return Func(
        _row(*here),
        _row(*there),
        template="%(expressions)s",
        arg_joiner=f" {sign} ",
        output_field=BooleanField(),
    )


def _row(*values: Any) -> Func:
    return Func(*values, template="(%(expressions)s)", output_field=TextField())


class Reading:
    """A list in an order, to be read page by page from any place of it.

    While PostgreSQL looks through many, `meanwhile` is done here: something that asks it nothing,
    or it waits as well. It may be done several times, or never.
    """

    def __init__(self, customers: CustomerQuerySet, order: Order) -> None:
        self.customers, self.order = customers.order_by(), order
        self.meanwhile: Meanwhile | None = None
        # Known once all of them were collected.
        self._all: int | None = None

    def keys(self, place: Place | None, limit: int, *, backwards: bool = False) -> list[int]:
        """So many customers after that place, the nearest first; before it if `backwards`."""
        try:
            return self._keys(place, limit, backwards=backwards)
        except EmptyResultSet:
            self._all = 0
            return []

    def next(self, place: Place, *, backwards: bool = False) -> list[int]:
        """The customer after that place, if there is one; nobody asks how many there are."""
        if not (self.customers.query.where and self.expected):
            return self.keys(place, 1, backwards=backwards)
        near = self._near(place, 1, BESIDE, backwards=backwards)
        return near or self._far(place, 1, backwards=backwards)

    def _keys(self, place: Place | None, limit: int, *, backwards: bool) -> list[int]:
        if self.expected is None or not self.customers.query.where:
            return self._walk(place, limit, backwards=backwards)
        if self._are_many:
            first = BESIDE if self._is_by_key else GLANCE
            near = self._near(place, limit, first, backwards=backwards)
            if near and len(near) < limit:
                # Twice as many as it takes if the next are like the first.
                among = min(WINDOW, 2 * first * limit // len(near))
                near = self._near(place, limit, among, self.meanwhile, backwards=backwards)
            if len(near) == limit:
                return near
        return self._far(place, limit, backwards=backwards)

    def _far(self, place: Place | None, limit: int, *, backwards: bool) -> list[int]:
        """Where nobody looks nearby, or nobody is there."""
        if (self.expected or 0) > MOST_COLLECTED:
            read = self._walk
        elif self._are_many and not self._is_by_key:
            read = self._bounded
        else:
            read = self._collect
        return read(place, limit, backwards=backwards)

    @property
    def _is_by_key(self) -> bool:
        return ORDERS[self.order.name] is None

    @cached_property
    def expected(self) -> int | None:
        return self.customers.expected()

    @property
    def _are_many(self) -> bool:
        return (self.expected or 0) > MOST_COUNTED

    @cached_property
    def counted(self) -> int:
        """How many there are, if they are few; else one more than MOST_COUNTED."""
        if self._all is not None:
            return min(self._all, MOST_COUNTED + 1)
        if self._are_many:
            return MOST_COUNTED + 1
        return self.customers.values("pk")[: MOST_COUNTED + 1].count()

    def _walk(self, place: Place | None, limit: int, *, backwards: bool) -> list[int]:
        rows = self.customers.order_by(*self.order.by(backwards=backwards))
        if place:
            rows = rows.filter(beyond(self.order, place, backwards=backwards))
        return list(rows.values_list("pk", flat=True)[:limit])

    def _near(
        self,
        place: Place | None,
        limit: int,
        among: int,
        meanwhile: Meanwhile | None = None,
        *,
        backwards: bool,
    ) -> list[int]:
        """As `_walk`, but only among the next so many customers of the order."""
        order = self.order.by(backwards=backwards)
        around = Customer.objects.annotate(place=Window(RowNumber(), order_by=order))
        if place:
            around = around.filter(beyond(self.order, place, backwards=backwards))
        window, params = around.order_by(*order)[:among].query.sql_with_params()
        wanted, wanted_params = self.customers.values("pk").query.sql_with_params()
        table = f'FROM "{TABLE}"'
        sql = wanted.replace(table, f'FROM ({window}) AS "{TABLE}"', 1)
        sql += f' ORDER BY "{TABLE}".place LIMIT {limit:d}'
        return [row[0] for row in _fetch(sql, (*params, *wanted_params), meanwhile)]

    def _collect(self, place: Place | None, limit: int, *, backwards: bool) -> list[int]:
        """All of them, and counted."""
        hits, params = self._hits()
        ahead, _, order = self._ways(backwards=backwards)
        after = f"WHERE (sort_key, pk) {ahead} (%s, %s)" if place else ""
        # Nothing in it comes from outside: what does is among the parameters.
        sql = (
            f"WITH hits (pk, sort_key) AS MATERIALIZED ({hits}) "  # noqa: S608
            "SELECT number, pk FROM (SELECT count(*) AS number FROM hits) AS counted LEFT JOIN "
            f"(SELECT * FROM hits {after} {order} LIMIT {limit:d}) AS shown ON true {order}"
        )
        params = (*params, *([place.key, place.pk] if place else []))
        rows = _fetch(sql, params, self.meanwhile)
        self._all = rows[0][0]
        return [pk for _, pk in rows if pk is not None]

    def _bounded(self, place: Place | None, limit: int, *, backwards: bool) -> list[int]:
        """Whoever comes after so many of any few of them is not on the page.

        How far it reaches at most is told to PostgreSQL, which knows whether to read the others
        at all: the index of the order and the one that finds them may be laid over each other.
        """
        hits, params = self._hits()
        ahead, behind, order = self._ways(backwards=backwards)
        # In a CTE they are come by as if all were wanted: no index of the order is walked along in
        # the hope to meet them soon. Nothing comes from outside: what does is among the parameters.
        rest = f"SELECT * FROM ({hits}) AS found (pk, sort_key) WHERE true"  # noqa: S608
        if place:
            rest += f" AND (sort_key, pk) {ahead} (%s, %s)"
            params = (*params, place.key, place.pk)
        sql = (
            f"WITH hits AS MATERIALIZED ({rest}), few AS (SELECT * FROM hits LIMIT {SOME:d}) "  # noqa: S608
            "SELECT number, sort_key, pk FROM (SELECT count(*) FROM few) AS counted (number) "
            f"LEFT JOIN (SELECT * FROM few {order} LIMIT {limit + 1:d}) AS shown ON true {order}"
        )
        rows = _fetch(sql, params, self.meanwhile)
        if rows[0][0] < SOME:  # These few are all.
            if not place:
                self._all = rows[0][0]
            return [pk for _, _, pk in rows if pk is not None][:limit]
        rest += f" AND (sort_key, pk) {behind} (%s, %s)"
        params = (*params, *rows[limit][1:])
        sql = f"WITH hits AS MATERIALIZED ({rest}) SELECT pk FROM hits {order} LIMIT {limit:d}"  # noqa: S608
        keys = [row[0] for row in _fetch(sql, params)]
        if len(keys) < limit:  # Somebody was altered since.
            return self._collect(place, limit, backwards=backwards)
        return keys

    def _hits(self) -> tuple[str, tuple[Any, ...]]:
        keyed = self.customers.annotate(sort_key=self.order.key).values_list("pk", "sort_key")
        return keyed.query.sql_with_params()

    def _ways(self, *, backwards: bool) -> tuple[str, str, str]:
        """What compares with the next ones and with those before, and the order."""
        falling = self.order.descending != backwards
        ahead, behind, direction = ("<", ">", "DESC") if falling else (">", "<", "ASC")
        return ahead, behind, f"ORDER BY sort_key {direction}, pk {direction}"


def _fetch(
    sql: str, params: tuple[Any, ...], meanwhile: Meanwhile | None = None
) -> list[tuple[Any, ...]]:
    """In a pipeline PostgreSQL begins as soon as it was told, and nobody waits before the fetch."""
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        connection.connection.pipeline() if meanwhile else nullcontext(),
    ):
        cursor.execute(sql, params)
        if meanwhile:
            meanwhile()
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found
