"""A name for the list of customers as it is shown."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from customers.models import SavedView


class SavedViewForm(forms.Form):
    name = forms.CharField(
        label=_("Name of the view"),
        max_length=60,
        error_messages={
            "required": _("Give the view a name."),
            "max_length": _("Use at most %(limit_value)d characters; these are %(show_value)d."),
        },
    )
    is_shared = forms.BooleanField(label=_("Everybody sees it"), required=False)


class SaveViewForm(SavedViewForm):
    """What is shown, under a new name or in place of a view of that name."""

    query = forms.CharField(widget=forms.HiddenInput, required=False, max_length=4000)


class EditViewForm(SavedViewForm):
    def __init__(self, view: SavedView, data: Any = None) -> None:
        self.view = view
        super().__init__(data, initial={"name": view.name, "is_shared": view.is_shared})

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if own(self.view.owner, name).exclude(pk=self.view.pk).exists():
            raise forms.ValidationError(_("You have another view of that name."))
        return name


def own(who: User, name: str) -> Any:
    return SavedView.objects.filter(owner=who, name__iexact=name)
