"""Trigram indexes for the search, on PostgreSQL; elsewhere it reads the tables.

The extension is a trusted one: whoever may create objects in the database may create it.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

FORWARDS = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX customer_searched ON customers_customer USING gin (searched gin_trgm_ops)",
    # The name that a customer goes by stands in `searched`.
    "CREATE INDEX username_former_key ON customers_username USING gin (key gin_trgm_ops) WHERE NOT (state = 'LIVE')",
)
BACKWARDS = ("DROP INDEX username_former_key", "DROP INDEX customer_searched")


def _on_postgresql(editor: BaseDatabaseSchemaEditor, *words: str) -> None:
    if editor.connection.vendor == "postgresql":
        for statement in words:
            editor.execute(statement)


def forwards(apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    _on_postgresql(editor, *FORWARDS)


def backwards(apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    _on_postgresql(editor, *BACKWARDS)


class Migration(migrations.Migration):
    dependencies = [("customers", "0006_lists")]

    operations = [migrations.RunPython(forwards, backwards, elidable=False)]
