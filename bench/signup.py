"""A flood of signups, and what a stranger can tell apart: `make bench-signup`.

The flood: a thousand in a minute, from 200 addresses of 20 networks, through a proxy that is
trusted, against a whole installation. A fifth of the addresses sends half of it. Limits must
hold, the console must go on to answer, and the distributor must hear of none of them.

Telling apart: pairs of an e-mail address that is a customer's and one that nobody has. Pages must
be the same bytes, and the time to answer must not differ by more than chance.
"""

import argparse
import os
import random
import re
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from math import erfc, sqrt
from pathlib import Path
from uuid import uuid4

import requests

from bench.surroundings import ENGINES
from tests import services
from tests.installation import Installation, Seen, Visitor, fresh_database, installation

# The product's own defaults, said aloud, since a test's installation has others.
LIMITS = {
    "SIGNUP_RATE": "10/h",
    "SIGNUP_RATE_NETWORK": "40/h",
    "SIGNUP_RATE_EMAIL": "5/h",
    "SIGNUP_RATE_ALL": "600/h",
}
WITHOUT = dict.fromkeys(LIMITS, "1000000/h")
PROXY = {"TRUSTED_PROXIES": "127.0.0.1"}
ADDRESSES, NETWORKS = 200, 20
CONSOLE = ("/", "/customers/", "/customers/changes/", "/customers/signups/", "/customers/1/")
CLIENTS = 8


# --- The flood ------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Try:
    address: str
    email: str
    status: int
    seconds: float

    @property
    def taken(self) -> bool:
        return self.status == requests.codes.found

    @property
    def network(self) -> str:
        return self.address.rpartition(".")[0]


def addresses() -> list[str]:
    each = ADDRESSES // NETWORKS
    return [f"198.18.{net}.{host}" for net in range(NETWORKS) for host in range(1, each + 1)]


def plan(posts: int) -> list[tuple[str, str]]:
    """Whence and for whom: half of it from a fifth of the addresses, some e-mails often."""
    rng, everywhere = random.Random(7), addresses()
    loud = everywhere[: ADDRESSES // 5]
    victims = [f"victim{n}@people.example" for n in range(3)]
    return [
        (
            rng.choice(loud if n % 2 else everywhere),
            rng.choice(victims) if n % 20 == 0 else f"{uuid4().hex}@people.example",
        )
        for n in range(posts)
    ]


def flood(running: Installation, posts: int, seconds: float) -> list[Try]:
    """So many forms, evenly over the time; whoever is late is sent at once."""
    session, form = _form(running)
    cookies, began = session.cookies.get_dict(), time.monotonic()

    def send(n: int, address: str, email: str) -> Try:
        time.sleep(max(0.0, began + n * seconds / posts - time.monotonic()))
        headers = {"X-Forwarded-For": address, "Referer": f"{running.url}/signup/"}
        reply = requests.post(
            f"{running.url}/signup/", form | {"email": email}, headers=headers, cookies=cookies,
            allow_redirects=False, timeout=60,
        )  # fmt: skip
        return Try(address, email, reply.status_code, reply.elapsed.total_seconds())

    with ThreadPoolExecutor(CLIENTS) as pool:
        sent = [pool.submit(send, n, *whence) for n, whence in enumerate(plan(posts))]
        return [it.result() for it in sent]


def _form(running: Installation) -> tuple[requests.Session, dict[str, str]]:
    session = requests.Session()
    # Compressed, a page is of another length each time, by chance and on purpose.
    session.headers["Accept-Encoding"] = "identity"
    page = Seen(session.get(f"{running.url}/signup/", timeout=60))
    return session, next(said for _method, _to, said in page.forms if "topic" in said)


def over(tries: list[Try], limits: dict[str, str] = LIMITS) -> dict[str, tuple[int, int]]:
    """The most that anybody got through, by scope, beside what the settings allow."""
    taken = [it for it in tries if it.taken]
    most = {
        "SIGNUP_RATE": Counter(it.address for it in taken),
        "SIGNUP_RATE_NETWORK": Counter(it.network for it in taken),
        "SIGNUP_RATE_EMAIL": Counter(it.email for it in taken),
        "SIGNUP_RATE_ALL": Counter(["all"] * len(taken)),
    }
    return {
        name: (max(counts.values(), default=0), int(limits[name].split("/")[0]))
        for name, counts in most.items()
    }


@contextmanager
def watching(manager: Visitor) -> Iterator[list[float]]:
    """A manager at work meanwhile: how long each page took, all of them as they should be."""
    took, done = list[float](), threading.Event()

    def work() -> None:
        while not done.is_set():
            for path in CONSOLE:
                page = manager.open(path)
                took.append(page.seconds if page.status == requests.codes.ok else float("inf"))
            done.wait(0.2)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield took
    finally:
        done.set()
        thread.join()


# --- Telling apart --------------------------------------------------------------------------------
@dataclass
class Answers:
    """What came back to an e-mail address: bytes with what is always fresh masked, and times."""

    pages: set[bytes] = field(default_factory=set)
    seconds: list[float] = field(default_factory=list)


# Tokens, the stamp, sessions and times: fresh in every answer, whoever asks.
FRESH = re.compile(
    rb"[A-Za-z0-9]{64}|name=\"shown\" value=\"[^\"]*\""
    rb"|sessionid=[a-z0-9]+|csrftoken=\w+|expires=[^;]*|(?:Date|Expires): [^\n]*"
)
# Below it, chance alone is no explanation.
SIGNIFICANT = 0.01


def told_apart(running: Installation, pairs: int) -> tuple[Answers, Answers]:
    """The start and the page that follows, for known and unknown addresses in a shuffled order."""
    known = [it["email"] for it in running.accounts() if "@" in it["email"]]
    unknown = [_stranger(it) for it in known]
    rng, answers = random.Random(11), (Answers(), Answers())
    order = [(n % len(known), which) for n in range(pairs) for which in (0, 1)]
    rng.shuffle(order)
    for n, which in order:
        _ask(running, (known, unknown)[which][n], answers[which])
    return answers


def _stranger(email: str) -> str:
    """As long as that one, and nobody's."""
    local, _at, domain = email.partition("@")
    return f"{uuid4().hex}{uuid4().hex}"[: len(local)] + "@" + domain


def _ask(running: Installation, email: str, into: Answers) -> None:
    session, form = _form(running)
    headers = {"Referer": f"{running.url}/signup/"}
    reply = session.post(
        f"{running.url}/signup/", form | {"email": email}, headers=headers,
        allow_redirects=False, timeout=60,
    )  # fmt: skip
    into.seconds.append(reply.elapsed.total_seconds())
    follows = session.get(f"{running.url}{reply.headers['Location']}", timeout=60)
    into.pages.add(masked(reply, email) + masked(follows, email))


def masked(reply: requests.Response, email: str) -> bytes:
    head = "".join(f"{name}: {value}\n" for name, value in sorted(reply.headers.items()))
    raw = f"{reply.status_code}\n{head}\n".encode() + reply.content
    return FRESH.sub(b"*", raw).replace(email.encode(), b"EMAIL")


def mann_whitney(one: list[float], other: list[float]) -> float:
    """The probability that chance alone puts these as far apart; by the normal distribution."""
    values = sorted([(it, 0) for it in one] + [(it, 1) for it in other])
    ranks, ties, n = 0.0, 0.0, 0
    while n < len(values):
        end = n
        while end < len(values) and values[end][0] == values[n][0]:
            end += 1
        ranks += sum(which == 0 for _it, which in values[n:end]) * (n + 1 + end) / 2
        ties += (end - n) ** 3 - (end - n)
        n = end
    a, b = len(one), len(other)
    spread = a * b / 12 * (a + b + 1 - ties / ((a + b) * (a + b - 1)))
    return erfc(abs(ranks - a * (a + 1) / 2 - a * b / 2) / sqrt(2 * spread))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=1000, help="forms in the flood")
    parser.add_argument("--seconds", type=float, default=60, help="how long the flood takes")
    parser.add_argument("--pairs", type=int, default=500, help="e-mail addresses told apart")
    parser.add_argument("--engine", choices=ENGINES, default="postgresql")
    said = parser.parse_args()
    print(f"{said.engine}, load average {os.getloadavg()[0]:.1f}")
    with installed(said.engine, LIMITS) as running:
        show_flood(running, said.posts, said.seconds)
    with installed(said.engine, WITHOUT) as running:
        show_apart(running, said.pairs)


