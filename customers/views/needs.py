"""What needs a person, those alike in one line, and what to do about each: the dashboard's head.

Each source is one function that yields lines; who has another one adds it to SOURCES.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import Count, Min
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from customers.distributor.rules import Operation
from customers.forms.changes import LEFT
from customers.models import Alert, Change, Customer, Drift, Refresh, Signup
from customers.models.change import OPERATIONS, ChangeQuerySet
from customers.views.altered import patterns
from customers.views.causes import Group, Told, groups
from customers.views.context import Standing

State = Change.State
Kind = Alert.Kind
# Beyond that the latest ones stand for all of them.
MOST = 1000
# Lines of one source; what is over is told in one more.
LINES = 6
DRIFTS = 5
# More alerts of a kind than these are told in one line.
ALERTS = 3

DO_ABOUT = {
    Kind.CREDENTIALS: gettext_lazy(
        "Set the right DISTRIBUTOR_USER and DISTRIBUTOR_KEY, then start the processes anew."
    ),
    Kind.CONTROL: gettext_lazy(
        "See whether the account in DISTRIBUTOR_CONTROL is still there at the distributor."
    ),
    Kind.LATE: gettext_lazy("See that worker, beat and poller run."),
    Kind.LISTED: gettext_lazy(
        "Look at the account at the distributor: it may have been opened there by somebody else."
    ),
    Kind.REFRESH: gettext_lazy("Look at the reading: it says what was wrong with the list."),
    Kind.SEAL: gettext_lazy("See SEALING_KEYS: a key that is still needed may be gone."),
}
WAIT = gettext_lazy("Nothing to do: they go out by themselves once the distributor answers.")
FOR_CREDENTIALS = gettext_lazy("They go out by themselves once our credentials are taken again.")


@dataclass(frozen=True)
class Need:
    """One line. `state` names its badge, see _need.html; `when` is the latest one's time."""

    state: str
    text: str
    do: str
    when: datetime | None = None
    href: str = ""
    detail: str = ""
    since: datetime | None = None
    is_alert: bool = False


@dataclass(frozen=True)
class Moment:
    """What all sources go by."""

    now: datetime
    standing: Standing | None


def needs(now: datetime, standing: Standing | None) -> list[Need]:
    moment = Moment(now, standing)
    return [need for source in SOURCES for need in source(moment)]


def _waiting(moment: Moment) -> Iterator[Need]:
    """Where nothing waits the banner alone says that the distributor is away."""
    standing = moment.standing
    if standing is None or not standing.waiting.number:
        return
    if standing.throttled:
        why = _("the distributor asks for fewer calls")
    elif standing.denied:
        why = _("the distributor refuses our credentials")
    else:
        why = _("the distributor cannot be reached")
    words = ngettext(
        "%(number)s waits: %(why)s", "%(number)s wait: %(why)s", standing.waiting.number
    )
    yield Need(
        "WAITING",
        words % {"number": standing.waiting.text, "why": why},
        str(FOR_CREDENTIALS if standing.denied else WAIT),
        href=_changes(state="open"),
        detail=_("nothing is lost"),
        since=standing.since,
    )


def _quarantined(_moment: Moment) -> Iterator[Need]:
    if aside := put_aside():
        yield Need(
            aside.verdict,
            _("The latest list was put aside"),
            _("Look at its numbers, then apply or discard it."),
            when=aside.started_at,
            href=aside.get_absolute_url(),
            detail=aside.problem,
        )


def put_aside() -> Refresh | None:
    """The latest reading, if it was put aside."""
    ended = Refresh.objects.exclude(verdict=Refresh.Verdict.RUNNING).first()
    return ended if ended and ended.verdict == Refresh.Verdict.QUARANTINED else None


def _alerts(moment: Moment) -> Iterator[Need]:
    """What stands in a line of its own, with a link, is not told twice."""
    found = Alert.objects.filter(over_at=None).exclude(kind=Kind.BLOCKED)
    by_kind: dict[str, list[Alert]] = {}
    for alert in found[:MOST]:
        by_kind.setdefault(alert.kind, []).append(alert)
    if Kind.REFRESH in by_kind and put_aside():
        del by_kind[Kind.REFRESH]
    for alerts in by_kind.values():
        if len(alerts) <= ALERTS:
            yield from (_alert(it, it.text, moment) for it in alerts)
        else:
            words = _("%(number)s alike, the latest: %(text)s")
            latest = {"number": intcomma(len(alerts)), "text": alerts[0].text}
            yield _alert(alerts[0], words % latest, moment)


