"""How soon a page that is open asks again, in seconds; None: not before somebody comes back to it.

Only while somebody sees it, see live.js.
"""

from collections.abc import Iterable

from customers.models import Change
from customers.views.context import Standing

# Something may come any moment; or not on this page, or nothing can.
SOON, CALM = 2, 20


def pace(*, is_moving: bool, is_under_way: bool, standing: Standing | None) -> int | None:
    """`is_moving`: what the page shows. `is_under_way`: anything, of anybody."""
    if is_moving and standing is None:
        return SOON
    return CALM if is_under_way or standing else None


def is_moving(changes: Iterable[Change]) -> bool:
    return any(it.is_open and it.state != Change.State.BLOCKED for it in changes)