@contextmanager
def installed(engine: str, limits: dict[str, str]) -> Iterator[Installation]:
    """As `make run` starts it, on a database of its own."""
    os.environ["ENGINE"] = engine
    with ExitStack() as stack:
        database = ""
        if engine == "postgresql":
            database = stack.enter_context(fresh_database(services.start(stack)["DATABASE_URL"]))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        yield stack.enter_context(installation(folder, database=database, **PROXY, **limits))


def show_flood(running: Installation, posts: int, seconds: float) -> None:
    manager = Visitor(running.url).sign_in(running.password)
    calls = len(running.calls())
    with watching(manager) as before:
        time.sleep(min(10, seconds))
    with watching(manager) as meanwhile:
        began = time.monotonic()
        tries = flood(running, posts, seconds)
        took = time.monotonic() - began
    taken = sum(it.taken for it in tries)
    statuses = ", ".join(
        f"{n} x {status}" for status, n in Counter(t.status for t in tries).items()
    )
    print(f"flood: {posts} forms in {took:.1f} s from {ADDRESSES} addresses: {statuses}")
    for name, (most, allowed) in over(tries).items():
        print(
            f"  {name:20} most {most:4} of {allowed:4} {'holds' if most <= allowed else 'BROKEN'}"
        )
    print(f"  taken {taken}, calls to the distributor {len(running.calls()) - calls}")
    for name, times in (("console before", before), ("console meanwhile", meanwhile)):
        print(f"  {name:18}", figures(times))
    print(f"  {'signup meanwhile':18}", figures([it.seconds for it in tries]))


def figures(times: list[float]) -> str:
    p95 = statistics.quantiles(times, n=20)[18]
    shown = (statistics.median(times), p95, max(times))
    words = (f"{name} {it * 1000:5.0f} ms" for name, it in zip(("p50", "p95", "max"), shown))  # noqa: B905
    return f"{len(times):5} pages  " + "  ".join(words)


def show_apart(running: Installation, pairs: int) -> None:
    known, unknown = told_apart(running, pairs)
    different = known.pages ^ unknown.pages
    print(f"enumeration: {pairs} pairs, bytes {'DIFFER' if different else 'equal'}")
    medians = [statistics.median(it.seconds) * 1000 for it in (known, unknown)]
    p = mann_whitney(known.seconds, unknown.seconds)
    print(f"  median known {medians[0]:.2f} ms, unknown {medians[1]:.2f} ms")
    verdict = "no significant difference" if p > SIGNIFICANT else "DIFFERENT"
    print(f"  Mann-Whitney p = {p:.3f}: {verdict}")


if __name__ == "__main__":
    main()
