from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from kombu.exceptions import OperationalError

from customers import tasks
from customers.models import Refresh
from customers.views.live import render_live


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("customers.view_customer", raise_exception=True)
def refreshes(request: HttpRequest) -> HttpResponse:
    """Readings of the list; the button asks for one more."""
    if request.method == "POST":
        try:
            tasks.refresh.delay()
            messages.info(request, _("A refresh was asked for and begins in a moment."))
        except OperationalError:
            messages.error(
                request,
                _("The workers cannot be reached, so no refresh was asked for. Try again later."),
            )
        return redirect("customers:refreshes")
    page = Paginator(Refresh.objects.select_related("asked_by"), 25).get_page(
        request.GET.get("page")
    )
    is_live = Refresh.objects.filter(verdict=Refresh.Verdict.RUNNING).exists()
    return render_live(request, "customers/refreshes.html", {"page": page}, is_live=is_live)
