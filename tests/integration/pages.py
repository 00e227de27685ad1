"""What the tests of pages share: people, a catalogue, customers, and a reader of HTML."""

from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

from django.apps import apps
from django.contrib.auth.models import Group, User
from django.test import Client

from customers.distributor.rules import fold
from customers.models import (
    Change,
    Customer,
    IpAddress,
    IpGroup,
    Package,
    Username,
    WhitelabelDomain,
    clock,
)

FORM = "application/x-www-form-urlencoded"
PROFILE = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "company": "Engines",
    "website": "engines.example",
    "phone": "+44 20 7946 0000",
    "address": "12 St James's Square",
    "zip": "SW1Y 4JH",
    "city": "London",
    "state": "Greater London",
    "country": "United Kingdom",
}
# What a dangerous form wants ticked; the others take no notice.
KNOWN = {"known": "on"}
ADA = PROFILE | {
    "username": "ada@example.com",
    "email": "ada@example.com",
    "password": "difference engine",
    "confirm_password": "difference engine",
    "package": "Gold",
    "whitelabel": "mail.example.com",
}


def fill_catalogue() -> None:
    Package.objects.create(name="Gold", allows_ips=True, offered_at_signup=True)
    Package.objects.create(name="Free", is_free=True, offered_at_signup=True)
    Package.objects.create(name="Old - not sold any more")
    WhitelabelDomain.objects.create(domain="mail.example.com")
    WhitelabelDomain.objects.create(domain="mail.example.org")
    IpGroup.objects.create(name="Group 1")
    IpAddress.objects.create(address="192.0.2.1")
    IpAddress.objects.create(address="2001:db8::1")


def person(*groups: str, **columns: Any) -> User:
    who = User.objects.create_user(columns.pop("username", "grace"), **columns)
    who.groups.set(Group.objects.filter(name__in=groups))
    return who


def signed_in(*groups: str, **columns: Any) -> Client:
    client = Client()
    client.force_login(person(*groups, **columns))
    return client


def a_customer(username: str = "ada@example.com", **columns: Any) -> Customer:
    """Live at the distributor and known here, with no change asked for."""
    known = PROFILE | {"email": username, "package": "Gold", "whitelabel": "mail.example.com"}
    known |= {"active": True, "website_access": True, "status": Customer.Status.LIVE}
    customer = Customer.objects.create(username=username, **known | columns)
    a_name(username, Username.State.LIVE, customer=customer)
    return customer


def many_customers(count: int) -> list[Customer]:
    return Customer.objects.bulk_create(
        Customer(username=f"c{n}@example.com", first_name=f"C{n}", status="LIVE")
        for n in range(count)
    )


def a_name(name: str, state: str, **columns: Any) -> Username:
    return Username.objects.create(
        key=fold(name), name=name, state=state, since=clock.now(), **columns
    )


def settle(change: Change, state: str = Change.State.DONE, error: str = "") -> None:
    """As a worker leaves it; what follows for the customer is for the services' tests."""
    Change.objects.filter(pk=change.pk).update(
        state=state, error=error, settled_at=clock.now(), sealed_password=None
    )


def everything() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, to see that nothing was written."""
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for model in apps.get_models()
    }


def post_raw(client: Client, url: str, fields: dict[str, str]) -> Any:
    """With lone surrogates as a broken program sends them; Django's client refuses to."""
    body = urlencode(fields, doseq=True, errors="surrogatepass")
    return client.post(url, body, content_type=FORM)


class Page(HTMLParser):
    """A page as a browser takes it: the words, the tags, and what its form would send."""

    VOID = {"input", "meta", "link", "img", "br", "hr"}

    def __init__(self, response: Any) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.sends: dict[str, Any] = {}
        self.words = ""
        self.inline_script = ""
        self._inside: list[str] = []
        self._select = ""
        self.feed(response.getvalue().decode())
        self.close()
        self.words = " ".join(self.words.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self.tags.append((tag, said))
        if tag not in self.VOID:
            self._inside.append(tag)
        match tag:
            case "input" if said.get("type") not in {"checkbox", "submit", "search"}:
                self.sends[said.get("name", "")] = said.get("value", "")
            case "select":
                self._select = said.get("name", "")
            case "option" if "selected" in said:
                self.sends[self._select] = said["value"]

    def handle_endtag(self, tag: str) -> None:
        while tag in self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "script" in self._inside or "style" in self._inside:
            self.inline_script += data
        else:
            self.words += f" {data}"

    def links(self) -> set[str]:
        return {said["href"] for tag, said in self.tags if tag == "a" and "href" in said}

    def named(self, name: str) -> dict[str, str]:
        """The attributes of the form field of that name."""
        return next(said for _tag, said in self.tags if said.get("name") == name)


def asks_again(response: Any) -> bool:
    """Whether the living part of the page does by itself, as time goes by."""
    return any(
        said.get("id") == "live" and "every" in said.get("hx-trigger", "")
        for _tag, said in Page(response).tags
    )


def refusals(response: Any) -> dict[str, list[str]]:
    """What the form says is wrong, by field; "__all__" for the form as a whole."""
    assert response.status_code == 200
    form = response.context["form"]
    return {field: list(words) for field, words in form.errors.items()}


def url(customer: Customer, page: str) -> str:
    return f"/customers/{customer.pk}/{page}/"


def form(console: Client, customer: Customer, page: str) -> dict[str, Any]:
    """What a browser would send if nobody touched anything."""
    return Page(console.get(url(customer, page))).sends


def refused(console: Client, customer: Customer, page: str, fields: Any) -> dict[str, list[str]]:
    """What the form says against it though it was confirmed, and nothing was written."""
    before = everything()
    response = console.post(url(customer, page), KNOWN | fields)
    assert everything() == before
    return refusals(response)
