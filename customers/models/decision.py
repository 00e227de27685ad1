from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models.change import Change


class Decision(models.Model):
    """What a person decided about a change, and why. Never altered, never deleted."""

    class Choice(models.TextChoices):
        DONE = "DONE", _("It is done over there")
        REJECTED = "REJECTED", _("It was not done and shall not be")
        AGAIN = "AGAIN", _("Send it out again")
        WITHDRAWN = "WITHDRAWN", _("Withdrawn")

    change = models.ForeignKey(
        Change, models.PROTECT, related_name="decisions", verbose_name=_("change")
    )
    choice = models.CharField(_("choice"), max_length=9, choices=Choice)
    # The name as it was then: it stays when the account goes.
    by = models.TextField(_("by"))
    reason = models.TextField(_("reason"), blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        ordering = ["change", "at"]
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")

    def __str__(self) -> str:
        return f"{self.get_choice_display()} ({self.by})"
