"""What `make run` makes once for this installation, and who holds its folder."""

import fcntl
import shlex
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex, token_urlsafe
from typing import TextIO

from cryptography.fernet import Fernet

from reseller.processes import Failed

MADE_ONCE: dict[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: token_urlsafe(50),
    "SEALING_KEYS": lambda: Fernet.generate_key().decode(),
    "DEMO_PASSWORD": lambda: "-".join(token_hex(2) for _ in range(4)),
}
REMARK = """\
# Written by `make run` at each start; the three secrets stay. Another shell joins in by
# set -a; . var/run.env; set +a
"""


def secrets_of(file: Path) -> dict[str, str]:
    """Those of the first start: without SEALING_KEYS no password that waits can be opened."""
    lines = file.read_text().splitlines() if file.exists() else []
    kept = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    return {name: kept.get(name) or make() for name, make in MADE_ONCE.items()}


def write_privately(file: Path, values: dict[str, str]) -> None:
    draft = file.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in values.items()]
    draft.write_text(REMARK + "".join(lines))
    draft.replace(file)


def hold(var: Path) -> TextIO:
    """Keep `var/` to one launcher: two would share a database file and a timetable."""
    var.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = (var / "run.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise Failed(f"It runs already from {var}. Stop that one first.") from None
    return lock
