"""Who is hurt, and when: drawn from the seed.

The distributor's own faults are a storm of the sandbox: three in ten of its answers. Late
executions and its freezes stay well below the settle time, or the premise of the product would
not hold (docs/reliability.md, residual risks).
"""

import heapq
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import redis

from tests.chaos.stage import Stage

SHARE = 0.31
STORM = {
    "dropped": 4.0,
    "lost": 4.0,
    "late": 3.0,
    "500": 3.0,
    "500-after": 3.0,
    "503": 1.0,
    "cut": 2.5,
    "garbage": 2.5,
    "html": 2.5,
    "slow": 3.0,
    "drip": 0.5,
    "hang": 0.5,
    "429": 0.5,
    # Each costs 10 s, in which no call is made.
    "credentials": 0.1,
    "401": 0.05,
}
SECONDS = {"late": 2.5, "slow": 0.7, "drip": 0.02, "hang": 4.0}
# Longer than any lease: a call's ends 10 s after its deadline of 3 s.
PAST_THE_LEASE = 14.0
BRIEFLY = 0.8
LIES = 6
PAUSES = (1.5, 4.5)  # between two hurts; a worker takes 8 s to be back
KILL, STOP, CONT = signal.SIGKILL, signal.SIGSTOP, signal.SIGCONT


def storm(seed: int) -> dict[str, object]:
    faults = [
        {"kind": kind, "weight": weight, "seconds": SECONDS.get(kind)}
        for kind, weight in STORM.items()
    ]
    return {"seed": seed, "share": SHARE, "faults": faults}


class Tormentor:
    """Hurts one process after the other; `done` counts what took place."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self.stage = stage
        self.dice = random.Random(f"faults {seed}")
        self.done: Counter[str] = Counter()
        self._deck: list[str] = []
        self._later: list[tuple[float, int, Callable[[], object]]] = []
        self._next = self._delivers_again = time.monotonic()
        # How often, and the deed; what is not there just now is not hurt, and not counted.
        self._hurts: dict[str, tuple[int, Callable[[], object]]] = {
            "kill worker": (3, lambda: self._kill("worker")),
            "kill poller": (3, lambda: self._kill("poller")),
            "kill web": (2, lambda: self._kill("web")),
            "kill broker": (1, lambda: self._kill("broker")),
            "kill sandbox": (1, self._kill_sandbox),
            "freeze worker past the lease": (4, lambda: self._freeze("worker", PAST_THE_LEASE)),
            "freeze poller past the lease": (4, lambda: self._freeze("poller", PAST_THE_LEASE)),
            "freeze web": (1, lambda: self._freeze("web", BRIEFLY)),
            "freeze broker": (1, lambda: self._freeze("broker", 4 * BRIEFLY)),
            "freeze sandbox": (1, self._freeze_sandbox),
            "flush broker": (1, self._flush),
            "crash postgresql": (1, self._crash_postgres),
            "lying lists": (2, self._lie),
        }

    def step(self) -> None:
        """Do what is due; call it often."""
        now = time.monotonic()
        while self._later and self._later[0][0] <= now:
            heapq.heappop(self._later)[2]()
        if now < self._next:
            return
        kind = self._drawn()
        pause = self.dice.uniform(*PAUSES)
        if self._hurts[kind][1]() is not False:
            self.done[kind] += 1
        self._next = time.monotonic() + pause

    def _drawn(self) -> str:
        """As cards are dealt: each kind comes as often as its weight before any comes again."""
        if not self._deck:
            self._deck = [kind for kind, (times, _do) in self._hurts.items() for _ in range(times)]
            self.dice.shuffle(self._deck)
        return self._deck.pop()

    def heal(self) -> None:
        """Whoever is frozen goes on; the distributor stays as it is."""
        while self._later:
            heapq.heappop(self._later)[2]()

    def _signal(self, number: signal.Signals, families: list[int]) -> bool:
        for pid in families:
            with suppress(ProcessLookupError):
                os.killpg(pid, number)
        return bool(families)

    def _kill(self, name: str) -> bool:
        return self._signal(KILL, self.stage.families(name))

    def _freeze(self, name: str, seconds: float) -> bool:
        families = self.stage.families(name)
        if seconds == PAST_THE_LEASE:
            if time.monotonic() < self._delivers_again:
                return False  # Somebody must go on, or there is nothing to see.
            self._delivers_again = time.monotonic() + seconds
        self._after(seconds, lambda: self._signal(CONT, families))
        return self._signal(STOP, families)

    def _after(self, seconds: float, do: Callable[[], object]) -> None:
        due = time.monotonic() + seconds
        heapq.heappush(self._later, (due, id(do), do))

    def _kill_sandbox(self) -> None:
        assert self.stage.sandbox.process
        self.stage.sandbox.process.kill()
        self.stage.restart(self.stage.sandbox)

    def _freeze_sandbox(self) -> None:
        process = self.stage.sandbox.process
        assert process
        process.send_signal(STOP)
        self._after(BRIEFLY, lambda: process.send_signal(CONT))

    def _flush(self) -> bool:
        url = self.stage.installed.settings()["REDIS_URL"]
        with suppress(redis.RedisError), redis.from_url(url, socket_timeout=1) as broker:
            broker.flushall()
            return True
        return False

    def _crash_postgres(self) -> bool:
        """Its immediate shutdown, and up again: as `pg_ctl -m immediate restart`."""
        postgres = self.stage.postgres
        if not postgres or not postgres.process:
            return False
        postgres.process.send_signal(signal.SIGQUIT)
        postgres.process.wait()
        self.stage.restart(postgres)
        return True

    def _lie(self) -> None:
        """Several in a row: a list that lies about one account lies about its control too."""
        kind = self.dice.choice(["empty", "short"])
        self.stage.door("POST", "faults", {"kind": kind, "times": LIES})
