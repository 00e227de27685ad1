import uuid
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from customers.distributor.rules import NOT_REPEATABLE, SWITCHES, WITH_PASSWORD, Operation
from customers.models.customer import Customer
from customers.models.labels import in_words, label

if TYPE_CHECKING:
    from customers.models.attempt import AttemptQuerySet


class State(models.TextChoices):
    WAITING = "WAITING", _("Waiting")
    SENDING = "SENDING", _("Being sent")
    IN_DOUBT = "IN_DOUBT", _("Unknown, checking")
    BLOCKED = "BLOCKED", _("Needs a person")
    DONE = "DONE", _("Done")
    REJECTED = "REJECTED", _("Refused")
    WITHDRAWN = "WITHDRAWN", _("Withdrawn")


OPEN = (State.WAITING, State.SENDING, State.IN_DOUBT, State.BLOCKED)
SETTLED = (State.DONE, State.REJECTED, State.WITHDRAWN)
IN_FLIGHT = (State.SENDING, State.IN_DOUBT)
FIRST, BEHIND = (Q(settled_at=None, is_behind=it) for it in (False, True))

# What a person may ask for; the list is read, never asked for.
OPERATIONS = {
    Operation.CREATE: _("Create"),
    Operation.PROFILE: _("Change profile"),
    Operation.EMAIL: _("Change e-mail"),
    Operation.USERNAME: _("Change username"),
    Operation.PASSWORD: _("Change password"),
    Operation.ENABLE: _("Switch sending on"),
    Operation.DISABLE: _("Switch sending off"),
    Operation.WEBSITE_ENABLE: _("Switch website access on"),
    Operation.WEBSITE_DISABLE: _("Switch website access off"),
    Operation.DELETE: _("Delete"),
}


class ChangeQuerySet(models.QuerySet["Change"]):
    def open(self) -> "ChangeQuerySet":
        return self.filter(settled_at=None)

    def unfinished(self) -> "ChangeQuerySet":
        """What a worker still has to do something about: neither BLOCKED nor held."""
        return self.open().exclude(state=State.BLOCKED).exclude(due_at=None)

    def any_unfinished(self) -> bool:
        # In an order: without one PostgreSQL may read all that is settled before it meets one.
        return self.unfinished().order_by("asked_at").values("pk").first() is not None

    def held(self) -> "ChangeQuerySet":
        """What waits until a person says that it may go."""
        return self.filter(state=State.WAITING, due_at=None)

    def last_creation(self) -> "Change | None":
        """Of those of one customer: what was asked for last, whatever became of it."""
        return self.filter(operation=Operation.CREATE).order_by("-seq").first()

    def settled(self) -> "ChangeQuerySet":
        """By their states, so that an index finds those of some time."""
        return self.filter(state__in=SETTLED)

    def refused_and_left(self, since: datetime) -> "ChangeQuerySet":
        """Refused since then, and the same was not asked of the customer again."""
        again = Change.objects.filter(
            customer=OuterRef("customer"), operation=OuterRef("operation"), seq__gt=OuterRef("seq")
        )
        return self.filter(~Exists(again), state=State.REJECTED, settled_at__gte=since)

    def older_than(self, change: "Change") -> "ChangeQuerySet":
        """Those behind it in a list that shows the latest first."""
        before = Q(asked_at__lt=change.asked_at) | Q(pk__lt=change.pk)
        return self.filter(before, asked_at__lte=change.asked_at)

    def newer_than(self, change: "Change") -> "ChangeQuerySet":
        after = Q(asked_at__gt=change.asked_at) | Q(pk__gt=change.pk)
        return self.filter(after, asked_at__gte=change.asked_at)


