"""The sandbox as a whole: its memory, its faults, the calls it has seen, and its server."""

import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from http.server import ThreadingHTTPServer
from itertools import chain
from pathlib import Path
from socketserver import TCPServer
from types import TracebackType
from typing import Any, Self

from customers.distributor.rules import Operation
from customers.sandbox import operations, people
from customers.sandbox.faults import NONE, Fault, Faults
from customers.sandbox.handler import Handler
from customers.sandbox.operations import BAD_CREDENTIALS, Answer, Form, Listing, one
from customers.sandbox.store import Account, Store
from customers.sandbox.storm import Storm

CALLS_KEPT = 10_000
SECRETS = frozenset({"password", "confirm_password", "api_key"})


@dataclass
class Call:
    """One call as it was received; `executed` says whether it took effect.

    `user` is the customer it is about, `params` holds what was sent with secrets masked, and
    `answer` the distributor's own words, whether or not they ever reached the caller. `record`
    is its number in the data file, if calls are recorded there.
    """

    operation: Operation
    user: str
    params: dict[str, str | list[str]]
    at: float
    fault: str | None = None
    executed: bool = False
    executed_at: float | None = None
    answer: str | None = None
    record: int = 0


class Server(ThreadingHTTPServer):
    """A thread for every connection; stopping ends them all at once."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], sandbox: "Sandbox") -> None:
        self.sandbox = sandbox
        self.stopping = threading.Event()
        self._connections: set[socket.socket] = set()
        super().__init__(address, Handler)

    def server_bind(self) -> None:
        # HTTPServer would look up the name of the host here, which can take seconds.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that went away are no news, nor is what breaks while stopping."""
        if not self.stopping.is_set() and not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def stop(self) -> None:
        self.stopping.set()
        self.shutdown()
        self.server_close()
        for connection in list(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it was gone already


class Sandbox:
    """The distributor's stand-in. `with Sandbox() as sandbox:` serves at `sandbox.url`."""

    def __init__(
        self,
        data: str | Path = ":memory:",
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        user: str = "sandbox",
        key: str = "sandbox",
        accounts: int = 0,
        record: bool = False,
    ) -> None:
        self.user, self.key = user, key
        self.later_errors, self.record = False, record
        self.faults = Faults()
        self.storm: Storm | None = None
        self.store = Store(data)
        self._calls: deque[Call] = deque(maxlen=CALLS_KEPT)
        # Names of generated people hold their number. With as many rows as numbers used, closed
        # accounts included, the next number is always free.
        present = self.store.ever()
        self.store.add_many(people.person(number) for number in range(present, accounts))
        # Last, since whoever can connect takes it that the sandbox is ready.
        self._server = Server((host, port), self)

    @property
    def url(self) -> str:
        """The base that the product is configured with."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}/api"

    def start(self) -> None:
        serve = self._server.serve_forever
        threading.Thread(target=serve, args=(0.05,), daemon=True, name="sandbox").start()

    def stop(self) -> None:
        self._server.stop()
        self.store.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def calls(self) -> list[Call]:
        """The last ten thousand, in the order in which they arrived."""
        return list(self._calls)

    def operations(self) -> list[Operation]:
        """Every call received, those that met a fault included."""
        return [call.operation for call in self._calls]

    def accounts(self) -> list[Account]:
        """All that are there, with everything that no list ever shows; the closed are not."""
        return list(chain.from_iterable(self.batches()))

    def batches(self) -> Iterator[list[Account]]:
        return self.store.search({})

    def account(self, username: str) -> Account | None:
        """The account of that name, also when it is closed by now."""
        return self.store.get(username)

    def add_account(self, **fields: Any) -> Account:
        """Put an account in directly; what is not given is believable."""
        account = people.ADA | {"email": fields.get("username", people.ADA["email"])} | fields
        self.store.add(account)
        return account

    def change(self, username: str, **fields: Any) -> None:
        """Edit over there, behind the product's back."""
        if not self.store.change(username, fields):
            raise KeyError(username)

    def remove(self, username: str) -> None:
        """Close over there, behind the product's back; the name is burnt."""
        self.change(username, closed=True)

    def reset(self) -> None:
        self.store.clear()
        self.faults.clear()
        self.storm = None
        self._calls.clear()
        self.later_errors = False

    def receive(self, operation: Operation, form: Form) -> tuple[Call, Fault]:
        """Note a call, and which fault it meets."""
        user = one(form, "user") or one(form, "username")
        fault = self.faults.take(operation)
        if fault is NONE and self.storm:
            fault = self.storm.draw(operation, user)
        call = Call(operation, user, _masked(form), time.time(), fault.kind or None)
        self._calls.append(call)
        self._note(call)
        return call, fault

    def execute(self, call: Call, form: Form) -> Answer | Listing:
        """Do what a call asks for, and note on it what came of it: both or, killed, neither."""
        with self.store.whole():
            if (one(form, "api_user"), one(form, "api_key")) == (self.user, self.key):
                answer = operations.perform(self.store, call.operation, form)
            else:
                answer = operations.refused(BAD_CREDENTIALS)
            call.executed = isinstance(answer, Listing) or answer == operations.SUCCESS
            call.executed_at = time.time() if call.executed else None
            call.answer = answer.words
            self._note(call)
        return answer

    def _note(self, call: Call) -> None:
        if self.record:
            call.record = self.store.note(call.record, asdict(call))


def _masked(form: Form) -> dict[str, str | list[str]]:
    return {
        name: "***" if name in SECRETS else values if name.endswith("[]") else values[-1]
        for name, values in form.items()
    }
