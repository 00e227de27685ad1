"""A whole installation, hurt at random, loses nothing, doubles nothing and never lies."""

import os
import random
import shutil
import tempfile
from pathlib import Path

import pytest

from reseller.processes import say
from tests import services
from tests.chaos.evidence import written
from tests.chaos.run import Run, report, run

pytestmark = pytest.mark.worker

CHANGES = int(os.environ.get("CHANGES") or 500)
SEED = int(os.environ.get("SEED") or random.randrange(10**6))
# What plain retry gets wrong shows with few.
FEW = 200


@pytest.fixture
def judged(capsys):
    """A run; its seed and its report are to be seen whether or not it fails."""
    # Not pytest's own: the user postgres could not get into that.
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))

    def judge(engine: str, changes: int, **how: bool) -> Run:
        with capsys.disabled():
            say(f"\nmake chaos SEED={SEED} CHANGES={changes} ENGINE={engine}")
            result = run(folder, seed=SEED, changes=changes, engine=engine, **how)
            say(report(result))
        (folder / "evidence.json").write_text(written(result.evidence))
        if result.is_good or how:
            shutil.rmtree(folder)
        return result

    return judge


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_nothing_is_lost_doubled_or_wrong_whatever_dies(judged, engine):
    if engine == "postgresql" and not services.postgres_binaries():
        pytest.skip(services.NO_POSTGRES)
    result = judged(engine, CHANGES)
    assert (result.troubles, result.findings) == ([], [])
    # Or it would have shown nothing.
    assert result.share >= 0.25
    assert len(result.evidence.history) == CHANGES
    assert sum(result.hurts.values()) >= CHANGES / 50


def test_plain_retry_fails_the_same_checker(judged):
    result = judged("sqlite", FEW, naive=True)
    assert len(result.findings) > FEW * 0.02
