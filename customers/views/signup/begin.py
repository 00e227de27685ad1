"""From the e-mail address to its confirmation, by the code or the link of the mail."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from customers.forms.signup.code import CodeForm
from customers.forms.signup.start import StartForm
from customers.models import Package, Signup, WhitelabelDomain
from customers.services import signups
from customers.services.signup_keys import link_fits, tries_left
from customers.views.guarded import with_puzzle
from customers.views.signup.browser import (
    begun,
    confirmed,
    form_page,
    page,
    post_only,
    remember,
    where,
)
from customers.views.signup.browser import is_open as still_open
from customers.views.signup.limits import allowed


@form_page
@with_puzzle
def start(request: HttpRequest) -> HttpResponse:
    """Whether we know the address decides nothing here: the mail alone tells."""
    here = request.META["REMOTE_ADDR"]
    form = StartForm(request.POST if request.method == "POST" else None, address=here)
    status = 200
    if request.method == "POST" and form.is_valid():
        if allowed(request, "start", email=form.cleaned_data["email"]):
            signup = signups.start(
                form.cleaned_data["email"],
                address=here or None,
                language=get_language() or "en",
                noticed=form.signals,
            )
            remember(request, signup, confirmed=False)
            return redirect("signup-code")
        form.add_error(None, _("Too many signups came from your network. Try again later."))
        status = 429
    mine = confirmed(request)
    context = {
        "form": form,
        "mine": mine if mine and still_open(mine) else None,
        "nothing_offered": not (
            Package.objects.filter(offered_at_signup=True).exists()
            and WhitelabelDomain.objects.exists()
        ),
    }
    return render(request, "signup/start.html", context, status=status)


@form_page
@sensitive_variables("form")
def code(request: HttpRequest) -> HttpResponse:
    """The code of the mail, three times at most."""
    signup = begun(request)
    if signup is None or signup.state == Signup.State.EXPIRED:
        return redirect("signup")
    if mine := confirmed(request):
        return where(mine)
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        if not allowed(request, "code", signup):
            form.add_error(None, _("Too many tries. Wait a while, then ask for a fresh mail."))
        elif found := signups.confirm_by_code(signup, form.cleaned_data["code"]):
            remember(request, found, confirmed=True)
            return where(found)
        else:
            _explain(form, signup)
    return render(request, "signup/code.html", {"form": form, "signup": signup})


def _explain(form: CodeForm, signup: Signup) -> None:
    if signup.code_until is None:
        form.add_error("code", _("The mail is not out yet. Wait for it, then type its code."))
    elif left := tries_left(signup):
        form.add_error("code", _("This is not the code. Tries that are left: %d.") % left)
    else:
        form.add_error("code", _("No code is valid any more. Ask for a fresh mail below."))


@post_only
def resend(request: HttpRequest) -> HttpResponse:
    """The mail once more, to the address that this browser has named."""
    signup = begun(request)
    if signup is None:
        return redirect("signup")
    _mail_again(request, signup)
    mine = confirmed(request)
    return where(mine) if mine else redirect("signup-code")


def _mail_again(request: HttpRequest, signup: Signup) -> None:
    if not allowed(request, "resend", signup):
        messages.warning(request, _("Enough mails for now. Look into your spam, or wait an hour."))
        return
    signups.resend(signup)
    messages.info(request, _("A fresh mail is on its way. The ones before are worth nothing now."))


@form_page
def link(request: HttpRequest, reference: UUID, token: str) -> HttpResponse:
    """A mail's link: the page asks, the button opens. Programs that look into mails press none."""
    signup = Signup.objects.filter(pk=reference).first()
    mine = confirmed(request)
    if request.method == "POST" and signup:
        if found := signups.confirm_by_link(signup, token):
            remember(request, found, confirmed=True)
            return where(found)
    elif mine and mine.pk == reference:
        return where(mine)
    context = {
        "signup": signup,
        "fits": bool(signup and link_fits(signup, token)),
        "reference": reference,
    }
    return render(request, "signup/link.html", context)


@post_only
def fresh_link(request: HttpRequest, reference: UUID) -> HttpResponse:
    """A fresh link to the address of the signup, whoever asks; what is said is the same for all."""
    signup = Signup.objects.filter(pk=reference).exclude(state=Signup.State.EXPIRED).first()
    if signup and allowed(request, "resend", signup):
        signups.resend(signup)
    return redirect("signup-mailed")


@page
def mailed(request: HttpRequest) -> HttpResponse:
    return render(request, "signup/mailed.html")
