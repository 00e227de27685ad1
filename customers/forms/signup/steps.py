"""The pages on which something is typed that is kept: a form each, in their order.

What a form keeps is in `answers()`; it is checked once more whenever it is used.
"""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.distributor.rules import problems
from customers.forms.fields import LABELS
from customers.forms.signup.page import CALL, CHOOSE, StepForm, typed
from customers.forms.signup.person import AddressForm, CountryForm, PersonForm
from customers.models import IpAddress, Package, Signup, WhitelabelDomain
from customers.models.signup import Step
from customers.services.names import NameTaken, judge

# One sentence for every reason: whose a name is, or was, is nobody else's business.
UNAVAILABLE = _("This username cannot be had. Choose another one.")


class EmailForm(forms.Form):
    email = typed("email")


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

    @property
    def shows_ips(self) -> bool:
        return self["package"].value() in self.with_ips

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


class UsernameForm(StepForm):
    step = Step.USERNAME
    heading = _("Choose a username")

    username = typed("username")

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
