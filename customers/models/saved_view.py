from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def of(self, who: "User") -> "SavedViewQuerySet":
        """Their own, and what others share; their own first, each by name."""
        own_first = models.Case(models.When(owner=who, then=0), default=1)
        found = self.filter(Q(owner=who) | Q(is_shared=True)).select_related("owner")
        return found.order_by(own_first, "name", "pk")


class SavedView(models.Model):
    """A list of customers that somebody wants to see again: a name for an address.

    `query` is the list's own query string: search, filters, order and columns.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="saved_views",
        verbose_name=_("owner"),
    )
    name = models.CharField(_("name"), max_length=60)
    query = models.TextField(_("query"), blank=True)
    is_shared = models.BooleanField(_("shared with everybody"), default=False)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = [
            models.UniqueConstraint(F("owner"), Lower("name"), name="one_view_of_a_name")
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        page = reverse("customers:list")
        return f"{page}?{self.query}" if self.query else page
