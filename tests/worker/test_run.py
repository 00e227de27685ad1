"""`make run` as a person would meet it: it answers, it ends, and nothing of it is left."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest

from reseller.installation import hold
from reseller.ports import free_port

ROOT = Path(__file__).parents[2]
# What the test session says for itself, and the launcher is to find out on its own.
OURS = ("DATABASE_URL", "REDIS_URL", "DEBUG", "DJANGO_SETTINGS_MODULE", "MAKELEVEL")


@dataclass
class Running:
    """A launcher, the `var/` it works on, and what it has said."""

    process: subprocess.Popen
    var: Path
    port: int
    output: Path

    def said(self) -> str:
        return self.output.read_text()

    def waits_for(self, text: str, seconds: float = 60) -> None:
        assert within(seconds, lambda: text in self.said() or self.process.poll() is not None)
        assert text in self.said(), self.said()

    def pids(self) -> dict[str, int]:
        line = next(line for line in self.said().splitlines() if "Processes" in line)
        pairs = (pair.split() for pair in line.removeprefix("  Processes    ").split(", "))
        return {name: int(pid) for name, pid in pairs}

    def status(self, path: str) -> int:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", path)
        return connection.getresponse().status


def within(seconds: float, condition) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def alive(var: Path) -> set[str]:
    """Every process that was started for this `var/`; the broker hides its environment."""
    mark, found = f"VAR_DIR={var}".encode(), set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark in (process / "environ").read_bytes().split(b"\0"):
                found.add(process.name)
    return found


def exists(pid: int) -> bool:
    """A zombie is gone: only its parent has not looked yet."""
    with suppress(OSError):
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    return False


def environment(var: Path, port: int) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if name not in OURS}
    ours = {name: value for name, value in ours.items() if not name.startswith("DISTRIBUTOR_")}
    return ours | {"VAR_DIR": str(var), "PORT": str(port)}


@contextmanager
def launcher(var: Path, *command: str):
    port, output = free_port(), var.with_suffix(".out")
    with output.open("w") as file:
        process = subprocess.Popen(
            command or (sys.executable, "-m", "reseller.run"),
            cwd=ROOT,
            env=environment(var, port),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Running(process, var, port, output)
    finally:
        process.terminate()
        process.wait(60)
        for pid in alive(var):  # what a failed test has left
            os.kill(int(pid), signal.SIGKILL)


@pytest.fixture(scope="module")
def var(tmp_path_factory) -> Path:
    """One for all tests: only the first start has a database to make."""
    return tmp_path_factory.mktemp("run") / "var"


def test_the_pages_answer_and_a_second_start_keeps_its_secrets(var):
    with launcher(var) as running:
        running.waits_for("Ctrl-C")
        assert running.status("/health") == 200
        assert running.status("/signup/") == 200
        assert running.status("/") == 302
        first = password(var)
        assert first in running.said()

    assert (var / "run.env").stat().st_mode & 0o777 == 0o600
    with launcher(var) as running:
        running.waits_for("Ctrl-C")
        assert password(var) == first


def password(var: Path) -> str:
    lines = (var / "run.env").read_text().splitlines()
    return next(line for line in lines if line.startswith("DEMO_PASSWORD=")).split("=")[1]


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"])
def test_whatever_ends_it_nothing_is_left_running(var, name):
    with launcher(var) as running:
        running.waits_for("Ctrl-C")
        children = running.pids().values()
        assert len(alive(var)) > len(children)

        running.process.send_signal(signal.Signals[name])

        assert within(60, lambda: not any(exists(pid) for pid in children) and not alive(var))
        assert running.process.wait(5) == (-signal.SIGKILL if name == "SIGKILL" else 0)


@pytest.mark.parametrize("name", ["SIGHUP", "SIGKILL"])
def test_it_ends_with_the_make_that_started_it(var, name):
    """The signal goes to `make` alone, as when its terminal is closed."""
    with launcher(var, "make", "-s", "run") as running:
        running.waits_for("Ctrl-C")
        children = running.pids().values()

        running.process.send_signal(signal.Signals[name])

        assert within(60, lambda: not any(exists(pid) for pid in children))


def test_a_killed_child_is_started_again_and_the_rest_goes_on(var):
    with launcher(var) as running:
        running.waits_for("Ctrl-C")
        pids = running.pids()

        os.kill(pids.pop("worker"), signal.SIGKILL)

        running.waits_for("worker ended (killed by SIGKILL); the rest goes on")
        running.waits_for("worker is started again")
        assert all(exists(pid) for pid in pids.values())
        assert running.status("/health") == 200


def test_nothing_needs_a_terminal(var):
    script = f"exec {sys.executable} -m reseller.run <&- >&- 2>&-"
    with launcher(var, "sh", "-c", script) as running:
        assert within(60, lambda: serves(running))


def serves(running: Running) -> bool:
    with suppress(OSError):
        return running.status("/health") == 200
    return False


def refused(var: Path, port: int) -> str:
    """What a launcher says that does not even start."""
    done = subprocess.run(
        [sys.executable, "-m", "reseller.run"],
        cwd=ROOT,
        env=environment(var, port),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert not list(var.glob("log/*.log"))
    return done.stdout


def test_a_second_one_on_the_same_data_is_refused(tmp_path):
    with hold(tmp_path):
        assert "It runs already" in refused(tmp_path, free_port())


def test_a_taken_port_is_told_before_anything_starts(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"Port {port} cannot be used: address already in use" in refused(tmp_path, port)
