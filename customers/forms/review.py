"""What a person says to a signup, and how the past ones are searched."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from customers.distributor.rules import fold
from customers.forms.fields import LABELS
from customers.models import Customer, Review, Signup
from customers.models.search import search
from customers.services.reviewing import CHOICES, CORRECTABLE, mark

Choice = Review.Choice
State = Signup.State
OFFERS = {
    Choice.APPROVED: _("Approve it"),
    Choice.CORRECTION: _("Ask for a correction"),
    Choice.REFUSED: _("Refuse it"),
    Choice.REOPENED: _("Undo the refusal"),
}


class ReviewForm(forms.Form):
    """`seen` is the mark of what the page showed: whoever decides later is told."""

    seen = forms.CharField(widget=forms.HiddenInput, max_length=80)
    choice = forms.ChoiceField(
        label=_("What shall become of it?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one.")},
    )
    field = forms.ChoiceField(
        label=_("What is to be corrected?"),
        required=False,
        choices=[("", _("Something else, as the words say"))]
        + [(name, LABELS[name]) for name in CORRECTABLE],
    )
    reason = forms.CharField(
        label=_("Why?"),
        required=False,
        max_length=2000,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Of a refusal or a correction, the applicant reads these words in a mail."),
    )

    def __init__(self, signup: Signup, data: Any = None) -> None:
        super().__init__(data, initial={"seen": mark(signup)})
        self.signup = signup
        if signup.state == State.REFUSED:
            self.fields["reason"].help_text = _("Kept with it, with your name and the time.")
        offered = [(it.value, OFFERS[it]) for it in CHOICES.get(State(signup.state), ())]
        self.fields["choice"].choices = offered  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        choice = said.get("choice")
        if choice in {Choice.REFUSED, Choice.CORRECTION} and not said.get("reason"):
            self.add_error("reason", _("Say why: the applicant reads it."))
        if choice != Choice.CORRECTION:
            said["field"] = ""
        return said

    def mailed(self) -> str:
        """What the applicant reads, in their language."""
        said = self.cleaned_data
        if not said["field"]:
            return str(said["reason"])
        with override(self.signup.language):
            return f"{LABELS[said['field']]}: {said['reason']}"


class SignupFilter(forms.Form):
    """Past and present signups by words and state."""

    q = forms.CharField(
        required=False, label=_("Search"), widget=forms.TextInput({"type": "search"})
    )
    state = forms.ChoiceField(required=False, label=_("State"), choices=[("", _("Every state"))])

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.fields["state"].choices += State.choices  # type: ignore[attr-defined]

    def found(self) -> Any:
        """Nothing typed finds all; something that no state is, too."""
        self.is_valid()
        said, signups = self.cleaned_data, Signup.objects.all()
        if said.get("state"):
            signups = signups.filter(state=said["state"])
        words = said.get("q", "").replace("\x00", "")
        if words:
            theirs = search(Customer.objects.all(), words).values("pk")
            anywhere = Q(email_key__contains=fold(words)) | Q(customer__in=theirs)
            if reference := _reference(words):
                anywhere |= Q(pk=reference)
            signups = signups.filter(anywhere)
        return signups


def _reference(words: str) -> Any:
    try:
        return forms.UUIDField().clean(words)
    except forms.ValidationError:
        return None
