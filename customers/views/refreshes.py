from datetime import timedelta

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from customers import tasks
from customers.models import Refresh
from customers.views.attestations import attested, history
from customers.views.live import ask_worker, asked_since, is_worth_waiting, render_live
from customers.views.progress import progress

# How long a page goes on asking for a refresh that no worker begins.
PATIENCE = timedelta(minutes=10)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("customers.view_customer", raise_exception=True)
def refreshes(request: HttpRequest) -> HttpResponse:
    """Readings of the list; the button asks for one more."""
    if request.method == "POST":
        return _ask(request)
    readings = Refresh.objects.select_related("asked_by")
    page = Paginator(readings, 25).get_page(request.GET.get("page"))
    running = Refresh.objects.filter(verdict=Refresh.Verdict.RUNNING).first()
    is_awaited = running is None and _is_awaited(request)
    context = {
        "page": page,
        "progress": progress(running) if running else None,
        "is_awaited": is_awaited,
        "attested": attested().first(),
        "history": history(request),
    }
    is_live = running is not None or is_awaited
    return render_live(request, "customers/refreshes.html", context, is_live=is_live)


def _ask(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("customers.change_customer"):
        raise PermissionDenied
    return ask_worker(request, tasks.refresh, request.user.pk, page=reverse("customers:refreshes"))


def _is_awaited(request: HttpRequest) -> bool:
    """Whether the reading that was asked for then has not begun yet."""
    asked_at = asked_since(request)
    if not is_worth_waiting(asked_at, PATIENCE):
        return False
    return not Refresh.objects.filter(started_at__gte=asked_at).exists()
