from math import floor

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class RefreshQuerySet(models.QuerySet["Refresh"]):
    def good(self) -> "RefreshQuerySet":
        """Those that were merged, the latest first."""
        return self.filter(verdict=Refresh.Verdict.OK).order_by("-started_at")


class Refresh(models.Model):
    """One reading of the distributor's whole list into the mirror.

    `started_at` is the database's time before the request: what was touched later (less the
    settle time) is left for the next reading. FAILED and QUARANTINED change nothing; a person
    makes a QUARANTINED one OK or DISCARDED.
    """

    class Verdict(models.TextChoices):
        RUNNING = "RUNNING", _("Running")
        OK = "OK", _("OK")
        QUARANTINED = "QUARANTINED", _("Quarantined")
        DISCARDED = "DISCARDED", _("Discarded")
        FAILED = "FAILED", _("Failed")

    class Phase(models.TextChoices):
        READING = "READING", _("Reading the list")
        CHECKING = "CHECKING", _("Checking it")
        MERGING = "MERGING", _("Comparing it with the customers")

    class Cause(models.TextChoices):
        """Why a list cannot be what it seems."""

        TWICE = "TWICE", _("Names stand in it twice")
        NO_CONTROL = "NO_CONTROL", _("The control account is not in it")
        EMPTY = "EMPTY", _("It is empty")
        SHORT = "SHORT", _("Too many live customers are not in it")

    started_at = models.DateTimeField(_("started"))
    # The last sign of life: a reading without one for a while has lost its worker.
    alive_at = models.DateTimeField(_("last sign of life"), db_default=Now())
    finished_at = models.DateTimeField(_("finished"), null=True)
    verdict = models.CharField(
        _("verdict"), max_length=11, choices=Verdict, default=Verdict.RUNNING
    )
    phase = models.CharField(_("phase"), max_length=8, choices=Phase, default=Phase.READING)
    listed = models.PositiveIntegerField(_("listed"), default=0)
    merged = models.PositiveIntegerField(_("merged so far"), default=0)
    adopted = models.PositiveIntegerField(_("adopted"), default=0)
    updated = models.PositiveIntegerField(_("updated"), default=0)
    equal = models.PositiveIntegerField(_("found equal"), default=0)
    left = models.PositiveIntegerField(_("left for the next reading"), default=0)
    absent = models.PositiveIntegerField(_("not in the list"), default=0)
    # What the comparison before the guard has found: of a quarantined one what applying it does.
    would_adopt = models.PositiveIntegerField(_("unknown here"), default=0)
    would_update = models.PositiveIntegerField(_("altered"), default=0)
    problem = models.TextField(_("problem"), blank=True)
    cause = models.CharField(_("cause"), max_length=10, choices=Cause, blank=True)
    # The live customers that it was judged against, and some of the names that made it suspect.
    live = models.PositiveIntegerField(_("live customers"), default=0)
    sample = models.JSONField(_("sample"), default=list)
    # Of all those names: two quarantined readings with the same cause and digest agree.
    digest = models.CharField(max_length=64, blank=True)
    # Attestation, when it was merged: every LIVE and MISSING customer counts in one of them.
    verified = models.PositiveIntegerField(_("verified equal"), null=True)
    differing = models.PositiveIntegerField(_("differ"), null=True)
    missing = models.PositiveIntegerField(_("missing"), null=True)
    in_flight = models.PositiveIntegerField(_("in flight"), null=True)
    oldest_verified_at = models.DateTimeField(_("oldest verification"), null=True)
    # Who applied or discarded a quarantined one, and why.
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    reason = models.TextField(_("reason"), blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, verbose_name=_("asked by")
    )

    objects = RefreshQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at"]
        indexes = [models.Index(fields=["-started_at"], name="refresh_started")]
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

    def get_absolute_url(self) -> str:
        return reverse("customers:refresh", args=[self.pk])

    def before(self) -> "Refresh | None":
        """The last good one that began before this one: never this one, should it end meanwhile."""
        return Refresh.objects.good().filter(started_at__lt=self.started_at).first()

    @property
    def attested(self) -> int:
        """The customers of whom it says how they stand; those of them that are verified are in
        `verified`. Only of a reading that was merged."""
        return sum(it or 0 for it in (self.verified, self.differing, self.missing, self.in_flight))

    @property
    def verified_share(self) -> float | None:
        """Of a hundred, rounded down, so that only all of them are 100. None: there was nobody."""
        if not self.attested:
            return None
        return floor((self.verified or 0) * 10_000 / self.attested) / 100
