"""What a person decides about a change, or a reading of the list, that waits for one."""

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from customers.distributor.rules import CALLS, WITH_PASSWORD, Operation
from customers.forms.fields import check_repeated, field_for
from customers.models import Change, Decision, clock

Choice = Decision.Choice
CHOICES = (Choice.DONE, Choice.REJECTED, Choice.AGAIN)
LARGEST_CLAIM = 2**31 - 1  # what the column holds


class ReasonedForm(forms.Form):
    reason = forms.CharField(
        label=_("Why?"),
        max_length=2000,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("Kept with it, with your name and the time."),
        error_messages={"required": _("Say why: the reason is kept with it.")},
    )


class DecisionForm(ReasonedForm):
    """`claim` is the number of the state that the page showed: whoever decides later is told.

    What may still be executed is given up only by somebody who has read so.
    """

    claim = forms.IntegerField(
        widget=forms.HiddenInput, min_value=0, validators=[MaxValueValidator(LARGEST_CLAIM)]
    )
    choice = forms.ChoiceField(
        label=_("What has become of it?"),
        choices=[(choice.value, choice.label) for choice in CHOICES],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one.")},
    )
    anyway = forms.BooleanField(
        label=_("Give it up now, though it may still be executed"), required=False
    )

    def __init__(self, change: Change, data: Any = None) -> None:
        super().__init__(data, initial={"claim": change.claim})
        # Until it is known that an earlier one was not taken, no new one goes out.
        takes_password = change.operation in WITH_PASSWORD and not change.owes_look
        self.is_erased = takes_password and change.lacks_password
        self.late_until = change.executable_until(clock.now())
        if takes_password:
            call = CALLS[Operation(change.operation)]
            for name in ("password", "confirm_password"):
                self.fields[name] = field_for(call.param(name), required=False)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        check_repeated(self)
        if said.get("choice") == Choice.REJECTED and self.late_until and not said.get("anyway"):
            late = _("It may still be executed until %s UTC. Wait until then, or tick this.")
            self.add_error("anyway", late % f"{self.late_until:%H:%M:%S}")
        if said.get("choice") != Choice.AGAIN:
            said["password"] = ""
        elif self.is_erased and not said.get("password") and "password" not in self.errors:
            self.add_error("password", _("The one that waited was erased: enter a new one."))
        return said


class ReadingForm(ReasonedForm):
    """What shall become of a reading that was put aside."""

    class Choice(TextChoices):
        APPLY = "APPLY", _("Apply it")
        DISCARD = "DISCARD", _("Discard it")

    choice = forms.ChoiceField(
        label=_("What shall become of this list?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one.")},
    )

    def __init__(self, data: Any = None, *, may_apply: bool) -> None:
        super().__init__(data)
        offered = [self.Choice.APPLY] if may_apply else []
        choices = [(it.value, it.label) for it in (*offered, self.Choice.DISCARD)]
        self.fields["choice"].choices = choices  # type: ignore[attr-defined]
