"""The public way in. These two pages need no sign-in."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from customers.distributor.rules import Operation
from customers.forms.create import SignupForm
from customers.models import Change, Customer, Gate, Signup, clock
from customers.services import changes
from customers.services.errors import AskingError
from customers.services.names import NameTaken
from customers.views.live import render_live
from customers.views.words import AWAY, SIGNUP_STORIES

PERIODS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@require_http_methods(["GET", "HEAD", "POST"])
@login_not_required
@never_cache
def signup(request: HttpRequest) -> HttpResponse:
    form = SignupForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST" and form.is_valid():
        if _too_many(request, form.cleaned_data["change_id"]):
            form.add_error(None, _("Too many signups came from your network. Try again later."))
            status = 429
        elif signed_up := _sign_up(request, form):
            return redirect("signup-status", reference=signed_up.pk)
    return render(request, "signup/form.html", {"form": form}, status=status)


def _too_many(request: HttpRequest, change_id: UUID | None) -> bool:
    """SIGNUP_RATE of an address, counted in the database: it survives a restart.

    The same form once more is no further signup.
    """
    if change_id and Change.objects.filter(pk=change_id).exists():
        return False
    number, period = settings.SIGNUP_RATE.split("/")
    since = clock.now() - timedelta(seconds=PERIODS[period])
    recent = Signup.objects.filter(
        address=request.META["REMOTE_ADDR"] or None, started_at__gte=since
    )
    return recent.count() >= int(number)


def _sign_up(request: HttpRequest, form: SignupForm) -> Signup | None:
    try:
        with transaction.atomic():
            change = changes.create(
                password=form.cleaned_data["password"],
                params=form.params(),
                change_id=form.cleaned_data["change_id"],
                origin=Customer.Origin.SIGNUP,
            )
            signed_up, _new = Signup.objects.get_or_create(
                customer=change.customer,
                defaults={
                    "state": Signup.State.SUBMITTED,
                    "address": request.META["REMOTE_ADDR"] or None,
                    "started_at": clock.now(),
                },
            )
    except (AskingError, NameTaken) as error:
        form.explain(error)
        return None
    return signed_up


@require_safe
@login_not_required
@never_cache
def status(request: HttpRequest, reference: UUID) -> HttpResponse:
    """How far it is, in truth; reloads itself while something is still to come."""
    signed_up = get_object_or_404(Signup, pk=reference)
    # The change before the customer: what settles in between is asked for again.
    asked = Change.objects.filter(customer=signed_up.customer_id, operation=Operation.CREATE)
    change = asked.latest("seq")
    assert signed_up.customer
    # What became of the customer says more to them than that their signup is done.
    state = signed_up.customer.status if change.state == Change.State.DONE else change.state
    story = SIGNUP_STORIES[state]
    if state == Change.State.WAITING and Gate.closed():
        story = AWAY
    context = {
        "signup": signed_up,
        "customer": signed_up.customer,
        "shown_state": state,
        "story": story % change.error if state == Change.State.REJECTED else story,
    }
    return render_live(request, "signup/status.html", context, is_live=change.is_open)
