"""What is kept about a customer here alone: notes, and who looks after them."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.forms.asking import AskingForm
from customers.forms.texts import LONGEST_NOTE, TextField
from customers.models import Customer
from customers.models.labels import called


class NoteForm(AskingForm):
    """`change_id` makes a double click one note."""

    text = TextField(
        LONGEST_NOTE,
        rows=2,
        label=_("Add a note"),
        help_text=_("Kept for good with your name and the time, and shown to nobody outside."),
        error_messages={"required": _("Write something: an empty note says nothing.")},
    )

    def __init__(self, data: Any = None) -> None:
        # A dialog on the same page has fields of its own.
        super().__init__(data, auto_id="note_%s")
        self.fields["text"].widget.attrs["class"] = "form-control"

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        if "text" in self.errors:
            self.fields["text"].widget.attrs["class"] += " is-invalid"
        return said


class ManagerField(forms.ModelChoiceField):
    def label_from_instance(self, person: Any) -> str:
        return called(person)


class AssignForm(forms.Form):
    manager = ManagerField(
        User.objects.none(),
        label=_("Account manager"),
        required=False,
        empty_label=_("Nobody"),
        error_messages={"invalid_choice": _("Choose somebody of the list.")},
    )

    def __init__(self, customer: Customer, data: Any = None) -> None:
        initial = {"manager": customer.account_manager_id}
        super().__init__(data, initial=initial, auto_id="assign_%s")
        self.fields["manager"].widget.attrs["class"] = "form-select form-select-sm"
        self.fields["manager"].queryset = who_may_look_after(customer)  # type: ignore[attr-defined]


def who_may_look_after(customer: Customer) -> Any:
    """Active people who may see customers; and who does now, so that the page tells the truth."""
    may = User.objects.with_perm(
        "customers.view_customer", backend="django.contrib.auth.backends.ModelBackend"
    )
    now = Q(pk=customer.account_manager_id)
    return User.objects.filter(Q(pk__in=may.values("pk")) | now).order_by("username")
