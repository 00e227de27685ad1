"""Open is whatever has not ended: a condition without parameters, which SQLite can use."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0002_groups"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="change",
            name="change_open_due",
        ),
        migrations.RemoveIndex(
            model_name="change",
            name="change_open_lane",
        ),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(
                condition=models.Q(("settled_at", None)), fields=["due_at"], name="change_open_due"
            ),
        ),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(
                condition=models.Q(("settled_at", None)),
                fields=["customer", "seq"],
                name="change_open_lane",
            ),
        ),
    ]
