"""Faults drawn for every call that comes in: a storm. The same seed brings the same storm."""

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from customers.distributor.rules import Operation
from customers.sandbox.faults import NONE, Fault


@dataclass
class Storm:
    """A share of all calls meets a fault, each fault as often as its weight says.

    Which one hangs on the seed, on the call, and on how often the same call came before: not
    on what else came in between, so that a run can be had again.
    """

    seed: int
    share: float
    faults: list[tuple[Fault, float]]
    _came: Counter[tuple[Operation, str]] = field(default_factory=Counter)

    def draw(self, operation: Operation, user: str) -> Fault:
        number = self._came[operation, user] = self._came[operation, user] + 1
        dice = random.Random(f"{self.seed} {operation} {user} {number}")  # noqa: S311
        fitting = [it for it in self.faults if it[0].operation in {None, operation}]
        if not fitting or dice.random() >= self.share:
            return NONE
        (fault,) = dice.choices([it for it, _ in fitting], [weight for _, weight in fitting])
        return fault


def storm(*, seed: int, share: float, faults: Iterable[dict[str, Any]]) -> Storm:
    """As it is asked for over HTTP. Raises TypeError or ValueError for what cannot be."""
    if not 0 < share <= 1:
        raise ValueError("share must be above 0, and 1 at most")
    drawn = []
    for asked in faults:
        of = dict(asked)
        weight = float(of.pop("weight", 1))
        if weight <= 0:
            raise ValueError("weight must be above 0")
        drawn.append((Fault.of(**of), weight))
    if not drawn:
        raise ValueError("faults must hold one at least")
    return Storm(int(seed), float(share), drawn)
