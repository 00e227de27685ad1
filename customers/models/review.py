from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models.signup import Signup


class Review(models.Model):
    """What a person decided about a signup, and why. Never altered, never deleted."""

    class Choice(models.TextChoices):
        APPROVED = "APPROVED", _("Approved")
        REFUSED = "REFUSED", _("Refused")
        CORRECTION = "CORRECTION", _("Asked for a correction")
        REOPENED = "REOPENED", _("Refusal undone")

    signup = models.ForeignKey(
        Signup, models.PROTECT, related_name="reviews", verbose_name=_("signup")
    )
    choice = models.CharField(_("choice"), max_length=10, choices=Choice)
    # Of a correction: which answer; `reason` are the words that the applicant reads.
    field = models.CharField(_("field"), max_length=20, blank=True)
    # The name as it was then: it stays when the account goes.
    by = models.TextField(_("by"))
    reason = models.TextField(_("reason"), blank=True)
    # What spoke for a look then, by the machine's words.
    signals = models.JSONField(_("signals"), default=list, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        ordering = ["signup", "at"]
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        permissions = [("review_signup", _("Can review signups"))]

    def __str__(self) -> str:
        return f"{self.get_choice_display()} ({self.by})"
