"""What each call does to the accounts, and what the distributor has against it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from ipaddress import ip_address
from typing import Any

from customers.distributor import rules
from customers.distributor.rules import Operation, Problem
from customers.sandbox.store import Store, TakenError

# The parameters as they arrived: every value of every name, brackets included.
Form = Mapping[str, list[str]]

NOT_FOUND = "User not found"
ACTIVE = {"", "1", "0", "true", "false"}
BAD_CREDENTIALS = "Bad username / password"

WORDS = {
    Problem.REQUIRED: "{0.name} is required",
    Problem.TOO_SHORT: "{0.name} must be at least {0.min_length} characters long",
    Problem.TOO_LONG: "{0.name} must be at most {0.max_length} characters long",
    Problem.CONTROL: "{0.name} must not hold control characters",
    Problem.NOT_EMAIL: "{0.name} must be an email address",
    Problem.LOOKALIKE: "{0.name} holds characters that are not allowed",
    Problem.PROVIDER_DOMAIN: "{0.name} must not be in the domain sendgrid.com",
}


@dataclass(frozen=True)
class Answer:
    """The end of a call: `success`, `error` with its errors, or a message that stands alone."""

    message: str
    errors: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        return ", ".join(self.errors) or self.message


@dataclass(frozen=True)
class Listing:
    """The answer to a retrieve: whatever these filters find."""

    filters: Mapping[str, str]
    words: str = "list"


SUCCESS = Answer("success")


def refused(*errors: str) -> Answer:
    return Answer("error", errors)


def called(path: str, form: Form) -> Operation | None:
    """Which operation a request asks for, if any."""
    for operation, call in rules.CALLS.items():
        fixed = call.fixed.items()
        if call.path == path and all(one(form, name) == value for name, value in fixed):
            return operation
    return None


def one(form: Form, name: str) -> str:
    """The last value of a name counts, as at the provider."""
    return form.get(name, [""])[-1]


def perform(store: Store, operation: Operation, form: Form) -> Answer | Listing:
    """Carry out one call, or say why not."""
    if operation is Operation.DISABLE and "user" not in form and "username" in form:
        # The page's table says `username` here, its sample `user`: both are taken.
        form = {"user" if name == "username" else name: form[name] for name in form}
    if errors := list(_errors(operation, form)):
        return refused(*errors)
    if operation is Operation.RETRIEVE:
        return Listing({name: one(form, name) for name in rules.FILTERS if one(form, name)})
    try:
        if operation is Operation.CREATE:
            store.add(_new_account(form))
        elif not store.change(one(form, "user"), _columns(operation, form)):
            return Answer(NOT_FOUND) if operation in rules.SWITCHES else refused(NOT_FOUND)
    except TakenError:
        return refused("Username already exists")
    return SUCCESS


def _new_account(form: Form) -> dict[str, Any]:
    texts = ("username", "password", "email", "package", "whitelabel", "billing_date")
    return {
        **{name: one(form, name) for name in texts},
        **_profile(form),
        "free_user": one(form, "free_user") == "true",
        "ip": form.get("ip[]", []),
        "ip_group": form.get("ip_group[]", []),
    }


def _columns(operation: Operation, form: Form) -> dict[str, Any]:
    """What a change of an account sets."""
    match operation:
        case Operation.DELETE:
            return {"closed": True}
        case Operation.PROFILE:
            return _profile(form)
        case Operation.PASSWORD | Operation.USERNAME | Operation.EMAIL:
            return {operation.value: one(form, operation.value)}
    switch, on = rules.SWITCHES[operation]
    return {switch: on}


def _profile(form: Form) -> dict[str, str]:
    profile = {name: one(form, name) for name in rules.PROFILE_FIELDS if name in form}
    website = profile.get("website", "")
    if website and not re.match(r"[a-z]+://", website, re.IGNORECASE):
        profile["website"] = f"http://{website}"
    return profile


def _errors(operation: Operation, form: Form) -> Iterator[str]:
    call = rules.CALLS[operation]
    expected = {f"{param.name}[]" if param.many else param.name for param in call.params}
    for name in form.keys() - expected - call.fixed.keys() - {"api_user", "api_key"}:
        yield f"Unknown parameter {name}"
    for param in call.params:
        values = form.get(f"{param.name}[]", []) if param.many else [one(form, param.name)]
        for value in values:
            yield from (WORDS[problem].format(param) for problem in rules.problems(param, value))
    if operation in rules.WITH_PASSWORD and one(form, "password") != one(form, "confirm_password"):
        yield "password and confirm_password are not the same"
    if operation is Operation.RETRIEVE and one(form, "active") not in ACTIVE:
        yield "active must be 1 or 0"
    if operation is Operation.CREATE:
        yield from _errors_of_a_new_account(form)


def _errors_of_a_new_account(form: Form) -> Iterator[str]:
    for address in form.get("ip[]", []):
        try:
            ip_address(address)
        except ValueError:
            yield f"{address} is not a valid IP address"
    if one(form, "free_user") not in {"", "true", "false"}:
        yield "free_user must be true or false"
    if (billing_date := one(form, "billing_date")) and not _is_in_this_cycle(billing_date):
        yield "billing_date must be a date as YYYY-mm-dd, at most one billing cycle ahead"


def _is_in_this_cycle(text: str) -> bool:
    today = datetime.now(UTC).date()
    try:
        # fromisoformat alone would take 20300101 and 2030-W01-1 too.
        wanted = date.fromisoformat(text if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else "")
    except ValueError:
        return False
    return today <= wanted <= rules.latest_billing_date(today)
