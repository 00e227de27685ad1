"""Indexes of those who hold a sign of no everyday text, on PostgreSQL: what has no trigram is
looked for among them alone."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# As customers/models/searched.py has it: whoever alters that writes a migration.
RARE = r"[^a-z0-9\u00c0-\u024f @.,:/+()\[\]\"'&#_-]"

_LITERAL = "'" + RARE.replace("'", "''") + "'"
FORWARDS = (
    f"CREATE INDEX customer_rare_signs ON customers_customer (id) WHERE searched ~ {_LITERAL}",
    f"CREATE INDEX username_former_rare_signs ON customers_username (customer_id) WHERE NOT (state = 'LIVE') AND key ~ {_LITERAL}",
)
BACKWARDS = ("DROP INDEX username_former_rare_signs", "DROP INDEX customer_rare_signs")


def _on_postgresql(editor: BaseDatabaseSchemaEditor, *words: str) -> None:
    if editor.connection.vendor == "postgresql":
        for statement in words:
            editor.execute(statement)


def forwards(apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    _on_postgresql(editor, *FORWARDS)


def backwards(apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    _on_postgresql(editor, *BACKWARDS)


class Migration(migrations.Migration):
    dependencies = [("customers", "0014_lines")]

    operations = [migrations.RunPython(forwards, backwards, elidable=False)]
