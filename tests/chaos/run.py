"""One run: load and faults together, then everything is healed and drained, then judged."""

import sys
import time
from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from sqlite3 import Error as SqliteError
from uuid import UUID

import psycopg
import requests

from customers.distributor.rules import fold
from reseller.processes import Child, say
from tests.chaos import checker, evidence, faults
from tests.chaos.checker import Finding, Kind
from tests.chaos.evidence import Evidence
from tests.chaos.load import Load
from tests.chaos.plan import plan
from tests.chaos.stage import Stage, environment_of, stage
from tests.chaos.update import Update, checked_out
from tests.installation import ROOT, Visitor

# Processes are hurt for so long after the last form; the distributor fails until so little is left.
AFTERMATH = 30.0  # seconds, and a tenth for each change
NEARLY = 0.08
DRAINED = 240.0  # seconds, and a fifth for each change
PLAIN = 2
SHOWN = 3  # findings of a kind
AGAIN = {"choice": "AGAIN", "reason": "Whatever happened is over."}


@dataclass
class Run:
    """What came of it."""

    seed: int
    engine: str
    evidence: Evidence
    findings: list[Finding]
    hurts: Counter[str]
    seconds: dict[str, float]
    decided: int = 0
    updated: str = ""
    troubles: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        return checker.faulty(self.evidence.calls)

    @property
    def is_good(self) -> bool:
        return not self.findings and not self.troubles


def run(
    folder: Path, *, seed: int, changes: int, engine: str, naive: bool = False, older: str = ""
) -> Run:
    """`older` names the revision whose code the run begins with."""
    with ExitStack() as stack:
        code = checked_out(older, folder) if older else ROOT
        stage_ = stack.enter_context(stage(folder, engine, code))
        others = {fold(row["username"]) for row in evidence.ask(stage_, evidence.CUSTOMERS)}
        if naive:
            _replace_workers(stack, stage_)
        update = Update(stage_) if older else None
        return _Runner(stage_, seed, changes, update).run(engine, others)


def _replace_workers(stack: ExitStack, stage_: Stage) -> None:
    for name in ("worker", "poller"):
        stack.enter_context(stage_.installed.without(name))
    environment = environment_of(stage_.installed)
    for number in range(PLAIN):
        log = stage_.folder / f"naive-{number}.log"
        child = Child("naive", [sys.executable, "-m", "tests.chaos.naive"], log, environment)
        child.launch()
        stack.callback(child.stop)
        stage_.plain.append(child)


class _Runner:
    def __init__(self, stage_: Stage, seed: int, changes: int, update: Update | None) -> None:
        self.stage, self.seed, self.changes, self.update = stage_, seed, changes, update
        self.plan = plan(seed, changes)
        installed = stage_.installed
        self.load = Load(installed.url, installed.password, self.plan, seed)
        self.tormentor = faults.Tormentor(stage_, seed)
        self.person = Visitor(installed.url).sign_in(installed.password)
        self.decided = 0
        self.seconds: dict[str, float] = {}

    def run(self, engine: str, others: set[str]) -> Run:
        self.load.start()
        self.stage.begin_storm(faults.storm(self.seed))
        begun = time.monotonic()
        self._torment()
        self.seconds["faults"] = time.monotonic() - begun
        self.tormentor.heal()
        troubles = self.load.troubles + self._drain()
        self.seconds["all"] = time.monotonic() - begun
        left = evidence.collect(self.stage, self.plan, self.load.history, others)
        found = checker.check(left)
        hurts, updated = self.tormentor.done, self.update.told if self.update else ""
        return Run(
            self.seed, engine, left, found, hurts, self.seconds, self.decided, updated, troubles
        )

    def _torment(self) -> None:
        begun = last = time.monotonic()
        end = None
        while end is None or time.monotonic() < end:
            self.tormentor.step()
            self._update()
            self.stage.tend()
            time.sleep(0.1)
            if self.load.is_over and end is None:
                self.seconds["forms"] = time.monotonic() - begun
                end = time.monotonic() + AFTERMATH + self.changes / 10
            if time.monotonic() - last > 2:
                last = time.monotonic()
                if end and self._nearly():
                    return

    def _update(self) -> None:
        """With the first half of the forms sent; nobody is frozen meanwhile, or it would wait."""
        if self.update and len(self.load.history) >= self.changes / 2:
            self.tormentor.heal()
            self.update.step()

    def _nearly(self) -> bool:
        left = self._left()
        return left is not None and left <= self.changes * NEARLY

    def _left(self) -> int | None:
        """None while the database is away, or held."""
        with suppress(psycopg.Error, SqliteError):
            return evidence.unfinished(self.stage)
        return None

    def _drain(self) -> list[str]:
        """What is left is finished by the installation itself, the BLOCKED by a person's word."""
        end = time.monotonic() + DRAINED + self.changes / 5
        while time.monotonic() < end:
            self.stage.tend()
            if self._nearly():
                self.stage.end_storm()
            waiting = evidence.blocked(self.stage)
            for change, why in waiting.items():
                say(f"a person decides {change}: {why}")
                self._decide(change)
            if not waiting and self._left() == 0:
                return []
            time.sleep(1)
        return [f"not drained: {self._left()} changes left"]

    def _decide(self, change: UUID) -> None:
        with suppress(requests.RequestException):  # The web is started again, too.
            self.person.submit(f"/customers/changes/{change}/", "resolve", **AGAIN)
            self.decided += 1


def report(result: Run) -> str:
    """For a person: what was done to it, and what was found."""
    left, seconds, found = result.evidence, result.seconds, result.findings
    hurts = ", ".join(f"{name} {number}" for name, number in sorted(result.hurts.items()))
    kinds = Counter(finding.kind for finding in found)
    again = checker.sent_again(left.history)
    told = {
        "asked": f"{len(left.history)} changes of {len(left.plan)} customers, by forms; "
        f"{again} were sent again; {seconds.get('forms', 0):.0f} s",
        "hurt": f"{sum(result.hurts.values())} times in {seconds['faults']:.0f} s: {hurts}",
        "distributor": f"{len(left.calls)} calls, {result.share:.0%} of the answers faulty",
        "delivered": f"in {seconds['all']:.0f} s; {checker.resent(left.changes)} repeated after a "
        f"doubt, {result.decided} decided by a person",
        "found": ", ".join(f"{kinds[kind]} {kind}" for kind in Kind),
    }
    if result.updated:
        told["updated"] = result.updated
    lines = [f"{name:<12}{words}" for name, words in told.items()]
    for kind in Kind:
        lines += [f"    {it.kind}: {it.text}" for it in found if it.kind is kind][:SHOWN]
    return "\n".join([*lines, *(f"TROUBLE     {trouble}" for trouble in result.troubles)])
