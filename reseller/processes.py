"""Child processes that start in order, are watched, and leave nothing behind.

Each child leads a session of its own: a Ctrl-C at the launcher does not reach it, and its whole
family can be ended at once. The kernel ends it when the launcher dies without a word.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

GRACE = 15  # seconds between asking a child to end and ending it
PAUSE = 5  # seconds before one that ended by itself is started again

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class Failed(Exception):
    """A child did not come up; the text says which, and how its log ends."""


class Interrupted(Exception):
    """Somebody asked to stop while things were starting."""


def say(text: str) -> None:
    """Print, also when whoever read it is gone."""
    with suppress(OSError):
        print(text, flush=True)  # noqa: T201


def end_with_parent(number: int = signal.SIGTERM, parent: int | None = None) -> None:
    """Have the kernel send this process a signal when its parent dies."""
    if _libc:
        _libc.prctl(_PR_SET_PDEATHSIG, int(number))
    if parent and os.getppid() != parent:
        os._exit(1)  # it died before we asked


def parent_waits_to_end() -> bool:
    """Whether our parent is in its handler of INT or HUP, which blocks that signal.

    `make` passes on only TERM. Told anything else it waits for its children, so that one who
    signals it alone, as a terminal does that is closed over it, would wait for ever.
    """
    with suppress(OSError, StopIteration):
        lines = Path(f"/proc/{os.getppid()}/status").read_text().splitlines()
        blocked = int(next(line for line in lines if line.startswith("SigBlk:")).split()[1], 16)
        return any(blocked >> number - 1 & 1 for number in (signal.SIGINT, signal.SIGHUP))
    return False


def tail(log: Path, lines: int = 20) -> str:
    with log.open(errors="replace") as text:
        return "".join(f"    {line.rstrip()}\n" for line in deque(text, lines))


@dataclass
class Child:
    """One process: how it starts, when it is ready, how it is asked to end."""

    name: str
    command: Sequence[str | Path]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)  # besides our own
    ready: Callable[[], bool] = lambda: True
    user: str | None = None
    stop_signal: int = signal.SIGTERM
    orphan_signal: int | None = None  # when the launcher died without a word; else stop_signal
    process: "subprocess.Popen[bytes] | None" = None

    def launch(self) -> None:
        parent, orphaned = os.getpid(), self.orphan_signal or self.stop_signal
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603
                list(self.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.env},
                user=self.user,
                group=self.user,
                extra_groups=[] if self.user else None,
                start_new_session=True,
                # The launcher has one thread, and the kernel knows no other way to ask.
                preexec_fn=lambda: end_with_parent(orphaned, parent),  # noqa: PLW1509
            )

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    @property
    def code(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self.process.poll() if self.process else 0

    def end(self) -> str:
        code = self.code or 0
        return f"exit {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"

    def sweep(self) -> None:
        """End what is left of its family."""
        if self.process:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def stop(self, grace: float = GRACE) -> None:
        if not self.process:
            return
        self.process.send_signal(self.stop_signal)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(grace)
        self.sweep()
        self.process.wait()


class Group:
    """Children in the order of their start; they are stopped in the reverse order.

    `asked` is looked at all the time: whether somebody wants all of it to stop.
    """

    def __init__(self, asked: Callable[[], bool] = lambda: False) -> None:
        self.children: list[Child] = []
        self.asked = asked
        # A plain flag: an Event may not be set from a signal's handler, it can lock up.
        self._signalled = False

    @property
    def stopping(self) -> bool:
        return self._signalled or self.asked()

    def stop_on(self, *numbers: int) -> None:
        """Let these signals end `watch`, or a start that is under way."""

        def ask(_number: int, _frame: object) -> None:
            self._signalled = True

        for number in numbers:
            # nohup says: go on without the terminal.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, ask)

    def start(self, child: Child, patience: float = 30) -> None:
        """Return once it is ready."""
        self._launch(child)
        deadline = time.monotonic() + patience
        while not child.ready():
            if child.code is not None:
                raise Failed(f"{child.name} did not start ({child.end()}).\n{tail(child.log)}")
            if time.monotonic() > deadline:
                raise Failed(f"{child.name} is not ready after {patience} s.\n{tail(child.log)}")
            self._wait(0.05)

    def run(self, child: Child) -> None:
        """Return once it has ended well: for steps that come before the next start."""
        self._launch(child)
        while child.code is None:
            self._wait(0.05)
        self.children.remove(child)
        if child.code:
            raise Failed(f"{child.name} failed ({child.end()}).\n{tail(child.log)}")

    def watch(self, pause: float = PAUSE) -> None:
        """Start again what ends by itself, without touching the rest, until asked to stop."""
        due: dict[str, float] = {}
        while not self.stopping:
            time.sleep(0.2)
            for child in self.children:
                if child.code is None or self.stopping:
                    continue
                if child.name not in due:
                    child.sweep()
                    due[child.name] = time.monotonic() + pause
                    say(
                        f"{child.name} ended ({child.end()}); the rest goes on; "
                        f"it is started again in {pause:g} s"
                    )
                elif time.monotonic() >= due[child.name]:
                    del due[child.name]
                    child.launch()
                    say(f"{child.name} is started again")

    def stop(self) -> None:
        while self.children:
            self.children.pop().stop()

    def _launch(self, child: Child) -> None:
        self._wait(0)
        self.children.append(child)
        child.launch()

    def _wait(self, seconds: float) -> None:
        time.sleep(seconds)
        if self.stopping:
            raise Interrupted
