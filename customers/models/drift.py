from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models.change import Change
from customers.models.customer import Customer
from customers.models.refresh import Refresh


class DriftQuerySet(models.QuerySet["Drift"]):
    def open(self) -> "DriftQuerySet":
        return self.filter(state=Drift.State.OPEN)


class Drift(models.Model):
    """A field of one customer that was altered at the distributor, and not by us.

    The mirror has taken `theirs` already: it shows what is. The row keeps what stood there
    before and says what a person, or the policy of the field, wants of it.

    OPEN     a person has to say
    ADOPTED  theirs is right
    PUSHED   ours is right: `change` sends it
    IGNORED  never to be raised again for this customer, field and value
    GONE     it went away by itself: theirs became ours, or was altered once more
    """

    class State(models.TextChoices):
        OPEN = "OPEN", _("Needs a person")
        ADOPTED = "ADOPTED", _("Adopted")
        PUSHED = "PUSHED", _("Pushed back")
        IGNORED = "IGNORED", _("Ignored")
        GONE = "GONE", _("Gone by itself")

    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="drifts", verbose_name=_("customer")
    )
    field = models.CharField(_("field"), max_length=20)
    # Values as the mirror's columns hold them: text, true, false or null.
    agreed = models.JSONField(_("last agreed"), null=True)
    # With what was asked for and still waits; the same as `agreed` if nothing does.
    ours = models.JSONField(_("ours"), null=True)
    theirs = models.JSONField(_("theirs"), null=True)
    # NULL: a look at this one customer has shown it.
    refresh = models.ForeignKey(
        Refresh, models.PROTECT, null=True, related_name="drifts", verbose_name=_("refresh")
    )
    seen_at = models.DateTimeField(_("seen"))
    # Within a day of a doubt of this customer: it may be a late copy of our own call.
    is_doubtful = models.BooleanField(_("perhaps ours"), default=False)
    state = models.CharField(_("state"), max_length=7, choices=State, default=State.OPEN)
    change = models.ForeignKey(
        Change, models.PROTECT, null=True, related_name="drifts", verbose_name=_("change")
    )
    # NULL with a `decided_at`: the policy of the field.
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided"), null=True)

    objects = DriftQuerySet.as_manager()

    class Meta:
        ordering = ["-seen_at", "-pk"]
        verbose_name = _("drift")
        verbose_name_plural = _("drifts")
        indexes = [
            models.Index(fields=["-seen_at"], condition=Q(state="OPEN"), name="drift_open"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "field"],
                condition=Q(state="OPEN"),
                name="one_open_drift_a_field",
            ),
            models.CheckConstraint(
                condition=Q(state="OPEN", decided_at=None)
                | Q(~Q(state="OPEN"), decided_at__isnull=False),
                name="decided_at_tells_when_a_drift_ended",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.field} {self.customer}"
