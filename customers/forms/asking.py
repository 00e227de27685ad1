"""What every form that asks for a change carries along: its id, and what it showed."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from customers.models import Username
from customers.models.customer import EDITABLE
from customers.services.errors import (
    AlreadySent,
    AskingError,
    Conflict,
    NothingChanged,
    NotPossible,
)
from customers.services.names import NameTaken
from customers.services.seen import Seen

TAKEN = {
    Username.State.LIVE: _("This username is in use. Choose another one."),
    Username.State.PENDING: _("This username is just being set up for somebody. Choose another."),
    Username.State.RELEASED: _(
        "This username was given up a short while ago and is held for a day. Choose another one."
    ),
    Username.State.BURNT: _(
        "This username was deleted, or belongs to somebody else: it can never be used again."
    ),
}
NOT_POSSIBLE = {
    "refused": _("The distributor refused this customer; there is nothing to change."),
    "closed": _("This customer is closed; nothing can be changed any more."),
    "closing": _("This customer is being deleted; nothing can be changed any more."),
    "united": _(
        "This customer is one with another by now: a rename at the distributor was accepted. "
        "Search for the username, and ask there."
    ),
    "not_refused": _("This customer is not refused any more. Nothing was sent."),
    "not_email": _(
        "The distributor takes this only for usernames that are e-mail addresses. "
        "Change the username first."
    ),
}

# Fields that belong to the asking, not to the customer: the distributor never sees them.
ASKING = {"change_id", "seen", "known", "reason"}


def named_in(words: str, fields: Iterable[str]) -> str | None:
    """The field that the distributor's words name first, as the contract writes it or in words."""
    found = []
    for name in fields:
        spelled = "[ _]?".join(map(re.escape, name.split("_")))
        if match := re.search(rf"(?<![a-z]){spelled}(?![a-z])", words, re.IGNORECASE):
            found.append((match.start(), -len(name), name))
    return min(found)[2] if found else None


class AskingForm(forms.Form):
    """`change_id` makes a double click one change; `seen` tells what somebody else did since."""

    change_id = forms.UUIDField(
        widget=forms.HiddenInput,
        required=False,
        initial=uuid4,
        error_messages={
            "invalid": _("This page came back damaged. Nothing was sent: send it once more.")
        },
    )

    def clean(self) -> dict[str, Any]:
        if "change_id" in self.errors:
            self._fill_in(change_id=uuid4())
        return super().clean() or {}

    def recall(self, params: Mapping[str, Any], words: Sequence[str]) -> None:
        """Show what was refused once more, and each of the words at the field that it names."""
        self.initial.update({n: value for n, value in params.items() if n in self.fields})
        self.cleaned_data: dict[str, Any] = {}
        for said in words:
            self.add_error(
                named_in(said, self.fields.keys() - ASKING), _("The distributor said: “%s”") % said
            )

    def renew(self) -> None:
        """The form goes back to the person under a fresh id."""
        self._fill_in(change_id=uuid4())

    def _fill_in(self, **values: object) -> None:
        data = self.data.copy()  # type: ignore[attr-defined]  # a QueryDict, or a test's dict
        for name, value in values.items():
            data[name] = str(value)
        self.data = data

    def explain(self, error: AskingError | NameTaken) -> None:
        """Why nothing was asked for, in words, at the field that it is about."""
        match error:
            case NameTaken():
                self.add_error("username", TAKEN[Username.State(error.state)])
            case NothingChanged():
                self.add_error(None, _("Nothing is different from how it is now."))
            case NotPossible():
                self.add_error(None, NOT_POSSIBLE[error.why])
            case AlreadySent():
                self.add_error(
                    None,
                    _(
                        "This form was already sent with other content. Nothing was sent now: "
                        "check what you typed and send it again."
                    ),
                )
                self.renew()
            case Conflict():
                for field, value in error.fields.items():
                    self.add_error(
                        field,
                        _(
                            "Meanwhile this was changed to “%(value)s”. To have yours instead, "
                            "send it again."
                        )
                        % {"value": value},
                    )
                self.renew()


class SeenField(forms.CharField):
    """What the form showed, as JSON; None for a client that does not send it back."""

    widget = forms.HiddenInput

    def clean(self, value: str) -> Seen | None:
        if not super().clean(value):
            return None
        try:
            said = json.loads(value)
            shown, mirror = ({f: said[part][f] for f in EDITABLE} for part in ("shown", "mirror"))
            if not all(
                v is None or isinstance(v, str) for v in (*shown.values(), *mirror.values())
            ):
                raise TypeError
            return Seen(int(said["seq"]), shown, mirror)
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            raise ValidationError(_("This page is out of date: load it again.")) from None


def dump(seen: Seen) -> str:
    return json.dumps({"seq": seen.seq, "shown": seen.shown, "mirror": seen.mirror})
