"""Who it is, and where: the rules are those of the country that was named first."""

import re
from typing import Any

import phonenumbers
from django import forms
from django.utils.translation import gettext_lazy as _
from phonenumbers import NumberParseException, PhoneNumberFormat

from customers.forms.fields import LABELS
from customers.forms.signup import places
from customers.forms.signup.page import CHOOSE, StepForm, typed
from customers.models.signup import Step

_WEBSITE = re.compile(
    r"(?:https?://)?(?:[\w-]+\.)+[\w-]{2,}(?::\d{1,5})?(?:[/?#]\S*)?", re.IGNORECASE
)


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

    first_name = typed("first_name")
    last_name = typed("last_name")
    phone = typed("phone")
    company = typed("company", required=False)
    no_company = forms.BooleanField(
        label=_("I have no company"),
        required=False,
        help_text=_("Then your own name is sent as the company: the field must not be empty."),
    )
    website = typed("website", required=False)
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

    address = typed("address")
    zip = typed("zip", required=False)
    city = typed("city", required=False)
    state = typed("state", required=False)

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
                _("Enter one of your country, such as %(example)s.")
                % {"example": next(iter(self.place.code_examples), "—")}
            )
        return self._recheck("zip", written if self.place.codes else typed)
