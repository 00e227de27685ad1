import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from customers.distributor.rules import fold


def take_over_those_of_one_page(apps, schema_editor):
    """Until now a signup was one page, and each has a customer."""
    Signup = apps.get_model("customers", "Signup")
    for signup in Signup.objects.select_related("customer").iterator():
        email = signup.customer.email
        signup.email, signup.email_key = email, fold(email)
        signup.state, signup.step = "SUBMITTED", 8
        signup.submitted_at = signup.stepped_at = signup.started_at
        signup.live_at = signup.started_at if signup.customer.status == "LIVE" else None
        signup.save()


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0011_saved_views"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Mail",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("confirm", "Confirm the e-mail address"),
                            ("continue", "A fresh link"),
                            ("live", "The account is live"),
                            ("repair", "The distributor refused something"),
                            ("correction", "A correction is asked for"),
                            ("refused", "The signup is refused"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("asked_at", models.DateTimeField(verbose_name="asked")),
                ("sent_at", models.DateTimeField(null=True, verbose_name="sent")),
                ("tries", models.PositiveSmallIntegerField(default=0, verbose_name="tries")),
                ("lease_until", models.DateTimeField(null=True, verbose_name="lease until")),
            ],
            options={
                "verbose_name": "mail",
                "verbose_name_plural": "mails",
                "ordering": ["-asked_at"],
            },
        ),
        migrations.AlterModelOptions(
            name="signup",
            options={
                "ordering": ["-started_at"],
                "verbose_name": "signup",
                "verbose_name_plural": "signups",
            },
        ),
        migrations.RemoveIndex(
            model_name="signup",
            name="signup_address",
        ),
        migrations.RenameField(
            model_name="signup",
            old_name="at",
            new_name="started_at",
        ),
        migrations.AlterField(
            model_name="signup",
            name="started_at",
            field=models.DateTimeField(verbose_name="started"),
        ),
        migrations.AddField(
            model_name="signup",
            name="answers",
            field=models.JSONField(blank=True, default=dict, verbose_name="answers so far"),
        ),
        migrations.AddField(
            model_name="signup",
            name="code_hash",
            field=models.CharField(blank=True, editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name="signup",
            name="code_tries",
            field=models.PositiveSmallIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="signup",
            name="code_until",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="signup",
            name="confirmed_at",
            field=models.DateTimeField(null=True, verbose_name="e-mail confirmed"),
        ),
        migrations.AddField(
            model_name="signup",
            name="decided_at",
            field=models.DateTimeField(null=True, verbose_name="decided"),
        ),
        migrations.AddField(
            model_name="signup",
            name="decided_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="decided by",
            ),
        ),
        migrations.AddField(
            model_name="signup",
            name="email",
            field=models.TextField(blank=True, verbose_name="e-mail"),
        ),
        migrations.AddField(
            model_name="signup",
            name="email_key",
            field=models.TextField(blank=True, verbose_name="e-mail, case-folded"),
        ),
        migrations.AddField(
            model_name="signup",
            name="erased_at",
            field=models.DateTimeField(null=True, verbose_name="erased"),
        ),
        migrations.AddField(
            model_name="signup",
            name="expires_at",
            field=models.DateTimeField(null=True, verbose_name="open until"),
        ),
        migrations.AddField(
            model_name="signup",
            name="is_approved",
            field=models.BooleanField(default=False, verbose_name="approved"),
        ),
        migrations.AddField(
            model_name="signup",
            name="language",
            field=models.CharField(default="en", max_length=10, verbose_name="language"),
        ),
        migrations.AddField(
            model_name="signup",
            name="link_hash",
            field=models.CharField(blank=True, editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name="signup",
            name="link_until",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="signup",
            name="live_at",
            field=models.DateTimeField(null=True, verbose_name="found live"),
        ),
        migrations.AddField(
            model_name="signup",
            name="network",
            field=models.CharField(blank=True, max_length=43, verbose_name="network"),
        ),
        migrations.AddField(
            model_name="signup",
            name="reason",
            field=models.TextField(blank=True, verbose_name="reason"),
        ),
        migrations.AddField(
            model_name="signup",
            name="signals",
            field=models.JSONField(blank=True, default=list, verbose_name="signals"),
        ),
        migrations.AddField(
            model_name="signup",
            name="state",
            field=models.CharField(
                choices=[
                    ("STARTED", "E-mail not confirmed"),
                    ("CONFIRMED", "Being filled in"),
                    ("SUBMITTED", "Submitted"),
                    ("REVIEW", "To be reviewed"),
                    ("CORRECTION", "Asked for a correction"),
                    ("REFUSED", "Refused"),
                    ("EXPIRED", "Expired"),
                ],
                default="STARTED",
                max_length=10,
                verbose_name="state",
            ),
        ),
        migrations.AddField(
            model_name="signup",
            name="step",
            field=models.PositiveSmallIntegerField(
                choices=[
                    (1, "E-mail given"),
                    (2, "E-mail confirmed"),
                    (3, "Package chosen"),
                    (4, "Country chosen"),
                    (5, "Name given"),
                    (6, "Address given"),
                    (7, "Username chosen"),
                    (8, "Sent"),
                ],
                default=1,
                verbose_name="furthest step",
            ),
        ),
        migrations.AddField(
            model_name="signup",
            name="stepped_at",
            field=models.DateTimeField(null=True, verbose_name="last step"),
        ),
        migrations.AddField(
            model_name="signup",
            name="submitted_at",
            field=models.DateTimeField(null=True, verbose_name="submitted"),
        ),
        migrations.AddField(
            model_name="signup",
            name="told_of",
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="username",
            name="signup",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="held_name",
                to="customers.signup",
                verbose_name="signup",
            ),
        ),
        migrations.AlterField(
            model_name="change",
            name="due_at",
            field=models.DateTimeField(null=True, verbose_name="due"),
        ),
        migrations.AlterField(
            model_name="signup",
            name="address",
            field=models.GenericIPAddressField(blank=True, null=True, verbose_name="address"),
        ),
        migrations.AlterField(
            model_name="signup",
            name="customer",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="customers.customer",
                verbose_name="customer",
            ),
        ),
        migrations.AddIndex(
            model_name="signup",
            index=models.Index(fields=["address", "started_at"], name="signup_address"),
        ),
        migrations.AddIndex(
            model_name="signup",
            index=models.Index(fields=["network", "started_at"], name="signup_network"),
        ),
        migrations.AddIndex(
            model_name="signup",
            index=models.Index(fields=["email_key", "started_at"], name="signup_email"),
        ),
        migrations.AddIndex(
            model_name="signup",
            index=models.Index(fields=["state", "started_at"], name="signup_state"),
        ),
        migrations.AddIndex(
            model_name="signup",
            index=models.Index(
                condition=models.Q(("live_at", None), ("state", "SUBMITTED")),
                fields=["customer"],
                name="signup_not_live_yet",
            ),
        ),
        migrations.RunPython(take_over_those_of_one_page, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="change",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("due_at__isnull", False),
                    models.Q(("attempts", 0), ("state__in", ["WAITING", "WITHDRAWN"])),
                    _connector="OR",
                ),
                name="only_what_was_never_sent_is_held",
            ),
        ),
        migrations.AddConstraint(
            model_name="signup",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "STARTED",
                            "CONFIRMED",
                            "SUBMITTED",
                            "REVIEW",
                            "CORRECTION",
                            "REFUSED",
                            "EXPIRED",
                        ],
                    )
                ),
                name="a_known_signup",
            ),
        ),
        migrations.AddConstraint(
            model_name="signup",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("customer__isnull", False),
                    ("state__in", ["STARTED", "CONFIRMED", "EXPIRED"]),
                    _connector="OR",
                ),
                name="a_submitted_signup_has_a_customer",
            ),
        ),
        migrations.AddField(
            model_name="mail",
            name="signup",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="mails",
                to="customers.signup",
                verbose_name="signup",
            ),
        ),
        migrations.AddIndex(
            model_name="mail",
            index=models.Index(
                condition=models.Q(("sent_at", None)), fields=["asked_at"], name="mail_to_be_sent"
            ),
        ),
    ]
