"""The first page: an e-mail address, and what keeps robots out."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from customers.forms.signup.guards import Guarded
from customers.forms.signup.steps import EmailForm
from customers.services.disposable import is_disposable


class StartForm(Guarded, EmailForm):
    field_order = ["email"]

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if settings.SIGNUP_REFUSE_DISPOSABLE and is_disposable(email):
            raise ValidationError(_("Use an address that you keep: this one forgets its mail."))
        return email
