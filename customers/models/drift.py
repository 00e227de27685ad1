from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Count, Max, Q
from django.utils.translation import gettext_lazy as _

from customers.models.change import Change
from customers.models.customer import Customer
from customers.models.refresh import Refresh

if TYPE_CHECKING:
    from django_stubs_ext import ValuesQuerySet


class DriftQuerySet(models.QuerySet["Drift"]):
    def open(self) -> "DriftQuerySet":
        return self.filter(state=Drift.State.OPEN)

    def unsettled(self) -> "DriftQuerySet":
        """Those that go away by themselves once the field has another value."""
        return self.filter(state__in=UNSETTLED)

    def undecided(self) -> "DriftQuerySet":
        """Those about which a person may still say something."""
        return self.filter(state__in=(Drift.State.OPEN, Drift.State.TOLD))

    def patterns(self) -> "ValuesQuerySet[Drift, dict[str, Any]]":
        """Those that look the same to a person, the most numerous first.

        `until` is the latest one that was counted.
        """
        same = self.order_by().values("field", "kind", "is_doubtful")
        return same.annotate(count=Count("pk"), until=Max("pk")).order_by("-count", "field")


class Drift(models.Model):
    """A field of one customer that was altered at the distributor, and not by us.

    The mirror has taken `theirs` already: it shows what is. The row keeps what stood there
    before and says what a person, or the policy of the field, wants of it. In the field
    `username` it is a proposal, which the mirror has not taken: the account seems to have
    been renamed.

    OPEN     a person has to say
    TOLD     adopted by the policy, for everybody to know
    ADOPTED  a person said that theirs is right
    PUSHING  ours is right: a change will be asked for
    PUSHED   `change` was asked for
    IGNORED  never to be raised again for this customer, field and value
    GONE     it went away by itself: the field has another value by now
    """

    class State(models.TextChoices):
        OPEN = "OPEN", _("Needs a person")
        TOLD = "TOLD", _("Adopted by rule")
        ADOPTED = "ADOPTED", _("Adopted")
        PUSHING = "PUSHING", _("To be pushed back")
        PUSHED = "PUSHED", _("Pushed back")
        IGNORED = "IGNORED", _("Ignored")
        GONE = "GONE", _("Gone by itself")

    class Kind(models.TextChoices):
        """What was done to the value."""

        ON = "ON", _("off → on")
        OFF = "OFF", _("on → off")
        FILLED = "FILLED", _("filled in")
        EMPTIED = "EMPTIED", _("emptied")
        SPELLING = "SPELLING", _("only spelled otherwise")
        ALTERED = "ALTERED", _("another value")

    class Problem(models.TextChoices):
        """Why what was decided did not come about, so that a person is asked again."""

        NOT_LIVE = "NOT_LIVE", _("The customer is not live.")
        CLOSING = "CLOSING", _("The customer is being deleted.")
        UNSETTLED = (
            "UNSETTLED",
            _("A change of one of the two is on its way: wait until it is settled."),
        )
        ON_ITS_WAY = "ON_ITS_WAY", _("A change of this is on its way already.")
        NOT_EMAIL = (
            "NOT_EMAIL",
            _("The distributor takes this only for usernames that are e-mail addresses."),
        )
        EMPTY = "EMPTY", _("It was empty before, and the distributor empties no field.")
        RULES = "RULES", _("The distributor's rules forbid the value that was there before.")
        REFUSED = "REFUSED", _("It was to be pushed back, and that was refused.")
        AGAIN = "AGAIN", _("It was pushed back within the last day, and altered once more.")

    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="drifts", verbose_name=_("customer")
    )
    field = models.CharField(_("field"), max_length=20)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.ALTERED)
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
    problem = models.CharField(_("problem"), max_length=10, choices=Problem, blank=True)
    change = models.ForeignKey(
        Change, models.PROTECT, null=True, related_name="drifts", verbose_name=_("change")
    )
    # NULL with a `decided_at`: nobody did, the policy of the field or the course of things.
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
        indexes = [models.Index(fields=["state", "-seen_at", "-id"], name="drift_state")]
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


UNSETTLED = (Drift.State.OPEN, Drift.State.PUSHING)


def kind(agreed: Any, theirs: Any) -> Drift.Kind:
    match agreed, theirs:
        case _, True:
            return Drift.Kind.ON
        case _, False:
            return Drift.Kind.OFF
        case "", _:
            return Drift.Kind.FILLED
        case _, "":
            return Drift.Kind.EMPTIED
        case _ if _letters(agreed) == _letters(theirs):
            return Drift.Kind.SPELLING
        case _:
            return Drift.Kind.ALTERED


def _letters(text: Any) -> str:
    return "".join(str(text).casefold().split())
