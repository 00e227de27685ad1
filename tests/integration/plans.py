"""How the database would go about the statements that something makes."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db import connection


def plans_of(work: Callable[[], object]) -> list[tuple[str, str]]:
    """Each statement on the table of changes, and its plan."""
    return [(sql, _plan(sql, params)) for sql, params in statements_of(work)]


def statements_of(work: Callable[[], object]) -> list[tuple[str, Any]]:
    """Each statement on the table of changes, and the values it was given."""
    said = []

    def overhear(execute, sql, params, many, context):
        said.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(overhear):
        work()
    return [(sql, params) for sql, params in said if "customers_change" in sql]


def _plan(sql: str, params: tuple[object, ...]) -> str:
    is_postgres = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {'' if is_postgres else 'QUERY PLAN '}{sql}", params)
        return "\n".join(str(row[0 if is_postgres else -1]) for row in cursor.fetchall())


def kept_plan(sql: str, params: Mapping[str, object]) -> str:
    """The plan that PostgreSQL keeps of a statement for whatever values it will be given."""
    used = [name for name in params if f"%({name})s" in sql]
    numbered = sql % {name: f"${number}" for number, name in enumerate(used, 1)}
    places = ", ".join(["%s"] * len(used))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        cursor.execute(f"PREPARE kept AS {numbered}")
        cursor.execute(f"EXPLAIN EXECUTE kept ({places})", [params[name] for name in used])
        lines = [line for (line,) in cursor.fetchall()]
        cursor.execute("DEALLOCATE kept")
    return "\n".join(lines)
