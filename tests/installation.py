"""A whole installation as `make run` starts it, met from outside: by HTTP and by signals."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from uuid import uuid4

import psycopg
import requests

from reseller.ports import free_port
from reseller.processes import end_with_parent

ROOT = Path(__file__).parents[1]
# What the test session says for itself, and the launcher is to find out on its own.
OURS = ("DATABASE_URL", "REDIS_URL", "DEBUG", "DJANGO_SETTINGS_MODULE", "MAKELEVEL", "PORT")
SHORT = {
    "SETTLE_TIME": "3",
    "DISTRIBUTOR_DEADLINE": "3",
    "LEASE": "5",
    "BREAKER_PAUSE": "1",
    "SIGNUP_RATE": "1000/h",
    # All tests come from one network, which speaks for a look.
    "SIGNUP_REVIEW": "none",
    "SIGNUP_RATE_NETWORK": "1000/h",
    "SIGNUP_RATE_ALL": "1000/h",
    "SIGNUP_GUESS_RATE": "1000/h",
    "SIGNUP_LOOKUP_RATE": "1000/h",
    # Neither a program nor a test needs the time of a person.
    "SIGNUP_MIN_SECONDS": "0",
    # Only when a test asks for one: what it brings must not decide a test by chance.
    "REFRESH_EVERY": "86400",
}
# What a command line of each process holds.
MARKS = {
    "broker": "valkey",
    "sandbox": "customers.sandbox",
    "poller": "deliver --forever",
    "worker": "celery",
    "web": "gunicorn",
}


@dataclass
class Installation:
    """Its processes, its distributor's other side, and what it keeps in `var`."""

    launcher: "Launcher"
    var: Path
    url: str
    distributor: str  # the sandbox's root

    @property
    def password(self) -> str:
        """Of the user `manager`."""
        return self.settings()["DEMO_PASSWORD"]

    def settings(self) -> dict[str, str]:
        lines = (self.var / "run.env").read_text().splitlines()
        pairs = (line.split("=", 1) for line in lines if not line.startswith("#"))
        return {name: value.strip("'") for name, value in pairs}

    def pids(self) -> dict[str, int]:
        """The processes as they are now, by name; one that is being started again is missing."""
        found = {}
        for pid, command in self.launcher.families():
            for name, mark in MARKS.items():
                if mark in command:
                    found[name] = pid
        return found

    def send(self, number: signal.Signals, name: str) -> None:
        """To a process and all of its family."""
        os.killpg(self.pids()[name], number)

    def caller(self, name: str) -> int | None:
        """The process of that family which has a call to the distributor open."""
        port = f":{urlsplit(self.distributor).port:04X}"
        lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        ours = {f"socket:[{it[9]}]" for it in lines if it[2].endswith(port) and it[3] == "01"}
        for pid, _command in _children(self.pids()[name]):
            for file in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(OSError):
                    if str(file.readlink()) in ours:
                        return pid
        return None

    @contextmanager
    def without(self, name: str) -> Iterator[None]:
        """Killed, and again whenever the launcher starts it; at the end it comes back."""
        done = threading.Event()

        def keep_down() -> None:
            while not done.wait(0.02):
                for _name, pid in self.pids().items():
                    if _name == name:
                        with suppress(ProcessLookupError):
                            os.killpg(pid, signal.SIGKILL)

        keeper = threading.Thread(target=keep_down, daemon=True)
        keeper.start()
        try:
            eventually(lambda: name not in self.pids(), f"{name} is gone")
            yield
        finally:
            done.set()
            keeper.join()

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """It keeps its connections open and does not answer."""
        family = self.pids()[name]
        os.killpg(family, signal.SIGSTOP)
        try:
            yield
        finally:
            with suppress(ProcessLookupError):
                os.killpg(family, signal.SIGCONT)

    def manage(self, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """`manage.py` as somebody types it who has joined by var/run.env."""
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=_environment() | SHORT | self.settings() | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )

    # --- The distributor's other side ------------------------------------------------------------
    def faults(self, kind: str, times: int = 1, operation: str | None = None) -> None:
        asked = {"kind": kind, "times": times, "operation": operation}
        reply = requests.post(f"{self.distributor}/_sandbox/faults", json=asked, timeout=10)
        assert reply.ok, reply.text

    def no_faults(self) -> None:
        requests.delete(f"{self.distributor}/_sandbox/faults", timeout=10)

    def accounts(self, username: str | None = None) -> list[dict[str, Any]]:
        """What the distributor has; only those of that name if given."""
        reply = requests.get(f"{self.distributor}/_sandbox/accounts", timeout=10).json()
        return [it for it in reply if username is None or it["username"] == username]

    def account(self, username: str) -> dict[str, Any]:
        (account,) = self.accounts(username)
        return account

    def calls(self, user: str | None = None) -> list[dict[str, Any]]:
        reply = requests.get(f"{self.distributor}/_sandbox/calls", timeout=10).json()
        return [it for it in reply if user is None or it["user"] == user]

    def tell_distributor(self, path: str, **params: str) -> None:
        """By the distributor's own API, as another reseller would."""
        asked = {"api_user": "sandbox", "api_key": "sandbox", **params}
        url = f"{self.distributor}/api/distributor.{path}.json"
        reply = requests.post(url, data=asked, timeout=10)
        assert reply.json() == {"message": "success"}, reply.text


