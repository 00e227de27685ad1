from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models.customer import Customer


class Verification(models.Model):
    """The latest look at one customer that somebody asked for: one row a customer.

    A customer whose `touched_at` is its `begun_at` was touched by nothing but that look since.
    """

    class Outcome(models.TextChoices):
        EQUAL = "EQUAL", _("As it stands here")
        DIFFERED = "DIFFERED", _("Different")
        ABSENT = "ABSENT", _("Not found")
        NO_CONTROL = "NO_CONTROL", _("The reading cannot be trusted")
        NO_ANSWER = "NO_ANSWER", _("No usable answer")
        NOT_NOW = "NOT_NOW", _("Not now")

    customer = models.OneToOneField(
        Customer, models.CASCADE, primary_key=True, verbose_name=_("customer")
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("asked by"),
    )
    begun_at = models.DateTimeField(_("begun"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome)
    # The columns that were different; the mirror shows what was found there.
    fields = models.JSONField(_("fields"), default=list)
    # Why there was no answer, or why not now.
    said = models.TextField(_("said"), blank=True)
    # No row shows a company, but the list is filtered by it: the value that was asked for,
    # whether the account came, and when. A later look that does not ask leaves them.
    company = models.TextField(_("company"), null=True)
    company_confirmed = models.BooleanField(_("company confirmed"), null=True)
    company_at = models.DateTimeField(_("company asked for"), null=True)

    class Meta:
        verbose_name = _("verification")
        verbose_name_plural = _("verifications")

    def __str__(self) -> str:
        return f"{self.customer_id} {self.outcome}"
