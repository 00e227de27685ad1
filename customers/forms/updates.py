"""Changes of a customer who is there already. One form an operation."""

from typing import Any

from django import forms
from django.utils.html import escape, format_html
from django.utils.translation import gettext_lazy as _

from customers.distributor.rules import CALLS, PROFILE_FIELDS, Operation, Problem, fold
from customers.forms.asking import ASKING, AskingForm, SeenField, dump
from customers.forms.fields import MESSAGES, check_repeated, field_for
from customers.forms.texts import reason_field
from customers.models import Customer
from customers.services.seen import Seen

PROFILE, EMAIL = CALLS[Operation.PROFILE], CALLS[Operation.EMAIL]
USERNAME, PASSWORD = CALLS[Operation.USERNAME], CALLS[Operation.PASSWORD]


class SwitchForm(AskingForm):
    """Nothing to type but why. Asked for whatever the mirror shows: it may be behind."""

    def __init__(self, customer: Customer, data: Any = None, **kwargs: Any) -> None:
        self.customer = customer
        super().__init__(data, **kwargs)
        self.fields |= self.more() | {"reason": reason_field()}

    def more(self) -> dict[str, forms.Field]:
        """Fields that the class does not know yet; the reason comes after them."""
        return {}

    def asked(self) -> dict[str, Any]:
        """The fields that were sent, under the contract's names; no password."""
        return {}


class FieldsForm(SwitchForm):
    """Fields that the customer has by now, shown as they will be when all is delivered."""

    seen = SeenField(required=False)

    def __init__(self, customer: Customer, data: Any = None) -> None:
        seen = Seen.of(customer)
        super().__init__(customer, data, initial={**seen.shown, "seen": dump(seen)})

    def asked(self) -> dict[str, Any]:
        said = {name: self.cleaned_data[name] for name in self._own}
        return {name: value for name, value in said.items() if value}

    def renew(self) -> None:
        """What stands now counts as seen, and what was not touched follows it: sent once more,
        the form must not undo what somebody else did."""
        was, now = self.cleaned_data.get("seen"), Seen.of(self.customer)
        followed = [name for name in self._own if was and self._untouched(name, was)]
        self._fill_in(seen=dump(now), **{name: now.shown[name] or "" for name in followed})
        super().renew()

    @property
    def _own(self) -> set[str]:
        return self.fields.keys() - ASKING

    def _untouched(self, name: str, seen: Seen) -> bool:
        return bool(self.data.get(name) == (seen.shown[name] or ""))


class ProfileForm(FieldsForm):
    """A client may leave fields out: those stay as they are. Blanking one is refused."""

    def more(self) -> dict[str, forms.Field]:
        return {name: field_for(PROFILE.param(name), required=False) for name in PROFILE_FIELDS}

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        seen = said.get("seen") or Seen.of(self.customer)
        for name in PROFILE_FIELDS:
            if self._untouched(name, seen):
                # The distributor may have what the rules forbid; only what is asked is judged.
                self.errors.pop(name, None)
                said[name] = seen.shown[name]
            elif name in self.data and said.get(name) == "":
                self.add_error(name, MESSAGES[Problem.REQUIRED])
        return said


class EmailForm(FieldsForm):
    email = field_for(EMAIL.param("email"))


# What breaks, to be ticked by who knows it; {} is the customer.
KNOWN = {
    Operation.USERNAME: _(
        "I know that the SMTP login of {} dies at once: nothing sends with the old username "
        "any more"
    ),
    Operation.PASSWORD: _(
        "I know that the SMTP login of {} dies at once: nothing sends with the old password "
        "any more"
    ),
}


def known_field(operation: Operation, customer: Customer) -> forms.BooleanField:
    return forms.BooleanField(
        # A label is taken for HTML.
        label=format_html(str(KNOWN[operation]), customer.name),
        error_messages={"required": _("Tick it to go on: nothing was asked for yet.")},
    )


class UsernameForm(FieldsForm):
    username = field_for(USERNAME.param("username"))

    def more(self) -> dict[str, forms.Field]:
        return {"known": known_field(Operation.USERNAME, self.customer)}


class PasswordForm(SwitchForm):
    password = field_for(PASSWORD.param("password"))
    confirm_password = field_for(PASSWORD.param("confirm_password"))

    def more(self) -> dict[str, forms.Field]:
        return {"known": known_field(Operation.PASSWORD, self.customer)}

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        check_repeated(self)
        return said


class DeleteForm(SwitchForm):
    """The username is typed once more: a deletion cannot be undone."""

    username = forms.CharField(
        label=_("Type the username to confirm"),
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "none"}),
        error_messages={"required": _("Type the username to confirm.")},
    )

    def __init__(self, customer: Customer, data: Any = None) -> None:
        super().__init__(customer, data)
        # A help text is taken for HTML.
        self.fields["username"].help_text = escape(customer.username)

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
