"""People who fill in forms, and what they were told: the history of a run.

They know what a person knows: the page that comes back. Where none comes, they send the same
form again, as a browser's reload does.
"""

import random
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote, urljoin

import requests

from customers.distributor.rules import Operation
from tests.chaos.plan import Asked, Plan
from tests.installation import Seen, Visitor

PEOPLE = 4
# Seconds that a form takes at the least, on a quick machine too: what is hurt goes by the clock.
EACH = 1.0
# Customers of one person at a time: their changes shall meet each other.
AT_A_TIME = 3
PATIENCE = 180.0  # seconds for one form, whatever is down meanwhile
PAUSE = 0.3
ALREADY = "already sent with other content"
PAGES = {Operation.WEBSITE_ENABLE: "website-enable", Operation.WEBSITE_DISABLE: "website-disable"}


@dataclass(frozen=True)
class Told:
    """A form that was sent: the change's id, and the page's words where it was not taken."""

    asked: Asked
    change: str
    tries: int
    seconds: float
    refusal: str = ""


class GivenUp(Exception):
    """Nobody answered for minutes."""


@dataclass
class Load:
    """All the people at once; `history` holds what they were told, in the order of each lane."""

    site: str
    password: str
    plan: Plan
    seed: int
    history: list[Told] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        for number in range(PEOPLE):
            visitor = Visitor(self.site).sign_in(self.password)
            lanes = self.plan[number::PEOPLE]
            work = threading.Thread(target=self._work, args=(number, visitor, lanes), daemon=True)
            self._threads.append(work)
        for thread in self._threads:
            thread.start()

    @property
    def is_over(self) -> bool:
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self, number: int, visitor: Visitor, lanes: Plan) -> None:
        dice = random.Random(f"load {self.seed} {number}")
        left = [list(reversed(lane)) for lane in lanes]
        customers: dict[int, str] = {}
        person = Person(visitor, self.site)
        try:
            while left := [lane for lane in left if lane]:
                begun = time.monotonic()
                told = person.ask(dice.choice(left[:AT_A_TIME]).pop(), customers)
                self.history.append(told)
                time.sleep(max(0.0, begun + EACH - time.monotonic()))
        except (GivenUp, AssertionError, LookupError) as trouble:
            self.troubles.append(f"person {number}: {trouble!r}")


@dataclass
class Person:
    visitor: Visitor
    site: str

    def ask(self, asked: Asked, customers: dict[int, str]) -> Told:
        """Fill in one form and send it until an answer comes."""
        path = "/customers/new/"
        if asked.operation is not Operation.CREATE:
            page = PAGES.get(asked.operation, asked.operation.value)
            path = f"{customers[asked.lane]}{page}/"
        form = self._open(path)
        target, said = form.form()
        values = said | asked.fields | _passwords(asked) | {"known": "on"}
        begun = time.monotonic()
        reply, tries = self._send(urljoin(form.url, target), values, form.url)
        if asked.twice:
            self._send(urljoin(form.url, target), values, form.url)
        seconds = time.monotonic() - begun
        refusal = self._refusal(reply, tries)
        if asked.operation is Operation.CREATE and not refusal:
            customers[asked.lane] = self._customer(reply, asked)
        return Told(asked, said["change_id"], tries, seconds, refusal)

    def _open(self, path: str) -> Seen:
        get = self.visitor.session.get
        reply, _tries = patiently(lambda: get(urljoin(self.site, path), timeout=20))
        return Seen(reply)

    def _send(
        self, url: str, values: dict[str, str], referer: str
    ) -> tuple[requests.Response, int]:
        def post() -> requests.Response:
            said = {"Referer": referer}
            return self.visitor.session.post(
                url, values, headers=said, timeout=20, allow_redirects=False
            )

        return patiently(post)

    def _refusal(self, reply: requests.Response, tries: int) -> str:
        if reply.status_code == 302:
            return "" if "/customers/" in reply.headers["Location"] else reply.headers["Location"]
        words = Seen(reply).words
        # A first try got through after all, was delivered, and its password is gone.
        if tries > 1 and ALREADY in words:
            return ""
        problem = re.search(r"There is a problem.{0,300}", words)
        return f"{reply.status_code}: {problem.group() if problem else words[:300]}"

    def _customer(self, reply: requests.Response, asked: Asked) -> str:
        if reply.status_code == 302:
            return reply.headers["Location"]
        found = self._open(f"/customers/?q={quote(asked.fields['username'])}")
        address = next(iter(found.links(r"/customers/\d+/\?from=.*")))
        return address.partition("?")[0].removeprefix(self.site)


def _passwords(asked: Asked) -> dict[str, str]:
    if not asked.password:
        return {}
    return {"password": asked.password, "confirm_password": asked.password}


def patiently(send: Callable[[], requests.Response]) -> tuple[requests.Response, int]:
    """An answer that is no fault of the server, and how often it took."""
    end, tries = time.monotonic() + PATIENCE, 0
    while time.monotonic() < end:
        tries += 1
        try:
            reply = send()
        except requests.RequestException:
            reply = None
        if reply is not None and reply.status_code < 500:
            return reply, tries
        time.sleep(PAUSE)
    raise GivenUp(f"no answer in {PATIENCE:g} s, {tries} tries")
