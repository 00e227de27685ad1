"""`make chaos`: SEED, CHANGES and ENGINE choose the run; without ENGINE one on each."""

import argparse
import random
import shutil
import sys
import tempfile
from pathlib import Path

from reseller.processes import say
from tests.chaos.evidence import written
from tests.chaos.run import report, run

ENGINES = ["sqlite", "postgresql"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--changes", type=int, default=500)
    parser.add_argument("--engine", choices=ENGINES)
    parser.add_argument("--naive", action="store_true", help="deliver by plain retry instead")
    parser.add_argument("--from", dest="older", default="", help="begin with the code of then")
    said = parser.parse_args()
    engines = [said.engine] if said.engine else ENGINES
    how = {"naive": said.naive, "older": said.older}
    good = [_once(engine, said.seed, said.changes, **how) for engine in engines]
    return 0 if all(good) else 1


def _once(engine: str, seed: int, changes: int, *, naive: bool, older: str) -> bool:
    more = " ARGS=--naive" if naive else f' ARGS="--from {older}"' if older else ""
    say(f"make chaos SEED={seed} CHANGES={changes} ENGINE={engine}{more}")
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    result = run(folder, seed=seed, changes=changes, engine=engine, naive=naive, older=older)
    say(report(result))
    if result.is_good:
        shutil.rmtree(folder)
    else:
        (folder / "evidence.json").write_text(written(result.evidence))
        say(f"FAILED      logs and evidence are kept in {folder}")
    return result.is_good


if __name__ == "__main__":
    sys.exit(main())
