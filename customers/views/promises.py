"""A promise at the top of a page holds while nothing speaks against the change it speaks of."""

from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpRequest

from customers.models import Change

PROMISING = (Change.State.WAITING, Change.State.SENDING)


def promise(request: HttpRequest, change: Change, words: str) -> None:
    messages.info(request, words, extra_tags=_tag(change))


def outdated_tags(changes: Iterable[Change]) -> set[str]:
    """What is promised no more, as it is settled or in doubt: the pages leave such messages out."""
    return {_tag(change) for change in changes if change.state not in PROMISING}


def _tag(change: Change) -> str:
    return f"change-{change.pk}"
