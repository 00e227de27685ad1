"""Which lists of customers are kept under a name, for the row of them above the list."""

from dataclasses import dataclass

from django.contrib.auth.models import User

from customers.models import SavedView


@dataclass(frozen=True)
class Views:
    """What stands above the list: the views to choose from, and which of them is shown."""

    offered: list[SavedView]
    shown: SavedView | None
    query: str


def views_for(who: User, query: str) -> Views:
    """`query` is what is shown now, in its canonical spelling."""
    offered = list(SavedView.objects.of(who))
    return Views(offered, next((view for view in offered if view.query == query), None), query)
