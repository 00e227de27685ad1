"""Somebody who signs up at a whole installation, page by page; and the mails that come of it."""

import re
from email import message_from_bytes, policy
from pathlib import Path

from tests.installation import Installation, Seen, Visitor, eventually

LINK = re.compile(r"https?://\S+/signup/continue/\S+")
SEPARATOR = b"\n" + b"-" * 79 + b"\n"
PAGES: dict[str, dict[str, str]] = {
    "package": {"package": "Free", "whitelabel": "mail.example.com"},
    "country": {"country": "US"},
    "person": {
        "first_name": "Grace",
        "last_name": "Hopper",
        "phone": "+1 212 736 5000",
        "company": "Compilers Ltd",
        "website": "http://compilers.example",
    },
    "address": {"address": "1 Main Street", "zip": "10001", "city": "New York", "state": "NY"},
    "username": {},
}


def mails(installed: Installation, to: str) -> list[str]:
    """The texts of all that came to that address, the latest last."""
    files = sorted((installed.var / "mail").glob("*.log"), key=lambda it: it.stat().st_mtime)
    return [text for file in files for address, text in _read(file) if address == to]


def _read(file: Path) -> list[tuple[str, str]]:
    found = []
    for part in filter(bytes.strip, file.read_bytes().split(SEPARATOR)):
        mail = message_from_bytes(part.lstrip(), policy=policy.default)
        found.append((mail["To"], mail.get_body(("plain",)).get_content()))
    return found


def mail(installed: Installation, to: str, number: int = 1) -> str:
    """The one with that number, counted from one, once it is there."""
    eventually(lambda: len(mails(installed, to)) >= number, f"mail {number} to {to}")
    return mails(installed, to)[number - 1]


def link(installed: Installation, to: str, number: int = 1) -> str:
    """That of the mail with that number among those that have one."""

    def found() -> list[str]:
        return [it for text in mails(installed, to) for it in LINK.findall(text)]

    eventually(lambda: len(found()) >= number, f"link {number} to {to}")
    return found()[number - 1]


def code_in(text: str) -> str:
    return re.findall(r"\b\d{6}\b", text)[0]


def confirmed(installed: Installation, email: str) -> Visitor:
    """A browser in which the address is confirmed."""
    visitor = Visitor(installed.url)
    visitor.submit("/signup/", "/signup/", email=email)
    code = code_in(mail(installed, email))
    page = visitor.submit("/signup/code/", "/signup/code/", code=code)
    assert page.url.endswith("/signup/package/"), page.words
    return visitor


def sign_up(
    installed: Installation, email: str, password: str, visitor: Visitor | None = None, **typed: str
) -> Seen:
    """From the first page to the status page. `refused` is a password that is sent before."""
    visitor = visitor or confirmed(installed, email)
    username = {"username": typed.pop("username", email)}
    for name, said in PAGES.items():
        fields = {field: typed.get(field, value) for field, value in said.items()}
        path = f"/signup/{name}/"
        page = visitor.submit(path, path, **(fields or username))
        assert path not in page.url, page.words
    for first in filter(None, [typed.get("refused")]):
        page = visitor.submit("/signup/check/", "/signup/check/", password=first)
        assert page.url.endswith("/check/"), page.url
    page = visitor.submit("/signup/check/", "/signup/check/", password=password)
    assert re.search(r"/signup/[0-9a-f-]{36}/", page.url), page.words
    return page
