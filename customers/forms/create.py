"""A new customer, typed by a manager."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from customers.distributor.rules import CALLS, PROFILE_FIELDS, Operation, latest_billing_date
from customers.forms.asking import AskingForm
from customers.forms.fields import LABELS, RULES, check_repeated, field_for
from customers.models import Change, Customer, IpAddress, IpGroup, Package, WhitelabelDomain
from customers.services.names import NameTaken, judge

CALL = CALLS[Operation.CREATE]


UNSEEN = {"change_id", "password", "confirm_password"}


def _names(model: Any, column: str) -> list[tuple[str, str]]:
    names = model.objects.values_list(column, flat=True)
    return [(name, name) for name in names]


def _chosen(name: str) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=LABELS[name],
        help_text=RULES[name],
        error_messages={
            "required": _("Choose one."),
            "invalid_choice": _("“%(value)s” is not on offer. Choose one of the list."),
        },
    )


class SeveralField(forms.MultipleChoiceField):
    """A blank among the values is how a program that knows no other way says "none"."""

    def to_python(self, value: Any) -> list[str]:
        return [chosen for chosen in super().to_python(value) if chosen.strip()]


class CreateForm(AskingForm):
    """Every parameter of the create call."""

    email = field_for(CALL.param("email"))
    username = field_for(CALL.param("username"))
    password = field_for(CALL.param("password"))
    confirm_password = field_for(CALL.param("confirm_password"))
    first_name = field_for(CALL.param("first_name"))
    last_name = field_for(CALL.param("last_name"))
    company = field_for(CALL.param("company"))
    website = field_for(CALL.param("website"))
    phone = field_for(CALL.param("phone"))
    address = field_for(CALL.param("address"))
    zip = field_for(CALL.param("zip"))
    city = field_for(CALL.param("city"))
    state = field_for(CALL.param("state"))
    country = field_for(CALL.param("country"))
    package = _chosen("package")
    whitelabel = _chosen("whitelabel")
    ip_group = SeveralField(
        label=LABELS["ip_group"],
        required=False,
        help_text=RULES["ip_group"],
        error_messages={"invalid_choice": _("“%(value)s” is none of your IP groups.")},
    )
    ip = SeveralField(
        label=LABELS["ip"],
        required=False,
        help_text=RULES["ip"],
        error_messages={"invalid_choice": _("“%(value)s” is none of your addresses.")},
    )
    billing_date = forms.DateField(
        label=LABELS["billing_date"],
        required=False,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        help_text=RULES["billing_date"],
        error_messages={"invalid": _("Enter a date as year-month-day, such as 2026-02-28.")},
    )

    def __init__(self, data: Any = None, *, refused: Customer | None = None) -> None:
        """`refused` is a customer whom the distributor refused: what was typed is shown again."""
        self.refused = refused
        columns = self.base_fields.keys() - UNSEEN if refused else ()
        initial = {name: getattr(refused, name) for name in columns}
        super().__init__(data, initial=initial)
        self._offer("package", _names(Package, "name"))
        self._offer("whitelabel", _names(WhitelabelDomain, "domain"))
        self.fields["ip_group"].choices = _names(IpGroup, "name")  # type: ignore[attr-defined]
        self.fields["ip"].choices = _names(IpAddress, "address")  # type: ignore[attr-defined]

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices
        if len(choices) == 1:  # Nothing to choose, nothing to ask.
            field.initial, field.required = choices[0][0], False
            field.widget = forms.HiddenInput()

    @property
    def catalogue_is_empty(self) -> bool:
        return not all(self.fields[name].choices for name in ("package", "whitelabel"))  # type: ignore[attr-defined]

    def clean_package(self) -> str:
        return str(self.cleaned_data["package"] or self.fields["package"].initial or "")

    def clean_whitelabel(self) -> str:
        return str(self.cleaned_data["whitelabel"] or self.fields["whitelabel"].initial or "")

    def clean_billing_date(self) -> Any:
        day, today = self.cleaned_data["billing_date"], timezone.localdate()
        if day and not today <= day <= latest_billing_date(today):
            raise forms.ValidationError(
                _("Choose a day from %(first)s to %(last)s.")
                % {"first": today, "last": latest_billing_date(today)}
            )
        return day

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        if said.get("username"):
            self._judge_name(said["username"])
        check_repeated(self)
        package = Package.objects.filter(name=said.get("package", "")).first()
        if said.get("ip") and package and not package.allows_ips:
            self.add_error("ip", _("The package %s does not allow additional IPs.") % package)
        return said

    def _judge_name(self, username: str) -> None:
        # The same form sent twice meets its own name; the service tells those apart.
        change_id = self.cleaned_data.get("change_id")
        if change_id and Change.objects.filter(pk=change_id).exists():
            return
        try:
            judge(username, self.refused)
        except NameTaken as taken:
            self.explain(taken)

    def params(self) -> dict[str, Any]:
        """The contract's parameters less the password; blanks left out."""
        said = self.cleaned_data
        package = Package.objects.get(name=said["package"])
        asked = {name: said[name] for name in ("username", "email", *PROFILE_FIELDS)}
        asked |= {"package": package.name, "whitelabel": said["whitelabel"]}
        asked |= {"free_user": "true" if package.is_free else "false"}
        for name in ("ip_group", "ip"):
            if said.get(name):
                asked[name] = said[name]
        if said.get("billing_date"):
            asked["billing_date"] = said["billing_date"].isoformat()
        return asked
