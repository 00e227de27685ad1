import uuid

import django.db.models.deletion
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.db import migrations, models


def who_changes_may_note(apps, schema_editor):
    """Groups and people who may change customers write notes about them."""
    config = apps.get_app_config("customers")
    config.models_module = True
    create_permissions(config, verbosity=0, apps=apps, using=schema_editor.connection.alias)
    config.models_module = None
    permissions = apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="customers"
    )
    to_note = permissions.get(codename="add_note")
    to_change = permissions.get(codename="change_customer")
    to_note.group_set.add(*to_change.group_set.all())
    to_note.user_set.add(*to_change.user_set.all())


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0009_samples"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="change",
            name="asker",
            field=models.TextField(
                blank=True, db_default="", default="", verbose_name="asker's name"
            ),
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sent_as", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("NOTE", "Note"), ("ASSIGNED", "Account manager")],
                        default="NOTE",
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("text", models.TextField(blank=True, verbose_name="text")),
                ("by", models.TextField(verbose_name="by")),
                ("at", models.DateTimeField(verbose_name="at")),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="notes",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="author",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notes",
                        to="customers.customer",
                        verbose_name="customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "note",
                "verbose_name_plural": "notes",
                "ordering": ["-pk"],
                "indexes": [models.Index(fields=["customer", "-id"], name="note_customer")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", "ASSIGNED"),
                            models.Q(("kind", "NOTE"), models.Q(("text", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="a_note_says_something",
                    )
                ],
            },
        ),
        migrations.RunPython(who_changes_may_note, migrations.RunPython.noop),
    ]
