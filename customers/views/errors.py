import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from reseller.middleware import unavailable


def server_error(request: HttpRequest) -> HttpResponse:
    """An error of ours, or the database's; neither page asks the database for anything."""
    error = sys.exc_info()[1]
    if isinstance(error, (OperationalError, InterfaceError)):
        return unavailable(request, error)
    return render(None, "500.html", status=500)
