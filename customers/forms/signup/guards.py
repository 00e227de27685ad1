"""What robots stumble over and people never see: a field to leave empty, a time, a puzzle."""

import time
from typing import Any

from django import forms
from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.utils.translation import gettext_lazy as _

from customers.services import captcha
from customers.services.captcha import Verdict

# A form older than this is shown anew: its stamp must not serve a robot for ever.
LONGEST = 24 * 3600.0  # seconds
QUICK = _("That was quicker than a person types. Please send the form once more.")
OLD = _("This page stood open for long. Please send the form once more.")
TRAPPED = _("Leave the field “Topic” empty: only robots fill it in.")
UNSOLVED = _("Please confirm that you are a person, in the box above the button.")
AWAY = _(
    "The service that keeps robots away does not answer, so nothing can be taken at the moment. "
    "Please try again in a few minutes."
)


def _signer() -> Signer:
    return Signer(salt="customers.guards")


def _age(stamp: str) -> float | None:
    """Seconds since the form was shown; None if the stamp is not ours."""
    try:
        return max(0.0, time.time() - float(_signer().unsign(stamp)))
    except BadSignature:
        return None


class Stamp(forms.HiddenInput):
    """When the form was shown first; a fresh one where the one that came back is of no use."""

    def format_value(self, value: Any) -> str:
        age = _age(str(value or ""))
        return (
            str(value)
            if age is not None and age < LONGEST
            else _signer().sign(f"{time.time():.3f}")
        )


class Trap(forms.TextInput):
    """Hidden from people by style, and from whoever listens by aria-hidden around it."""

    def __init__(self) -> None:
        super().__init__({"autocomplete": "off", "tabindex": "-1"})


class Puzzle(forms.Widget):
    """The vendor's box; its script adds the field that is read here."""

    template_name = "signup/_puzzle.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        return context | {"vendor": captcha.vendor(), "site_key": settings.CAPTCHA_SITE_KEY}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str:
        chosen = captcha.vendor()
        return str(data.get(chosen.token, "")) if chosen else ""


class Guarded(forms.Form):
    """Put it first among the bases; `address` is the visitor's, for the puzzle's vendor.

    `signals` are what a valid form gives to the signup: words that speak for a look by a person.
    """

    topic = forms.CharField(label=_("Topic (leave it empty)"), required=False, widget=Trap)
    shown = forms.CharField(required=False, widget=Stamp)

    def __init__(self, *args: Any, address: str = "", **options: Any) -> None:
        super().__init__(*args, **options)
        self.address = address
        self.signals: list[str] = []
        if captcha.vendor():
            self.fields["puzzle"] = forms.CharField(label="", required=False, widget=Puzzle)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        age = _age(said.get("shown", ""))
        if said.get("topic"):
            self.add_error(None, TRAPPED)
        elif age is None or age >= LONGEST:
            self.add_error(None, OLD)
        elif age < settings.SIGNUP_MIN_SECONDS:
            self.add_error(None, QUICK)
        # Last, since a solved puzzle is good for one time only.
        if "puzzle" in self.fields and not self.errors:
            self._solve(said.get("puzzle", ""))
        return said

    def _solve(self, token: str) -> None:
        match captcha.verify(token, address=self.address):
            case Verdict.FAILED:
                self.add_error(None, UNSOLVED)
            case Verdict.AWAY if settings.SIGNUP_REVIEW == "none":
                self.add_error(None, AWAY)
            case Verdict.AWAY:
                self.signals.append("captcha_away")
