"""What people write in their own words: a reason, a note."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from customers.distributor.rules import Problem
from customers.forms.fields import MESSAGES

LONGEST_REASON, LONGEST_NOTE = 2000, 4000


class TextField(forms.CharField):
    """Lines of text of a limited length; a line's end is one character, whatever a browser sends.

    No maxlength attribute: a browser would cut what is pasted without a word.
    """

    def __init__(self, longest: int, *, rows: int, **options: Any) -> None:
        self.longest = longest
        widget = forms.Textarea({"rows": rows, "data-max": longest, "autocomplete": "off"})
        super().__init__(widget=widget, **options)

    def to_python(self, value: Any) -> str:
        text = str(super().to_python(value))
        return "\n".join(text.splitlines())

    def validate(self, value: str) -> None:
        super().validate(value)
        if len(value) > self.longest:
            numbers = {"max": self.longest, "length": len(value)}
            raise ValidationError(MESSAGES[Problem.TOO_LONG], Problem.TOO_LONG, numbers)


def reason_field() -> TextField:
    return TextField(
        LONGEST_REASON,
        rows=2,
        label=_("Why? (optional, kept with the change)"),
        required=False,
    )
