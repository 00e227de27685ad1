"""Who stands behind another open change of the customer is marked, so that no claim passes it."""

from django.conf import settings
from django.db import migrations, models
from django.db.models import Exists, OuterRef, Q


def mark(apps, schema_editor):
    changes = apps.get_model("customers", "Change").objects.filter(settled_at=None)
    before = changes.filter(customer=OuterRef("customer"), seq__lt=OuterRef("seq"))
    changes.filter(Exists(before)).update(is_behind=True)


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0013_review"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="change",
            name="is_behind",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.RunPython(mark, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(
                condition=Q(settled_at=None, is_behind=False),
                fields=["due_at"],
                name="change_first_due",
            ),
        ),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(
                condition=Q(settled_at=None, is_behind=True),
                fields=["customer", "seq"],
                name="change_behind",
            ),
        ),
        migrations.RemoveIndex(model_name="change", name="change_open_due"),
    ]
