from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models.customer import Customer
from customers.models.likeness import Skeleton
from customers.models.signup import Signup


class Username(models.Model):
    """A name that was ever used, asked for or burnt: the one judge of "taken".

    LIVE      the distributor has it under this customer
    PENDING   somebody asked for it, it is on its way; of an open signup until `until` alone
    RELEASED  given back; until `until` it is held, for everybody but its last customer
    BURNT     deleted, or taken by somebody else: never to be had again
    """

    class State(models.TextChoices):
        LIVE = "LIVE", _("Live")
        PENDING = "PENDING", _("Pending")
        RELEASED = "RELEASED", _("Released")
        BURNT = "BURNT", _("Burnt")

    key = models.TextField(_("name, case-folded"), primary_key=True)
    name = models.TextField(_("name"))
    customer = models.ForeignKey(
        Customer,
        models.PROTECT,
        null=True,
        related_name="usernames",
        verbose_name=_("customer"),
    )
    # Whose open signup holds it, while there is no customer yet.
    signup = models.OneToOneField(
        Signup, models.SET_NULL, null=True, related_name="held_name", verbose_name=_("signup")
    )
    state = models.CharField(_("state"), max_length=8, choices=State)
    until = models.DateTimeField(_("held until"), null=True)
    since = models.DateTimeField(_("since"))

    class Meta:
        ordering = ["key"]
        verbose_name = _("username")
        verbose_name_plural = _("usernames")
        indexes = [
            # Of the few customers who have another name beside the one that they go by.
            models.Index(fields=["customer"], condition=~Q(state="LIVE"), name="username_former"),
            models.Index(Skeleton("key"), name="username_skeleton"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["customer"], condition=Q(state="LIVE"), name="one_live_name_a_customer"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def free_for(self, customer_id: int | None, now: datetime) -> bool:
        """Whether this customer (None: a new one) may ask for the name."""
        if self.state == self.State.BURNT:
            return False
        if customer_id is not None and self.customer_id == customer_id:
            return True
        if self.state == self.State.PENDING:
            return self.until is not None and self.until <= now
        return self.state == self.State.RELEASED and (self.until is None or self.until <= now)
