"""One reading of the list: its numbers, and what a person decides about one that was put aside."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from customers import tasks
from customers.forms.decision import ReadingForm
from customers.models import Refresh
from customers.services import quarantine
from customers.views.consequences import of_reading
from customers.views.live import ask_worker, asked_since, is_worth_waiting, render_live
from customers.views.progress import progress, spelled
from customers.views.words import CAUSES

Verdict = Refresh.Verdict
# How long the page goes on waiting for a worker that applies.
PATIENCE = timedelta(minutes=2)


@require_safe
@permission_required("customers.view_customer", raise_exception=True)
def reading(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Refresh.objects.select_related("asked_by", "decided_by"), pk=pk)
    may_apply = quarantine.may_be_applied(found)
    return _page(request, found, ReadingForm(may_apply=may_apply))


def _page(request: HttpRequest, found: Refresh, form: ReadingForm) -> HttpResponse:
    is_running = found.verdict == Verdict.RUNNING
    is_applying = found.verdict == Verdict.QUARANTINED and _is_awaited(request)
    context: dict[str, object] = {
        "reading": found,
        "progress": progress(found) if is_running else None,
        "took": spelled(found.finished_at - found.started_at) if found.finished_at else "",
        "cause": CAUSES[Refresh.Cause(found.cause)] if found.cause else "",
        "is_applying": is_applying,
    }
    if found.verdict == Verdict.QUARANTINED and not is_applying:
        context |= _quarantine(found, form)
    is_live = is_running or is_applying
    return render_live(request, "customers/refresh.html", context, is_live=is_live)


def _is_awaited(request: HttpRequest) -> bool:
    return is_worth_waiting(asked_since(request), PATIENCE)


def _quarantine(found: Refresh, form: ReadingForm) -> dict[str, object]:
    agreeing = quarantine.agreeing(found)
    if not agreeing:
        return {"later": Refresh.objects.exclude(verdict=Verdict.RUNNING).first()}
    return {
        "form": form,
        "agreeing": agreeing,
        "enough": quarantine.AGREE,
        "wanting": quarantine.AGREE - agreeing,
        "choices": of_reading(form, found),
    }


@require_POST
@permission_required("customers.apply_quarantined_refresh", raise_exception=True)
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """A person has looked at a list that was put aside, chooses, and says why."""
    found = get_object_or_404(Refresh, pk=pk)
    form = ReadingForm(request.POST, may_apply=quarantine.may_be_applied(found))
    if quarantine.agreeing(found) and not form.is_valid():
        return _page(request, found, form)
    if not form.is_valid() or not _decide(request, found, form):
        messages.error(request, _("It is not up to you any more: this is how it stands now."))
    elif form.cleaned_data["choice"] == form.Choice.APPLY:
        return ask_worker(request, tasks.apply_refresh, found.pk, page=found.get_absolute_url())
    else:
        messages.success(request, _("Discarded. The next refresh is judged anew."))
    return redirect(found)


def _decide(request: HttpRequest, found: Refresh, form: ReadingForm) -> bool:
    chosen = form.Choice(form.cleaned_data["choice"])
    do = quarantine.discard if chosen is form.Choice.DISCARD else quarantine.agree_to_apply
    return do(found, by=request.user, reason=form.cleaned_data["reason"])  # type: ignore[arg-type]
