from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@require_safe
@never_cache
def standing_now(request: HttpRequest) -> HttpResponse:
    """The line that every open page asks for again: a few bytes, three small queries."""
    return render(request, "_standing_now.html")
