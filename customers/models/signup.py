import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models.customer import Customer


class State(models.TextChoices):
    STARTED = "STARTED", _("E-mail not confirmed")
    CONFIRMED = "CONFIRMED", _("Being filled in")
    SUBMITTED = "SUBMITTED", _("Submitted")
    REVIEW = "REVIEW", _("To be reviewed")
    CORRECTION = "CORRECTION", _("Asked for a correction")
    REFUSED = "REFUSED", _("Refused")
    EXPIRED = "EXPIRED", _("Expired")


class Step(models.IntegerChoices):
    """The pages in their order; a signup's `step` is the furthest that was reached."""

    EMAIL = 1, _("E-mail given")
    PACKAGE = 2, _("E-mail confirmed")
    COUNTRY = 3, _("Package chosen")
    PERSON = 4, _("Country chosen")
    ADDRESS = 5, _("Name given")
    USERNAME = 6, _("Address given")
    CHECK = 7, _("Username chosen")
    DONE = 8, _("Sent")


# Still with the applicant: nothing of it has been sent to us for good.
UNFINISHED = (State.STARTED, State.CONFIRMED)


class Signup(models.Model):
    """Somebody on the way in by the public pages: one row from the first e-mail address onwards.

    STARTED -> CONFIRMED -> SUBMITTED, or REVIEW until a person looks: SUBMITTED | REFUSED |
    CORRECTION, and from there back. EXPIRED keeps times and step, and nothing of the person.

    The reference opens the public status page, so it must not be guessable. `answers` are what was
    typed so far, never a password: that lies sealed on the change alone.
    """

    State = State
    Step = Step

    reference = models.UUIDField(_("reference"), primary_key=True, default=uuid.uuid4)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.STARTED)
    step = models.PositiveSmallIntegerField(
        _("furthest step"), choices=Step.choices, default=Step.EMAIL
    )
    email = models.TextField(_("e-mail"), blank=True)
    email_key = models.TextField(_("e-mail, case-folded"), blank=True)
    answers = models.JSONField(_("answers so far"), default=dict, blank=True)
    language = models.CharField(_("language"), max_length=10, default="en")
    customer = models.OneToOneField(
        Customer, models.PROTECT, null=True, blank=True, verbose_name=_("customer")
    )
    # Who came, for the limits. A network is what one person can easily have: /24, or /56 of IPv6.
    address = models.GenericIPAddressField(_("address"), null=True, blank=True)
    network = models.CharField(_("network"), max_length=43, blank=True)
    # What speaks for a look by a person, in words for machines; pages put them into sentences.
    signals = models.JSONField(_("signals"), default=list, blank=True)

    started_at = models.DateTimeField(_("started"))
    stepped_at = models.DateTimeField(_("last step"), null=True)
    confirmed_at = models.DateTimeField(_("e-mail confirmed"), null=True)
    submitted_at = models.DateTimeField(_("submitted"), null=True)
    expires_at = models.DateTimeField(_("open until"), null=True)
    erased_at = models.DateTimeField(_("erased"), null=True)

    # Codes and links from the mails lie here as hashes alone.
    code_hash = models.CharField(max_length=64, blank=True, editable=False)
    code_until = models.DateTimeField(null=True, editable=False)
    code_tries = models.PositiveSmallIntegerField(default=0, editable=False)
    link_hash = models.CharField(max_length=64, blank=True, editable=False)
    link_until = models.DateTimeField(null=True, editable=False)

    # A person's word on it. Once approved it goes on after a correction without another look.
    is_approved = models.BooleanField(_("approved"), default=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    reason = models.TextField(_("reason"), blank=True)
    # Which end the applicant was told of by mail: of the refused creation with this id, or live.
    told_of = models.UUIDField(null=True, editable=False)
    live_at = models.DateTimeField(_("found live"), null=True)

    class Meta:
        ordering = ["-started_at"]
        verbose_name = _("signup")
        verbose_name_plural = _("signups")
        indexes = [
            models.Index(fields=["address", "started_at"], name="signup_address"),
            models.Index(fields=["network", "started_at"], name="signup_network"),
            models.Index(fields=["email_key", "started_at"], name="signup_email"),
            models.Index(fields=["state", "started_at"], name="signup_state"),
            models.Index(
                fields=["customer"],
                condition=Q(state="SUBMITTED", live_at=None),
                name="signup_not_live_yet",
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="a_known_signup"),
            models.CheckConstraint(
                condition=Q(customer__isnull=False)
                | Q(state__in=[State.STARTED, State.CONFIRMED, State.EXPIRED]),
                name="a_submitted_signup_has_a_customer",
            ),
        ]

    def __str__(self) -> str:
        return str(self.reference)

    @property
    def is_unfinished(self) -> bool:
        return self.state in UNFINISHED
