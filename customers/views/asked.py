"""The list of changes: what was asked for, by whom, when, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from customers.forms.changes import ChangeFilter, keys
from customers.models import Change, clock
from customers.models.change import ChangeQuerySet
from customers.views.causes import because_of, groups
from customers.views.context import Standing
from customers.views.counting import Count, count
from customers.views.pace import is_moving, pace

PAGE = 50
# The causes to choose from are those of the latest ones.
RECENT = 1000


@dataclass(frozen=True)
class Part:
    """Some of the changes, the latest first, and whether there are others beside them."""

    rows: Sequence[Change]
    has_newer: bool
    has_older: bool


@require_safe
@permission_required("customers.view_customer", raise_exception=True)
def change_list(request: HttpRequest) -> HttpResponse:
    """For htmx the rows that stand on the page already, as they are by now: none moves."""
    chosen = ChangeFilter(request.GET)
    found = narrowed(chosen)
    shown = keys(request.GET.get("rows", ""), PAGE)
    is_asked_again = bool(request.htmx)  # type: ignore[attr-defined]
    part = _those(shown, chosen) if is_asked_again else _part(found, chosen)
    top = part.rows[0] if part.rows else None
    newer = found.newer_than(top) if top else found
    standing, anything = Standing.now(), Change.objects.any_unfinished()
    context = {
        "filter": chosen,
        "part": part,
        "standing": standing,
        "now": clock.now(),
        "is_under_way": anything,
        "pace": pace(is_moving=is_moving(part.rows), is_under_way=anything, standing=standing),
        "newer": count(newer) if is_asked_again and not part.has_newer else Count(0),
        "again": _address(request, part),
        "from_start": _query(request, before=None, after=None, rows=None),
    }
    if not is_asked_again:
        context |= {"count": count(found), "causes": _causes(chosen)}
    page = "_changes_live.html" if is_asked_again else "changes.html"
    response = render(request, f"customers/{page}", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def narrowed(chosen: ChangeFilter) -> ChangeQuerySet:
    found = chosen.of_state()
    if operation := chosen.said("operation"):
        found = found.filter(operation=operation)
    if cause := chosen.said("cause"):
        found = found.filter(because_of(cause))
    return found


def _part(found: ChangeQuerySet, chosen: ChangeFilter) -> Part:
    """One more is read than shown: whether it is there tells whether there is more."""
    place = chosen.said("before") or chosen.said("after")
    named = Change.objects.filter(pk=place).first() if place else None
    rows = found.select_related("customer", "asked_by")
    if named and chosen.said("before"):
        behind = list(rows.older_than(named)[: PAGE + 1])
        return Part(behind[:PAGE], has_newer=True, has_older=len(behind) > PAGE)
    if named:
        ahead = list(rows.newer_than(named).order_by("asked_at", "pk")[: PAGE + 1])
        return Part(ahead[:PAGE][::-1], has_newer=len(ahead) > PAGE, has_older=True)
    first = list(rows[: PAGE + 1])
    return Part(first[:PAGE], has_newer=False, has_older=len(first) > PAGE)


def _those(shown: Sequence[UUID], chosen: ChangeFilter) -> Part:
    rows = Change.objects.filter(pk__in=shown).select_related("customer", "asked_by")
    is_first = not (chosen.said("before") or chosen.said("after"))
    return Part(list(rows), has_newer=not is_first, has_older=False)


def _causes(chosen: ChangeFilter) -> list[str]:
    if not chosen.has_causes:
        return []
    known = [it.cause for it in groups(chosen.of_state()[:RECENT]) if it.cause]
    said = chosen.said("cause")
    return known if said in known or not said else [said, *known]


def _address(request: HttpRequest, part: Part) -> str:
    return _query(request, rows=",".join(row.pk.hex for row in part.rows))


def _query(request: HttpRequest, **said: str | None) -> str:
    query: QueryDict = request.GET.copy()
    for name, value in said.items():
        query.pop(name, None)
        if value is not None:
            query[name] = value
    return f"{request.path}?{query.urlencode(safe=',')}" if query else request.path
