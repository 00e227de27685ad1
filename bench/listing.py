"""A distributor's list of any length, streamed from a file: `python -m bench.listing PORT FILE`.

Nothing of it is held in memory, and next to no processor time is spent on sending it.
"""

import json
import sys
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path

from customers.distributor.rules import ROW_FIELDS
from customers.sandbox.people import person

# People who are told apart by the beginning of their names.
DIFFERENT = 10_000
BATCH = 1_000


def write(path: Path, number: int, *, altered_every: int = 0) -> None:
    """So many rows; every so-maniethest customer has moved to Paris."""
    with path.open("wb") as file:
        glue = b"["
        rows = _rows(number, altered_every)
        while batch := list(islice(rows, BATCH)):
            file.write(glue + ",".join(map(json.dumps, batch)).encode())
            glue = b","
        file.write(b"]")


def _rows(number: int, altered_every: int) -> Iterator[dict[str, str]]:
    people = [person(n) for n in range(min(number, DIFFERENT))]
    for n in range(number):
        known = people[n % DIFFERENT]
        row = {field: known[field] for field in ROW_FIELDS}
        row |= {"active": "true" if known["active"] else "false"}
        row |= {field: f"{n}.{row[field]}" for field in ("username", "email")}
        if altered_every and n % altered_every == 0:
            row["city"] = "Paris"
        yield row


class Handler(BaseHTTPRequestHandler):
    def __init__(self, path: Path, *args: object) -> None:
        self._path = path
        super().__init__(*args)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(self._path.stat().st_size))
        self.end_headers()
        self.wfile.flush()
        with self._path.open("rb") as file:
            self.connection.sendfile(file)

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    where = ("127.0.0.1", int(sys.argv[1]))
    ThreadingHTTPServer(where, partial(Handler, Path(sys.argv[2]))).serve_forever()
