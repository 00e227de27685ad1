"""One row, written by its key.

The ORM builds each query anew, which is most of what a statement costs a worker's processor, and
a change that is delivered is a handful of them.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models

Columns = Mapping[str, Any]
Row = tuple[Any, ...]


def update(
    table: type[models.Model], where: Columns, values: Columns, returning: str = "id"
) -> Row | None:
    """Write to the row that is as `where` says; what it returns, or None if there is none.

    All by the names of fields. No expressions, no signals, and instances stay as they were.
    """
    sql, fields = _update(table, tuple(where), tuple(values), returning)
    return _execute(sql, fields, (*values.values(), *where.values()))


def insert(new: models.Model) -> None:
    """Add what is in no table yet; it has its key then."""
    sql, fields = _insert(type(new))
    found = _execute(sql, fields, [getattr(new, field.attname) for field in fields])
    assert found
    (new.pk,) = found


@cache
def _update(
    table: type[models.Model], where: tuple[str, ...], values: tuple[str, ...], returning: str
) -> tuple[str, list[Any]]:
    meta: Any = table._meta  # noqa: SLF001
    fields = [meta.get_field(name) for name in (*values, *where)]
    columns = [f"{field.column} = %s" for field in fields]
    sql = (
        f"UPDATE {meta.db_table} SET {', '.join(columns[: len(values)])} "  # noqa: S608 (ours)
        f"WHERE {' AND '.join(columns[len(values) :])} RETURNING {returning}"
    )
    return sql, fields


@cache
def _insert(table: type[models.Model]) -> tuple[str, list[Any]]:
    meta: Any = table._meta  # noqa: SLF001
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    columns = ", ".join(field.column for field in fields)
    places = ", ".join(["%s"] * len(fields))
    into = f"INSERT INTO {meta.db_table} ({columns})"
    return f"{into} VALUES ({places}) RETURNING id", fields


def _execute(sql: str, fields: list[Any], values: Any) -> Row | None:
    given, here = zip(fields, values, strict=True), connections[DEFAULT_DB_ALIAS]
    with here.cursor() as cursor:
        cursor.execute(sql, [field.get_db_prep_save(value, here) for field, value in given])
        found: Row | None = cursor.fetchone()
    return found
