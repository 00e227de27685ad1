"""The last page: everything to be checked, and the password, which is kept nowhere before it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from customers.forms.asking import named_in
from customers.forms.signup.answers import first_open, lines, params
from customers.forms.signup.page import StepForm
from customers.forms.signup.password import PasswordForm
from customers.forms.signup.steps import STEPS
from customers.models import Change, Signup
from customers.models.signup import Step
from customers.services import signups
from customers.services.errors import AskingError
from customers.services.names import NameTaken
from customers.views.signup.browser import PAGES, for_open_signup, form_page


@form_page
@for_open_signup
@sensitive_variables("form")
def check(request: HttpRequest, signup: Signup) -> HttpResponse:
    """Sent for the first time, or once more after a correction was asked for."""
    corrects = signup.state != Signup.State.CONFIRMED
    if not corrects and (still_open := first_open(signup)) != Step.CHECK:
        return redirect(PAGES[still_open])
    data = request.POST if request.method == "POST" else None
    repair = _repair(signup, data) if corrects else None
    wants_password = not corrects or signups.needs_password(signup)
    names = (signup.email, signup.answers.get("username", ""))
    form = PasswordForm(data, names=names) if wants_password else None
    if data is not None:
        valid = [it.is_valid() for it in (repair, form) if it is not None]
        if all(valid) and (sent := _send(signup, repair, form)):
            return redirect("signup-status", sent.pk)
    can_be_shown = first_open(signup) > Step.ADDRESS
    context = {
        "form": form,
        "repair": repair,
        "forms": [it for it in (repair, form) if it is not None],
        "repaired": repair[_refused_field(signup)] if repair else None,  # type: ignore[index]
        "signup": signup,
        "corrects": corrects,
        "words": _words(signup) if corrects else "",
        "lines": [
            {"line": line, "url": reverse(PAGES[line.step])}
            for line in (lines(signup) if can_be_shown else ())
        ],
        "back": "" if corrects else reverse(PAGES[Step.USERNAME]),
        "open_page": reverse(PAGES[first_open(signup)]),
    }
    return render(request, "signup/check.html", context)


def _send(signup: Signup, repair: StepForm | None, form: PasswordForm | None) -> Signup | None:
    password = form.cleaned_data["password"] if form else ""
    try:
        if repair:
            signups.save(
                signup, repair.answers(), reached=Step.CHECK, language=get_language() or "en"
            )
        if first_open(signup) != Step.CHECK:
            _complain(repair, form, _("Something is missing. Look through all of it."))
            return None
        if signup.state == Signup.State.CONFIRMED:
            return signups.submit(signup, params=params(signup), password=password)
        return signups.correct(signup, params=params(signup), password=password)
    except NameTaken:
        words = _("The username cannot be had any more. Change it above.")
    except AskingError:
        words = _("Something has changed meanwhile. Look through it once more.")
    _complain(repair, form, words)
    return None


def _complain(repair: StepForm | None, form: PasswordForm | None, words: str) -> None:
    target: Any = form or repair
    if target is not None:
        target.add_error(None, words)


def _words(signup: Signup) -> str:
    """Why something is to be corrected, in the words of whoever wants it."""
    if signup.state == Signup.State.CORRECTION:
        return signup.reason
    change = signups.last_creation(signup)
    return change.error if change else ""


def _refused_field(signup: Signup) -> str | None:
    """The field that the distributor's words name; None if they name none, or a person asked."""
    if signup.state != Signup.State.SUBMITTED:
        return None
    change = signups.last_creation(signup)
    if change is None or change.state != Change.State.REJECTED:
        return None
    owned = {name: form for form in STEPS.values() for name in form.base_fields}
    found = named_in(change.error, [name for name in owned if not name.startswith("no_")])
    if found is None:
        return None
    shown = owned[found](signup=signup, answers=signup.answers).fields
    return found if found in shown else None


def _repair(signup: Signup, data: Any) -> StepForm | None:
    """That field alone, checked together with what stands beside it."""
    name = _refused_field(signup)
    if name is None:
        return None
    form = next(it for it in STEPS.values() if name in it.base_fields)
    typed = None
    if data is not None:
        several = name == "ip"
        typed = signup.answers | {name: data.getlist(name) if several else data.get(name, "")}
        typed |= {f"no_{name}": ""} if f"no_{name}" in form.base_fields else {}
    return form(typed, signup=signup, answers=signup.answers)
