"""The page that asks once more before many customers are altered at the distributor at once."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from customers.distributor.rules import Operation
from customers.forms.drift import PatternForm
from customers.models import Drift
from customers.models.change import OPERATIONS
from customers.models.labels import label
from customers.services.pushing_back import wanted
from customers.views.altered import altered
from customers.views.progress import spelled

SHOWN = 10


def ask_once_more(request: HttpRequest, form: PatternForm, keys: list[int]) -> HttpResponse:
    """How many they are, what is sent to whom, and how long the distributor lets it take."""
    number = len(keys)
    # By their keys: somebody may decide about one at this very moment.
    first = list(Drift.objects.filter(pk__in=keys[:SHOWN]).select_related("customer"))
    operation, _fields = wanted(first[0])
    context = {
        "number": number,
        "rows": altered(first),
        "more": number - len(first),
        "frozen": form.frozen | {"count": str(number)},
        "what": _what(operation, first[0]),
        # The one obstacle that is the same for all; of others a row tells when its turn comes.
        "obstacle": Drift.Problem.EMPTY.label if first[0].agreed == "" else "",
        "rate": settings.DISTRIBUTOR_RATE,
        "takes": spelled(timedelta(seconds=number / settings.DISTRIBUTOR_RATE)),
    }
    return render(request, "customers/drift_push.html", context)


def _what(operation: Operation, row: Drift) -> str:
    name = str(OPERATIONS[operation])
    if isinstance(row.agreed, bool):
        return name
    return _("%(operation)s: %(field)s") % {"operation": name, "field": label(row.field)}
