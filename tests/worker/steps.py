"""What a person types and waits for, met by HTTP."""

from itertools import count
from uuid import uuid4

from tests.installation import Installation, Visitor, eventually

NUMBERS = count(1)


def a_name() -> str:
    return f"customer-{next(NUMBERS)}-{uuid4().hex[:6]}@example.com"


def a_person(username: str) -> dict[str, str]:
    return {
        "username": username,
        "email": username,
        "first_name": "Grace",
        "last_name": "Hopper",
        "company": "Compilers Ltd",
        "website": "http://www.example.com",
        "phone": "+1 212 555 0100",
        "address": "1 Main Street",
        "zip": "10001",
        "city": "New York",
        "state": "NY",
        "country": "United States",
    }


def a_choice() -> dict[str, str]:
    return {"package": "Free", "whitelabel": "mail.example.com"}


def twice(password: str) -> dict[str, str]:
    return {"password": password, "confirm_password": password, "known": "on"}


def shows(visitor: Visitor, path: str, words: str, seconds: float = 60) -> None:
    eventually(lambda: words in visitor.open(path).words, f"{words!r} at {path}", seconds)


def is_settled(visitor: Visitor, pk: int) -> None:
    """Live, and nothing more on its way."""
    shows(visitor, f"/customers/{pk}/", "Live")
    eventually(
        lambda: "On its way" not in visitor.open(f"/customers/{pk}/").words, "nothing on its way"
    )


def operations(installed: Installation, username: str) -> list[str]:
    return [call["operation"] for call in installed.calls(username)]


def commands(installed: Installation, username: str) -> list[str]:
    """What was asked of the distributor for that name, less the looks."""
    return [operation for operation in operations(installed, username) if operation != "retrieve"]
