"""`make chaos`, or python -m tests.chaos --seed 7 --changes 500 --engine postgresql."""

import argparse
import random
import shutil
import sys
import tempfile
from pathlib import Path

from reseller.processes import say
from tests.chaos.evidence import written
from tests.chaos.run import report, run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--changes", type=int, default=500)
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--naive", action="store_true", help="deliver by plain retry instead")
    said = parser.parse_args()
    naive = " --naive" if said.naive else ""
    say(f"--seed {said.seed} --changes {said.changes} --engine {said.engine}{naive}")
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    result = run(folder, **vars(said))
    say(report(result))
    if result.is_good:
        shutil.rmtree(folder)
        return 0
    (folder / "evidence.json").write_text(written(result.evidence))
    say(f"FAILED      logs and evidence are kept in {folder}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
