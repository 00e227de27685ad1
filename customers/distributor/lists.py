"""The distributor's list of customers, read as it streams in. No sockets here.

A row is handed out once it is whole and of the contract's shape; the end of iteration proves
that the list's grammar was whole. That the bytes were all there is the sender's proof.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from typing import Any

import ijson

from customers.distributor.rules import OPTIONAL_ROW_FIELDS, ROW_FIELDS
from customers.distributor.wire import BROKEN, xml_parser

Row = dict[str, str]

# Bytes without a whole row. An error document is never longer either.
ROW_CAP = 1024 * 1024
# The depth of a field's text: users, user, field.
IN_FIELD = 3
BLANK = b" \t\r\n"
# A number of 5,000 digits makes ijson's C code raise the last of these.
BROKEN_LIST = (*BROKEN, ijson.JSONError, SystemError)
# By name: the fallback in pure Python is laxer about what it takes for JSON.
YAJL = ijson.get_backend("yajl2_c")


class Foreign(Exception):
    """What came is no list. `body` is all of it, if no row came first: an error, perhaps."""

    def __init__(self, body: bytes) -> None:
        super().__init__("no list")
        self.body = body


def rows(pieces: Iterable[bytes], form: str) -> Iterator[Row]:
    """The rows of a list that comes in `pieces`; Foreign as soon as it is none."""
    pieces = iter(pieces)
    reader: _JsonRows | _XmlRows = _JsonRows() if form == "json" else _XmlRows()
    head, waiting, none_yet = bytearray(), 0, True
    for piece in chain(pieces, [b""]):
        found = None
        # Raised after this block, since a parser's error quotes what it read.
        with suppress(*BROKEN_LIST):
            found = reader.feed(piece)
        head += piece if none_yet else b""
        waiting = len(piece) if found else waiting + len(piece)
        if found is None or waiting > ROW_CAP:
            raise Foreign(_rest(head, pieces) if none_yet else b"")
        if found:
            head, none_yet = bytearray(), False
        yield from found


def _rest(head: bytearray, pieces: Iterator[bytes]) -> bytes:
    while len(head) <= ROW_CAP and (piece := next(pieces, b"")):
        head += piece
    return bytes(head)


def _row(fields: dict[str, Any]) -> Row:
    row = {name: fields[name] for name in ROW_FIELDS}
    row |= {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name in OPTIONAL_ROW_FIELDS
        if (value := fields.get(name)) is not None
    }
    # A NUL can stand in JSON, yet in no database.
    if any(not isinstance(value, str) or "\0" in value for value in row.values()):
        raise ValueError("a field is no text")
    if row["active"] not in {"true", "false"} or not row["username"].strip():
        raise ValueError("not a customer")
    return row


class _JsonRows:
    """An array of flat objects, or the same without its brackets, as the page prints it."""

    def __init__(self) -> None:
        self._events: list[tuple[str, Any]] = ijson.sendable_list()
        self._parser = YAJL.basic_parse_coro(self._events)
        self._begun = False
        self._bare = False
        self._in_array = False
        self._row: dict[str, Any] | None = None
        self._key = ""

    def feed(self, piece: bytes) -> list[Row]:
        """The rows that this piece completes; an empty piece is the end."""
        if not self._begun and piece.lstrip(BLANK):
            self._begin(piece.lstrip(BLANK)[:1])
        if piece:
            self._parser.send(piece)
        else:
            if self._bare:
                self._parser.send(b"]")
            self._parser.close()
        found = [row for event in self._events if (row := self._take(*event))]
        del self._events[:]
        return found

    def _begin(self, first: bytes) -> None:
        self._begun, self._bare = True, first == b"{"
        if self._bare:
            self._parser.send(b"[")

    def _take(self, event: str, value: Any) -> Row | None:
        if self._row is None:
            if event == "start_map" and self._in_array:
                self._row = {}
            elif event == "start_array" and not self._in_array:
                self._in_array = True
            elif event != "end_array":
                raise ValueError("no list of objects")
        elif event == "map_key":
            if value in self._row:
                raise ValueError("a key came twice")
            self._key = value
            self._row[value] = None
        elif event == "end_map":
            row, self._row = self._row, None
            return _row(row)
        elif event in {"start_map", "start_array"}:
            raise ValueError("not flat")
        else:
            self._row[self._key] = value
        return None


class _XmlRows:
    """`<users><user><username>…`, in the encoding that the prolog names."""

    def __init__(self) -> None:
        self._parser = xml_parser()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._add
        self._depth = 0
        self._text = ""
        self._row: Row = {}
        self._found: list[Row] = []

    def feed(self, piece: bytes) -> list[Row]:
        """The rows that this piece completes; an empty piece is the end."""
        self._parser.Parse(piece, not piece)
        found, self._found = self._found, []
        return found

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        expected = ("users", "user", name)[self._depth : self._depth + 1]
        if attributes or name in self._row or name not in expected:
            raise ValueError("not an element of a list")
        self._depth += 1
        self._text = ""

    def _add(self, text: str) -> None:
        if self._depth == IN_FIELD:
            self._text += text
        elif text.strip():
            raise ValueError("text between the elements")

    def _end(self, name: str) -> None:
        if self._depth == IN_FIELD:
            self._row[name] = self._text
        elif name == "user":
            self._found.append(_row(self._row))
            self._row = {}
        self._depth -= 1
