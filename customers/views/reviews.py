"""Signups as managers see them: the queue, one of them, and what a person says to it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from customers.distributor.rules import PROFILE_FIELDS
from customers.forms.review import OFFERS, ReviewForm, SignupFilter
from customers.models import Review, Signup
from customers.models.labels import in_words, label
from customers.services import alike, signals
from customers.services.reviewing import CHOICES, decide

Choice = Review.Choice
State = Signup.State
PAGE = 50
SHOWN = ("username", "email", *PROFILE_FIELDS, "package", "whitelabel", "ip_group", "ip")
TABS = {"review": State.REVIEW, "correction": State.CORRECTION}
may_review = permission_required("customers.review_signup", raise_exception=True)

CONSEQUENCES = {
    Choice.APPROVED: gettext_lazy(
        "It goes to the distributor in a moment, and on by itself after that."
    ),
    Choice.CORRECTION: gettext_lazy(
        "The applicant gets a link by mail and corrects it in place. Name and password stay held, "
        "and it comes back here."
    ),
    Choice.REFUSED: gettext_lazy(
        "The applicant is told by mail. The username is given back and the password erased. It can "
        "be undone; then they choose a new password."
    ),
    Choice.REOPENED: gettext_lazy(
        "It counts as approved. The password was erased with the refusal, so the applicant is "
        "asked by mail for a new one; then it goes on by itself. The username is theirs unless "
        "somebody has taken it meanwhile."
    ),
}
DECIDED = {
    Choice.APPROVED: gettext_lazy("Approved."),
    Choice.CORRECTION: gettext_lazy("The applicant is asked for a correction by mail."),
    Choice.REFUSED: gettext_lazy("Refused. The applicant is told by mail."),
    Choice.REOPENED: gettext_lazy(
        "The refusal is undone. The applicant is asked to go on by mail."
    ),
}


@require_safe
@may_review
def queue(request: HttpRequest) -> HttpResponse:
    """First those that wait for a person, the longest first."""
    tab = request.GET.get("tab", "review")
    chosen = SignupFilter(request.GET)
    if tab in TABS:
        signups = Signup.objects.filter(state=TABS[tab]).order_by("submitted_at", "pk")
    else:
        tab, signups = "all", chosen.found().order_by("-started_at", "pk")
    rows = signups.select_related("customer", "decided_by")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    for row in page:
        row.told = signals.explained(row.signals)  # type: ignore[attr-defined]
    context = {"tab": tab, "page": page, "filter": chosen, "states": State}
    return render(request, "reviews/queue.html", context)


@require_safe
@may_review
def detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    signup = get_object_or_404(_signups(), pk=pk)
    return _page(request, signup, ReviewForm(signup))


@require_POST
@may_review
def review(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A person has looked, chooses, and says why."""
    signup = get_object_or_404(_signups(), pk=pk)
    form = ReviewForm(signup, request.POST)
    if form.is_valid() and _decide(request, signup, form):
        messages.success(request, DECIDED[Choice(form.cleaned_data["choice"])])
        return redirect("customers:signups")
    if _is_open(signup, request) and form.errors:
        return _page(request, signup, form)
    messages.error(request, _("Somebody decided meanwhile: this is how it stands now."))
    return redirect("customers:signup", pk=pk)


def _decide(request: HttpRequest, signup: Signup, form: ReviewForm) -> bool:
    said = form.cleaned_data
    return decide(
        signup,
        Choice(said["choice"]),
        seen=said["seen"],
        by=request.user,  # type: ignore[arg-type]
        reason=said["reason"],
        field=said["field"],
        mailed=form.mailed(),
    )


def _is_open(signup: Signup, request: HttpRequest) -> bool:
    """Whether what came back can still be chosen; a choice that nobody offers is none."""
    choice = request.POST.get("choice", "")
    offered = CHOICES.get(State(signup.state), ())
    return bool(offered) and (choice in offered or choice not in Choice.values)


def _signups() -> QuerySet[Signup]:
    return Signup.objects.select_related("customer", "decided_by")


def _page(request: HttpRequest, signup: Signup, form: ReviewForm) -> HttpResponse:
    said = _said(signup)
    offered = CHOICES.get(State(signup.state), ())
    context = {
        "signup": signup,
        "form": form,
        "choices": [(it, OFFERS[it], CONSEQUENCES[it]) for it in offered],
        "may_correct": Choice.CORRECTION in offered,
        "said": [(label(name), in_words(name, said[name])) for name in SHOWN if said.get(name)],
        "signals": signals.explained(signup.signals),
        "customers": _alike(signup, said),
        "names": alike.names(said.get("username", ""), signup.customer_id) if said else [],
        "others": alike.signups(signup.email, signup.pk) if signup.email else [],
        "reviews": _told(signup),
    }
    return render(request, "reviews/detail.html", context)


def _said(signup: Signup) -> dict[str, Any]:
    """What they typed, under the contract's names; nothing once it is erased."""
    customer = signup.customer
    if customer is None:
        return dict(signup.answers) | ({"email": signup.email} if signup.email else {})
    return {name: getattr(customer, name) for name in SHOWN}


SAME = {
    "email": gettext_lazy("e-mail"),
    "phone": gettext_lazy("phone"),
    "person": gettext_lazy("name and address"),
}


def _alike(signup: Signup, said: dict[str, Any]) -> list[tuple[alike.Alike, list[Promise | str]]]:
    found = alike.customers(said, signup.customer_id) if said else []
    return [(it, [SAME[why] for why in it.why]) for it in found]


def _told(signup: Signup) -> list[Review]:
    told = list(signup.reviews.order_by("-at"))
    for it in told:
        it.label = label(it.field) if it.field else ""  # type: ignore[attr-defined]
        it.told = signals.explained(it.signals)  # type: ignore[attr-defined]
    return told
