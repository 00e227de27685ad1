import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import Case, F, Q, Subquery, When
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from customers.distributor.rules import PROFILE_FIELDS
from customers.models.facets import FACETS, key_of
from customers.models.likeness import Digits
from customers.models.orders import BY_COMPANY, BY_EMAIL, BY_PACKAGE, SORTED_NAME
from customers.models.refresh import Refresh
from customers.models.searched import SEARCHED

if TYPE_CHECKING:
    from customers.models.change import ChangeQuerySet

# What an update can alter, besides the two switches.
EDITABLE = ("username", "email", *PROFILE_FIELDS)


class CustomerQuerySet(models.QuerySet["Customer"]):
    def with_verified_at(self) -> "CustomerQuerySet":
        """`verified_at`: when the distributor last showed the account as it stands here."""
        good = Subquery(Refresh.objects.good().values("started_at")[:1])
        by_reading = Q(
            Q(seen_at=None) | Q(seen_at__lt=good),
            status=Customer.Status.LIVE,
            missing_since=None,
            is_unverified=False,
            created_at__lt=good,
        )
        return self.annotate(verified_at=Case(When(by_reading, then=good), default=F("seen_at")))

    def expected(self) -> int | None:
        """How many the database expects, without a look at them; None if it does not say."""
        if connection.vendor != "postgresql":
            return None
        try:
            plan = json.loads(self.values("pk").explain(format="json") or "[]")
        except EmptyResultSet:
            return 0
        return int(plan[0]["Plan"]["Plan Rows"]) if plan else 0


class Customer(models.Model):
    """What the distributor last confirmed of one account: the mirror.

    Written by settled changes and by readings of the list, by nobody else. A REQUESTED row
    carries what was asked, nothing of it confirmed yet. NULL says: never known to us.
    Columns hold whatever the distributor tells; limits bind what we ask.
    """

    class Status(models.TextChoices):
        REQUESTED = "REQUESTED", _("Being set up")
        LIVE = "LIVE", _("Live")
        REFUSED = "REFUSED", _("Refused")
        CLOSED = "CLOSED", _("Closed")
        MISSING = "MISSING", _("Missing")

    class Origin(models.TextChoices):
        CONSOLE = "console", _("Console")
        SIGNUP = "signup", _("Signup")
        DISTRIBUTOR = "distributor", _("Distributor's list")

    username = models.TextField(_("username"))
    email = models.TextField(_("e-mail"))
    first_name = models.TextField(_("first name"))
    last_name = models.TextField(_("last name"))
    address = models.TextField(_("address"))
    city = models.TextField(_("city"))
    state = models.TextField(_("state or province"))
    zip = models.TextField(_("postal code"))
    country = models.TextField(_("country"))
    phone = models.TextField(_("phone"))
    website = models.TextField(_("website"))
    # Only some lists show these, and nothing that we can ask for alters them.
    address2 = models.TextField(_("address, second line"), null=True)
    distributor_id = models.TextField(_("the distributor's number"), null=True)
    # The list never shows these: they are what was last sent, NULL for adopted accounts.
    company = models.TextField(_("company"), null=True)
    package = models.TextField(_("package"), null=True)
    whitelabel = models.TextField(_("whitelabel domain"), null=True)
    ip_group = models.JSONField(_("IP groups"), null=True)
    ip = models.JSONField(_("additional IPs"), null=True)
    free_user = models.BooleanField(_("free user"), null=True)
    billing_date = models.DateField(_("billing date"), null=True)

    active = models.BooleanField(_("sending"), null=True)
    website_access = models.BooleanField(_("website access"), null=True)
    status = models.CharField(_("status"), max_length=9, choices=Status, default=Status.REQUESTED)
    origin = models.CharField(_("origin"), max_length=11, choices=Origin, default=Origin.CONSOLE)
    account_manager = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="customers",
        verbose_name=_("account manager"),
    )

    created_at = models.DateTimeField(_("known here since"), auto_now_add=True)
    # When a call for this customer began, or a later step of that change was taken: a list
    # that was read before says nothing about it.
    touched_at = models.DateTimeField(_("touched"), null=True)
    # Until then the distributor may still execute a call that we gave up on.
    quiet_until = models.DateTimeField(_("quiet until"), null=True)
    # When a row was last written as the distributor shows it. A good reading that found it equal
    # writes nothing: it counts instead, unless it has marked the customer as unverified.
    seen_at = models.DateTimeField(_("seen at the distributor"), null=True)
    is_unverified = models.BooleanField(
        _("not verified by the last good reading"), default=False, db_default=False
    )
    missing_since = models.DateTimeField(_("missing since"), null=True)

    # All that a search looks through, in small letters: written by the database itself.
    searched = models.GeneratedField(
        expression=SEARCHED, output_field=models.TextField(), db_persist=True, editable=False
    )

    sorted_name = models.GeneratedField(
        expression=SORTED_NAME, output_field=models.TextField(), db_persist=True, editable=False
    )

    # Of those that come from `with_verified_at` alone.
    verified_at: datetime | None

    objects = CustomerQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        indexes = [
            # Each order of the list, complete with the key: a page of it is read off the index.
            models.Index(fields=["sorted_name", "id"], name="customer_by_name"),
            models.Index(fields=["username", "id"], name="customer_by_username"),
            models.Index(BY_EMAIL, F("id"), name="customer_by_email"),
            models.Index(BY_COMPANY, F("id"), name="customer_by_company"),
            models.Index(BY_PACKAGE, F("id"), name="customer_by_package"),
            models.Index(fields=["status", "id"], name="customer_by_status"),
            # What few customers have, or none that was only read from the distributor's list.
            models.Index(
                F("active"),
                *(key_of(field) for field in FACETS),
                condition=~Q(active=True),
                name="customer_not_sending",
            ),
            *(
                models.Index(
                    fields=[field],
                    condition=Q(**{f"{field}__isnull": False}),
                    name=f"customer_{field}",
                )
                for field in ("website_access", "free_user", "billing_date")
            ),
            models.Index(
                fields=["origin"], condition=~Q(origin="distributor"), name="customer_origin"
            ),
            models.Index(
                fields=["missing_since"],
                condition=Q(missing_since__isnull=False),
                name="customer_vanished",
            ),
            models.Index(
                fields=["seen_at"], condition=Q(is_unverified=True), name="customer_unverified"
            ),
            # Few of many, and counted again and again.
            models.Index(fields=["status"], condition=Q(active=False), name="customer_sending_off"),
            models.Index(
                fields=["status"], condition=Q(website_access=False), name="customer_website_off"
            ),
            *(models.Index(key_of(field), name=f"customer_{field}") for field in FACETS),
            # Who may be the same as somebody that signs up; by e-mail and name the orders tell.
            models.Index(Digits("phone"), name="customer_phone"),
        ]
        permissions = [("delete_now", _("Can delete a customer at the distributor"))]

    def __str__(self) -> str:
        return self.username

    def get_absolute_url(self) -> str:
        return reverse("customers:detail", args=[self.pk])

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.username

    @property
    def open_changes(self) -> "ChangeQuerySet":
        return self.changes.open().order_by("seq")

    def expected(self) -> dict[str, Any]:
        """The mirror with the open changes laid over it: how things will be when all is done."""
        laid_over = list(self.open_changes)
        # Read after them: what is delivered in between shows on both sides, not on neither.
        self.refresh_from_db(fields=EDITABLE)
        values = {field: getattr(self, field) for field in EDITABLE}
        for change in laid_over:
            values |= {k: v for k, v in change.effects().items() if k in values}
        return values
