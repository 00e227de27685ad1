"""Changes of a customer who is there already. One form an operation."""

from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.distributor.rules import CALLS, PROFILE_FIELDS, Operation, Problem, fold
from customers.forms.asking import AskingForm, SeenField, dump
from customers.forms.fields import MESSAGES, field_for
from customers.models import Customer
from customers.services.changes import Seen

PROFILE, EMAIL = CALLS[Operation.PROFILE], CALLS[Operation.EMAIL]
USERNAME, PASSWORD = CALLS[Operation.USERNAME], CALLS[Operation.PASSWORD]


class SwitchForm(AskingForm):
    """Nothing to type. Switches are asked for whatever the mirror shows: it may be behind."""

    def __init__(self, customer: Customer, data: Any = None) -> None:
        self.customer = customer
        super().__init__(data, initial=self.starts_with())

    def starts_with(self) -> dict[str, Any]:
        return {"change_id": uuid4()}

    def asked(self) -> dict[str, Any]:
        """The fields that were sent, under the contract's names; no password."""
        return {}


class FieldsForm(SwitchForm):
    """Fields that the customer has by now, shown as they will be when all is delivered."""

    seen = SeenField(required=False)

    def starts_with(self) -> dict[str, Any]:
        seen = Seen.of(self.customer)
        return {**super().starts_with(), **seen.shown, "seen": dump(seen)}

    def asked(self) -> dict[str, Any]:
        own = self.fields.keys() - {"change_id", "seen"}
        said = {name: self.cleaned_data[name] for name in own if name in self.data}
        return {name: value for name, value in said.items() if value}


class ProfileForm(FieldsForm):
    """A client may leave fields out: those stay as they are. Blanking one is refused."""

    def __init__(self, customer: Customer, data: Any = None) -> None:
        super().__init__(customer, data)
        for name in PROFILE_FIELDS:
            self.fields[name] = field_for(PROFILE.param(name), required=False)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        shown = (said.get("seen") or Seen.of(self.customer)).shown
        for name in PROFILE_FIELDS:
            # What was never known may stay unknown.
            if name in self.data and said.get(name) == "" and shown[name]:
                self.add_error(name, MESSAGES[Problem.REQUIRED])
        return said


class EmailForm(FieldsForm):
    email = field_for(EMAIL.param("email"))


class UsernameForm(FieldsForm):
    username = field_for(USERNAME.param("username"))


class PasswordForm(SwitchForm):
    password = field_for(PASSWORD.param("password"))
    confirm_password = field_for(PASSWORD.param("confirm_password"))

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("password") and said.get("confirm_password") not in {None, said["password"]}:
            self.add_error("confirm_password", _("The two passwords differ."))
        return said


class DeleteForm(SwitchForm):
    """The username is typed once more: a deletion cannot be undone."""

    username = forms.CharField(
        label=_("Type the username to confirm"),
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "none"}),
        error_messages={"required": _("Type the username to confirm.")},
    )

    def clean_username(self) -> str:
        typed: str = self.cleaned_data["username"]
        if fold(typed) not in {
            fold(self.customer.username),
            fold(self.customer.expected()["username"]),
        }:
            raise forms.ValidationError(_("This is not the customer's username."))
        return typed


FORMS: dict[Operation, type[SwitchForm]] = {
    Operation.PROFILE: ProfileForm,
    Operation.EMAIL: EmailForm,
    Operation.USERNAME: UsernameForm,
    Operation.PASSWORD: PasswordForm,
    Operation.DELETE: DeleteForm,
    Operation.ENABLE: SwitchForm,
    Operation.DISABLE: SwitchForm,
    Operation.WEBSITE_ENABLE: SwitchForm,
    Operation.WEBSITE_DISABLE: SwitchForm,
}
