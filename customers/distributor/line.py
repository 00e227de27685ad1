"""One connection, one request, one answer; ended at a deadline, whatever comes.

The only place that knows http.client. None of its exceptions gets out: they may carry the
request, and with it our key and a customer's password.
"""

import io
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import cache, partial
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

from customers.distributor.errors import NoAnswer, NotSent
from customers.distributor.wire import Reply

PIECE = 64 * 1024
HEADERS = {"Content-Type": "application/x-www-form-urlencoded", "Connection": "close"}
PORTS = {"http": 80, "https": 443}
# All that sending and reading can raise.
TROUBLE = (HTTPException, OSError, ValueError)


class Line:
    """One connection, on which every wait is cut to what is left until the deadline.

    Time-outs of sockets count from the last byte, so a slow drip would never end by one that is
    set once.
    """

    def __init__(self, deadline_at: float, idle: float | None = None) -> None:
        self._deadline_at, self._idle = deadline_at, idle
        self._within = f"within {round(self._left(), 1):g} s"
        self._unsent_because = "No connection could be made."
        self._connection: HTTPConnection | None = None
        # From then on, nobody knows what arrives.
        self._has_begun = False
        self._response: HTTPResponse | None = None

    def post(self, url: str, body: bytes) -> int:
        """Send the request and read the answer's head: its status. NotSent or NoAnswer."""
        with suppress(*TROUBLE):
            address = urlsplit(url)
            self._connection = self._connect(address.scheme, str(address.hostname), address.port)
            self._connection.sock.settimeout(self.wait())
            self._has_begun = True
            self._connection.request("POST", address.path, body, HEADERS)
            self._response = self._connection.getresponse()
        if self._response is None:
            raise self._failure()
        return self._response.status

    def reply(self, cap: int) -> Reply:
        """All of a short answer, or its status and why the rest is of no use."""
        response = self._answered()
        status, pause = response.status, response.headers.get("Retry-After", "")
        try:
            body = b"".join(self.pieces(cap))
        except NoAnswer as error:
            return Reply(status, retry_after=pause, trouble=error.reason)
        return Reply(status, body, pause)

    def pieces(self, cap: int | None = None) -> Iterator[bytes]:
        """The body as it comes. It ends when all of it was there, else NoAnswer is raised."""
        response = self._answered()
        trouble, total = _unfit(response), 0
        while not trouble:
            piece = None
            with suppress(*TROUBLE):
                piece = response.read(PIECE)
            # It takes an end before the announced one for an end.
            if piece is None or (not piece and response.length):
                raise self._failure()
            if not piece:
                return
            yield piece
            total += len(piece)
            trouble = "The answer is too long." if cap and total > cap else ""
        raise NoAnswer(trouble, status=response.status)

    def close(self) -> None:
        if self._response is not None:
            self._response.close()
        if self._connection is not None:
            self._connection.close()

    def wait(self) -> float:
        """How long the next step may take. TimeoutError if there is no time left."""
        left = self._left()
        if left <= 0:
            raise TimeoutError
        return min(left, self._idle) if self._idle else left

    def _left(self) -> float:
        return self._deadline_at - time.monotonic()

    def _connect(self, scheme: str, host: str, port: int | None) -> HTTPConnection:
        try:
            sock = self.dial(host, port or PORTS[scheme])
            if scheme == "https":
                sock = _tls().wrap_socket(sock, server_hostname=host)
        except OSError as error:
            self._unsent_because = _refused(error)
            raise
        return _Connection(self, sock, host, port, PORTS[scheme])

    def dial(self, host: str, port: int) -> socket.socket:
        """A connection to the first of the host's addresses that takes one, in what time is left.

        OSError if none does.
        """
        failure = OSError("no address")
        for *_, (address, *_) in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            try:
                sock = socket.create_connection((str(address), port), self.wait())
            except OSError as error:
                failure = error
                continue
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # For a TLS handshake, which counts it as a whole.
            sock.settimeout(max(self._left(), 0.001))
            return sock
        raise failure

    def _answered(self) -> HTTPResponse:
        if self._response is None:
            raise RuntimeError("nothing was posted on this line")
        return self._response

    def _failure(self) -> NotSent | NoAnswer:
        late, status = self._left() <= 0, getattr(self._response, "status", None)
        if not self._has_begun:
            return NotSent(f"No connection {self._within}." if late else self._unsent_because)
        if late:
            return NoAnswer(f"No complete answer {self._within}.", status=status)
        return NoAnswer("The connection broke or fell silent before the end.", status=status)


@cache
def _tls() -> ssl.SSLContext:
    """Loading the authorities takes longer than many a call."""
    return ssl.create_default_context()


def _refused(error: OSError) -> str:
    """The sentence that tells why no connection came about."""
    match error:
        case socket.gaierror():
            return "The name of the host was not found."
        case ssl.SSLCertVerificationError():
            return "The certificate of the host is not valid."
        case ssl.SSLError():
            return "No TLS connection could be made."
        case ConnectionRefusedError():
            return "The connection was refused."
        case _:
            return "No connection could be made."


def _unfit(response: HTTPResponse) -> str:
    """Why this body's end would prove nothing, or its bytes not be the document's."""
    encoding, transfer, length = (
        ", ".join(response.headers.get_all(name, []))
        for name in ("Content-Encoding", "Transfer-Encoding", "Content-Length")
    )
    if encoding.strip().lower() not in {"", "identity"}:
        return "The answer came compressed."
    whole = transfer.lower() == "chunked" if transfer else length.isascii() and length.isdigit()
    return "" if whole else "The answer does not tell its length."


class _Timely(io.RawIOBase):
    """What comes on a connection, each piece of it within the time that is left."""

    def __init__(self, line: Line, sock: socket.socket, raw: io.RawIOBase) -> None:
        self._line, self._sock, self._raw = line, sock, raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        self._sock.settimeout(self._line.wait())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Uncut(io.BufferedReader):
    """http.client takes the end of the connection for the end of a head or of a chunk's size.

    `0` may be what is left of `0a3f`, and would read as the end of a list.
    """

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        if not line.endswith(b"\n"):
            raise HTTPException("a line was cut")
        return line

    def read(self, size: int | None = -1, /) -> bytes:
        # A chunk of size -1 would be all that ever comes.
        if size is None or size < 0:
            raise HTTPException("a size below zero")
        return super().read(size)


class _Response(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, line: Line, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = _Uncut(_Timely(line, sock, self.fp.detach()))


class _Connection(HTTPConnection):
    """One that stands already."""

    def __init__(
        self, line: Line, sock: socket.socket, host: str, port: int | None, default_port: int
    ) -> None:
        self.default_port = default_port
        super().__init__(host, port)
        self.sock = sock
        self.response_class = partial(_Response, line=line)  # type: ignore[assignment]
