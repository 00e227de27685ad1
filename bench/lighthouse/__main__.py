"""Lighthouse over the site as in production: `make lighthouse`, `ARGS="/customers/changes/"`.

A page is given as its path; `{customer}` is the page of a customer. `ARGS=--signup` walks through
a signup and judges each of its pages once it is open, or those that are given. Each is judged as
on a phone with a slow line, Lighthouse's own measure, and as on a desktop, several times: the run
in the middle counts. The exit code is 1 if a score is below what is asked.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench.lighthouse.signup import signup
from bench.lighthouse.site import Site, site
from tests.installation import ROOT, Visitor

PAGES = ["/customers/", "{customer}", "/"]
CATEGORIES = ["performance", "accessibility", "best-practices"]
LEAST = 95  # of each category, of 100
TRIES = 3  # A browser that starts slowly is no fault of the page.
WELL = 0.9  # of an audit, as Lighthouse colours it green
SCREENS = {"phone": [], "desktop": ["--preset=desktop"]}
CHROME = "--headless=new --no-sandbox --disable-gpu --ignore-certificate-errors"
HERE = Path(__file__).parent


def main() -> int:
    asked = argparse.ArgumentParser(prog="make lighthouse")
    asked.add_argument("pages", nargs="*", help="paths; {customer} is one's page")
    asked.add_argument("--signup", action="store_true", help="pages of a signup instead")
    asked.add_argument("--stranger", action="store_true", help="do not sign in")
    asked.add_argument("--keep", type=Path, help="a folder for the whole reports")
    asked.add_argument("--runs", type=int, default=3, help="of each, the middle one counts")
    options = asked.parse_args()
    program = installed()
    print(f"{'page':<24}{'screen':<10}{''.join(f'{it:>16}' for it in CATEGORIES)}")
    with tempfile.TemporaryDirectory() as place, site(Path(place)) as place_to_judge:
        folder = options.keep or Path(place)
        folder.mkdir(parents=True, exist_ok=True)
        visitor, pages = journey(place_to_judge, options)
        reports = judged(program, visitor, pages, folder, options.runs)
        well = [tell(name, screen, url, report) for name, screen, url, report in reports]
    return 0 if all(well) else 1


def journey(here: Site, options: argparse.Namespace) -> tuple[Visitor, Iterable[tuple[str, str]]]:
    """Who goes through them, and the pages: what each is called, and its path."""
    if options.signup:
        visitor = here.stranger()
        walk = signup(here.running, visitor)
        return visitor, (page for page in walk if not options.pages or page[0] in options.pages)
    visitor = here.stranger() if options.stranger else here.manager()
    paths = [path.format(customer=here.customer) for path in options.pages or PAGES]
    return visitor, zip(paths, paths, strict=True)


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
    program: list[str],
    visitor: Visitor,
    pages: Iterable[tuple[str, str]],
    folder: Path,
    runs: int,
) -> Iterator[tuple[str, str, str, dict]]:
    headers = folder / "headers.json"
    for name, path in pages:
        # Anew for each: the session's key changes on the way.
        cookies = "; ".join(f"{it.name}={it.value}" for it in visitor.session.cookies)
        headers.write_text(json.dumps({"Cookie": cookies} if cookies else {}))
        for screen, flags in SCREENS.items():
            stem = f"{name.strip('/').replace('/', '-') or 'dashboard'}-{screen}"
            files = [folder / f"{stem}-{n}.json" for n in range(runs)]
            words = [*program, f"--extra-headers={headers}"]
            url = f"{visitor.site}{path}"
            reports = [one(words, url, file, flags) for file in files]
            yield name, screen, url, sorted(reports, key=speed)[runs // 2]
    headers.unlink()


def one(program: list[str], url: str, file: Path, flags: list[str]) -> dict:
    wanted = f"--only-categories={','.join(CATEGORIES)}"
    words = ["--quiet", "--output=json", f"--output-path={file}", f"--chrome-flags={CHROME}"]
    for tries_left in reversed(range(TRIES)):
        done = subprocess.run(
            [*program, url, wanted, *words, *flags],
            check=not tries_left, timeout=300, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        if done.returncode == 0:
            break
    return json.loads(file.read_text())


def speed(report: dict) -> float:
    return report["categories"]["performance"]["score"] or 0


def tell(name: str, screen: str, url: str, report: dict) -> bool:
    """One row, and below it what cost points; whether all is well."""
    shown = report["finalDisplayedUrl"]
    if report.get("runtimeError") or shown != url:
        print(f"{name:<24}{screen:<10} was not judged, but {shown} was shown")
        return False
    scores = [round(100 * report["categories"][it]["score"]) for it in CATEGORIES]
    print(f"{name:<24}{screen:<10}{''.join(f'{it:>16}' for it in scores)}", flush=True)
    for category in CATEGORIES:
        for audit in report["categories"][category]["auditRefs"]:
            found = report["audits"][audit["id"]]
            if audit["weight"] and found["score"] is not None and found["score"] < WELL:
                print(f"    {found['title']} {found.get('displayValue', '')}")
    return min(scores) >= LEAST


if __name__ == "__main__":
    sys.exit(main())
