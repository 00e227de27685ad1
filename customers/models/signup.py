import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models.customer import Customer


class Signup(models.Model):
    """A customer who came by the public form; the reference opens the status page."""

    reference = models.UUIDField(_("reference"), primary_key=True, default=uuid.uuid4)
    customer = models.OneToOneField(Customer, models.PROTECT, verbose_name=_("customer"))
    # Whom to count for SIGNUP_RATE.
    address = models.GenericIPAddressField(_("address"), null=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        ordering = ["-at"]
        verbose_name = _("signup")
        verbose_name_plural = _("signups")
        indexes = [models.Index(fields=["address", "at"], name="signup_address")]

    def __str__(self) -> str:
        return str(self.reference)
