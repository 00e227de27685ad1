"""How things stand with the distributor as a whole."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models import clock


class Gate(models.Model):
    """May the distributor be called, and how fast: one row. `why` is empty while all is well.

    A circuit breaker, shut while `shut_until` is set: no call is made before, and then one
    worker looks whether all is well again. And a rate: every call takes its turn.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    since = models.DateTimeField(_("since"), null=True)
    why = models.TextField(_("why"), blank=True)
    shut_until = models.DateTimeField(_("shut until"), null=True)
    denied = models.BooleanField(_("our credentials are refused"), default=False)
    pauses = models.PositiveIntegerField(_("times shut in a row"), default=0)
    # Whose look it is, and until when: nobody else has the same moment.
    probe_until = models.DateTimeField(_("somebody looks until"), null=True)
    # The distributor has asked us to make fewer calls: none before, and half of them until.
    throttled_until = models.DateTimeField(_("no call before"), null=True)
    slow_until = models.DateTimeField(_("half the rate until"), null=True)
    # When the turns that were given out will have gone by at our rate; seconds since 1970.
    turn_at = models.FloatField(default=0)

    class Meta:
        verbose_name = _("gate")
        verbose_name_plural = _("gate")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_gate")]

    def __str__(self) -> str:
        return self.why or "open"

    @classmethod
    def closed(cls) -> "Gate | None":
        """The gate, if a person should hear of it: one lost answer alone is no outage."""
        worth_telling = Q(shut_until__isnull=False) | Q(failures__gt=1)
        worth_telling |= Q(throttled_until__gt=clock.now())
        return cls.objects.filter(worth_telling).first()

    @property
    def is_throttled(self) -> bool:
        """Too many calls, and nothing worse."""
        return self.shut_until is None and self.failures <= 1


class Alert(models.Model):
    """Something a person must look at; raised once for a subject until it is over."""

    class Kind(models.TextChoices):
        CREDENTIALS = "credentials", _("Credentials refused")
        BLOCKED = "blocked", _("A change needs a person")
        BROKER = "broker", _("The broker takes no messages")
        CONTROL = "control", _("Readings cannot be trusted")
        LATE = "late", _("Changes are not delivered")
        LISTED = "listed", _("An account that should not be there")
        REDIRECT = "redirect", _("The distributor's address has moved")
        REFRESH = "refresh", _("A refresh was not applied")
        SEAL = "seal", _("A password cannot be opened")

    kind = models.CharField(_("kind"), max_length=11, choices=Kind)
    subject = models.CharField(_("subject"), max_length=255, blank=True)
    text = models.TextField(_("text"))
    raised_at = models.DateTimeField(_("raised"))
    over_at = models.DateTimeField(_("over"), null=True)

    class Meta:
        ordering = ["-raised_at"]
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=Q(over_at=None), name="one_alert_a_subject"
            )
        ]

    def __str__(self) -> str:
        return self.text
