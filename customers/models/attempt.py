import os
import socket

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models.change import Change


def this_process() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


class AttemptQuerySet(models.QuerySet["Attempt"]):
    def sends(self) -> "AttemptQuerySet":
        return self.filter(kind=Attempt.Kind.SEND)

    def looks(self) -> "AttemptQuerySet":
        return self.filter(kind=Attempt.Kind.LOOK)

    def perhaps_executed(self) -> "AttemptQuerySet":
        """Tries that may have been executed: nobody said that they were not.

        A worker that was fenced off may have heard of a success that nobody settled.
        """
        open_or = ("", Attempt.Outcome.SUCCESS, Attempt.Outcome.UNKNOWN, Attempt.Outcome.LOST)
        return self.sends().filter(outcome__in=open_or)

    def telling(self) -> "AttemptQuerySet":
        """Without the looks that have shown nothing, neither one thing nor the other."""
        told = (*Attempt.FINDINGS, Attempt.Outcome.NO_CONTROL, Attempt.Outcome.UNREADABLE)
        return self.exclude(Q(kind=Attempt.Kind.LOOK) & ~Q(outcome__in=told))

    def are_unproven(self) -> bool:
        """Of one change's: whether nobody has seen yet what became of the last try.

        A look from before the settle time was over has not: it may have been executed since.
        """
        last = self.telling().order_by("-n").first()
        if last is None:
            return False
        if last.outcome in Attempt.UNPROVEN:
            return True
        if last.kind == Attempt.Kind.SEND:
            return False  # Its answer said so.
        sent = self.perhaps_executed().order_by("-n").first()
        return sent is not None and last.begun_at < sent.deadline + settings.SETTLE_TIME


class Attempt(models.Model):
    """One call for a change: a try to have it executed, or a look at what is there.

    A SEND row is committed before its first byte goes out and completed once; no outcome
    says that nobody knows yet how it ended. Never deleted: it is the evidence.
    """

    class Kind(models.TextChoices):
        SEND = "SEND", _("Sent")
        LOOK = "LOOK", _("Looked")

    class Outcome(models.TextChoices):
        SUCCESS = "SUCCESS", _("Success")
        REFUSED = "REFUSED", _("Refused")
        NOT_SENT = "NOT_SENT", _("Not sent")
        THROTTLED = "THROTTLED", _("Too many calls")
        DENIED = "DENIED", _("Our credentials were refused")
        UNKNOWN = "UNKNOWN", _("No usable answer")
        LOST = "LOST", _("The worker was lost")
        AS_ASKED = "AS_ASKED", _("It is there as asked")
        NOT_APPLIED = "NOT_APPLIED", _("Not applied so far")
        TAKEN = "TAKEN", _("The name belongs to another account")
        CONTRADICTION = "CONTRADICTION", _("It is neither as before nor as asked")
        NO_CONTROL = "NO_CONTROL", _("The reading cannot be trusted")
        UNREADABLE = "UNREADABLE", _("The list does not show it")

    # What a look may find of what was asked for; UNREADABLE and NO_CONTROL leave it open.
    FINDINGS = (Outcome.AS_ASKED, Outcome.NOT_APPLIED, Outcome.TAKEN, Outcome.CONTRADICTION)
    # A 429 says that nothing was done; where a second copy would do harm it is not taken on trust.
    UNPROVEN = (Outcome.THROTTLED, Outcome.UNKNOWN, Outcome.LOST, Outcome.NO_CONTROL)

    change = models.ForeignKey(Change, models.PROTECT, verbose_name=_("change"))
    n = models.PositiveIntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=4, choices=Kind, default=Kind.SEND)
    # What went out, frozen: the contract's parameters less credentials and passwords.
    request = models.JSONField(_("request"), default=dict)
    worker = models.CharField(_("worker"), max_length=200, blank=True, default=this_process)
    begun_at = models.DateTimeField(_("begun"))
    deadline = models.DateTimeField(_("deadline"))
    ended_at = models.DateTimeField(_("ended"), null=True)
    outcome = models.CharField(_("outcome"), max_length=13, choices=Outcome, blank=True)
    http_status = models.PositiveIntegerField(_("HTTP status"), null=True)
    reply = models.TextField(_("reply"), blank=True)
    # What a look has shown: the rows of the names concerned, and whether the control was there.
    seen = models.JSONField(_("what was seen"), null=True)
    conclusion = models.TextField(_("conclusion"), blank=True)

    objects = AttemptQuerySet.as_manager()

    class Meta:
        ordering = ["change", "n"]
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        constraints = [
            models.UniqueConstraint(fields=["change", "n"], name="one_attempt_a_number"),
            models.CheckConstraint(
                condition=Q(outcome="", ended_at=None) | Q(~Q(outcome=""), ended_at__isnull=False),
                name="an_outcome_has_its_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.change_id} #{self.n}"
