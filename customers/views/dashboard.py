from datetime import timedelta

from django.contrib.auth.decorators import permission_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from customers.models import Alert, Change, Customer, Drift, Refresh, clock
from customers.views.altered import patterns

State = Change.State


@require_safe
@permission_required("customers.view_customer", raise_exception=True)
def dashboard(request: HttpRequest) -> HttpResponse:
    """First what needs a person, then how the day goes."""
    now = clock.now()
    day = Q(settled_at__gte=now - timedelta(days=1))
    changes = Change.objects.aggregate(
        unfinished=Count("pk", Q(state__in=(State.WAITING, State.SENDING, State.IN_DOUBT))),
        in_doubt=Count("pk", Q(state=State.IN_DOUBT)),
        done=Count("pk", day & Q(state=State.DONE)),
        refused=Count("pk", day & Q(state=State.REJECTED)),
    )
    customers = Customer.objects.aggregate(
        live=Count("pk", Q(status=Customer.Status.LIVE)),
        off=Count("pk", Q(status=Customer.Status.LIVE, active=False)),
        requested=Count("pk", Q(status=Customer.Status.REQUESTED)),
        missing=Count("pk", Q(status=Customer.Status.MISSING)),
    )
    recent = Change.objects.select_related("customer", "asked_by")
    return render(
        request,
        "dashboard.html",
        {
            # A blocked change stands there itself, with a link.
            "alerts": Alert.objects.filter(over_at=None).exclude(kind=Alert.Kind.BLOCKED),
            "blocked": recent.filter(state=State.BLOCKED)[:10],
            "refused": recent.filter(day, state=State.REJECTED)[:10],
            "patterns": patterns(Drift.objects.open().patterns()[:5]),
            "oldest": recent.unfinished().order_by("asked_at").first(),
            "latest": recent[:10],
            "changes": changes,
            "customers": customers,
            "refresh": Refresh.objects.first(),
        },
    )
