"""One row, written by one statement whose text never varies.

The ORM builds each query anew, which is most of what a statement costs a worker's processor, and
a change that is delivered is a handful of them. PostgreSQL keeps the plan of a text that it was
given several times (DATABASE_PREPARE_AFTER), where it would plan each time otherwise.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models
from psycopg import Cursor

Columns = Mapping[str, Any]
Row = tuple[Any, ...]
Model = TypeVar("Model", bound=models.Model)


def update(
    table: type[models.Model], where: Columns, values: Columns, returning: str = "id"
) -> Row | None:
    """Write to the row that is as `where` says; what it returns, or None if there is none.

    All by the names of fields. No expressions, no signals, and instances stay as they were.
    """
    sql, fields = _update(table, tuple(where), tuple(values), returning)
    return execute(sql, _for_database(fields, (*values.values(), *where.values())))


def insert(new: models.Model) -> None:
    """Add what is in no table yet; it has its key then."""
    sql, fields = _insert(type(new))
    found = execute(sql, _for_database(fields, [getattr(new, field.attname) for field in fields]))
    assert found
    (new.pk,) = found


def fetch(table: type[Model], sql: str, values: Columns) -> Model | None:
    """The first row of what the statement returns; it returns `columns(table)`."""
    found = execute(sql, values)
    if found is None:
        return None
    read, here = list(found), connections[DEFAULT_DB_ALIAS]
    for position, column, convert in _converters(table):
        read[position] = convert(read[position], column, here)
    return table.from_db(DEFAULT_DB_ALIAS, _names(table), read)


def execute(sql: str, values: Columns | Sequence[Any]) -> Row | None:
    """The first row of what the statement returns; `values` are ready for the database."""
    with _cursor() as cursor:
        cursor.execute(sql, values)
        found: Row | None = cursor.fetchone()
    return found


def columns(table: type[models.Model]) -> str:
    """All that a model has. By name: `*` would become another one with an update's new column,
    and PostgreSQL refuses a kept plan whose result is not what it was."""
    return ", ".join(str(field.column) for field in table._meta.concrete_fields)  # noqa: SLF001


def _cursor() -> Any:
    here: Any = connections[DEFAULT_DB_ALIAS]
    if here.vendor != "postgresql":
        return here.cursor()
    # As that does, but for its kind of cursor: values written into the text make it another one.
    here.close_if_health_check_failed()
    here.ensure_connection()
    return here._prepare_cursor(Cursor(here.connection))  # noqa: SLF001


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


@cache
def _names(table: type[models.Model]) -> list[str]:
    return [field.attname for field in table._meta.concrete_fields]  # noqa: SLF001


@cache
def _converters(table: type[models.Model]) -> list[tuple[int, Any, Callable[..., Any]]]:
    """What makes of the database's value the model's: which column, its expression, and how."""
    found, here = [], connections[DEFAULT_DB_ALIAS]
    for position, field in enumerate(table._meta.concrete_fields):  # noqa: SLF001
        column = field.get_col(table._meta.db_table)  # noqa: SLF001
        of_both = here.ops.get_db_converters(column) + column.get_db_converters(here)
        found += [(position, column, convert) for convert in of_both]
    return found


def _for_database(fields: list[Any], values: Iterable[Any]) -> list[Any]:
    # Not by `connection`, which looks for this thread's anew for each of its attributes.
    given, here = zip(fields, values, strict=True), connections[DEFAULT_DB_ALIAS]
    return [field.get_db_prep_save(value, here) for field, value in given]
