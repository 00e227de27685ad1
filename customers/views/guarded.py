"""Pages that a puzzle may stand on."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.decorators import csp_update
from django.http import HttpResponse

from customers.services import captcha

View = Callable[..., HttpResponse]


def with_puzzle(view: View) -> View:
    """The page may load from the puzzle's vendor; without one its policy stays as it is."""

    @wraps(view)
    def wrapped(*args: Any, **options: Any) -> HttpResponse:
        chosen = captcha.vendor()
        shown: View = csp_update(chosen.sources)(view) if chosen else view  # type: ignore[assignment]
        return shown(*args, **options)

    return wrapped
