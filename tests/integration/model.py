"""What people asked for, as dicts: how each account must be once all of it is done.

Knows nothing of the application but the states that its changes have reached.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

DONE, REJECTED, WITHDRAWN = "DONE", "REJECTED", "WITHDRAWN"
OPEN = {"WAITING", "SENDING", "IN_DOUBT", "BLOCKED"}

# The distributor refuses these, and nothing else but names that are not to be had.
BAD_EMAIL, BAD_PASSWORD, BAD_ZIP, BAD_NAME = "no address", "short", "9" * 51, "no address either"
BAD = {BAD_EMAIL, BAD_PASSWORD, BAD_ZIP}
NOT_FOR_SWITCHES = "plain"  # create takes it as a name, the switches do not
SWITCHES = {
    "enable": {"active": True},
    "disable": {"active": False},
    "website_enable": {"website_access": True},
    "website_disable": {"website_access": False},
}

Account = dict[str, Any]


def with_scheme(website):
    return website if "://" in website else f"http://{website}"


@dataclass
class Wish:
    """One change that was accepted. `occupied`: its name is a stranger's at the distributor."""

    id: UUID
    operation: str
    fields: dict[str, str]
    password: str = ""
    occupied: bool = False
    decided: str = ""  # what a person has said it came to

    def is_refused(self, account: Account | None) -> bool:
        values = {*self.fields.values(), self.password}
        if values & BAD or self.occupied:
            return True
        if self.operation == "username":
            return "@" not in self.fields["username"]
        return self.operation in SWITCHES and "@" not in account["username"]

    def applied(self, account: Account | None) -> Account | None:
        """The account after it; None where there is none."""
        match self.operation:
            case "create":
                new = {"active": True, "website_access": True, "free_user": False}
                return self.fields | new | {"password": self.password}
            case "delete":
                return None
            case "password":
                return account | {"password": self.password}
        return account | SWITCHES.get(self.operation, self.fields)


@dataclass
class Person:
    """A customer: the account that was found at the distributor, if any, and what was asked."""

    pk: int
    found: Account | None = None
    wishes: list[Wish] = field(default_factory=list)

    def account(self, states, counting=frozenset({DONE})) -> Account | None:
        """The account with those wishes that have come to one of these states."""
        account = self.found
        for wish in self.wishes:
            if states[wish.id] in counting:
                account = wish.applied(account)
        return account

    def wanted(self, states):
        return self.account(states, {DONE, *OPEN})

    def is_closed(self, states):
        return any(w.operation == "delete" and states[w.id] == DONE for w in self.wishes)

    def is_closing(self, states):
        return any(w.operation == "delete" and states[w.id] in OPEN for w in self.wishes)

    def is_refused(self, states):
        created = [states[w.id] for w in self.wishes if w.operation == "create"]
        return bool(created) and created[-1] in {REJECTED, WITHDRAWN}

    def names(self, states):
        """Every name that it has, wants, or has taken with it."""
        names = {
            w.fields["username"] for w in self.wishes_in(states, OPEN) if "username" in w.fields
        }
        account = self.last_account(states)
        return {name.casefold() for name in names | ({account["username"]} if account else set())}

    def known(self, states):
        """What can be known of it here: of an account that was found, what a list shows."""
        if self.found is None:
            return self.account(states).keys() - {"password"}
        listed = self.found.keys() - {"password", "website_access", "company"}
        done = self.wishes_in(states, {DONE})
        return listed.union(*(w.fields.keys() | SWITCHES.get(w.operation, {}).keys() for w in done))

    def names_ever(self):
        found = [self.found["username"]] if self.found else []
        return found + [w.fields["username"] for w in self.wishes if "username" in w.fields]

    def wishes_in(self, states, counting):
        return [wish for wish in self.wishes if states[wish.id] in counting]

    def last_account(self, states):
        """As it is, or was when it was deleted."""
        account = self.found
        for wish in self.wishes_in(states, {DONE}):
            account = wish.applied(account) or account
        return account

    def expected_ends(self, states):
        """What each wish must have come to, in their order, when nothing is left to do."""
        account, refused = self.found, False
        for wish in self.wishes:
            if wish.operation == "create":
                refused = False
            if states[wish.id] == WITHDRAWN:
                # By a person, or behind a creation that came to nothing.
                yield wish, WITHDRAWN if wish.decided == WITHDRAWN or refused else DONE
            elif wish.decided:
                yield wish, wish.decided
            else:
                yield wish, REJECTED if wish.is_refused(account) else DONE
            if wish.operation == "create":
                refused = states[wish.id] != DONE
            if states[wish.id] == DONE:
                account = wish.applied(account)
