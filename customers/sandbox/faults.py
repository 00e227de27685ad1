"""What can go wrong on the way to the distributor and back, on demand."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from customers.distributor.rules import Operation

KINDS = {
    "500": "does nothing, answers HTTP 500",
    "503": "does nothing, answers HTTP 503",
    "429": "does nothing, answers HTTP 429 with Retry-After (retry_after, 1)",
    "500-after": "does it, answers HTTP 500",
    "slow": "does it, answers after a while (seconds, 3)",
    "drip": "does it, sends the body of its reply byte by byte (seconds a byte, 0.5)",
    "drip-head": "as drip, but from the first byte of the status line",
    "hang": "does nothing and never answers, until the client goes (seconds at most, 120)",
    "lost": "does it, hangs up without a reply",
    "dropped": "hangs up without having done it",
    "late": "hangs up at once, does it later (seconds, 3)",
    "cut": "does it, sends the first half of its reply and hangs up",
    "garbage": "does it, answers with random bytes",
    "html": "does nothing, answers an error page with HTTP 200",
    "credentials": "does nothing, answers HTTP 200 and that our own credentials are wrong",
    "401": "does nothing, answers HTTP 401",
    "short": "list: only the first half of the rows, well-formed",
    "bare": "list: JSON without its brackets, XML without its prolog",
    "empty": "list: well-formed and empty",
    "stale": "list: as it was a while ago (seconds, 30)",
}
LIST_KINDS = frozenset({"short", "bare", "empty", "stale"})
SECONDS = {"slow": 3.0, "late": 3.0, "hang": 120.0, "drip": 0.5, "drip-head": 0.5, "stale": 30.0}


@dataclass
class Fault:
    """One thing that will go wrong with the next `times` calls that fit."""

    kind: str
    times: int = 1
    operation: Operation | None = None
    seconds: float = 0
    retry_after: int = 1

    @classmethod
    def of(
        cls,
        kind: str,
        times: int = 1,
        operation: str | None = None,
        *,
        seconds: float | None = None,
        retry_after: int = 1,
    ) -> "Fault":
        """Raises ValueError for what does not exist, naming what does."""
        if kind not in KINDS:
            raise ValueError(f"no fault is called {kind!r}; there are {', '.join(KINDS)}")
        if operation is None and kind in LIST_KINDS:
            operation = Operation.RETRIEVE
        if operation is not None and operation not in list(Operation):
            raise ValueError(f"no operation is called {operation!r}; there are {_all_operations()}")
        if kind in LIST_KINDS and operation != Operation.RETRIEVE:
            raise ValueError(f"{kind} is a fault of retrieve only")
        if not isinstance(times, int) or times < 1:
            raise ValueError("times must be a whole number from 1 on")
        wait = SECONDS.get(kind, 0) if seconds is None else float(seconds)
        only = Operation(operation) if operation else None
        return cls(kind, times, only, wait, int(retry_after))


NONE = Fault("", times=0)


class Faults:
    """The faults in waiting. A call meets the first one that fits it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def append(self, kind: str) -> None:
        self.add(kind)

    def add(self, kind: str, *asked: Any, **named: Any) -> None:
        """Takes what Fault.of takes. Raises ValueError."""
        fault = Fault.of(kind, *asked, **named)
        with self._lock:
            self._waiting.append(fault)

    def take(self, operation: Operation) -> Fault:
        """Use up one occurrence of the first fault that fits, or NONE."""
        with self._lock:
            for fault in self._waiting:
                if fault.operation in {None, operation}:
                    fault.times -= 1
                    if not fault.times:
                        self._waiting.remove(fault)
                    return fault
        return NONE

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def __iter__(self) -> Iterator[Fault]:
        return iter(list(self._waiting))

    def __len__(self) -> int:
        return len(self._waiting)


def _all_operations() -> str:
    return ", ".join(Operation)
