"""One change: its page, and what a person decides there."""

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from customers import tasks
from customers.distributor.rules import WITH_PASSWORD, Operation
from customers.forms.decision import DecisionForm
from customers.models import Change, Decision, Gate
from customers.services import decisions
from customers.views.consequences import if_executed_late, offers
from customers.views.correcting import correct_url
from customers.views.live import ask_worker, asked_since, is_worth_waiting, render_live
from customers.views.shown import exhibits
from customers.views.story import is_overruled, latest_first, next_step, story

State = Change.State
Choice = Decision.Choice
# A change in trouble has many calls; the latest are shown first.
CALLS = 25
FOLLOWERS = 20
# How long a page goes on asking for a look that no worker takes.
PATIENCE = timedelta(minutes=3)
DECIDED = {
    Choice.DONE: gettext_lazy("It counts as done."),
    Choice.REJECTED: gettext_lazy("It counts as not done, and is over."),
    Choice.AGAIN: gettext_lazy("It goes out again."),
}


@require_safe
@permission_required("customers.view_customer", raise_exception=True)
def change_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    change = get_object_or_404(_changes(), pk=pk)
    return _page(request, change, DecisionForm(change))


def _changes() -> QuerySet[Change]:
    return Change.objects.select_related("customer", "asked_by")


def _page(request: HttpRequest, change: Change, form: DecisionForm) -> HttpResponse:
    looked_for = asked_since(request)
    is_looking = (
        change.state == State.BLOCKED
        and is_worth_waiting(looked_for, PATIENCE)
        and not change.attempt_set.looks().filter(begun_at__gte=looked_for).exists()
    )
    page = Paginator(change.attempt_set.order_by("-n"), CALLS).get_page(request.GET.get("page"))
    is_blocked = change.state == State.BLOCKED
    is_awaited = is_blocked and bool(form.late_until) and "wait" in request.GET
    decided = latest_first(change)
    context = {
        "change": change,
        "page": page,
        "exhibits": exhibits(change, page),
        "story": story(change, decided),
        "next": next_step(change),
        "has_password": change.operation in WITH_PASSWORD,
        "decisions": decided,
        "is_overruled": is_overruled(change, decided),
        "form": form,
        "choices": offers(change) if is_blocked else [],
        "if_late": if_executed_late(change),
        "is_looking": is_looking,
        "is_awaited": is_awaited,
        "looked_in_vain": is_blocked and looked_for is not None and not is_looking,
        "may_look": is_blocked and not is_looking and Gate.closed() is None,
        "cause": _cause(change),
        "taken_along": _taken_along(change),
        "correct_url": correct_url(request, change),
    }
    is_live = is_looking or is_awaited or (change.is_open and not is_blocked)
    return render_live(request, "customers/change.html", context, is_live=is_live)


def _cause(change: Change) -> Change | None:
    """The creation whose end withdrew this one."""
    if change.state != State.WITHDRAWN or not change.error:
        return None
    creations = change.customer.changes.filter(operation=Operation.CREATE, seq__lt=change.seq)
    return creations.order_by("-seq").first()


def _taken_along(change: Change) -> list[Change]:
    """What waited behind a creation that came to nothing."""
    if change.operation != Operation.CREATE or change.state not in {
        State.REJECTED,
        State.WITHDRAWN,
    }:
        return []
    behind = change.customer.changes.filter(seq__gt=change.seq).order_by("seq")
    if asked_anew := behind.filter(operation=Operation.CREATE).first():
        behind = behind.filter(seq__lt=asked_anew.seq)
    return list(behind.filter(state=State.WITHDRAWN).exclude(error="")[:FOLLOWERS])


@require_POST
@permission_required("customers.resolve_change", raise_exception=True)
def resolve(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A person has looked at a BLOCKED change, chooses, and says why."""
    change = get_object_or_404(_changes(), pk=pk)
    form = DecisionForm(change, request.POST)
    if change.state == State.BLOCKED and not form.is_valid():
        return _page(request, change, form)
    if form.is_valid() and _decide(request, change, form):
        messages.success(request, DECIDED[Choice(form.cleaned_data["choice"])])
    else:
        messages.error(request, _("Somebody decided meanwhile: this is how it stands now."))
    return redirect(change)


def _decide(request: HttpRequest, change: Change, form: DecisionForm) -> bool:
    said = form.cleaned_data
    return decisions.decide(
        change,
        Choice(said["choice"]),
        claim=said["claim"],
        by=request.user,  # type: ignore[arg-type]
        reason=said["reason"],
        password=said.get("password", ""),
    )


@require_POST
@permission_required("customers.resolve_change", raise_exception=True)
def look(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask a worker to read what is there now; the page waits for it."""
    change = get_object_or_404(Change, pk=pk)
    if change.state != State.BLOCKED or Gate.closed():
        messages.error(request, _("No look can be taken at the moment."))
        return redirect(change)
    page = change.get_absolute_url()
    return ask_worker(request, tasks.look, str(change.pk), request.user.pk, page=page)


@require_POST
@permission_required("customers.change_customer", raise_exception=True)
def withdraw(request: HttpRequest, pk: UUID) -> HttpResponse:
    change = get_object_or_404(Change, pk=pk)
    if decisions.withdraw(change, by=request.user):  # type: ignore[arg-type]
        messages.success(request, _("Withdrawn. It never went out."))
    else:
        messages.error(request, _("Too late to withdraw: it was already tried."))
    return redirect(change)
