"""One connection, one request, one answer; ended at a deadline, whatever comes.

The only place that knows requests. None of its exceptions gets out: they may carry the
request, and with it our key and a customer's password.
"""

import io
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from http.client import HTTPException, HTTPResponse
from threading import Lock, Timer
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from customers.distributor.errors import NoAnswer, NotSent
from customers.distributor.wire import Reply

PIECE = 64 * 1024
HEADERS = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Accept-Encoding": "identity",
    "Connection": "close",
}
# All that sending and reading can raise.
TROUBLE = (requests.RequestException, HTTPError, HTTPException, OSError, ValueError)


class Line:
    """One connection with a watchdog: at the deadline it is shut down, whatever is going on.

    Time-outs of sockets count from the last byte, so a slow drip would never end by them.
    """

    def __init__(self, deadline_at: float, idle: float | None = None) -> None:
        self._deadline_at, self._idle = deadline_at, idle
        self._within = f"within {round(self._left(), 1):g} s"
        self._connected = False
        self._unsent_because = "No connection could be made."
        self._response: requests.Response | None = None
        self._adapter = _Adapter(self)
        self._lock = Lock()
        self._handle: socket.socket | None = None
        self._watchdog = Timer(max(self._left(), 0), self._cut)
        self._watchdog.daemon = True
        self._watchdog.start()

    def post(self, url: str, body: bytes) -> int:
        """Send the request and read the answer's head: its status. NotSent or NoAnswer."""
        with suppress(*TROUBLE):
            request = requests.Request("POST", url, HEADERS, data=body).prepare()
            # The watchdog bites first; a socket's time-out would a second later.
            wait = max(self._left(), 0) + 1
            # Not by a Session: it looks for proxies and a .netrc, and even when told not to
            # follow a redirect it reads the body of one without end.
            self._response = self._adapter.send(
                request, stream=True, timeout=(wait, self._idle or wait)
            )
        if self._response is None:
            raise self._failure()
        return self._response.status_code

    def reply(self, cap: int) -> Reply:
        """All of a short answer, or its status and why the rest is of no use."""
        response = self._answered()
        status, pause = response.status_code, response.headers.get("Retry-After", "")
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
                # Not by stream(): it reads the lines between chunks without a limit.
                piece = response.raw.read(PIECE, decode_content=False)
            if piece is None:
                raise self._failure()
            if not piece:
                return
            yield piece
            total += len(piece)
            trouble = "The answer is too long." if cap and total > cap else ""
        raise NoAnswer(trouble, status=response.status_code)

    def close(self) -> None:
        self._watchdog.cancel()
        if self._response is not None:
            self._response.close()
        self._adapter.close()
        with self._lock:
            if self._handle:
                self._handle.close()
            self._handle = None

    def _left(self) -> float:
        return self._deadline_at - time.monotonic()

    def dial(self, host: str, port: int) -> socket.socket:
        """A connection to the first of the host's addresses that takes one, in what time is left.

        OSError if none does.
        """
        failure = OSError("no address")
        for *_, (address, *_) in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            self._check_time()
            try:
                sock = socket.create_connection((str(address), port), self._left())
            except OSError as error:
                failure = error
                continue
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # For a TLS handshake that the watchdog came too early for.
            sock.settimeout(max(self._left(), 0.001))
            with self._lock:
                # A second handle to the same connection: shutting it down ends a TLS
                # handshake or read in the other thread, without touching TLS's own state.
                self._handle = sock.dup()
            return sock
        raise failure

    def refuse(self, error: OSError) -> None:
        """No connection came about; the sentence that tells why."""
        match error:
            case socket.gaierror():
                self._unsent_because = "The name of the host was not found."
            case ssl.SSLCertVerificationError():
                self._unsent_because = "The certificate of the host is not valid."
            case ssl.SSLError():
                self._unsent_because = "No TLS connection could be made."
            case ConnectionRefusedError():
                self._unsent_because = "The connection was refused."

    def begin(self) -> None:
        """The connection stands. From here on, nobody knows what arrives."""
        self._check_time()
        self._connected = True

    def _check_time(self) -> None:
        if self._left() <= 0:
            raise TimeoutError

    def _cut(self) -> None:
        with self._lock, suppress(OSError):
            if self._handle:
                self._handle.shutdown(socket.SHUT_RDWR)

    def _answered(self) -> requests.Response:
        if self._response is None:
            raise RuntimeError("nothing was posted on this line")
        return self._response

    def _failure(self) -> NotSent | NoAnswer:
        late, status = self._left() <= 0, getattr(self._response, "status_code", None)
        if not self._connected:
            return NotSent(f"No connection {self._within}." if late else self._unsent_because)
        if late:
            return NoAnswer(f"No complete answer {self._within}.", status=status)
        return NoAnswer("The connection broke or fell silent before the end.", status=status)


def _unfit(response: requests.Response) -> str:
    """Why this body's end would prove nothing, or its bytes not be the document's."""
    head = response.headers
    if head.get("Content-Encoding", "identity").strip().lower() not in {"", "identity"}:
        return "The answer came compressed."
    transfer, length = head.get("Transfer-Encoding"), head.get("Content-Length", "")
    whole = transfer.lower() == "chunked" if transfer else length.isascii() and length.isdigit()
    return "" if whole else "The answer does not tell its length."


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


class _UncutResponse(HTTPResponse):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fp = _Uncut(self.fp.detach())


class _Watched(HTTPConnection):
    response_class = _UncutResponse

    def __init__(self, *args: Any, line: Line, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._line = line

    def _new_conn(self) -> socket.socket:
        return self._line.dial(self._dns_host, self.port)

    def connect(self) -> None:
        try:
            super().connect()
        except OSError as error:
            self._line.refuse(error)
            raise
        self._line.begin()


class _WatchedTLS(_Watched, HTTPSConnection):
    pass


class _Adapter(HTTPAdapter):
    """Requests' way to a server, with our connections in it."""

    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool = super().get_connection_with_tls_context(*args, **kwargs)
        kind = _WatchedTLS if pool.scheme == "https" else _Watched
        pool.ConnectionCls = partial(kind, line=self._line)  # type: ignore[attr-defined]
        return pool
