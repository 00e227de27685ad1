"""Addresses of a customer's page."""

from urllib.parse import urlencode

from django.http import HttpRequest

from customers.models import Customer


def keep(request: HttpRequest) -> str:
    """The list that one came from, as an address carries it on; empty if from none."""
    came_from = request.GET.get("from")
    return "" if came_from is None else f"?{urlencode({'from': came_from})}"


def page_of(request: HttpRequest, customer: Customer) -> str:
    """The customer's page, with the list that one came from."""
    return f"{customer.get_absolute_url()}{keep(request)}"


def here(request: HttpRequest, customer: Customer) -> str:
    """The customer's page as the address asks for it, whichever of its forms came back on it."""
    query = request.GET.urlencode()
    return f"{customer.get_absolute_url()}?{query}" if query else customer.get_absolute_url()
