"""The contract as a table: which call takes which parameters, and what is allowed in them.

Every limit of the product comes from here; docs/provider.md tells where the provider's
page contradicts itself and what was decided.
"""

import calendar
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Operation(StrEnum):
    CREATE = "create"
    DELETE = "delete"
    RETRIEVE = "retrieve"
    ENABLE = "enable"
    DISABLE = "disable"
    WEBSITE_ENABLE = "website_enable"
    WEBSITE_DISABLE = "website_disable"
    PROFILE = "profile"
    PASSWORD = "password"  # noqa: S105 (the name of an operation)
    USERNAME = "username"
    EMAIL = "email"


class Problem(StrEnum):
    """Why a value is not acceptable; the words for it belong to whoever asks."""

    REQUIRED = "required"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    CONTROL = "control"
    NOT_EMAIL = "not_email"
    LOOKALIKE = "lookalike"
    PROVIDER_DOMAIN = "provider_domain"


@dataclass(frozen=True)
class Param:
    """One parameter of a call. Lengths are counted in characters."""

    name: str
    max_length: int = 0
    min_length: int = 0
    required: bool = False
    email: bool = False
    secret: bool = False
    many: bool = False


@dataclass(frozen=True)
class Call:
    """`POST {base}/distributor.{path}.{format}` with the fixed parameters and some of `params`."""

    path: str
    fixed: Mapping[str, str] = field(default_factory=dict)
    params: tuple[Param, ...] = ()

    def param(self, name: str) -> Param:
        return next(param for param in self.params if param.name == name)


PROFILE_LENGTHS = {
    "first_name": 50,
    "last_name": 50,
    "address": 100,
    "city": 100,
    "state": 100,
    "zip": 50,
    "country": 100,
    "phone": 50,
    "website": 255,
    "company": 255,
}
PROFILE_FIELDS = tuple(PROFILE_LENGTHS)

# What a row of the list shows, and what it may show besides. Nothing else is ever read back.
ROW_FIELDS = ("username", "email", "active", *(f for f in PROFILE_FIELDS if f != "company"))
OPTIONAL_ROW_FIELDS = ("address2", "website_access", "id")
FILTERS = (*ROW_FIELDS, "company")
# What can be altered over there and be seen here. Not the username: it tells accounts apart.
ALTERABLE = (*ROW_FIELDS[1:], "website_access")

USER = Param("user", required=True)
# These four want the e-mail format of a name that create accepts without it.
USER_AS_EMAIL = Param("user", required=True, email=True)
PASSWORD = Param("password", min_length=6, required=True, secret=True)
CONFIRM_PASSWORD = Param("confirm_password", required=True, secret=True)


def _profile(*, required: bool) -> tuple[Param, ...]:
    return tuple(Param(name, length, required=required) for name, length in PROFILE_LENGTHS.items())


CALLS: Mapping[Operation, Call] = {
    Operation.CREATE: Call(
        "add",
        {},
        (
            Param("username", 64, required=True),
            PASSWORD,
            CONFIRM_PASSWORD,
            Param("email", 64, required=True, email=True),
            *_profile(required=True),
            Param("package", 255, required=True),
            Param("whitelabel", 255, required=True),
            Param("ip_group", 255, many=True),
            Param("ip", many=True),
            Param("free_user"),
            Param("billing_date"),
        ),
    ),
    Operation.DELETE: Call("delete", {}, (USER,)),
    Operation.RETRIEVE: Call(
        "manage",
        {"method": "profile", "task": "get"},
        tuple(Param(name) for name in FILTERS),
    ),
    Operation.ENABLE: Call("manage", {"method": "enable"}, (USER_AS_EMAIL,)),
    # The page's table says `username`; its sample and all known clients send `user`.
    Operation.DISABLE: Call("manage", {"method": "disable"}, (USER_AS_EMAIL,)),
    Operation.WEBSITE_ENABLE: Call("manage", {"method": "website_enable"}, (USER_AS_EMAIL,)),
    Operation.WEBSITE_DISABLE: Call("manage", {"method": "website_disable"}, (USER_AS_EMAIL,)),
    Operation.PROFILE: Call(
        "manage", {"method": "profile", "task": "set"}, (USER, *_profile(required=False))
    ),
    Operation.PASSWORD: Call("manage", {"method": "password"}, (USER, PASSWORD, CONFIRM_PASSWORD)),
    Operation.USERNAME: Call(
        "manage",
        {"method": "profile", "task": "setUsername"},
        (USER, Param("username", 100, required=True, email=True)),
    ),
    # The page's table says method=password; its samples and all known clients send profile.
    Operation.EMAIL: Call(
        "manage",
        {"method": "profile", "task": "setEmail"},
        (USER, Param("email", 100, required=True, email=True)),
    ),
}

