"""Which drifts to show, and what is decided about which of them."""

from typing import Any

from django import forms
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from customers.distributor.rules import ALTERABLE
from customers.models import Drift
from customers.models.drift import DriftQuerySet
from customers.models.labels import label
from customers.services.drift_decisions import CHOICES

State = Drift.State
LARGEST_KEY = 2**63 - 1
TABS = {
    "open": (State.OPEN,),
    "told": (State.TOLD,),
    "decided": (State.ADOPTED, State.PUSHING, State.PUSHED, State.IGNORED, State.GONE),
}


def _fields() -> list[tuple[str, str]]:
    named = [(name, label(name)) for name in (*ALTERABLE, "username")]
    return [("", str(_("Any field"))), *sorted(named, key=lambda it: it[1])]


class DriftFilter(forms.Form):
    """The address of the inbox; what it does not know counts as not said."""

    tab = forms.ChoiceField(choices=[(tab, tab) for tab in TABS], required=False)
    field = forms.ChoiceField(label=_("Field"), choices=_fields, required=False)
    kind = forms.ChoiceField(
        label=_("Kind"), choices=[("", _("Any kind")), *Drift.Kind.choices], required=False
    )
    state = forms.ChoiceField(
        label=_("State"),
        choices=[("", _("Any state")), *((s.value, s.label) for s in TABS["decided"])],
        required=False,
    )
    doubtful = forms.BooleanField(label=_("Perhaps ours"), required=False)
    mine = forms.BooleanField(label=_("My customers"), required=False)
    customer = forms.IntegerField(min_value=1, max_value=LARGEST_KEY, required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.full_clean()

    @property
    def shown_tab(self) -> str:
        return self.cleaned_data.get("tab") or "open"

    @property
    def is_narrowed(self) -> bool:
        return any(value for name, value in self.cleaned_data.items() if name != "tab")

    def found(self, user: User | AnonymousUser) -> DriftQuerySet:
        said, states = self.cleaned_data, TABS[self.shown_tab]
        if said.get("state") in states:
            states = (State(said["state"]),)
        found = Drift.objects.filter(state__in=states)
        for name in ("field", "kind", "customer"):
            if said.get(name):
                found = found.filter(**{name: said[name]})
        if said.get("doubtful"):
            found = found.filter(is_doubtful=True)
        if said.get("mine"):
            found = found.filter(customer__account_manager=user.pk)
        return found


class ChoiceForm(forms.Form):
    choice = forms.ChoiceField(choices=[(choice.value, choice.label) for choice in CHOICES])


class _RowsField(forms.ModelMultipleChoiceField):
    def clean(self, value: Any) -> Any:
        # SQLite takes no larger number, not even to find that no row has it.
        if any(len(key) >= len(str(LARGEST_KEY)) for key in value or ()):
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice")
        return super().clean(value)


class TickedForm(ChoiceForm):
    """What is decided about the rows that were ticked."""

    drift = _RowsField(
        Drift.objects.all(),
        error_messages={
            "required": _("Tick what you decide about first."),
            "invalid_choice": _("This page came back damaged. Nothing was decided: try again."),
        },
    )


class PatternForm(ChoiceForm):
    """What is decided about all that looked the same on a page, frozen: `count` of them, the
    latest `until`."""

    field = forms.CharField()
    kind = forms.ChoiceField(choices=Drift.Kind.choices)
    is_doubtful = forms.BooleanField(required=False)
    until = forms.IntegerField(min_value=1, max_value=LARGEST_KEY)
    count = forms.IntegerField(min_value=1)
    # Whoever pushes many back has seen how many, and what will be sent.
    is_confirmed = forms.BooleanField(required=False)

    @property
    def is_to_be_confirmed(self) -> bool:
        said = self.cleaned_data
        return bool(said["choice"] == State.PUSHING and not said["is_confirmed"])

    @property
    def frozen(self) -> dict[str, str]:
        """What a page that asks once more sends back."""
        names = ("field", "kind", "is_doubtful", "until", "count")
        return {name: str(self.cleaned_data[name]) for name in names}

    def among(self, rows: DriftQuerySet) -> DriftQuerySet:
        said = self.cleaned_data
        same = {name: said[name] for name in ("field", "kind", "is_doubtful")}
        return rows.filter(**same, pk__lte=said["until"])
