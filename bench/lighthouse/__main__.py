"""Lighthouse over the console as in production: `make lighthouse`, `ARGS="/signup/"`.

A page is given as its path; `{customer}` is the page of a customer. Each is judged as on a phone
with a slow line, Lighthouse's own measure, and as on a desktop, several times: the run in the
middle counts. The exit code is 1 if a score is below what is asked.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.lighthouse.site import site
from tests.installation import ROOT

PAGES = ["/customers/", "{customer}", "/"]
CATEGORIES = ["performance", "accessibility", "best-practices"]
LEAST = 95  # of each category, of 100
WELL = 0.9  # of an audit, as Lighthouse colours it green
SCREENS = {"phone": [], "desktop": ["--preset=desktop"]}
CHROME = "--headless=new --no-sandbox --disable-gpu --ignore-certificate-errors"
HERE = Path(__file__).parent


def main() -> int:
    asked = argparse.ArgumentParser(prog="make lighthouse")
    asked.add_argument("pages", nargs="*", default=PAGES, help="paths; {customer} is one's page")
    asked.add_argument("--stranger", action="store_true", help="do not sign in")
    asked.add_argument("--keep", type=Path, help="a folder for the whole reports")
    asked.add_argument("--runs", type=int, default=3, help="of each, the middle one counts")
    options = asked.parse_args()
    program = installed()
    print(f"{'page':<24}{'screen':<10}{''.join(f'{it:>16}' for it in CATEGORIES)}")
    with tempfile.TemporaryDirectory() as place, site(Path(place)) as (url, visitor, customer):
        headers = Path(place) / "headers.json"
        cookie = "; ".join(f"{it.name}={it.value}" for it in visitor.session.cookies)
        headers.write_text(json.dumps({} if options.stranger else {"Cookie": cookie}))
        folder = options.keep or Path(place)
        folder.mkdir(parents=True, exist_ok=True)
        paths = [path.format(customer=customer) for path in options.pages]
        program += [f"--extra-headers={headers}"]
        reports = judged(program, url, paths, folder, options.runs)
        well = [tell(url, path, screen, report) for path, screen, report in reports]
    return 0 if all(well) else 1


def installed() -> list[str]:
    """Lighthouse as pinned beside this file, installed once, outside of what is versioned."""
    node, npm, chrome = map(shutil.which, ("node", "npm", "chromium"))
    if not (node and npm and chrome):
        sys.exit(
            "make lighthouse needs node, npm and chromium: apt-get install nodejs npm chromium"
        )
    os.environ |= {"CHROME_PATH": chrome, "PUPPETEER_SKIP_DOWNLOAD": "1"}
    folder = ROOT / "var" / "lighthouse"
    pinned = (HERE / "package.json").read_text()
    mark = folder / "installed.json"
    if not mark.exists() or mark.read_text() != pinned:
        print("Installing Lighthouse into var/lighthouse ...", flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / "package.json", folder)
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--silent"]
        subprocess.run([npm, "install", *quiet], cwd=folder, check=True)
        mark.write_text(pinned)
    return [node, str(folder / "node_modules" / "lighthouse" / "cli" / "index.js")]


def judged(
    program: list[str], url: str, paths: list[str], folder: Path, runs: int
) -> Iterator[tuple[str, str, dict]]:
    for path in paths:
        for screen, flags in SCREENS.items():
            name = f"{path.strip('/').replace('/', '-') or 'dashboard'}-{screen}"
            files = [folder / f"{name}-{n}.json" for n in range(runs)]
            reports = [one(program, f"{url}{path}", file, flags) for file in files]
            yield path, screen, sorted(reports, key=speed)[runs // 2]


def one(program: list[str], url: str, file: Path, flags: list[str]) -> dict:
    wanted = f"--only-categories={','.join(CATEGORIES)}"
    words = ["--quiet", "--output=json", f"--output-path={file}", f"--chrome-flags={CHROME}"]
    subprocess.run(
        [*program, url, wanted, *words, *flags],
        check=True, timeout=300, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return json.loads(file.read_text())


def speed(report: dict) -> float:
    return report["categories"]["performance"]["score"] or 0


def tell(url: str, path: str, screen: str, report: dict) -> bool:
    """One row, and below it what cost points; whether all is well."""
    shown = report["finalDisplayedUrl"]
    if report.get("runtimeError") or shown != f"{url}{path}":
        print(f"{path:<24}{screen:<10} was not judged, but {shown} was shown")
        return False
    scores = [round(100 * report["categories"][it]["score"]) for it in CATEGORIES]
    print(f"{path:<24}{screen:<10}{''.join(f'{it:>16}' for it in scores)}", flush=True)
    for category in CATEGORIES:
        for audit in report["categories"][category]["auditRefs"]:
            found = report["audits"][audit["id"]]
            if audit["weight"] and found["score"] is not None and found["score"] < WELL:
                print(f"    {found['title']} {found.get('displayValue', '')}")
    return min(scores) >= LEAST


if __name__ == "__main__":
    sys.exit(main())
