from django.db import models
from django.utils.translation import gettext_lazy as _


class Usage(models.Model):
    """How often somebody did something lately: a count, and the moment from which it is void.

    `key` says what and who: `start address 192.0.2.7`. An e-mail address stands in it as a hash.
    """

    key = models.CharField(_("what and who"), max_length=100, primary_key=True)
    count = models.PositiveIntegerField(_("count"), default=0)
    until = models.DateTimeField(_("counts until"), db_index=True)

    class Meta:
        ordering = ["-until"]
        verbose_name = _("usage")
        verbose_name_plural = _("usages")

    def __str__(self) -> str:
        return f"{self.key}: {self.count}"
