"""A run that older code begins and this code ends, as docs/operations.md tells to update.

The tables are migrated first, under load, while everything still runs the older code. Some time
later all of it is ended and started again from this checkout.
"""

import io
import subprocess
import tarfile
import time
from pathlib import Path

from tests.chaos.stage import Stage
from tests.installation import ROOT

TOGETHER = 20.0  # seconds of the old code on the new tables


def checked_out(revision: str, folder: Path) -> Path:
    """The code as it was then."""
    archive = subprocess.run(
        ["git", "archive", "--format=tar", revision], cwd=ROOT, capture_output=True, check=True
    )
    code = folder / "code"
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(code, filter="data")
    return code


class Update:
    """Called again and again once half of the forms are sent."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.seconds: list[float] = []  # that each of its two halves took
        self._due = time.monotonic()

    @property
    def told(self) -> str:
        """In words, once both halves are over."""
        assert len(self.seconds) == 2, "the run ended before the update did: more CHANGES"
        migrated, restarted = self.seconds
        return (
            f"with half of the forms sent; migrated in {migrated:.0f} s, "
            f"restarted in {restarted:.0f} s"
        )

    def step(self) -> None:
        if len(self.seconds) == 2 or time.monotonic() < self._due:
            return
        begun = time.monotonic()
        if self.seconds:
            self.stage.installed.launcher.end()
            self.stage.installed.launcher.start()
        else:
            self._migrate()
        self.seconds.append(time.monotonic() - begun)
        self._due = time.monotonic() + TOGETHER

    def _migrate(self) -> None:
        done = self.stage.installed.manage("migrate", "--noinput")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Applying" in done.stdout, f"nothing to migrate:\n{done.stdout}"
