"""What is asked for in a run, drawn from the seed before anything starts."""

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from customers.distributor.rules import SWITCHES, Operation

# All passwords begin so: one search finds any of them.
PASSWORD = "typed-in-chaos-"
LONGEST = 8  # changes of one customer; the shortest line is half of that
SHARE_DELETED = 0.15
SHARE_CLICKED_TWICE = 0.1
WEIGHTS = {
    Operation.PROFILE: 5,
    Operation.EMAIL: 3,
    Operation.USERNAME: 3,
    Operation.PASSWORD: 3,
    Operation.ENABLE: 1,
    Operation.DISABLE: 2,
    Operation.WEBSITE_ENABLE: 1,
    Operation.WEBSITE_DISABLE: 2,
}
PROFILE = ("address", "city", "phone", "company", "website", "last_name")


@dataclass(frozen=True)
class Asked:
    """One form that is filled in: the `n`-th of a customer, from 0 on."""

    lane: int
    n: int
    operation: Operation
    fields: Mapping[str, str] = field(default_factory=dict)
    password: str = ""
    twice: bool = False  # clicked twice

    @property
    def key(self) -> tuple[int, int]:
        return self.lane, self.n

    def __str__(self) -> str:
        said = ", ".join(f"{name}={value}" for name, value in self.fields.items())
        return f"#{self.n} {self.operation} of {token(self.lane)} ({said})"


Plan = list[list[Asked]]


def token(lane: int) -> str:
    """The first name of that customer: nobody ever changes it, nobody else has it."""
    return f"Lane{lane}"


def plan(seed: int, changes: int) -> Plan:
    """So many changes, customer by customer."""
    dice, lanes, left = random.Random(f"plan {seed}"), [], changes
    while left:
        length = min(left, dice.randint(LONGEST // 2, LONGEST))
        lanes.append(list(_lane(dice, len(lanes), length)))
        left -= length
    return lanes


def _lane(dice: random.Random, lane: int, length: int) -> Iterator[Asked]:
    person = _person(lane)
    twice = _is(dice, SHARE_CLICKED_TWICE)
    yield Asked(lane, 0, Operation.CREATE, person, f"{PASSWORD}{lane}-0", twice)
    name = person["username"]
    deleted = _is(dice, SHARE_DELETED) and length > 1
    for n in range(1, length - deleted):
        (operation,) = dice.choices(list(WEIGHTS), list(WEIGHTS.values()))
        password = f"{PASSWORD}{lane}-{n}" if operation is Operation.PASSWORD else ""
        fields = _fields(dice, operation, lane, n)
        name = fields.get("username", name)
        yield Asked(lane, n, operation, fields, password, _is(dice, SHARE_CLICKED_TWICE))
    if deleted:  # The name is typed once more, to confirm it.
        yield Asked(lane, length - 1, Operation.DELETE, {"username": name})


def _is(dice: random.Random, share: float) -> bool:
    return dice.random() < share


def _fields(dice: random.Random, operation: Operation, lane: int, n: int) -> dict[str, str]:
    match operation:
        case Operation.PROFILE:
            names = dice.sample(PROFILE, dice.randint(1, 3))
            return {name: _value(name, lane, n) for name in names}
        case Operation.EMAIL:
            return {"email": f"post-{lane}-{n}@chaos.example"}
        case Operation.USERNAME:
            return {"username": f"user-{lane}-{n}@chaos.example"}
    return {}


def _value(name: str, lane: int, n: int) -> str:
    return f"http://{lane}-{n}.example" if name == "website" else f"{name} {lane}-{n}"


def _person(lane: int) -> dict[str, str]:
    return {
        "username": f"user-{lane}-0@chaos.example",
        "email": f"post-{lane}-0@chaos.example",
        "first_name": token(lane),
        **{name: _value(name, lane, 0) for name in PROFILE},
        "zip": "10001",
        "state": "NY",
        "country": "United States",
        "package": "Free",
        "whitelabel": "mail.example.com",
    }


def outcome(lane: Iterable[Asked]) -> dict[str, Any]:
    """What the distributor must have of a customer once all that was asked is done, in order."""
    account: dict[str, Any] = {"active": True, "website_access": True, "closed": False}
    for asked in lane:
        account |= asked.fields
        if asked.password:
            account["password"] = asked.password
        if asked.operation in SWITCHES:
            switch, on = SWITCHES[asked.operation]
            account[switch] = on
        account["closed"] = asked.operation is Operation.DELETE
    return account


def names(lane: Iterable[Asked]) -> set[str]:
    """Every username that the customer ever has."""
    return {asked.fields["username"] for asked in lane if "username" in asked.fields}


def idle(lane: Iterable[Asked]) -> set[int]:
    """Switches of sending that find it so already: a look may settle them without a call."""
    found, active = set(), True
    for asked in lane:
        column, on = SWITCHES.get(asked.operation, ("", True))
        if column == "active":
            if on == active:
                found.add(asked.n)
            active = on
    return found
