"""Addresses of a customer's page."""

from urllib.parse import urlencode

from django.http import HttpRequest

from customers.models import Customer


def keep(request: HttpRequest, **said: object) -> str:
    """What an address says, with the list that one came from if from one; empty if nothing."""
    came_from = request.GET.get("from")
    query = said if came_from is None else {**said, "from": came_from}
    return f"?{urlencode(query)}" if query else ""


def page_of(request: HttpRequest, customer: Customer) -> str:
    """The customer's page, with the list that one came from."""
    return f"{customer.get_absolute_url()}{keep(request)}"


def here(request: HttpRequest, customer: Customer) -> str:
    """The customer's page as the address asks for it, whichever of its forms came back on it."""
    query = request.GET.urlencode()
    return f"{customer.get_absolute_url()}?{query}" if query else customer.get_absolute_url()
