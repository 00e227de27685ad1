"""How soon a page that is open asks again, in seconds. Only while somebody sees it, see live.js."""

from collections.abc import Iterable

from customers.models import Change
from customers.views.context import Standing

# Something may come any moment; or nothing is on its way, or nothing can be.
SOON, CALM = 2, 20


def pace(*, is_moving: bool, standing: Standing | None) -> int:
    return SOON if is_moving and standing is None else CALM


def is_moving(changes: Iterable[Change]) -> bool:
    return any(it.is_open and it.state != Change.State.BLOCKED for it in changes)