@dataclass
class Launcher:
    """`make run` of a checkout; it can be ended, and started again from another one."""

    said: Path
    environment: dict[str, str]
    process: "subprocess.Popen[bytes] | None" = None

    def start(self, code: Path = ROOT) -> None:
        parent = os.getpid()
        with self.said.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "reseller.run"],
                cwd=code,
                env=_environment() | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # A test session that is killed leaves no installation behind.
                preexec_fn=lambda: end_with_parent(signal.SIGTERM, parent),  # noqa: PLW1509
            )
        eventually(lambda: self.is_up or self.has_ended, "it runs", 120)
        assert self.is_up, self.said.read_text()

    @property
    def is_up(self) -> bool:
        return "Ctrl-C" in self.said.read_text()

    @property
    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def families(self) -> Iterator[tuple[int, str]]:
        """What it started, as pid and command line."""
        return _children(self.process.pid) if self.process else iter(())

    def end(self) -> None:
        if not self.process:
            return
        families = list(self.families())
        self.process.terminate()
        try:
            self.process.wait(90)
        finally:
            self.process.kill()
            self.process.wait()
            for pid, _command in families:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(pid, signal.SIGKILL)


@contextmanager
def installation(
    folder: Path, *, database: str = "", code: Path = ROOT, **environment: str
) -> Iterator[Installation]:
    """Running from the first line to the last; on SQLite unless a database is given."""
    ports = {"PORT": str(free_port()), "SANDBOX_PORT": str(free_port())}
    var = folder / "var"
    ours = {"VAR_DIR": str(var), **ports, **SHORT, **environment}
    if database:
        ours["DATABASE_URL"] = database
    launcher = Launcher(folder / "said", ours)
    try:
        launcher.start(code)
        sites = (f"http://127.0.0.1:{ports[name]}" for name in ("PORT", "SANDBOX_PORT"))
        yield Installation(launcher, var, *sites)
    finally:
        launcher.end()


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    """A database of its own on the server that the test session has; the yield is its URL."""
    name = f"installation_{uuid4().hex[:8]}"
    parts = urlsplit(server)
    _execute(server, f"CREATE DATABASE {name}")
    try:
        yield parts._replace(path=f"/{name}").geturl()
    finally:
        # By another connection: the server may have crashed meanwhile.
        _execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def _execute(server: str, statement: str) -> None:
    url = urlsplit(server)._replace(path="/postgres").geturl()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def eventually(condition: Callable[[], object], what: str, seconds: float = 60) -> Any:
    """The first value of the condition that is true."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not after {seconds} s: {what}"
        time.sleep(0.1)
    return value


def _environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name not in OURS and not name.startswith("DISTRIBUTOR_")
    }


def _children(parent: int) -> Iterator[tuple[int, str]]:
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            after_name = (process / "stat").read_text().rpartition(")")[2].split()
            if int(after_name[1]) == parent and after_name[0] != "Z":
                yield int(process.name), (process / "cmdline").read_text().replace("\0", " ")


# --- Somebody with a browser that knows no JavaScript --------------------------------------------
@dataclass
class Visitor:
    """Opens pages, fills in the form that it finds there, and reads what comes back."""

    site: str
    session: requests.Session = field(default_factory=requests.Session)

    def sign_in(self, password: str, username: str = "manager") -> "Visitor":
        self.submit("/accounts/login/", username=username, password=password)
        assert "sessionid" in self.session.cookies
        return self

    def open(self, path: str) -> "Seen":
        reply = self.session.get(urljoin(self.site, path), timeout=30)
        return Seen(reply)

    def html(self, path: str) -> bytes:
        return self.session.get(urljoin(self.site, path), timeout=30).content

    def submit(self, path: str, form: str = "", **values: str) -> "Seen":
        """The page's own form with these values; `form` is a part of its action."""
        page = self.open(path)
        target, said = page.form(form)
        url = urljoin(page.url, target)
        reply = self.session.post(url, said | values, headers={"Referer": page.url}, timeout=30)
        return Seen(reply)


class Seen(HTMLParser):
    """What a page says, and its forms with what they would send."""

    def __init__(self, reply: requests.Response) -> None:
        super().__init__()
        self.url, self.status, self.seconds = reply.url, reply.status_code, _time(reply)
        self.forms: list[tuple[str, str, dict[str, str]]] = []
        self.words, self._select, self._hrefs = "", "", list[str]()
        self.feed(reply.text)
        self.words = re.sub(r"\s+", " ", self.words)

    @property
    def pk(self) -> int:
        """Of the customer whose page it is."""
        return int(re.findall(r"/customers/(\d+)/", self.url)[0])

    def links(self, pattern: str) -> list[str]:
        """Where the links go whose whole path fits."""
        return [urljoin(self.url, it) for it in self._hrefs if re.fullmatch(pattern, it)]

    def form(self, action: str = "") -> tuple[str, dict[str, str]]:
        """The last one whose action is or holds that: the page's own stands below the menus."""
        if exact := [(to, said) for method, to, said in self.forms if to == action != ""]:
            return exact[-1]
        found = [(to, said) for method, to, said in self.forms if method == "post" and action in to]
        main = [it for it in found if "logout" not in it[0]] if not action else found
        return main[-1]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "a":
            self._hrefs.append(said.get("href", ""))
        elif tag == "form":
            self.forms.append((said.get("method", "get").lower(), said.get("action", ""), {}))
        elif tag == "select":
            self._select = said.get("name", "")
        elif not self.forms:
            return
        elif tag == "option" and "selected" in said:
            self.forms[-1][2][self._select] = said.get("value", "")
        elif tag == "input" and said.get("name") and said.get("type") != "checkbox":
            self.forms[-1][2][said["name"]] = said.get("value", "")

    def handle_data(self, data: str) -> None:
        self.words += f" {data}"


def _time(reply: requests.Response) -> float:
    return sum((it.elapsed.total_seconds() for it in [*reply.history, reply]), 0.0)
