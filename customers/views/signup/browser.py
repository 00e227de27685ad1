"""Which signup a browser has open. The session holds the reference, and whether the address was
confirmed here: whoever only typed somebody's address sees nothing of what that person fills in."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from customers.forms.signup.answers import first_open
from customers.models import Signup
from customers.models.signup import Step
from customers.services.signups import wants_correction

KEY = "signup"
PAGES = {
    Step.PACKAGE: "signup-package",
    Step.COUNTRY: "signup-country",
    Step.PERSON: "signup-person",
    Step.ADDRESS: "signup-address",
    Step.USERNAME: "signup-username",
    Step.CHECK: "signup-check",
}


def public(*methods: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """A page for everybody, kept by no cache."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        guarded = require_http_methods(list(methods))(login_not_required(never_cache(view)))
        return wraps(view)(guarded)

    return decorate


form_page = public("GET", "HEAD", "POST")
page = public("GET", "HEAD")
post_only = public("POST")


def remember(request: HttpRequest, signup: Signup, *, confirmed: bool) -> None:
    request.session[KEY] = {"reference": str(signup.pk), "confirmed": confirmed}
    if confirmed:  # What was fixed before the address was confirmed opens nothing.
        request.session.cycle_key()


def begun(request: HttpRequest) -> Signup | None:
    """The signup of this browser, confirmed here or not."""
    said = request.session.get(KEY)
    return Signup.objects.filter(pk=said["reference"]).first() if said else None


def confirmed(request: HttpRequest) -> Signup | None:
    """The one whose address was confirmed in this browser."""
    said = request.session.get(KEY)
    if not said or not said["confirmed"]:
        return None
    signup = Signup.objects.select_related("customer").filter(pk=said["reference"]).first()
    gone = signup is None or signup.state in {Signup.State.STARTED, Signup.State.EXPIRED}
    return None if gone else signup


def is_open(signup: Signup) -> bool:
    """Whether there is something to fill in: for the first time, or once more."""
    return signup.state == Signup.State.CONFIRMED or wants_correction(signup)


def where(signup: Signup) -> HttpResponse:
    """Where its person goes on."""
    if signup.state == Signup.State.CONFIRMED:
        return redirect(PAGES[first_open(signup)])
    if wants_correction(signup):
        return redirect("signup-check")
    return redirect("signup-status", signup.pk)


def for_open_signup(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view gets the signup that is open in this browser; everybody else goes where they may."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        signup = confirmed(request)
        if signup is None:
            return redirect("signup")
        if not is_open(signup):
            return where(signup)
        return view(request, signup, *args, **kwargs)

    return guarded
