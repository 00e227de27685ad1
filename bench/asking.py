"""What saving a form costs while the broker is there, hangs, or is gone: `make bench-asking`.

A whole installation as `make run` starts it; the time is the browser's, from sending the form to
the redirect. Every form that was sent must be a change in the database.
"""

import argparse
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from uuid import uuid4

from tests.installation import Installation, Seen, Visitor, installation

GOALS = {"there": None, "hung": 1.2, "gone": 0.3}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--forms", type=int, default=100, help="sent in each state")
    forms = parser.parse_args().forms
    with tempfile.TemporaryDirectory() as folder, installation(Path(folder)) as running:
        manager = Visitor(running.url).sign_in(running.password)
        print(f"{'broker':8} {'forms':>6} {'p50':>9} {'p99':>9} {'slowest':>9} {'goal p99':>9}")
        for state, goal in GOALS.items():
            with brought(running, state):
                times = sorted(saved(manager, forms))
            p99 = statistics.quantiles(times, n=100)[98]
            shown = f"{goal * 1000:6.0f} ms" if goal else ""
            figures = (statistics.median(times), p99, times[-1])
            print(f"{state:8} {forms:6}", *(f"{it * 1000:6.0f} ms" for it in figures), shown)
        kept = manager.open("/customers/changes/").words
        print("all of them saved" if f"of {forms * len(GOALS)}" in kept else "SOME ARE MISSING")


def brought(running: Installation, state: str) -> AbstractContextManager[None]:
    match state:
        case "hung":
            return running.frozen("broker")
        case "gone":
            return running.without("broker")
        case _:
            return nullcontext()


def saved(manager: Visitor, forms: int) -> Iterator[float]:
    """One new e-mail address after the other, each of another customer; seconds a form."""
    for number in range(forms):
        page = manager.open(f"/customers/{1 + number % 200}/email/")
        _target, said = page.form()
        said["email"] = f"{uuid4().hex}@example.com"
        reply = manager.session.post(
            page.url, said, headers={"Referer": page.url}, allow_redirects=False, timeout=30
        )
        if not reply.is_redirect:
            raise SystemExit(f"Not saved: {Seen(reply).words}")
        yield reply.elapsed.total_seconds()


if __name__ == "__main__":
    main()
