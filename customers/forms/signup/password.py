"""The password, asked for last and kept by no form, session or answer."""

from dataclasses import replace
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from customers.forms.fields import LABELS, validator
from customers.forms.signup.page import CALL, typed


class Common:
    """The twenty thousand that are tried first, from a list that comes with Django."""

    @cached_property
    def validator(self) -> CommonPasswordValidator:
        return CommonPasswordValidator()

    def __contains__(self, password: str) -> bool:
        try:
            self.validator.validate(password)
        except ValidationError:
            return True
        return False


COMMON = Common()


class PasswordForm(forms.Form):
    """Once only: it can be looked at before it is sent. `names` are what it must not be."""

    password = typed("password")

    def __init__(self, data: Any = None, *, names: tuple[str, ...] = ()) -> None:
        super().__init__(data, label_suffix="")
        self.names = {name.casefold() for name in names if name}
        self.names |= {name.partition("@")[0] for name in self.names}
        field = self.fields["password"]
        field.label = LABELS["password"]
        field.help_text = (
            ngettext_lazy(
                "At least %d character. Several words in a row are strong and easy to keep.",
                "At least %d characters. Several words in a row are strong and easy to keep.",
            )
            % settings.SIGNUP_PASSWORD_MIN
        )
        # The contract's least is less than ours.
        asked = replace(CALL.param("password"), min_length=settings.SIGNUP_PASSWORD_MIN)
        field.validators = [validator(asked)]
        field.widget.attrs["data-password"] = settings.SIGNUP_PASSWORD_MIN

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        if password in COMMON:
            raise ValidationError(
                _("This is one of the passwords that are tried first. Choose another one."),
                "common",
            )
        if password.casefold() in self.names:
            raise ValidationError(
                _("Do not use your username or your e-mail address as the password."), "same"
            )
        return password
