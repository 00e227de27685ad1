"""Pages of which a part asks again, by htmx, while something is still to come."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRefresh


def render_live(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, is_live: bool
) -> HttpResponse:
    """`folder/page.html`, or for htmx its living part alone, `folder/_page.html`.

    Once nothing is to come any more the whole page is loaded again: what stands around the
    living part, the buttons and the promise at the top, would be out of date.
    """
    response: HttpResponse = HttpResponseClientRefresh()
    if not request.htmx:  # type: ignore[attr-defined]
        response = render(request, template, {**context, "is_live": is_live})
    elif is_live:
        folder, page = template.rsplit("/", 1)
        response = render(request, f"{folder}/_{page}", {**context, "is_live": True})
    patch_vary_headers(response, ["HX-Request"])
    return response
