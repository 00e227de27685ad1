"""Which changes to list, and from where on."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.models import Change, clock
from customers.models.change import OPERATIONS, ChangeQuerySet

State = Change.State
# What was refused and not asked for again needs a person; after so long nobody is reminded.
LEFT = timedelta(days=7)
# Beside the states themselves.
ON_ITS_WAY, REFUSED_AND_LEFT = "open", "left"
STATES = [
    ("", _("Any state")),
    (ON_ITS_WAY, _("On their way")),
    (REFUSED_AND_LEFT, _("Refused within 7 days, not asked again")),
    *State.choices,
]
# Those that end with a cause, or wait for one.
WITH_CAUSE = (REFUSED_AND_LEFT, State.REJECTED, State.BLOCKED, State.WITHDRAWN)
CONTROL = {"class": "form-select"}


class ChangeFilter(forms.Form):
    """The address of the list; what it does not know counts as not said."""

    state = forms.ChoiceField(
        label=_("State"), choices=STATES, required=False, widget=forms.Select(CONTROL)
    )
    operation = forms.ChoiceField(
        label=_("Operation"),
        choices=[("", _("Any operation")), *OPERATIONS.items()],
        required=False,
        widget=forms.Select(CONTROL),
    )
    cause = forms.CharField(label=_("Because"), required=False, strip=False)
    before = forms.UUIDField(required=False)
    after = forms.UUIDField(required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.full_clean()

    def said(self, name: str) -> Any:
        return self.cleaned_data.get(name) or ""

    @property
    def has_causes(self) -> bool:
        return self.said("state") in WITH_CAUSE or bool(self.said("cause"))

    @property
    def is_narrowed(self) -> bool:
        return any(self.said(name) for name in ("state", "operation", "cause"))

    def of_state(self) -> ChangeQuerySet:
        match self.said("state"):
            case "":
                return Change.objects.all()
            case "open":
                return Change.objects.unfinished()
            case "left":
                return Change.objects.refused_and_left(clock.now() - LEFT)
            case state:
                return Change.objects.filter(state=state)


def keys(text: str, most: int) -> Sequence[UUID]:
    """What an address names as its rows; none of it if one is no key at all."""
    try:
        return [UUID(it) for it in text.split(",")[:most] if it]
    except ValueError:
        return []
