"""The two switches: how each stands, and what pressing it will do."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from customers.distributor.rules import Operation
from customers.views.truth import Fact
from customers.views.words import EFFECTS

WAYS = {
    "active": (
        (Operation.ENABLE, _("Switch sending on")),
        (Operation.DISABLE, _("Switch sending off")),
    ),
    "website_access": (
        (Operation.WEBSITE_ENABLE, _("Give website access")),
        (Operation.WEBSITE_DISABLE, _("Take website access")),
    ),
}


@dataclass(frozen=True)
class Way:
    """What may be asked for; `is_there`: it is so already, or will be."""

    operation: str
    label: str
    effect: str
    is_there: bool

    @property
    def url_name(self) -> str:
        return f"customers:{self.operation.replace('_', '-')}"


@dataclass(frozen=True)
class Switch:
    """`ways` are both that can be asked for; first the one that alters something."""

    fact: Fact
    ways: list[Way]


def switches(facts: dict[str, Fact]) -> list[Switch]:
    return [_switch(facts[name]) for name in WAYS]


def _switch(fact: Fact) -> Switch:
    ways = [
        Way(operation.value, str(label), str(EFFECTS[operation]), fact.expected is on)
        for (operation, label), on in zip(WAYS[fact.name], (True, False), strict=True)
    ]
    return Switch(fact, sorted(ways, key=lambda way: way.is_there))
