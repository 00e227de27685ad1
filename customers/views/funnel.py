from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from customers.services import funnel as figures
from customers.views.reviews import may_review


@require_safe
@may_review
def funnel(request: HttpRequest) -> HttpResponse:
    """How many reach which step, and where they give up."""
    period = figures.period(request.GET.get("period", ""))
    stages = figures.stages(period)
    context = {
        "period": period,
        "periods": [(name, label) for name, (_span, _trunc, label) in figures.PERIODS.items()],
        "stages": stages,
        "began": stages[0].reached,
        "ends": figures.ends(period),
        "bars": figures.bars(period),
    }
    return render(request, "reviews/funnel.html", context)
