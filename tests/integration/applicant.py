"""Somebody who signs up, page by page, without JavaScript: types, presses, reads mails."""

import re
from typing import Any

from django.core import mail
from django.test import Client

from customers.models import Signup
from customers.services import mails
from tests.integration.pages import Page

EMAIL = "ada@example.com"
PASSWORD = "difference engine no. 2"
PACKAGE = {"package": "Gold", "whitelabel": "mail.example.com"}
COUNTRY = {"country": "US"}
PERSON = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "phone": "(212) 736-5000",
    "company": "Engines",
    "website": "engines.example",
}
ADDRESS = {"address": "1 Main Street", "zip": "10001", "city": "New York", "state": "NY"}
USERNAME = {"username": EMAIL}
PAGES = {
    "package": PACKAGE,
    "country": COUNTRY,
    "person": PERSON,
    "address": ADDRESS,
    "username": USERNAME,
}
# What the distributor is to get of all that.
SENT = {
    "username": EMAIL,
    "email": EMAIL,
    "first_name": "Ada",
    "last_name": "Lovelace",
    "company": "Engines",
    "website": "engines.example",
    "phone": "+1 212-736-5000",
    "address": "1 Main Street",
    "zip": "10001",
    "city": "New York",
    "state": "NY",
    "country": "United States",
    "package": "Gold",
    "whitelabel": "mail.example.com",
    "free_user": "false",
}


class Applicant:
    """A browser of their own, and what comes to their mailbox."""

    def __init__(self, email: str = EMAIL, **headers: str) -> None:
        self.email, self.client = email, Client(headers=headers)

    def begin(self) -> Any:
        sends = Page(self.client.get("/signup/")).sends
        return self.client.post("/signup/", sends | {"email": self.email})

    def mail(self) -> Any:
        """The latest one, sent by now."""
        mails.send_due()
        return [it for it in mail.outbox if it.to == [self.email]][-1]

    def code(self) -> str:
        return re.findall(r"\b\d{6}\b", self.mail().body)[0]

    def link(self) -> str:
        return link_in(self.mail().body)

    def confirm(self) -> "Applicant":
        self.begin()
        assert self.client.post("/signup/code/", {"code": self.code()}).status_code == 302
        return self

    def fill(self, until: str = "", **pages: Any) -> "Applicant":
        """All pages, or those before `until`; `pages` give other answers."""
        for name, said in PAGES.items():
            if name == until:
                break
            response = self.client.post(f"/signup/{name}/", said | pages.get(name, {}))
            assert response.status_code == 302, (name, errors(response))
        return self

    def send(self, password: str = PASSWORD) -> Any:
        return self.client.post("/signup/check/", {"password": password})

    def sign_up(self, **pages: Any) -> Signup:
        username = {"username": self.email} | pages.pop("username", {})
        self.confirm().fill(username=username, **pages)
        response = self.send()
        assert response.status_code == 302, errors(response)
        return self.signup()

    def signup(self) -> Signup:
        return Signup.objects.filter(email=self.email).latest("started_at")

    def see(self, path: str) -> Page:
        return Page(self.client.get(path, follow=True))


def link_in(text: str) -> str:
    return re.findall(r"https?://[^/]+(/signup/continue/[^\s\"<]+)", text)[0]


def errors(response: Any) -> dict[str, list[str]]:
    """What is said to be wrong, by field."""
    context = response.context
    forms = context.get("forms") or [context["form"]]
    return {name: list(words) for form in forms for name, words in form.errors.items()}
