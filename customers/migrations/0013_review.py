"""Limits of signups, their reviews, and indexes to find who is like whom."""

import django.db.models.deletion
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

import customers.models.likeness


def let_review(apps, schema_editor):
    # Permissions come after the last migration otherwise, too late to be given to anybody.
    config = apps.get_app_config("customers")
    config.models_module = True
    create_permissions(config, apps=apps, using=schema_editor.connection.alias, verbosity=0)
    config.models_module = None
    group, permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    may = permission.objects.get(content_type__app_label="customers", codename="review_signup")
    for name in ("Managers", "Leads"):
        group.objects.get(name=name).permissions.add(may)


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0012_signup_in_steps"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Review",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "choice",
                    models.CharField(
                        choices=[
                            ("APPROVED", "Approved"),
                            ("REFUSED", "Refused"),
                            ("CORRECTION", "Asked for a correction"),
                            ("REOPENED", "Refusal undone"),
                        ],
                        max_length=10,
                        verbose_name="choice",
                    ),
                ),
                ("field", models.CharField(blank=True, max_length=20, verbose_name="field")),
                ("by", models.TextField(verbose_name="by")),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                ("signals", models.JSONField(blank=True, default=list, verbose_name="signals")),
                ("at", models.DateTimeField(verbose_name="at")),
            ],
            options={
                "verbose_name": "review",
                "verbose_name_plural": "reviews",
                "ordering": ["signup", "at"],
                "permissions": [("review_signup", "Can review signups")],
            },
        ),
        migrations.CreateModel(
            name="Usage",
            fields=[
                (
                    "key",
                    models.CharField(
                        max_length=100,
                        primary_key=True,
                        serialize=False,
                        verbose_name="what and who",
                    ),
                ),
                ("count", models.PositiveIntegerField(default=0, verbose_name="count")),
                ("until", models.DateTimeField(db_index=True, verbose_name="counts until")),
            ],
            options={
                "verbose_name": "usage",
                "verbose_name_plural": "usages",
                "ordering": ["-until"],
            },
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(customers.models.likeness.Digits("phone"), name="customer_phone"),
        ),
        migrations.AddIndex(
            model_name="username",
            index=models.Index(customers.models.likeness.Skeleton("key"), name="username_skeleton"),
        ),
        migrations.AddField(
            model_name="review",
            name="signup",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reviews",
                to="customers.signup",
                verbose_name="signup",
            ),
        ),
        migrations.RunPython(let_review, migrations.RunPython.noop),
    ]
