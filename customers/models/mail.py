from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models.signup import Signup


class Mail(models.Model):
    """A mail that somebody who signs up is to get. The row is the promise, a task only a hint.

    What it says is read when it is written; codes and links are made then, and lie nowhere else
    but in the mail.
    """

    class Kind(models.TextChoices):
        CONFIRM = "confirm", _("Confirm the e-mail address")
        CONTINUE = "continue", _("A fresh link")
        LIVE = "live", _("The account is live")
        REPAIR = "repair", _("The distributor refused something")
        CORRECTION = "correction", _("A correction is asked for")
        REFUSED = "refused", _("The signup is refused")

    signup = models.ForeignKey(
        Signup, models.CASCADE, related_name="mails", verbose_name=_("signup")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    asked_at = models.DateTimeField(_("asked"))
    sent_at = models.DateTimeField(_("sent"), null=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    lease_until = models.DateTimeField(_("lease until"), null=True)

    class Meta:
        ordering = ["-asked_at"]
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        indexes = [
            models.Index(fields=["asked_at"], condition=Q(sent_at=None), name="mail_to_be_sent")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.signup_id}"
