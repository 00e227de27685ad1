"""What the plots over time are drawn from: how things stood, and what ended when."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Sample(models.Model):
    """How things stood at one moment, to the minute. Where there is none nobody looked."""

    at = models.DateTimeField(_("at"), unique=True)
    live = models.PositiveIntegerField(_("live customers"))
    sending_off = models.PositiveIntegerField(_("live ones with sending off"))
    website_off = models.PositiveIntegerField(_("live ones without website access"))
    requested = models.PositiveIntegerField(_("being set up"))
    missing = models.PositiveIntegerField(_("missing"))
    waiting = models.PositiveIntegerField(_("changes on their way"))
    blocked = models.PositiveIntegerField(_("changes that need a person"))
    # Of what a worker still has to do something about; 0 where nothing waited.
    oldest_waiting_seconds = models.PositiveIntegerField(_("age of the oldest of them"))

    class Meta:
        ordering = ["-at"]
        verbose_name = _("sample")
        verbose_name_plural = _("samples")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"


class Tally(models.Model):
    """How the changes of one whole hour ended, so that nobody counts them anew."""

    hour = models.DateTimeField(_("hour"), unique=True)
    done = models.PositiveIntegerField(_("done"))
    refused = models.PositiveIntegerField(_("refused"))
    withdrawn = models.PositiveIntegerField(_("withdrawn"))

    class Meta:
        ordering = ["-hour"]
        verbose_name = _("tally")
        verbose_name_plural = _("tallies")

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}"
