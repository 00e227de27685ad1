"""A line that breaks at a chosen moment, as networks break: both ends see a reset."""

import select
import socket
import struct
import threading
from contextlib import suppress
from typing import Self

# Closing sends a reset, not a farewell.
RESET = struct.pack("ii", 1, 0)
LARGE = 1 << 16


class Proxy:
    """Passes on what is said to it and what is answered, and counts what is said.

    At number `at` since it was armed it breaks the line: before that is passed on, or, if it
    shall be heard, when its answer has come, which is passed on no more. Once.
    """

    def __init__(self, host: str, port: int) -> None:
        self._there = host, port
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self.arm(None)

    def arm(self, at: int | None, *, heard: bool = False) -> None:
        self.at, self.heard, self.said, self.broke = at, heard, 0, False

    def __enter__(self) -> Self:
        threading.Thread(target=self._open, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        # A thread that waits for the next caller would keep the door open.
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()

    def _open(self) -> None:
        with suppress(OSError):
            while True:
                caller, _address = self._door.accept()
                threading.Thread(target=self._serve, args=[caller], daemon=True).start()

    def _serve(self, caller: socket.socket) -> None:
        with caller, socket.create_connection(self._there) as there:
            with suppress(OSError):
                while self._pass_on(caller, there):
                    pass
            for end in (caller, there):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    def _pass_on(self, caller: socket.socket, there: socket.socket) -> bool:
        """False at the end of the line."""
        for ready in select.select([caller, there], [], [])[0]:
            words = ready.recv(LARGE)
            if ready is caller and words:
                self.said += 1
                if self.said == self.at:
                    self._break(words, there)
                    return False
            if not words:
                return False
            (there if ready is caller else caller).sendall(words)
        return True

    def _break(self, words: bytes, there: socket.socket) -> None:
        self.broke = True
        if self.heard:
            there.sendall(words)
            there.recv(LARGE)
