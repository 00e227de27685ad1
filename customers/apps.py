from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy as _

from customers import checks


class CustomersConfig(AppConfig):
    name = "customers"
    verbose_name = _("Customers")

    def ready(self) -> None:
        register(checks.drift_policies, checks.TAG)
