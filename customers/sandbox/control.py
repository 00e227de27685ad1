"""The sandbox's own doors under /_sandbox, for loopback only: faults, storm, calls …"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from customers.sandbox.faults import KINDS
from customers.sandbox.replies import Reply, plain
from customers.sandbox.store import Account
from customers.sandbox.storm import storm

if TYPE_CHECKING:
    from customers.sandbox.server import Sandbox


def answer(sandbox: "Sandbox", peer: str, method: str, path: str, text: str) -> Reply:
    if not ip_address(peer).is_loopback:
        return plain({"error": "only from this machine itself"}, 403)
    act = DOORS.get((method, path.removeprefix("/_sandbox/")))
    if act is None:
        doors = ", ".join(" ".join(door) for door in DOORS)
        return plain({"error": f"under /_sandbox there are {doors}"}, 404)
    return act(sandbox, text)


def _faults(sandbox: "Sandbox", _: str = "") -> Reply:
    return plain({"active": [asdict(fault) for fault in sandbox.faults], "kinds": KINDS})


def _clear_faults(sandbox: "Sandbox", _: str) -> Reply:
    sandbox.faults.clear()
    return _faults(sandbox)


def _calls(sandbox: "Sandbox", _: str) -> Reply:
    return plain([asdict(call) for call in sandbox.calls])


def _accounts(sandbox: "Sandbox", _: str) -> Reply:
    return Reply(_array(sandbox.batches()))


def _add_fault(sandbox: "Sandbox", text: str) -> Reply:
    try:
        sandbox.faults.add(**_object(text))
    except (TypeError, ValueError) as error:
        return plain({"error": str(error), "kinds": KINDS}, 400)
    return _faults(sandbox)


def _begin_storm(sandbox: "Sandbox", text: str) -> Reply:
    try:
        sandbox.storm = storm(**_object(text))
    except (TypeError, ValueError) as error:
        return plain({"error": str(error), "kinds": KINDS}, 400)
    return plain({"storm": True})


def _end_storm(sandbox: "Sandbox", _: str) -> Reply:
    sandbox.storm = None
    return plain({"storm": False})


def _switch(sandbox: "Sandbox", text: str) -> Reply:
    try:
        switches = _object(text)
    except ValueError as error:
        return plain({"error": str(error)}, 400)
    if switches.keys() != {"later_errors"} or not isinstance(switches["later_errors"], bool):
        return plain({"error": 'the switch is {"later_errors": true} or false'}, 400)
    sandbox.later_errors = switches["later_errors"]
    return plain(switches)


def _object(text: str) -> dict[str, Any]:
    content = json.loads(text)
    if not isinstance(content, dict):
        raise ValueError("a JSON object is expected")
    return content


def _array(batches: Iterable[list[Account]]) -> Iterator[bytes]:
    glue = "["
    for batch in batches:
        yield (glue + ",".join(json.dumps(account) for account in batch)).encode()
        glue = ","
    yield b"[]" if glue == "[" else b"]"


DOORS: Mapping[tuple[str, str], Callable[["Sandbox", str], Reply]] = {
    ("GET", "faults"): _faults,
    ("POST", "faults"): _add_fault,
    ("DELETE", "faults"): _clear_faults,
    ("POST", "storm"): _begin_storm,
    ("DELETE", "storm"): _end_storm,
    ("POST", "switches"): _switch,
    ("GET", "calls"): _calls,
    ("GET", "accounts"): _accounts,
}
