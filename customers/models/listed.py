from typing import Any

from django.db import models

from customers.distributor.rules import ROW_FIELDS
from customers.models.refresh import Refresh
from customers.models.username import Username

# As the mirror calls its columns. A row may lack the optional ones.
OPTIONAL = ("website_access", "address2", "distributor_id")
SHOWN = (*ROW_FIELDS, *OPTIONAL)


class Listed(models.Model):
    """Staging: one row of the list as it was read, gone once its reading is of no more use.

    A million rows are written and read once, so there is no index but the key, no constraint,
    and on PostgreSQL no log: a server that crashed finds it empty.
    """

    refresh = models.ForeignKey(
        Refresh, models.CASCADE, related_name="staged", db_constraint=False, db_index=False
    )
    # `name_id` is the case-folded name, whether anybody here has it or not.
    name = models.ForeignKey(
        Username,
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_column="key",
        db_constraint=False,
        db_index=False,
    )
    username = models.TextField()
    email = models.TextField()
    active = models.BooleanField()
    first_name = models.TextField()
    last_name = models.TextField()
    address = models.TextField()
    city = models.TextField()
    state = models.TextField()
    zip = models.TextField()
    country = models.TextField()
    phone = models.TextField()
    website = models.TextField()
    website_access = models.BooleanField(null=True)
    address2 = models.TextField(null=True)
    distributor_id = models.TextField(null=True)

    def __str__(self) -> str:
        return self.username

    @property
    def columns(self) -> dict[str, Any]:
        """The mirror's columns as the row shows them; what it does not show is not among them."""
        values = {column: getattr(self, column) for column in SHOWN}
        return {column: value for column, value in values.items() if value is not None}
