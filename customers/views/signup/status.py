"""How far it is, in truth, under a reference that nobody guesses."""

from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse

from customers.models import Change, Customer, Gate, Signup
from customers.services import signups
from customers.views.live import render_live
from customers.views.signup.browser import KEY, page
from customers.views.signup.words import AWAY, SIGNUP_STORIES


@page
def status(request: HttpRequest, reference: UUID) -> HttpResponse:
    """Reloads itself while something is still to come."""
    signup = Signup.objects.filter(pk=reference).first()
    if signup is None or signup.customer_id is None:
        raise Http404
    # The change before the customer: what settles in between is asked for again.
    change = signups.last_creation(signup)
    customer = Customer.objects.get(pk=signup.customer_id)
    signup.customer = customer
    shown = _shown(signup, customer, change)
    story = SIGNUP_STORIES[shown]
    if shown == Change.State.WAITING and Gate.closed():
        story = AWAY
    said = request.session.get(KEY) or {}
    is_theirs = bool(said.get("confirmed")) and said.get("reference") == str(signup.pk)
    needs_you = signups.wants_correction(signup) and shown in NEEDS_YOU
    context = {
        "signup": signup,
        "customer": customer,
        "shown_state": CHIPS.get(shown, shown),
        "story": story,
        "words": change.error if change and shown == Change.State.REJECTED else signup.reason,
        "needs_you": needs_you,
        "is_theirs": is_theirs,
        "sign_in_url": settings.SIGN_IN_URL if shown == Customer.Status.LIVE else "",
    }
    # A correction is made by the person who reads this; nothing comes by itself meanwhile.
    waits = shown in LIVING
    return render_live(request, "signup/status.html", context, is_live=waits)


NEEDS_YOU = {Change.State.REJECTED, Signup.State.CORRECTION, Change.State.WITHDRAWN}
# What a change is to its applicant, in a word.
CHIPS: dict[str, str] = {
    Change.State.WAITING: "RECEIVED",
    Change.State.SENDING: Customer.Status.REQUESTED,
    Change.State.IN_DOUBT: Customer.Status.REQUESTED,
    Change.State.BLOCKED: Customer.Status.REQUESTED,
    Change.State.REJECTED: Signup.State.CORRECTION,
    Customer.Status.REFUSED: Change.State.WITHDRAWN,
    Customer.Status.MISSING: Customer.Status.REQUESTED,
}
LIVING = {
    Signup.State.REVIEW,
    Change.State.WAITING,
    Change.State.SENDING,
    Change.State.IN_DOUBT,
    Change.State.BLOCKED,
}


def _shown(signup: Signup, customer: Customer, change: Change | None) -> str:
    """A person's word first, then the change; once that is done, what became of the customer."""
    if signup.state in {Signup.State.REVIEW, Signup.State.CORRECTION}:
        return signup.state
    if signup.state == Signup.State.REFUSED:
        return "TURNED_DOWN"
    if change is None or change.state == Change.State.DONE:
        return customer.status
    return change.state
