"""One customer, one field, and all that can happen to it at once: small enough to try it all.

A writer has its changes delivered, each sent up to `sends` times; of two, the second puts back what
was there before the first. A call is executed at once, late, or never; its answer comes or does
not. A reader reads the list, once. With `edits` somebody edits the field over there, once. What is
read shows what was there up to `lag` ticks before. Whatever can happen next is tried, however much
time goes by in between.

What the application decides is asked of the application: `speaks` (may this reading speak of this
customer?) is its WHERE clause, `conclude` what a look leads to. The rest is written down here.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from customers.distributor.rules import Operation
from customers.services.evidence import Finding, Verdict, conclude

# In ticks: the longest a call may take, how much longer its execution, how far a reading lags,
# and the longest that a refresh takes.
DEADLINE, SETTLE, LAG, READING = 1, 3, 2, 3
# After so many ticks it makes no difference how many more go by: since a try, since anything.
OVER, LONG_AGO = DEADLINE + SETTLE, READING + SETTLE + 1

BEFORE, AFTER, ELSEWHERE = "before", "after", "elsewhere"

# (ticks since touched, state of the change, ticks since the reading began) -> whether it applies
Speaks = Callable[[int | None, str, int], bool]


class Wrong(Exception):
    """What must never be, and how it came about."""


class Value(NamedTuple):
    since: int
    what: str
    change: int | None  # that brought it about


class Look(NamedTuple):
    version: int  # what it shows
    settled: bool


class Reading(NamedTuple):
    since: int
    version: int | None = None  # what the list shows, once it came


class World(NamedTuple):
    """Times are ticks ago. A version is a place in `values`; what nobody can see any more is left
    out of them."""

    values: tuple[Value, ...] = (Value(LAG, BEFORE, None),)  # over there, the oldest first
    mirror: int = 0  # the version that we show
    change: int = 0
    state: str = "WAITING"
    sends: int = 0
    begun: int = OVER  # the last try
    copy: bool = False  # of that: on its way
    answers: bool = False  # that try: it was executed, and may say so
    doubted: bool = False  # that try
    happened: bool = False  # any try was executed
    settled: int = SETTLE  # the change before
    stale: bool = False  # that was shortly before the first try
    unseen: bool = False  # a look since the last try has not shown it
    touched: int | None = None
    look: Look | None = None
    reading: Reading | None = None
    has_read: bool = False
    edited: bool = False

    def later(self) -> "World":
        """A tick goes by."""
        return self._replace(
            values=tuple(it._replace(since=min(it.since + 1, LAG)) for it in self.values),
            begun=min(self.begun + 1, OVER),
            settled=min(self.settled + 1, SETTLE),
            touched=None if self.touched is None else min(self.touched + 1, LONG_AGO),
            reading=self.reading and self.reading._replace(since=self.reading.since + 1),
        )

    def with_value(self, what: str, change: int | None) -> "World":
        return self._replace(values=(*self.values, Value(0, what, change)))

    def shown(self, lag: int) -> set[int]:
        """The versions that a reading may show now: the newest, and what was that before."""
        newest = len(self.values) - 1
        return {newest} | {
            max(v for v, it in enumerate(self.values) if it.since >= ago)
            for ago in range(1, lag + 1)
        }

    def tidied(self, lag: int) -> "World":
        """Without what nobody can see any more."""
        look, reading = self.look, self.reading
        seen = [it.version for it in (look, reading) if it and it.version is not None]
        first = min(self.mirror, *self.shown(lag), *seen)
        if not first:
            return self
        if look:
            look = look._replace(version=look.version - first)
        if reading and reading.version is not None:
            reading = reading._replace(version=reading.version - first)
        return self._replace(
            values=self.values[first:], mirror=self.mirror - first, look=look, reading=reading
        )


Step = tuple[str, World]


@dataclass(frozen=True)
class Model:
    """`knows_of_lag`: whether what a look shows may be from before an earlier change."""

    speaks: Speaks
    asked: tuple[str, ...] = (AFTER,)
    sends: int = 2
    lag: int = 0
    edits: bool = False
    knows_of_lag: bool = True

    def steps(self, w: World) -> Iterator[Step]:
        """All that can happen next."""
        if w.reading is None or w.reading.since < READING:
            yield "a tick", w.later()
        yield from self._over_there(w)
        yield from self._delivery(w)
        yield from self._looks(w)
        yield from self._refresh(w)

    def _over_there(self, w: World) -> Iterator[Step]:
        if w.copy and w.begun < OVER - self.lag:
            done = w.with_value(self.asked[w.change], w.change)
            yield "executed", done._replace(copy=False, answers=True, happened=True)
        if self.edits and not w.edited:
            yield "edited over there", w.with_value(ELSEWHERE, None)._replace(edited=True)

    def _delivery(self, w: World) -> Iterator[Step]:
        is_quiet = w.doubted and w.begun < OVER
        if w.state == "WAITING" and w.sends < self.sends and not is_quiet:
            stale = w.stale if w.sends else w.settled < SETTLE
            begun = w._replace(state="SENDING", sends=w.sends + 1, begun=0, touched=0, stale=stale)
            yield "begin", begun._replace(copy=True, answers=False, doubted=False, unseen=False)
        if w.state == "SENDING" and w.begun <= DEADLINE:
            if w.answers:
                ours = max(v for v, it in enumerate(w.values) if it.change == w.change)
                yield "success", self._done(w, ours)
            yield "no answer", w._replace(state="IN_DOUBT", touched=0, doubted=True)
        if w.state == "DONE" and w.change + 1 < len(self.asked):
            following = w._replace(change=w.change + 1, state="WAITING", sends=0)
            yield "the next change", following._replace(happened=False)

    def _looks(self, w: World) -> Iterator[Step]:
        if w.state != "IN_DOUBT":
            return
        if w.look is None:
            for version in w.shown(self.lag):
                look = Look(version, settled=w.begun >= OVER)
                yield f"look: {w.values[version].what}", w._replace(look=look)
            return
        as_asked = w.values[w.look.version].what == self.asked[w.change]
        match self._verdict(w, w.look, as_asked):
            case Verdict.DONE:
                yield "as asked", self._done(w, w.look.version)
            case Verdict.AGAIN:
                yield "not applied", w._replace(state="WAITING", look=None)
            case _:
                yield "nothing follows", w._replace(look=None, unseen=not as_asked)

    def _verdict(self, w: World, look: Look, as_asked: bool) -> Verdict:
        return conclude(
            Operation.PROFILE,
            Finding.AS_ASKED if as_asked else Finding.NOT_APPLIED,
            refused=False,
            settled=look.settled,
            agreed=w.unseen and not as_asked,
            rounds=0,
            stale=w.stale and self.knows_of_lag,
        )

    def _done(self, w: World, version: int) -> World:
        if not w.happened:
            raise Wrong("a change that was never executed is told as done")
        if version < w.mirror:
            raise Wrong("a change writes an older value over a newer one")
        return w._replace(state="DONE", mirror=version, touched=0, settled=0, look=None)

    def _refresh(self, w: World) -> Iterator[Step]:
        reading = w.reading
        if reading is None:
            if not w.has_read:
                yield "a refresh begins", w._replace(reading=Reading(0), has_read=True)
        elif reading.version is None:
            for version in w.shown(self.lag):
                listed = reading._replace(version=version)
                yield f"listed: {w.values[version].what}", w._replace(reading=listed)
        elif self.speaks(w.touched, w.state, reading.since):
            yield "merged", self._merged(w, reading.version)._replace(reading=None)
        else:
            yield "left alone", w._replace(reading=None)

    def _merged(self, w: World, version: int) -> World:
        if w.values[version].what == w.values[w.mirror].what:
            return w
        if version < w.mirror:
            raise Wrong("a reading writes an older value over a newer one")
        if w.values[version].change is not None and not w.edited:
            raise Wrong("a reading takes our own change for somebody else's")
        return w._replace(mirror=version)


def explore(model: Model) -> int:
    """Everything that can happen; how many worlds there are. Raises Wrong, with what led to it."""
    start = World()
    came_by: dict[World, tuple[str, World] | None] = {start: None}
    waiting = deque([start])
    while waiting:
        world = waiting.popleft()
        try:
            for label, after in model.steps(world):
                found = after.tidied(model.lag)
                if found not in came_by:
                    came_by[found] = (label, world)
                    waiting.append(found)
        except Wrong as wrong:
            raise Wrong(f"{wrong}: {', '.join(_story(came_by, world))}") from None
    return len(came_by)


def _story(came_by: dict[World, tuple[str, World] | None], world: World) -> list[str]:
    told = []
    while (step := came_by[world]) is not None:
        label, world = step
        told.append(label)
    return told[::-1]
