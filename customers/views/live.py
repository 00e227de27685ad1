"""Pages of which a part asks again, by htmx, while something is still to come."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from celery import Task
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.dateparse import parse_datetime
from django.utils.http import urlencode
from django.utils.timezone import is_naive
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRefresh
from kombu.exceptions import OperationalError as BrokerError

from customers.models import clock


def render_live(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    is_live: bool,
    brings_all_along: bool = False,
) -> HttpResponse:
    """`folder/page.html`, or for htmx its living part alone, `folder/_page.html`.

    Once nothing is to come any more the whole page is loaded again: what stands around the
    living part, the buttons and the promise at the top, would be out of date. Not so if the
    part brings along whatever else changes: then what is typed or open beside it stays. And not
    so if nothing was to come before (X-Calm): somebody has come back to a page that lay still.
    """
    keeps_page = is_live or brings_all_along or "X-Calm" in request.headers
    response: HttpResponse = HttpResponseClientRefresh()
    if not request.htmx:  # type: ignore[attr-defined]
        response = render(request, template, {**context, "is_live": is_live})
    elif keeps_page:
        folder, page = template.rsplit("/", 1)
        response = render(request, f"{folder}/_{page}", {**context, "is_live": is_live})
    patch_vary_headers(response, ["HX-Request"])
    return response


def ask_worker(request: HttpRequest, task: Task, *args: Any, page: str) -> HttpResponse:
    """Ring for a worker and go to the page, which waits for what it does."""
    since = clock.now()
    try:
        task.delay(*args)
    except BrokerError:
        messages.error(
            request, _("The workers cannot be reached, so nothing was asked for. Try again later.")
        )
        return redirect(page)
    join = "&" if "?" in page else "?"
    return redirect(f"{page}{join}{urlencode({'since': since.isoformat()})}")


def asked_since(request: HttpRequest) -> datetime | None:
    """When the page says that it asked a worker for something; None if it did not."""
    try:
        asked_at = parse_datetime(request.GET.get("since", ""))
    except ValueError:
        return None
    return None if asked_at is None or is_naive(asked_at) else asked_at


def is_worth_waiting(asked_at: datetime | None, patience: timedelta) -> bool:
    return asked_at is not None and asked_at >= clock.now() - patience
