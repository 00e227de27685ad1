"""The pages on which something is typed, one thing on each, and the name that is looked up."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from customers.forms.signup.answers import first_open, hints_of
from customers.forms.signup.page import StepForm
from customers.forms.signup.steps import STEPS, UNAVAILABLE, is_free
from customers.models import Signup
from customers.models.signup import Step
from customers.services import signups
from customers.services.names import NameTaken
from customers.views.signup.browser import PAGES, for_open_signup, form_page, page
from customers.views.signup.limits import allowed

# Pages are counted from here on; the mail comes before.
FIRST, LAST = Step.PACKAGE, Step.CHECK


@form_page
@for_open_signup
def step(request: HttpRequest, signup: Signup, number: int) -> HttpResponse:
    """One page. Those before it are answered; whoever came back from the end goes there again."""
    this = Step(number)
    if this > (next_open := first_open(signup)):
        return redirect(PAGES[next_open])
    data = request.POST if request.method == "POST" else None
    form = STEPS[this](data, signup=signup, answers=signup.answers)
    if request.method == "POST" and form.is_valid() and _save(form, signup, this):
        been_there = signup.step >= Step.CHECK
        return redirect(PAGES[first_open(signup) if been_there else Step(this + 1)])
    context = {
        "form": form,
        "signup": signup,
        "template": f"signup/{PAGES[this].removeprefix('signup-')}.html",
        "hints": {} if form.is_bound else _hints(signup, form),
        "number": this - FIRST + 1,
        "count": LAST - FIRST + 1,
        "back": _back(signup, this),
    }
    return render(request, "signup/step.html", context)


def _save(form: StepForm, signup: Signup, this: Step) -> bool:
    try:
        signups.save(
            signup,
            form.answers(),
            reached=Step(this + 1),
            language=get_language() or "en",
        )
    except NameTaken:  # By somebody else, since the form looked.
        form.add_error("username", UNAVAILABLE)
        return False
    return True


def _hints(signup: Signup, form: StepForm) -> dict[str, str]:
    return {field: hint for field, hint in hints_of(signup).items() if field in form.fields}


def _back(signup: Signup, this: Step) -> str:
    if signup.step >= Step.CHECK:
        return reverse(PAGES[Step.CHECK])
    return reverse(PAGES[Step(this - 1)]) if this > FIRST else ""


@page
@for_open_signup
def availability(request: HttpRequest, signup: Signup) -> HttpResponse:
    """Whether the name that is being typed can be had, as far as we know; for htmx."""
    username = request.GET.get("username", "").strip()
    free = is_free(username, signup) if allowed(request, "availability", signup) else None
    words = {True: _("This username can be had."), False: UNAVAILABLE, None: ""}[free]
    return render(request, "signup/_availability.html", {"free": free, "words": words})
