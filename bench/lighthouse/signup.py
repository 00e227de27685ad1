"""A signup as a stranger walks through it, from the address to the account that is live."""

from collections.abc import Iterator

from tests.installation import Installation, Visitor, eventually
from tests.signing_up import PAGES, code_in, mail

ADA = "ada.lovelace@engines.example"
PASSWORD = "a plan of 1843, on cards"


def signup(running: Installation, visitor: Visitor) -> Iterator[tuple[str, str]]:
    """What each page is called, and its path; it is open to the visitor when it is handed out."""
    for name, said in {"": {"email": ADA}, "code": {}, **PAGES, "check": {}}.items():
        path = f"/signup/{name}/" if name else "/signup/"
        yield path, path
        page = visitor.submit(path, path, **said, **secret(running, name))
    status = page.url.removeprefix(visitor.site)
    eventually(lambda: "Your account is live" in visitor.open(status).words, "it is live")
    yield "/signup/status/", status


def secret(running: Installation, name: str) -> dict[str, str]:
    """What nobody knows beforehand, or is not the same for everybody."""
    if name == "code":
        return {"code": code_in(mail(running, ADA))}
    return {"username": {"username": ADA}, "check": {"password": PASSWORD}}.get(name, {})
