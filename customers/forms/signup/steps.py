"""The pages on which something is typed that is kept: a form each, in their order.

What a form keeps is in `answers()`; it is checked once more whenever it is used.
"""

import re
from collections.abc import Mapping
from typing import Any

import phonenumbers
from django import forms
from django.utils.translation import gettext_lazy as _
from phonenumbers import NumberParseException, PhoneNumberFormat

from customers.distributor.rules import CALLS, Operation, problems
from customers.forms.fields import LABELS, field_for, validator
from customers.forms.signup import places
from customers.models import IpAddress, Package, Signup, WhitelabelDomain
from customers.models.signup import Step
from customers.services.names import NameTaken, judge

CALL = CALLS[Operation.CREATE]
CHOOSE = _("Choose one.")
# One sentence for every reason: whose a name is, or was, is nobody else's business.
UNAVAILABLE = _("This username cannot be had. Choose another one.")

_WEBSITE = re.compile(
    r"(?:https?://)?(?:[\w-]+\.)+[\w-]{2,}(?::\d{1,5})?(?:[/?#]\S*)?", re.IGNORECASE
)


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


class EmailForm(forms.Form):
    email = field_for(CALL.param("email"))


class PackageForm(StepForm):
    step = Step.PACKAGE
    heading = _("Choose your package")

    package = forms.ChoiceField(
        label=LABELS["package"], widget=forms.RadioSelect, error_messages={"required": CHOOSE}
    )
    ip = forms.MultipleChoiceField(
        label=LABELS["ip"],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Sending addresses of your own. Only some packages allow them."),
    )
    whitelabel = forms.ChoiceField(
        label=LABELS["whitelabel"],
        widget=forms.RadioSelect,
        help_text=_("The domain under which your mail is branded."),
        error_messages={"required": CHOOSE},
    )

    def prepare(self) -> None:
        offered = Package.objects.filter(offered_at_signup=True)
        self.with_ips = [it.name for it in offered if it.allows_ips]
        addresses = IpAddress.objects.values_list("address", flat=True) if self.with_ips else []
        self._offer("package", [it.name for it in offered])
        self._offer("whitelabel", WhitelabelDomain.objects.values_list("domain", flat=True))
        self._offer("ip", addresses)
        if not addresses:
            del self.fields["ip"]
        else:
            self.fields["ip"].widget.attrs["data-only-with"] = "|".join(self.with_ips)

    def _offer(self, name: str, values: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(value, value) for value in values]
        if len(field.choices) == 1 and field.required:  # Nothing to choose: it is chosen.
            self.initial.setdefault(name, field.choices[0][0])

    def answers(self) -> dict[str, Any]:
        return {"ip": []} | self.cleaned_data

    @property
    def is_empty(self) -> bool:
        return not all(self.fields[name].choices for name in ("package", "whitelabel"))  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        package = said.get("package")
        if said.get("ip") and package and package not in self.with_ips:
            self.add_error(
                "ip",
                _("The package %s does not allow additional IPs: choose none, or another package.")
                % package,
            )
        return said


class CountryForm(StepForm):
    step = Step.COUNTRY
    heading = _("Which country are you in?")

    country = forms.ChoiceField(
        label=LABELS["country"],
        widget=forms.Select({"autocomplete": "country"}),
        help_text=_("We ask for the rest as addresses are written there."),
        error_messages={"required": _("Choose a country.")},
    )

    def prepare(self) -> None:
        field = self.fields["country"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("Choose a country")), *places.country_choices()]


