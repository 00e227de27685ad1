"""What all pages of the signup have in common."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.distributor.rules import CALLS, Operation
from customers.forms.fields import field_for, validator
from customers.models import Signup
from customers.models.signup import Step

CALL = CALLS[Operation.CREATE]
CHOOSE = _("Choose one.")


def typed(name: str, *, required: bool = True) -> forms.CharField:
    """A field of the create call; an applicant need not hear of a distributor."""
    field = field_for(CALL.param(name), required=required)
    field.error_messages["required"] = _("Enter a value.")
    field.help_text = ""  # Limits are told when somebody meets them.
    return field


class StepForm(forms.Form):
    """One page. `answers` are those of all pages so far, `signup` whose they are."""

    step: Step
    heading: Any = ""

    def __init__(self, data: Any = None, *, signup: Signup, answers: Mapping[str, Any]) -> None:
        self.signup, self.said = signup, answers
        super().__init__(data, initial=dict(answers), label_suffix="")
        self.prepare()

    def prepare(self) -> None:
        """Fit the fields to what was said before."""

    def answers(self) -> dict[str, Any]:
        return dict(self.cleaned_data)

    def _recheck(self, name: str, value: str) -> str:
        """What was put into another form must still be what the contract takes."""
        validator(CALL.param(name))(value)
        return value
