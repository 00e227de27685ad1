"""The two groups of the console. No account is made: that is a person's decision."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

MANAGERS = ["view_customer", "add_customer", "change_customer", "delete_now"]
LEADS = [*MANAGERS, "resolve_change", "apply_quarantined_refresh"]


def make_groups(apps, schema_editor):
    # Permissions come after the last migration otherwise, too late to be given to anybody.
    config = apps.get_app_config("customers")
    config.models_module = True
    create_permissions(config, apps=apps, using=schema_editor.connection.alias, verbosity=0)
    config.models_module = None
    group, permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    for name, codenames in (("Managers", MANAGERS), ("Leads", LEADS)):
        made, _new = group.objects.get_or_create(name=name)
        made.permissions.add(
            *permission.objects.filter(content_type__app_label="customers", codename__in=codenames)
        )


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0001_first"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]
