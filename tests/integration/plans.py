"""How the database would go about the statements that something makes."""

from collections.abc import Callable

from django.db import connection


def plans_of(work: Callable[[], object]) -> list[tuple[str, str]]:
    """Each statement on the table of changes, and its plan."""
    said = []

    def overhear(execute, sql, params, many, context):
        said.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(overhear):
        work()
    return [(sql, _plan(sql, params)) for sql, params in said if "customers_change" in sql]


def _plan(sql: str, params: tuple[object, ...]) -> str:
    is_postgres = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {'' if is_postgres else 'QUERY PLAN '}{sql}", params)
        return "\n".join(str(row[0 if is_postgres else -1]) for row in cursor.fetchall())