# The calls that carry a customer's password, and those that end in a place where a second
# copy would do harm: they are looked up before they are sent again.
WITH_PASSWORD = frozenset({Operation.CREATE, Operation.PASSWORD})
NOT_REPEATABLE = frozenset({Operation.CREATE, Operation.DELETE, Operation.USERNAME})
SWITCHES: Mapping[Operation, tuple[str, bool]] = {
    Operation.ENABLE: ("active", True),
    Operation.DISABLE: ("active", False),
    Operation.WEBSITE_ENABLE: ("website_access", True),
    Operation.WEBSITE_DISABLE: ("website_access", False),
}

_EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]"
)


def fold(name: str) -> str:
    """User names and e-mail addresses are compared in this form, everywhere."""
    return unicodedata.normalize("NFC", name).casefold()


def is_email(text: str) -> bool:
    return _EMAIL.fullmatch(text) is not None


def in_provider_domain(username: str) -> bool:
    """The contract bars names whose domain contains sendgrid.com, in any case."""
    return "sendgrid.com" in username.rpartition("@")[2].casefold()


def has_control_characters(text: str) -> bool:
    """Control, format (zero width, direction), surrogate and private characters, line ends.

    U+FFFD as well: it stands for bytes that were no text.
    """
    barred = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    return any(c == "\ufffd" or unicodedata.category(c) in barred for c in text)


def has_lookalikes(username: str) -> bool:
    """Whether a character could pass for another one: anything but Latin letters.

    A letter with an accent is fine in its composed form. Cyrillic, full-width, dotless and
    zero-width characters are not: two names that look the same are a trap for everybody.
    """
    if unicodedata.normalize("NFC", username) != username:
        return True
    for character in username:
        base, *marks = list(unicodedata.normalize("NFD", character))
        if not " " <= base <= "~" or any(not unicodedata.combining(mark) for mark in marks):
            return True
    return False


def problems(param: Param, value: str) -> list[Problem]:
    """What the contract has against one value of one parameter; empty when nothing."""
    if not value.strip():
        return [Problem.REQUIRED] if param.required else []
    found = []
    if param.max_length and len(value) > param.max_length:
        found.append(Problem.TOO_LONG)
    if len(value) < param.min_length:
        found.append(Problem.TOO_SHORT)
    if has_control_characters(value):
        found.append(Problem.CONTROL)
    elif param.email and not is_email(value):
        found.append(Problem.NOT_EMAIL)
    if param.name == "username":
        if has_lookalikes(value):
            found.append(Problem.LOOKALIKE)
        elif param.email and in_provider_domain(value):
            found.append(Problem.PROVIDER_DOMAIN)
    return found


def latest_billing_date(today: date) -> date:
    """One billing cycle ahead: a month, clamped (1/31 -> 2/28)."""
    year, month = today.year + today.month // 12, today.month % 12 + 1
    return date(year, month, min(today.day, calendar.monthrange(year, month)[1]))


def same_website(ours: str, theirs: str) -> bool:
    """The provider may answer `http://example.com` where `example.com` was sent."""
    return theirs in {ours, f"http://{ours}"}
