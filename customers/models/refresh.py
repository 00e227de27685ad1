from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Refresh(models.Model):
    """One reading of the distributor's whole list into the mirror.

    `started_at` is the database's time before the request: what was touched later (less the
    settle time) is left for the next reading. FAILED and QUARANTINED change nothing.
    """

    class Verdict(models.TextChoices):
        RUNNING = "RUNNING", _("Running")
        OK = "OK", _("OK")
        QUARANTINED = "QUARANTINED", _("Quarantined")
        FAILED = "FAILED", _("Failed")

    started_at = models.DateTimeField(_("started"))
    # The last sign of life: a reading without one for a while has lost its worker.
    alive_at = models.DateTimeField(_("last sign of life"), db_default=Now())
    finished_at = models.DateTimeField(_("finished"), null=True)
    verdict = models.CharField(
        _("verdict"), max_length=11, choices=Verdict, default=Verdict.RUNNING
    )
    listed = models.PositiveIntegerField(_("listed"), default=0)
    adopted = models.PositiveIntegerField(_("adopted"), default=0)
    updated = models.PositiveIntegerField(_("updated"), default=0)
    equal = models.PositiveIntegerField(_("found equal"), default=0)
    left = models.PositiveIntegerField(_("left for the next reading"), default=0)
    absent = models.PositiveIntegerField(_("not in the list"), default=0)
    problem = models.TextField(_("problem"), blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, verbose_name=_("asked by")
    )

    class Meta:
        ordering = ["-started_at"]
        verbose_name = _("refresh")
        verbose_name_plural = _("refreshes")
        permissions = [("apply_quarantined_refresh", _("Can apply a quarantined refresh"))]
        constraints = [
            models.UniqueConstraint(
                fields=["verdict"], condition=Q(verdict="RUNNING"), name="one_refresh_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M} {self.verdict}"


class Listed(models.Model):
    """Staging: one row of the list as it was read, gone when its reading has ended."""

    refresh = models.ForeignKey(Refresh, models.CASCADE, related_name="staged")
    key = models.TextField()
    row = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["refresh", "key"], name="listed_key")]

    def __str__(self) -> str:
        return self.key
