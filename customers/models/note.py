import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models.customer import Customer


class Note(models.Model):
    """What a person wrote down about a customer, or who looks after them from then on.

    Nothing of it goes to the distributor. Never altered, never deleted.
    """

    class Kind(models.TextChoices):
        NOTE = "NOTE", _("Note")
        ASSIGNED = "ASSIGNED", _("Account manager")

    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="notes", verbose_name=_("customer")
    )
    # Minted by the form: a double click and a lost COMMIT are the same note.
    sent_as = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.NOTE)
    # Of ASSIGNED the account manager's name; empty: nobody's customer from then on.
    text = models.TextField(_("text"), blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="notes",
        verbose_name=_("author"),
    )
    # The name as it was then: it stays when the account goes.
    by = models.TextField(_("by"))
    at = models.DateTimeField(_("at"))

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        indexes = [models.Index(fields=["customer", "-id"], name="note_customer")]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="ASSIGNED") | Q(kind="NOTE") & ~Q(text=""),
                name="a_note_says_something",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.customer_id} ({self.by})"