def _alert(alert: Alert, text: str, moment: Moment) -> Need:
    is_away = alert.kind == Kind.LATE and moment.standing is not None
    do = str(WAIT if is_away else DO_ABOUT.get(Kind(alert.kind), ""))
    return Need(alert.get_kind_display(), text, do, when=alert.raised_at, is_alert=True)


def _blocked(_moment: Moment) -> Iterator[Need]:
    found = Change.objects.filter(state=State.BLOCKED)
    do = _(
        "Open it: what is known stands there. Say whether it was done, was not, or goes out again."
    )
    yield from _grouped(found, State.BLOCKED, State.BLOCKED, _("%(number)s blocked: %(cause)s"), do)


def _refused(moment: Moment) -> Iterator[Need]:
    found = Change.objects.refused_and_left(moment.now - LEFT).order_by("-settled_at", "-pk")
    do = _("Correct what the distributor names, and ask again: its page leads there.")
    yield from _grouped(found, State.REJECTED, "left", _("%(number)s refused: %(cause)s"), do)


def _grouped(found: ChangeQuerySet, badge: str, state: str, words: str, do: str) -> Iterator[Need]:
    """The most numerous causes; one that stands alone names its customer."""
    alike = groups(found[:MOST])
    names = _names(alike[:LINES])
    for group in alike[:LINES]:
        if len(group.members) == 1:
            yield _lone(group.members[0], names, badge, do)
        else:
            yield _line(group, badge, state, words, do)
    if others := sum(len(group.members) for group in alike[LINES:]):
        text = ngettext("%s more for another reason", "%s more for other reasons", others)
        yield Need(badge, text % intcomma(others), do, href=_changes(state=state))


def _names(alike: Iterable[Group]) -> Mapping[int, Customer]:
    lone = {it.members[0].customer_id for it in alike if len(it.members) == 1}
    return Customer.objects.only("first_name", "last_name", "username").in_bulk(lone)


def _lone(told: Told, names: Mapping[int, Customer], badge: str, do: str) -> Need:
    label = f"{OPERATIONS[Operation(told.operation)]}: {names[told.customer_id].name}"
    href = reverse("customers:change", args=[told.pk])
    return Need(badge, label, do, when=told.at, href=href, detail=told.error)


def _line(group: Group, badge: str, state: str, words: str, do: str) -> Need:
    number = len(group.members)
    shown = f"{intcomma(number)}+" if number == MOST else intcomma(number)
    return Need(
        badge,
        words % {"number": shown, "cause": group.cause},
        do,
        when=max(it.at for it in group.members),
        href=_changes(state=state, cause=group.cause),
    )


def _drift(_moment: Moment) -> Iterator[Need]:
    for pattern in patterns(Drift.objects.open().patterns()[:DRIFTS]):
        yield Need(
            "ALTERED",
            f"{intcomma(pattern.count)} × {pattern.words}",  # noqa: RUF001
            _("Adopt what they have, push back ours, or ignore it: all that are alike at once."),
            href=f"{reverse('customers:drift')}?{pattern.query}",
        )


def _signups(_moment: Moment) -> Iterator[Need]:
    held = Signup.objects.filter(state=Signup.State.REVIEW).order_by()
    number, since = held.aggregate(number=Count("pk"), since=Min("submitted_at")).values()
    if not number:
        return
    words = ngettext("%s signup waits for a review", "%s signups wait for a review", number)
    yield Need(
        State.BLOCKED,
        words % intcomma(number),
        _("Approve it, refuse it with a reason, or ask for a correction."),
        href=reverse("customers:signups"),
        since=since,
    )


def _changes(**said: Any) -> str:
    return f"{reverse('customers:changes')}?{urlencode(said)}"


Source = Callable[[Moment], Iterator[Need]]
SOURCES: Sequence[Source] = (_quarantined, _alerts, _waiting, _blocked, _refused, _signups, _drift)
