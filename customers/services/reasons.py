"""Why a doubt was concluded as it was, in words for whoever reads the evidence: pure functions."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _

from customers.distributor.rules import Operation
from customers.services.evidence import ROUNDS, Finding, Verdict, readable


@dataclass(frozen=True)
class Grounds:
    """What a conclusion rests on.

    apart    since an earlier look that has shown the same; None: there was none
    control  the account that was seen beside it; "" where the whole list was read instead,
             None where nothing rests on absence
    settles  when the last copy can no longer be executed; None: no try went unanswered
    settled  whether that moment is over
    refused  whether the last answer was a refusal
    stale    whether what was seen may be from before an earlier change
    """

    operation: Operation
    finding: Finding | None
    apart: timedelta | None
    control: str | None
    settles: datetime | None
    settled: bool
    refused: bool
    rounds: int
    stale: bool = False


def why(verdict: Verdict, grounds: Grounds) -> str:
    """One or two sentences: what was seen, what that rests on, and what follows."""
    seen = ", ".join([_seen(grounds), *_firmness(grounds)])
    match verdict:
        case Verdict.DONE:
            return _("%s: it is done.") % seen
        case Verdict.AGAIN:
            return _("%s: the same request goes out again.") % seen
        case Verdict.REJECTED:
            return _("%s: it was refused.") % seen
        case Verdict.BLOCKED:
            return _("%(seen)s. %(why)s") % {"seen": seen, "why": _blocked(grounds)}
        case _:
            return _("%(seen)s. Another look follows: %(why)s.") % {
                "seen": seen,
                "why": _uncertain(grounds),
            }


def throttled(grounds: Grounds) -> str:
    """The look that a 429 owes before the request goes out again."""
    return _(
        "%s. The distributor had said that there were too many calls: the same request goes out "
        "again."
    ) % ", ".join([_seen(grounds), *_firmness(grounds)])


def _seen(grounds: Grounds) -> str:
    match grounds.finding:
        case None:
            return _("The list never shows this")
        case Finding.AS_ASKED if grounds.operation is Operation.DELETE:
            return _("Not listed any more")
        case Finding.AS_ASKED:
            return _("There as asked")
        case Finding.NOT_APPLIED if grounds.operation is Operation.CREATE:
            return _("Absent")
        case Finding.NOT_APPLIED:
            return _("Not applied")
        case Finding.TAKEN:
            return _("Both names are listed, so the new one belongs to another account")
        case _ if grounds.operation is Operation.CREATE:
            return _("There, but not as asked")
        case _ if grounds.operation is Operation.USERNAME:
            return _("Neither the old name nor the new one is listed")
        case _:
            return _("The customer is not listed")


def _firmness(grounds: Grounds) -> list[str]:
    found = []
    if grounds.apart is not None:
        found.append(_("in two looks %d s apart") % grounds.apart.total_seconds())
    if grounds.control:
        found.append(_("the control account %s was seen") % grounds.control)
    elif grounds.control is not None:
        found.append(_("the whole list was read to its end"))
    if grounds.settles and grounds.settled and grounds.finding is not Finding.AS_ASKED:
        found.append(_("the settle time was over at %s") % clock_time(grounds.settles))
    if grounds.refused and grounds.finding is not Finding.AS_ASKED:
        found.append(_("the last answer was a refusal"))
    return found


def _blocked(grounds: Grounds) -> str:
    if grounds.rounds >= ROUNDS:
        return _("%d rounds ended without certainty: a person decides.") % grounds.rounds
    return _("That does not tell what happened: a person decides.")


def _uncertain(grounds: Grounds) -> str:
    if grounds.stale and grounds.finding is Finding.AS_ASKED and not grounds.settled:
        return _("this may be how it was before an earlier change")
    if grounds.settles and not grounds.settled:
        return _("a copy may still be executed until %s") % clock_time(grounds.settles)
    if grounds.apart is None and readable(grounds.operation):
        return _("one look alone proves nothing")
    return _("it is not certain yet")


def clock_time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%H:%M:%S} UTC"
