"""A promise at the top of a page holds until the change that it speaks of is settled."""

from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpRequest

from customers.models import Change


def promise(request: HttpRequest, change: Change, words: str) -> None:
    messages.info(request, words, extra_tags=_tag(change))


def settled_tags(changes: Iterable[Change]) -> set[str]:
    """What is promised no more: the templates leave such messages out."""
    return {_tag(change) for change in changes if not change.is_open}


def _tag(change: Change) -> str:
    return f"change-{change.pk}"
