"""What each choice of a person will do, in plain words, before it is made."""

from dataclasses import dataclass

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.distributor.rules import NOT_REPEATABLE, Operation
from customers.forms.decision import ReadingForm
from customers.models import Change, Decision, Refresh
from customers.services.evidence import readable

Choice = Decision.Choice


@dataclass(frozen=True)
class Offer:
    """A choice, and what it will do here and over there."""

    value: str
    label: str
    consequence: str


def offers(change: Change) -> list[Offer]:
    words = {
        Choice.DONE: " ".join([_if_done(change), *_secret(change)]),
        Choice.REJECTED: " ".join([_if_rejected(change), *_secret(change)]),
        Choice.AGAIN: _if_again(change),
    }
    return [Offer(choice.value, str(choice.label), text) for choice, text in words.items()]


def of_reading(form: ReadingForm, reading: Refresh) -> list[Offer]:
    """The choices that the form offers about a list that was put aside."""
    words = {
        ReadingForm.Choice.APPLY: _if_applied(reading),
        ReadingForm.Choice.DISCARD: _(
            "Nothing of it is ever applied. The next refresh is judged anew."
        ),
    }
    offered = form.fields["choice"].choices  # type: ignore[attr-defined]
    return [Offer(value, str(label), words[value]) for value, label in offered]


def _if_applied(reading: Refresh) -> str:
    return _(
        "What it shows is taken over by the rules of every refresh: %(adopted)s accounts become "
        "customers, %(updated)s customers are updated. %(absent)s are noted as not listed; they "
        "are missing once the next refresh and a look by name say so too. Nobody is deleted."
    ) % {
        "adopted": intcomma(reading.would_adopt),
        "updated": intcomma(reading.would_update),
        "absent": intcomma(reading.absent),
    }


def if_executed_late(change: Change) -> str:
    """What tells that a change was executed after somebody had given it up."""
    if readable(Operation(change.operation)):
        return _("If it is given up and executed all the same, the next refresh shows it.")
    return _(
        "If it is given up and executed all the same, nothing will show it: no list tells this."
    )


def _if_done(change: Change) -> str:
    match change.operation:
        case Operation.CREATE:
            return _(
                "Nothing is sent. The customer becomes live here with everything that was asked, "
                "and the username %(new)s is theirs. What the distributor shows differently is "
                "taken over by the next refresh."
            ) % {"new": _new_name(change)}
        case Operation.DELETE:
            return _(
                "Nothing is sent. The customer counts as closed for good, and the username %(old)s "
                "can never be used again."
            ) % {"old": change.customer.username}
        case Operation.USERNAME:
            return _(
                "Nothing is sent. From now on the customer is called %(new)s here, and every "
                "further change goes to that name; %(old)s is held for a day."
            ) % {"new": _new_name(change), "old": change.customer.username}
        case Operation.PASSWORD:
            return _("Nothing is sent. The password counts as changed.")
        case _:
            return _("Nothing is sent. What was asked counts as confirmed and is shown as such.")


def _if_rejected(change: Change) -> str:
    match change.operation:
        case Operation.CREATE:
            given_back = _(
                "Nothing is sent. The customer counts as refused, and the username %(new)s is "
                "given back."
            ) % {"new": _new_name(change)}
            return " ".join([given_back, *_taken_along(change)])
        case Operation.USERNAME:
            return _(
                "Nothing is sent. The customer keeps the name %(old)s, and %(new)s is given back."
            ) % {"old": change.customer.username, "new": _new_name(change)}
        case _:
            return _("Nothing is sent, and nothing that we show of the customer changes.")


def _if_again(change: Change) -> str:
    if change.owes_look:
        looked = _(
            "A worker looks first whether it was done after all, and goes by what it sees until "
            "no try of it can be executed any more. If it was not, the same request goes out once "
            "more."
        )
        erased = _("Its password was erased: a new one is asked for then, on this page.")
        return f"{looked} {erased}" if change.lacks_password else looked
    if change.lacks_password:
        return _("The request goes out once more, with the password that you give below.")
    if change.operation in NOT_REPEATABLE:
        return _("The same request goes out once more, with all counters at zero.")
    return _(
        "The same request goes out once more, with all counters at zero. Done twice, it does no "
        "harm."
    )


def _new_name(change: Change) -> str:
    return str(change.params.get("username", ""))


def _taken_along(create: Change) -> list[str]:
    behind = create.customer.open_changes.filter(seq__gt=create.seq).count()
    words = ngettext(
        "%d change that waits behind it is withdrawn.",
        "%d changes that wait behind it are withdrawn.",
        behind,
    )
    return [words % behind] if behind else []


def _secret(change: Change) -> list[str]:
    return [_("The sealed password is erased.")] if change.sealed_password else []
