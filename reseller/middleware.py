"""Who is asking, and what they see while the database is away."""

import logging
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.shortcuts import render
from django.utils import translation

logger = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        ip = ip_address(address)
    except ValueError:
        return None
    # A socket that takes both families writes an IPv4 address as ::ffff:192.0.2.1.
    return getattr(ip, "ipv4_mapped", None) or ip


def _trusted(address: str) -> bool:
    ip = _parsed(address)
    return ip is not None and any(ip in network for network in settings.TRUSTED_PROXIES)


class ClientAddress:
    """REMOTE_ADDR is the client's own: the last address that no trusted proxy added.

    X-Forwarded-* from anybody else is dropped, so that nothing behind can believe it.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        meta = request.META
        hops = [hop.strip() for hop in meta.pop("HTTP_X_FORWARDED_FOR", "").split(",")]
        if not _trusted(meta.get("REMOTE_ADDR", "")):
            for name in [name for name in meta if name.startswith("HTTP_X_FORWARDED_")]:
                del meta[name]
        while hops and _parsed(hops[-1]) and _trusted(meta.get("REMOTE_ADDR", "")):
            meta["REMOTE_ADDR"] = str(_parsed(hops.pop()))
        return self.get_response(request)


def unavailable(request: HttpRequest, error: BaseException | None) -> HttpResponse:
    """The page for "our own database does not answer"; needs neither session nor user."""
    # Its first line: what may follow are rows.
    logger.error("the database does not answer: %s", str(error).partition("\n")[0])
    return render(None, "503.html", status=503)


class SignedIn(LoginRequiredMiddleware):
    """The login page is for whoever opens a page, not for a part of one that asks again."""

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., HttpResponseBase],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        answer = super().process_view(request, view_func, view_args, view_kwargs)
        is_part = answer is not None and request.htmx  # type: ignore[attr-defined]
        return HttpResponse(status=401) if is_part else answer


class Language(LocaleMiddleware):
    """The public pages speak the reader's language, the console speaks LANGUAGE_CODE alone.

    Half a translation is worse than none: a page is in one language from top to bottom.
    """

    def process_request(self, request: HttpRequest) -> None:
        if request.path_info.startswith("/signup/"):
            super().process_request(request)
        else:
            translation.activate(settings.LANGUAGE_CODE)
            request.LANGUAGE_CODE = settings.LANGUAGE_CODE


class DatabaseAway:
    """A page that says so, instead of an error, when the database does not answer."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            # Asked here, since an error in another middleware would reach nobody.
            _ = request.user.is_authenticated
        except (OperationalError, InterfaceError) as error:
            return unavailable(request, error)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, (OperationalError, InterfaceError)):
            return unavailable(request, error)
        return None
