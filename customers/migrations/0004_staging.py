import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

TEXTS = (
    "first_name",
    "last_name",
    "address",
    "city",
    "state",
    "zip",
    "country",
    "phone",
    "website",
)


def without_log(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """What is staged can be read again at any time: it needs no write-ahead log."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE customers_listed SET UNLOGGED")


class Migration(migrations.Migration):
    dependencies = [("customers", "0003_open_changes_have_no_end_yet")]

    operations = [
        # Staging holds nothing between two readings: it is made anew.
        migrations.DeleteModel(name="Listed"),
        migrations.CreateModel(
            name="Listed",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "refresh",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="staged",
                        to="customers.refresh",
                    ),
                ),
                (
                    "name",
                    models.ForeignKey(
                        db_column="key",
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="customers.username",
                    ),
                ),
                ("username", models.TextField()),
                ("email", models.TextField()),
                ("active", models.BooleanField()),
                *((name, models.TextField()) for name in TEXTS),
                ("website_access", models.BooleanField(null=True)),
                ("address2", models.TextField(null=True)),
                ("distributor_id", models.TextField(null=True)),
            ],
        ),
        migrations.RunPython(without_log, migrations.RunPython.noop, elidable=False),
    ]
