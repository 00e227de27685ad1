"""What may be chosen for a new customer. Kept in Django admin, checked by the forms.

The names are what the distributor knows; changes and customers keep the words, not the
row, so that a package taken out of the catalogue leaves every record as it was.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Package(models.Model):
    """A package under its display name, as the distributor spells it."""

    name = models.CharField(_("display name"), max_length=255, unique=True)
    is_free = models.BooleanField(
        _("free"), default=False, help_text=_("New customers are sent as free users.")
    )
    allows_ips = models.BooleanField(_("additional IPs allowed"), default=False)
    offered_at_signup = models.BooleanField(_("offered at signup"), default=False)

    class Meta:
        ordering = ["name"]
        verbose_name = _("package")
        verbose_name_plural = _("packages")

    def __str__(self) -> str:
        return self.name


class IpGroup(models.Model):
    """A group of sending addresses that belongs to the reseller."""

    name = models.CharField(_("name"), max_length=255, unique=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("IP group")
        verbose_name_plural = _("IP groups")

    def __str__(self) -> str:
        return self.name


class IpAddress(models.Model):
    """A sending address that belongs to the reseller."""

    address = models.GenericIPAddressField(_("address"), unique=True)

    class Meta:
        ordering = ["address"]
        verbose_name = _("IP address")
        verbose_name_plural = _("IP addresses")

    def __str__(self) -> str:
        return str(self.address)


class WhitelabelDomain(models.Model):
    """A domain under which customers' mail is branded."""

    domain = models.CharField(_("domain"), max_length=255, unique=True)

    class Meta:
        ordering = ["domain"]
        verbose_name = _("whitelabel domain")
        verbose_name_plural = _("whitelabel domains")

    def __str__(self) -> str:
        return self.domain
