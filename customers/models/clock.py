"""One clock for leases, due times and readings: the database's, whatever the hosts believe."""

from datetime import UTC, datetime

from django.db import connection


def now() -> datetime:
    if connection.vendor != "postgresql":
        return datetime.now(UTC)  # SQLite lives in this process, its clock is ours.
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment
