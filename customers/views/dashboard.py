from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from customers.models import Change, Refresh, clock
from customers.views.attestations import attested
from customers.views.context import Standing
from customers.views.figures import figures
from customers.views.needs import needs
from customers.views.overtime import over_time
from customers.views.pace import pace
from customers.views.plots import period_of

LATEST = 6


@require_safe
@permission_required("customers.view_customer", raise_exception=True)
def dashboard(request: HttpRequest) -> HttpResponse:
    """First what needs a person, then how the day goes; htmx asks for that without the plots."""
    is_asked_again = bool(request.htmx)  # type: ignore[attr-defined]
    now = clock.now()
    context = _now(now)
    if not is_asked_again:
        context["over_time"] = over_time(period_of(request), now)
    page = "_dashboard.html" if is_asked_again else "dashboard.html"
    response = render(request, page, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _now(now: datetime) -> dict[str, Any]:
    standing, numbers = Standing.now(), figures(now)
    if standing:
        standing.waiting = numbers.on_their_way
    latest = Refresh.objects.first()
    is_moving = bool(numbers.on_their_way.number)
    is_reading = latest is not None and latest.verdict == Refresh.Verdict.RUNNING
    return {
        "standing": standing,
        "needs": needs(now, standing),
        "figures": numbers,
        "refresh": latest,
        "attested": attested().first(),
        "latest": Change.objects.select_related("customer", "asked_by")[:LATEST],
        "now": now,
        "is_under_way": is_moving,
        "pace": pace(is_moving=is_moving, is_under_way=is_reading, standing=standing),
    }
