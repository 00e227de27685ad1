"""The drift inbox: what somebody else altered at the distributor, and what is to become of it."""

import logging
import time
from collections.abc import Sequence

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError

from customers import rounds
from customers.forms.drift import ChoiceForm, DriftFilter, PatternForm, TickedForm
from customers.models import Drift
from customers.models.drift import DriftQuerySet
from customers.services import renames
from customers.services.drift_decisions import decide
from customers.services.pushing_back import push_back
from customers.views.altered import altered, patterns
from customers.views.pushing import ask_once_more

logger = logging.getLogger(__name__)

State = Drift.State
PAGE = 50
PATTERNS = 12
RENAMES = 20
# Seconds that whoever pushes back waits for the results of the first ones.
PATIENCE = 2.0
DAMAGED = gettext_lazy("This page came back damaged. Nothing was decided: try again.")
OUTCOMES = {
    State.PUSHED: (
        messages.SUCCESS,
        gettext_lazy("Pushed back: %d. The changes are on their way."),
    ),
    State.PUSHING: (messages.INFO, gettext_lazy("%d more are pushed back in a moment.")),
    State.OPEN: (
        messages.WARNING,
        gettext_lazy("Not pushed back: %d. Beside each stands the reason."),
    ),
    State.GONE: (
        messages.WARNING,
        gettext_lazy("Gone: %d. The field has another value by now."),
    ),
}


@require_safe
@permission_required("customers.view_customer", raise_exception=True)
def inbox(request: HttpRequest) -> HttpResponse:
    chosen = DriftFilter(request.GET)
    found = chosen.found(request.user)
    is_open, is_decided = chosen.shown_tab == "open", chosen.shown_tab == "decided"
    # A proposed rename is no row of the table: it is decided otherwise, and stands above it.
    rows = found.exclude(field="username") if is_open else found
    proposed = found.filter(field="username") if is_open else found.none()
    renamed = list(proposed.select_related("customer")[: RENAMES + 1])
    alike = [] if is_decided else [it for it in rows.patterns()[:PATTERNS] if it["count"] > 1]
    page = Paginator(rows.select_related("customer", "change", "decided_by"), PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "filter": chosen,
        "tab": chosen.shown_tab,
        "page": page,
        "rows": altered(page),
        "patterns": patterns(alike, request.GET),
        "renames": renamed[:RENAMES],
        "more_renames": proposed.count() - RENAMES if len(renamed) > RENAMES else 0,
        "may_decide": not is_decided and request.user.has_perm("customers.change_customer"),
    }
    return render(request, "customers/drift.html", context)


@require_POST
@permission_required("customers.change_customer", raise_exception=True)
def decide_ticked(request: HttpRequest) -> HttpResponse:
    form = TickedForm(request.POST)
    if form.is_valid():
        _decide(request, form, [row.pk for row in form.cleaned_data["drift"]])
    else:
        messages.error(request, str(next(iter(form.errors.values()))[0]))
    return _back(request)


@require_POST
@permission_required("customers.change_customer", raise_exception=True)
def decide_alike(request: HttpRequest) -> HttpResponse:
    """About all that looked the same when the page was shown, and nothing that came since.

    What is sent to the distributor for many is shown once more before.
    """
    form = PatternForm(request.POST)
    if not form.is_valid():
        messages.error(request, DAMAGED)
        return _back(request)
    alike = form.among(DriftFilter(request.GET).found(request.user))
    keys = list(alike.values_list("pk", flat=True))
    if len(keys) > form.cleaned_data["count"]:
        messages.error(
            request, _("There are more of them by now. Nothing was decided: look again.")
        )
    elif keys and form.is_to_be_confirmed:
        return ask_once_more(request, form, keys)
    else:
        _decide(request, form, keys)
    return _back(request)


@require_POST
@permission_required("customers.change_customer", raise_exception=True)
def accept_rename(request: HttpRequest, pk: int) -> HttpResponse:
    proposal = get_object_or_404(Drift, pk=pk, field="username")
    row = renames.accept(proposal, by=request.user)  # type: ignore[arg-type]
    if row.state == State.ADOPTED:
        words = _("%(old)s is %(new)s from now on. The old name stays searchable.")
        messages.success(request, words % {"old": row.agreed, "new": row.theirs})
    elif row.state == State.OPEN:
        messages.error(request, row.get_problem_display())
    else:
        messages.error(request, _("This does not stand any more: nothing was done."))
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    """To the inbox as it was narrowed down; the address came with the form's own."""
    query = request.GET.urlencode()
    return redirect(f"{reverse('customers:drift')}{'?' if query else ''}{query}")


def _decide(request: HttpRequest, form: ChoiceForm, keys: Sequence[int]) -> None:
    choice, rows = State(form.cleaned_data["choice"]), Drift.objects.filter(pk__in=keys)
    decided = decide(rows, choice, by=request.user)  # type: ignore[arg-type]
    if choice == State.PUSHING:
        _push_back(request, rows.filter(state=State.PUSHING))
    elif decided:
        messages.success(request, _decided(choice, decided))
    if late := len(keys) - decided:
        words = ngettext(
            "%d does not stand any more, or somebody has decided about it meanwhile.",
            "%d do not stand any more, or somebody has decided about them meanwhile.",
            late,
        )
        messages.warning(request, words % late)


def _decided(choice: State, number: int) -> str:
    if choice == State.ADOPTED:
        words = ngettext("%d adopted: theirs is right.", "%d adopted: theirs are right.", number)
    else:
        words = ngettext(
            "%d ignored: this value is never raised again for this customer.",
            "%d ignored: these values are never raised again for these customers.",
            number,
        )
    return words % number


def _push_back(request: HttpRequest, rows: DriftQuerySet) -> None:
    """As many as a person waits for; a round pushes back the others."""
    keys = list(rows.values_list("pk", flat=True))
    push_back(keys, until=time.monotonic() + PATIENCE)
    ended = Drift.objects.filter(pk__in=keys).order_by().values_list("state")
    for state, number in ended.annotate(Count("pk")):
        level, words = OUTCOMES[state]
        messages.add_message(request, level, words % number)
        if state == State.PUSHING:
            _ring()


def _ring() -> None:
    try:
        rounds.push_back.delay()
    except OperationalError as error:
        logger.warning("no worker was told, the next round pushes back: %s", error)
