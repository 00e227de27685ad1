"""One connection: reads requests, answers them, and misbehaves where a fault says so."""

import io
import re
import socket
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from customers.sandbox import control, replies
from customers.sandbox.faults import Fault
from customers.sandbox.operations import Answer, Form, Listing, called, refused
from customers.sandbox.replies import Reply

if TYPE_CHECKING:
    from customers.sandbox.server import Call, Server

PATH = re.compile(r"/api/distributor\.(add|delete|manage)\.(json|xml)")
LONGEST_BODY = 1 << 20
HEX_LINE = "{:x}\r\n"


class Handler(BaseHTTPRequestHandler):
    """Requests under /api are the distributor's, those under /_sandbox the sandbox's own."""

    server: "Server"
    protocol_version = "HTTP/1.1"
    # Head and body leave in one piece where they fit.
    wbufsize = 1 << 16
    disable_nagle_algorithm = True
    timeout = 300

    def do_POST(self) -> None:
        body = self._body()
        if body is not None:
            path, _, query = self.path.partition("?")
            self._route(path, query if self.command == "GET" else body)

    do_GET = do_POST  # noqa: N815
    do_DELETE = do_POST  # noqa: N815

    def log_message(self, *args: Any) -> None:
        """Keep quiet: a request's line may hold what no log should."""

    def _body(self) -> str | None:
        """The request's body; None when there is none to go on with."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal():
            self._refuse("The length of the request is missing", 411)
        elif int(length) > LONGEST_BODY:
            self._refuse("The request is too large", 413)
        elif len(body := self.rfile.read(int(length))) < int(length):
            self.close_connection = True
        else:
            try:
                return body.decode()
            except UnicodeDecodeError:
                self._refuse("The request is not UTF-8", 400)
        return None

    def _refuse(self, title: str, status: int) -> None:
        # What follows on this connection may be the rest of the body.
        self.close_connection = True
        self._send(replies.page(title, status))

    def _route(self, path: str, text: str) -> None:
        if path.startswith("/_sandbox/"):
            peer = str(self.client_address[0])
            self._send(control.answer(self.server.sandbox, peer, self.command, path, text))
        elif (match := PATH.fullmatch(path)) and self.command != "DELETE":
            self._api(match[1], match[2], text)
        else:
            self._send(replies.page("Not found", 404))

    def _api(self, path: str, written: str, text: str) -> None:
        try:
            form = parse_qs(text, keep_blank_values=True, errors="strict", max_num_fields=1000)
        except ValueError:
            return self._refuse("The parameters cannot be read", 400)
        operation = called(path, form)
        if operation is None:
            return self._send(self._document(refused("Unknown method"), written))
        call, fault = self.server.sandbox.receive(operation, form)
        return self._meet(call, form, fault, written)

    def _meet(self, call: "Call", form: Form, fault: Fault, written: str) -> None:
        """Execute the call and answer it, as far as its fault lets us."""
        stopping = self.server.stopping
        match fault.kind:
            case "dropped":
                return self._hang_up()
            case "hang":
                return self._wait_for_the_client_to_go(fault.seconds)
            case "late":
                self._hang_up()
                if stopping.wait(fault.seconds):
                    return None
        reply = replies.instead(fault.kind, fault.retry_after, written)
        if reply is None:
            answer = self.server.sandbox.execute(call, form)
            reply = self._reply(answer, fault, written)
        if fault.kind == "slow":
            stopping.wait(fault.seconds)
        if fault.kind in {"lost", "late"}:
            return self._hang_up()
        if fault.kind in {"drip", "drip-head"}:
            return self._drip(reply, fault)
        return self._send(reply, cut=fault.kind == "cut")

    def _reply(self, answer: Answer | Listing, fault: Fault, written: str) -> Reply:
        if fault.kind == "500-after":
            return replies.page("The server cannot answer", 500)
        if fault.kind == "garbage":
            return replies.garbage(written)
        if isinstance(answer, Answer):
            return self._document(answer, written)
        store, limit = self.server.sandbox.store, None
        if fault.kind in {"short", "empty"}:
            limit = store.count(answer.filters) // 2 if fault.kind == "short" else 0
        ago = fault.seconds if fault.kind == "stale" else 0
        rows = store.rows(answer.filters, limit=limit, ago=ago)
        return replies.listing(rows, written, bare=fault.kind == "bare")

    def _document(self, answer: Answer, written: str) -> Reply:
        return replies.document(answer, written, later=self.server.sandbox.later_errors)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _wait_for_the_client_to_go(self, seconds: float) -> None:
        """Also ends when the server stops: that shuts every connection down."""
        self.close_connection = True
        self.connection.settimeout(seconds)
        self.connection.recv(1)

    def _drip(self, reply: Reply, fault: Fault) -> None:
        self.close_connection = True
        whole, stopping = self.wfile, self.server.stopping
        dripping = Drip(whole, lambda: stopping.wait(fault.seconds))
        try:
            if fault.kind == "drip-head":
                self.wfile = dripping
            self._send_head(reply)
            self.wfile = dripping
            self._send_body(self._framed(reply))
        finally:
            self.wfile = whole

    def _send(self, reply: Reply, *, cut: bool = False) -> None:
        self.close_connection = self.close_connection or cut
        self._send_head(reply)
        self._send_body(_half(reply.body) if cut else self._framed(reply))

    def _send_head(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if isinstance(reply.body, bytes):
            self.send_header("Content-Length", str(len(reply.body)))
        else:
            self.send_header("Transfer-Encoding", "chunked")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def _framed(self, reply: Reply) -> Iterator[bytes]:
        if isinstance(reply.body, bytes):
            yield reply.body
            return
        yield from (_chunk(piece) for piece in reply.body)
        yield _chunk(b"")

    def _send_body(self, pieces: Iterable[bytes]) -> None:
        for piece in pieces:
            self.wfile.write(piece)


class Drip(io.BufferedIOBase):
    """Passes on what is written byte by byte, with a pause after each."""

    def __init__(self, line: io.BufferedIOBase, pause: Callable[[], object]) -> None:
        self._line, self._pause = line, pause

    def write(self, data: Any) -> int:
        for byte in bytes(data):
            self._line.write(bytes([byte]))
            self._line.flush()
            self._pause()
        return len(data)


def _chunk(piece: bytes) -> bytes:
    return HEX_LINE.format(len(piece)).encode() + piece + b"\r\n"


def _half(body: bytes | Iterator[bytes]) -> Iterator[bytes]:
    """Half of a document; of a list, half of its first piece and no last chunk."""
    if isinstance(body, bytes):
        yield body[: len(body) // 2]
    else:
        first = next(body)
        yield _chunk(first[: len(first) // 2])
