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
FEW = 120


@pytest.fixture
def folder():
    """None of pytest's own: PostgreSQL runs as somebody else, who may not enter those."""
    place = Path(tempfile.mkdtemp(prefix="chaos-"))
    yield place
    shutil.rmtree(place)


@pytest.fixture
def judged(folder, capsys):
    """A run; its seed and its report are to be seen whether or not it fails."""

    def judge(engine: str, changes: int, **how: bool) -> Run:
        with capsys.disabled():
            say(f"\nmake chaos SEED={SEED} CHANGES={changes} ENGINE={engine}")
            result = run(folder, seed=SEED, changes=changes, engine=engine, **how)
            say(report(result))
        if not how and not result.is_good:
            kept = Path(tempfile.mkdtemp(prefix="chaos-evidence-")) / "evidence.json"
            kept.write_text(written(result.evidence))
            say(f"the evidence is kept in {kept}")
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