class PersonForm(StepForm):
    step = Step.PERSON
    heading = _("Who are you?")

    first_name = field_for(CALL.param("first_name"))
    last_name = field_for(CALL.param("last_name"))
    phone = field_for(CALL.param("phone"))
    company = field_for(CALL.param("company"), required=False)
    no_company = forms.BooleanField(
        label=_("I have no company"),
        required=False,
        help_text=_("Then your own name is sent as the company: the field must not be empty."),
    )
    website = field_for(CALL.param("website"), required=False)
    no_website = forms.BooleanField(
        label=_("I have no website"),
        required=False,
        help_text=_("Then the word “none” is sent: the field must not be empty."),
    )

    def prepare(self) -> None:
        self.fields["phone"].widget = forms.TextInput({"autocomplete": "tel", "type": "tel"})
        self.fields["phone"].help_text = _("As you write it; abroad with + and the country code.")
        self.fields["website"].help_text = _("Such as www.example.com.")
        for name in ("company", "website"):
            self.fields[name].widget.attrs["data-unless"] = f"no_{name}"

    def clean_phone(self) -> str:
        number = parsed_phone(self.cleaned_data["phone"], self.said.get("country", ""))
        if number is None or not phonenumbers.is_possible_number(number):
            raise forms.ValidationError(
                _("Enter a phone number that can be called, with its area code.")
            )
        written = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
        return self._recheck("phone", written)

    def clean_website(self) -> str:
        website = str(self.cleaned_data["website"])
        if website and not _WEBSITE.fullmatch(website):
            raise forms.ValidationError(_("Enter a web address such as www.example.com."))
        return website

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        without = {
            "company": _("Enter your company, or tick that you have none."),
            "website": _("Enter your website, or tick that you have none."),
        }
        for name, words in without.items():
            if said.get(f"no_{name}"):
                said[name] = ""
                self.errors.pop(name, None)
            elif name in said and not said[name]:
                self.add_error(name, words)
        return said


def parsed_phone(text: str, country: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text, country or None)
    except NumberParseException:
        return None


class AddressForm(StepForm):
    step = Step.ADDRESS
    heading = _("What is your address?")

    address = field_for(CALL.param("address"))
    zip = field_for(CALL.param("zip"), required=False)
    city = field_for(CALL.param("city"), required=False)
    state = field_for(CALL.param("state"), required=False)

    def prepare(self) -> None:
        self.place = places.place(self.said["country"])
        self.fields["zip"].label = self.place.code_label
        self.fields["state"].label = self.place.area_label
        self.fields["address"].help_text = _("Street and number, or a post box.")
        self.fields["zip"].help_text = (
            _("Such as %s.") % self.place.code_examples[0] if self.place.code_examples else ""
        )
        self.fields["city"].help_text = self.fields["state"].help_text = ""
        for name, line in (
            ("zip", "postal_code"),
            ("city", "city"),
            ("state", "country_area"),
        ):
            self._fit(name, line)
        if self.place.areas and "state" in self.fields:
            self.fields["state"] = self._areas()

    def _fit(self, name: str, line: str) -> None:
        if line in self.place.required:
            self.fields[name].required = True
        elif line in self.place.fields or line == "city":
            self.fields[name].help_text = _("Leave it empty if your address has none.")
        else:
            del self.fields[name]

    def _areas(self) -> forms.ChoiceField:
        return forms.ChoiceField(
            label=self.place.area_label,
            required="country_area" in self.place.required,
            choices=[("", _("Choose one")), *self.place.areas],
            widget=forms.Select({"autocomplete": "address-level1"}),
            error_messages={"required": CHOOSE},
        )

    def answers(self) -> dict[str, Any]:
        """Lines that the country does not have are empty, whatever they held for another one."""
        empty = dict.fromkeys(("zip", "city", "state"), "")
        return empty | self.cleaned_data | {"address_in": self.said["country"]}

    def clean_zip(self) -> str:
        typed = str(self.cleaned_data["zip"])
        if not typed:
            return ""
        written = places.written_code(typed)
        if not places.code_fits(self.place, written):
            raise forms.ValidationError(
                _("Enter a %(name)s of your country, such as %(example)s.")
                % {
                    "name": self.place.code_label,
                    "example": next(iter(self.place.code_examples), "—"),
                }
            )
        return self._recheck("zip", written if self.place.codes else typed)


class UsernameForm(StepForm):
    step = Step.USERNAME
    heading = _("Choose a username")

    username = field_for(CALL.param("username"))

    def prepare(self) -> None:
        self.initial.setdefault("username", self.signup.email)
        self.fields["username"].help_text = _(
            "With it you sign in, and your programs send mail. Your e-mail address is a good one."
        )

    def clean_username(self) -> str:
        username = str(self.cleaned_data["username"])
        try:
            judge(username, self.signup.customer, self.signup)
        except NameTaken:
            raise forms.ValidationError(UNAVAILABLE, "taken") from None
        return username


STEPS: dict[Step, type[StepForm]] = {
    form.step: form for form in (PackageForm, CountryForm, PersonForm, AddressForm, UsernameForm)
}


def is_free(username: str, signup: Signup) -> bool | None:
    """Whether the name can be had as far as we know; None if the contract refuses it anyway."""
    if problems(CALL.param("username"), username):
        return None
    try:
        judge(username, signup.customer, signup)
    except NameTaken:
        return False
    return True
