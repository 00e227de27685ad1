from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@require_safe
@never_cache
def standing_now(request: HttpRequest) -> HttpResponse:
    """The line that an open page asks for again: a few bytes, four small queries.

    It brings along when to ask next: not before somebody is back, if nothing is under way.
    """
    return render(request, "_standing_now.html")
