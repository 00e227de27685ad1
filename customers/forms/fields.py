"""Form fields made from the contract's parameters, and the words for what is wrong."""

from collections.abc import Callable

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from customers.distributor.rules import CALLS, Operation, Param, Problem, problems

LABELS = {
    "username": _("Username"),
    "password": _("Password"),
    "confirm_password": _("Password again"),
    "email": _("E-mail"),
    "first_name": _("First name"),
    "last_name": _("Last name"),
    "address": _("Address"),
    "city": _("City"),
    "state": _("State or province"),
    "zip": _("Postal code"),
    "country": _("Country"),
    "phone": _("Phone"),
    "website": _("Website"),
    "company": _("Company"),
    "package": _("Package"),
    "whitelabel": _("Whitelabel domain"),
    "ip_group": _("IP groups"),
    "ip": _("Additional IPs"),
    "billing_date": _("Billing date"),
}
AUTOCOMPLETE = {
    "username": "username",
    "password": "new-password",
    "confirm_password": "new-password",
    "email": "email",
    "first_name": "given-name",
    "last_name": "family-name",
    "address": "street-address",
    "city": "address-level2",
    "state": "address-level1",
    "zip": "postal-code",
    "country": "country-name",
    "phone": "tel",
    "website": "url",
    "company": "organization",
}
# What the contract says of a field beyond its length. A help text is taken for HTML.
RULES = {
    "username": _(
        "Best an e-mail address: the distributor switches sending and website access only for "
        "such names. Once deleted it can never be used again, by anybody."
    ),
    "password": _("It is never shown again, and is erased here once the distributor has it."),
    "confirm_password": _("The same once more."),
    "zip": _("The distributor does not check it."),
    "website": _("Such as example.com; it may come back with http:// in front."),
    "package": _("Under the distributor's name for it. It cannot be changed here later."),
    "whitelabel": _("The domain that the mail is branded with. It cannot be changed here later."),
    "ip_group": _("Only groups that belong to us. Leave it empty for none."),
    "ip": _("Only addresses that belong to us, and only with packages that allow them."),
    "billing_date": _(
        "From today to one billing cycle, a month, ahead. Leave it empty for the "
        "distributor's choice."
    ),
}
NEW_NAME = _(
    "Nobody may have it yet, and no name that was deleted comes back. Its domain must not "
    "contain sendgrid.com."
)
# What a creation takes less of than the change that may follow it.
LATER = {
    "username": CALLS[Operation.USERNAME].param("username").max_length,
    "email": CALLS[Operation.EMAIL].param("email").max_length,
}
MESSAGES = {
    Problem.REQUIRED: _("Enter a value: the distributor does not take an empty one."),
    Problem.TOO_SHORT: _("Use at least %(min)d characters; these are %(length)d."),
    Problem.TOO_LONG: _("Use at most %(max)d characters; these are %(length)d."),
    Problem.CONTROL: _("Remove the invisible characters or line breaks."),
    Problem.NOT_EMAIL: _("Enter an e-mail address such as name@example.com."),
    Problem.LOOKALIKE: _(
        "Use plain Latin letters, digits and signs: other characters look alike and confuse."
    ),
    Problem.PROVIDER_DOMAIN: _("Use another domain: the distributor bars sendgrid.com in it."),
}


def validator(param: Param) -> Callable[[str], None]:
    """Holds one value against the contract and says every problem in words."""

    def validate(value: str) -> None:
        numbers = {"min": param.min_length, "max": param.max_length, "length": len(value)}
        found = problems(param, value)
        if found:
            raise ValidationError([ValidationError(MESSAGES[p], p, numbers) for p in found])

    return validate


def check_repeated(form: forms.Form) -> None:
    """The password and its repetition are the same, where both could be read."""
    said = form.cleaned_data
    password, repeated = said.get("password"), said.get("confirm_password")
    if None not in {password, repeated} and password != repeated:
        form.add_error("confirm_password", _("The two passwords differ."))


def _lengths(param: Param) -> str:
    if param.min_length:
        return str(_("At least %d characters.") % param.min_length)
    if not param.max_length:
        return ""
    most = (
        _("An e-mail address of at most %d characters.")
        if param.email
        else _("At most %d characters.")
    )
    said = [most % param.max_length]
    if (later := LATER.get(param.name, 0)) > param.max_length:
        said.append(_("A later change may have %d.") % later)
    return " ".join(map(str, said))


def rules(param: Param) -> str:
    """What the contract asks of this field, in words."""
    own = NEW_NAME if param.name == "username" and param.email else RULES.get(param.name, "")
    return " ".join(str(sentence) for sentence in (_lengths(param), own) if sentence)


def _counted(param: Param) -> dict[str, int]:
    """For static/js/counts.js; the server judges by the rules themselves."""
    ends = {"data-max": param.max_length, "data-min": param.min_length}
    return {name: length for name, length in ends.items() if length}


def field_for(param: Param, *, required: bool = True) -> forms.CharField:
    """No maxlength attribute: a browser would cut what is pasted without a word."""
    attrs = {"autocomplete": AUTOCOMPLETE.get(param.name, "off"), **_counted(param)}
    if param.name in {"username", "email"}:
        attrs |= {"autocapitalize": "none", "spellcheck": "false"}
    widget: type[forms.Widget] = forms.TextInput
    if param.secret:
        widget = forms.PasswordInput
    elif param.name == "email":
        widget = forms.EmailInput
    return forms.CharField(
        label=LABELS[param.name],
        required=required,
        strip=not param.secret,
        widget=widget(attrs),
        validators=[validator(param)],
        # Put together for each reader: the language is theirs.
        help_text=lazy(rules, str)(param),
        error_messages={"required": MESSAGES[Problem.REQUIRED]},
    )
