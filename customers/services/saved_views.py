"""Lists of customers that people keep under a name. Their own they alter, shared ones they use."""

from django.contrib.auth.models import User

from customers.models import SavedView


def save(owner: User, *, name: str, query: str, is_shared: bool) -> bool:
    """Keep it, in place of the owner's view of that name in whatever case; whether it is new.

    A view that was shared stays so: colleagues who use it are not meant by what it shows.
    """
    kept = {"name": name, "query": query, "is_shared": is_shared}
    view, is_new = SavedView.objects.get_or_create(owner=owner, name__iexact=name, defaults=kept)
    if not is_new:
        kept["is_shared"] = is_shared or view.is_shared
        SavedView.objects.filter(pk=view.pk).update(**kept)
    return is_new
