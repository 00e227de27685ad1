"""All that a run needs, as real processes: installation, distributor, broker, PostgreSQL."""

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from reseller.ports import answers, free_port
from reseller.processes import Child, Group
from tests import services
from tests.installation import ROOT, Installation, fresh_database, installation
from tests.installation import SHORT as TIMES

ACCOUNTS = 200  # that the distributor has before the run begins, and all of them must outlive it
SHORT = {
    "DISTRIBUTOR_USER": "sandbox",
    "DISTRIBUTOR_KEY": "sandbox",
    "DISTRIBUTOR_LOOK_DEADLINE": "3",
    "DISTRIBUTOR_LIST_DEADLINE": "10",
    "DISTRIBUTOR_RATE": "200",
    "REFRESH_EVERY": "15",
}


@dataclass
class Stage:
    """What runs, and how to get at it. `sandbox` and `postgres` are ours to restart."""

    installed: Installation
    sandbox: Child
    postgres: Child | None
    folder: Path
    # In place of the installation's own worker and poller, if there are any.
    plain: list[Child] = field(default_factory=list)
    storm: dict[str, Any] | None = None

    def families(self, name: str) -> list[int]:
        """The process groups of that name as they are now."""
        if self.plain and name in {"worker", "poller"}:
            child = self.plain[name == "poller"]
            return [child.pid] if child.pid and child.code is None else []
        return [pid for it, pid in self.installed.pids().items() if it == name]

    def tend(self) -> None:
        """Start again what is ours and was killed; the launcher does so with what is its own."""
        assert not self.installed.launcher.has_ended, "the launcher has ended"
        for child in self.plain:
            if child.code is not None:
                self.restart(child)

    def door(self, method: str, path: str, content: Any = None) -> None:
        """One of the sandbox's own; it may be frozen or gone just now."""
        url = f"{self.installed.distributor}/_sandbox/{path}"
        with suppress(requests.RequestException):
            requests.request(method, url, json=content, timeout=5).raise_for_status()

    def begin_storm(self, storm: dict[str, Any]) -> None:
        self.storm = storm
        self.door("POST", "storm", storm)

    def end_storm(self) -> None:
        self.storm = None
        self.door("DELETE", "storm")
        self.door("DELETE", "faults")

    def restart(self, child: Child) -> None:
        """After its end; ours alone are started again by nobody else."""
        child.sweep()
        if child.process:
            child.process.wait()
        child.launch()
        wait_for(child)
        if child is self.sandbox and self.storm:
            # It counts from one again: by the same seed whatever failed first would fail first
            # each time, and what is left would be that alone.
            self.begin_storm(self.storm | {"seed": self.storm["seed"] + 1})


def wait_for(child: Child, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not child.ready():
        assert time.monotonic() < end, f"{child.name} is not ready"
        if child.code is not None:  # PostgreSQL, while its shared memory is still in use
            child.launch()
        time.sleep(0.05)


@contextmanager
def stage(folder: Path, engine: str, code: Path = ROOT) -> Iterator[Stage]:
    """Everything started, in a folder of its own."""
    with ExitStack() as stack:
        group = Group()
        stack.callback(group.stop)
        postgres, database = None, ""
        if engine == "postgresql":
            binaries = services.postgres_binaries()
            assert binaries, services.NO_POSTGRES
            server = services.postgres(group, folder, binaries, crashes=True)
            postgres = group.children[-1]
            database = stack.enter_context(fresh_database(server))
        sandbox, site = _sandbox(folder)
        group.start(sandbox)
        environment = SHORT | {"DISTRIBUTOR_URL": f"{site}/api"}
        running = installation(folder, database=database, code=code, **environment)
        installed = stack.enter_context(running)
        installed.distributor = site
        yield Stage(installed, sandbox, postgres, folder)


def _sandbox(folder: Path) -> tuple[Child, str]:
    port = free_port()
    words = f"-m customers.sandbox --port {port} --accounts {ACCOUNTS} --record --data"
    command = [sys.executable, *words.split(), folder / "sandbox.sqlite3"]
    child = Child("sandbox", command, folder / "sandbox.log", ready=lambda: answers(port))
    return child, f"http://127.0.0.1:{port}"


def environment_of(installed: Installation) -> dict[str, str]:
    """For a process that joins the installation."""
    return {**TIMES, **SHORT, **installed.settings()}