class Change(models.Model):
    """One thing somebody asked the distributor to do: outbox entry and audit record.

    WAITING -> SENDING -> DONE | REJECTED, back to WAITING when it was surely not executed,
    IN_DOUBT while nobody knows, BLOCKED when only a person can tell. Never deleted.

    `params` are what was typed, under the contract's names, never a secret. Times are the
    database's.
    """

    State = State

    # Minted by the form: a double click and a lost COMMIT are the same change.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="changes", verbose_name=_("customer")
    )
    seq = models.PositiveIntegerField(_("number in the customer's line"))
    operation = models.CharField(_("operation"), max_length=15, choices=list(OPERATIONS.items()))
    params = models.JSONField(_("what was asked"), default=dict)
    sealed_password = models.TextField(null=True, editable=False)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.WAITING)
    # The fence: every claim and every decision of a person raises it, and whoever holds an
    # older number writes nothing any more.
    claim = models.PositiveIntegerField(default=0)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    rounds = models.PositiveIntegerField(_("rounds in doubt"), default=0)
    lost = models.PositiveIntegerField(_("lost workers"), default=0)
    # NULL holds it back until a person says that it may go: no time is due before that.
    due_at = models.DateTimeField(_("due"), null=True)
    # An open one of the customer was asked for before: no claim need look at this one yet. For
    # speed alone, see services.claims: each claim asks the line itself.
    is_behind = models.BooleanField(default=False, db_default=False, editable=False)
    lease_until = models.DateTimeField(_("lease until"), null=True)
    error = models.TextField(_("last problem"), blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="changes",
        verbose_name=_("asked by"),
    )
    # Their name as it was then: it stays when the account goes. Empty: nobody asked by name.
    asker = models.TextField(_("asker's name"), blank=True, default="", db_default="")
    reason = models.TextField(_("reason"), blank=True)
    asked_at = models.DateTimeField(_("asked"))
    settled_at = models.DateTimeField(_("settled"), null=True)

    objects = ChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at", "-id"]
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        permissions = [("resolve_change", _("Can decide a change that needs a person"))]
        indexes = [
            # Not by state: SQLite uses a partial index only where no parameter stands.
            models.Index(fields=["due_at"], condition=FIRST, name="change_first_due"),
            models.Index(fields=["customer", "seq"], condition=BEHIND, name="change_behind"),
            models.Index(
                fields=["customer", "seq"], condition=Q(settled_at=None), name="change_open_lane"
            ),
            models.Index(fields=["customer"], condition=Q(state="REJECTED"), name="change_refused"),
            models.Index(
                fields=["asked_at"], condition=Q(settled_at=None), name="change_open_asked"
            ),
            # The lists, page by page, whatever they are narrowed down to.
            models.Index(fields=["-asked_at", "-id"], name="change_asked"),
            models.Index(fields=["state", "-asked_at", "-id"], name="change_state"),
            models.Index(fields=["operation", "-asked_at", "-id"], name="change_operation"),
            # How those ended that were settled in some time: read from the index alone.
            models.Index(
                fields=["state", "settled_at"],
                condition=Q(settled_at__isnull=False),
                name="change_settled",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["customer", "seq"], name="one_change_a_number"),
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(state__in=IN_FLIGHT),
                name="one_change_of_a_customer_in_flight",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN) | Q(sealed_password=None),
                name="a_settled_change_keeps_no_password",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN, settled_at=None)
                | Q(~Q(state__in=OPEN), settled_at__isnull=False),
                name="settled_at_tells_when_it_ended",
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="a_known_state"),
            models.CheckConstraint(
                condition=Q(due_at__isnull=False)
                | Q(state__in=[State.WAITING, State.WITHDRAWN], attempts=0),
                name="only_what_was_never_sent_is_held",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_operation_display()} {self.customer}"

    def get_absolute_url(self) -> str:
        return reverse("customers:change", args=[self.pk])

    @property
    def who(self) -> str:
        """Who asked, by the name of then; empty if nobody by name did."""
        return self.asker or str(self.asked_by or "")

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_held(self) -> bool:
        """Whether it waits until a person says that it may go."""
        return self.due_at is None and self.is_open

    @property
    def lacks_password(self) -> bool:
        """Whether it cannot go out without a new one: the one that waited is erased."""
        return self.operation in WITH_PASSWORD and not self.sealed_password

    def executable_until(self, now: datetime) -> datetime | None:
        """Until when the distributor may still execute a try that we gave up on; None if not."""
        until = self.customer.quiet_until
        return until if self.attempts and until and until > now else None

    @property
    def owes_look(self) -> bool:
        """Whether it is to be looked up before it goes out again: a second copy would do harm."""
        return self.operation in NOT_REPEATABLE and self.attempt_set.are_unproven()

    @property
    def sends(self) -> "AttemptQuerySet":
        """The tries to have it executed, the latest first; looks are not among them."""
        return self.attempt_set.sends().order_by("-n")

    @property
    def asked(self) -> list[tuple[str, str]]:
        """What was typed, under the names that a person knows."""
        return [(label(name), in_words(name, value)) for name, value in self.params.items()]

    def effects(self) -> dict[str, Any]:
        """The customer's columns as they are once the distributor has confirmed this."""
        match self.operation:
            case Operation.CREATE:
                asked: dict[str, Any] = self.params
                day = asked.get("billing_date")
                return asked | {
                    "ip": asked.get("ip", []),
                    "ip_group": asked.get("ip_group", []),
                    "free_user": asked.get("free_user") == "true",
                    "billing_date": date.fromisoformat(day) if day else None,
                    "status": Customer.Status.LIVE,
                    "active": True,
                    "website_access": True,
                }
            case Operation.DELETE:
                return {"status": Customer.Status.CLOSED}
            case Operation.PASSWORD:
                return {}
            case Operation.PROFILE | Operation.EMAIL | Operation.USERNAME:
                return dict(self.params)
            case _:
                column, value = SWITCHES[Operation(self.operation)]
                return {column: value}
