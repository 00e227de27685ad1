from datetime import timedelta

from django.contrib.auth.decorators import permission_required
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from customers.models import Alert, Change, Customer, Drift, Refresh, clock
from customers.views.altered import patterns
from customers.views.attestations import attested

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
    ended = Refresh.objects.exclude(verdict=Refresh.Verdict.RUNNING).first()
    quarantined = ended if ended and ended.verdict == Refresh.Verdict.QUARANTINED else None
    return render(
        request,
        "dashboard.html",
        {
            "alerts": _alerts(quarantined),
            "quarantined": quarantined,
            "blocked": recent.filter(state=State.BLOCKED)[:10],
            "refused": recent.filter(day, state=State.REJECTED)[:10],
            "patterns": patterns(Drift.objects.open().patterns()[:5]),
            "oldest": recent.unfinished().order_by("asked_at").first(),
            "latest": recent[:10],
            "changes": changes,
            "customers": customers,
            "refresh": Refresh.objects.first(),
            "attested": attested().first(),
        },
    )


def _alerts(quarantined: Refresh | None) -> QuerySet[Alert]:
    """A blocked change, or a list that was put aside, stands there itself, with a link."""
    told = [Alert.Kind.BLOCKED, *([Alert.Kind.REFRESH] if quarantined else [])]
    return Alert.objects.filter(over_at=None).exclude(kind__in=told)
