"""The distributor's list of customers, read as it streams in. No sockets here.

A row is handed out once it is whole and of the contract's shape; the end of iteration proves
that the list's grammar was whole. That the bytes were all there is the sender's proof.
"""

import json
import re
from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from operator import itemgetter
from typing import Any, NoReturn

from customers.distributor.rules import OPTIONAL_ROW_FIELDS, ROW_FIELDS
from customers.distributor.wire import BROKEN, xml_parser

Row = dict[str, str]

# Bytes without a whole row. An error document is never longer either.
ROW_CAP = 1024 * 1024
# The elements around a field, and the depth of its text.
WAY = ("users", "user")
IN_FIELD = 3
NOT_BLANK = re.compile("[^ \t\r\n]")
FLAT = frozenset({str, int, float, bool, type(None)})
# A field that is no text cannot be joined to the others.
BROKEN_LIST = (*BROKEN, TypeError)
SHOWN = itemgetter(*ROW_FIELDS)


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
    row = dict(zip(ROW_FIELDS, SHOWN(fields), strict=True))
    for name in OPTIONAL_ROW_FIELDS:
        if (value := fields.get(name)) is not None:
            row[name] = str(value).lower() if isinstance(value, bool) else str(value)
    text = "".join(row.values())
    # A NUL or half of a surrogate pair can stand in JSON, yet in no database.
    text.encode()
    if "\0" in text:
        raise ValueError("a field is no text")
    if row["active"] not in {"true", "false"} or not row["username"].strip():
        raise ValueError("not a customer")
    return row


class _JsonRows:
    """An array of flat objects, or the same without its brackets, as the page prints it."""

    def __init__(self) -> None:
        self._decode = getincrementaldecoder("utf-8")().decode
        self._rest = ""
        # What may come next, blanks aside, and what after a row; a brace stands for all of one.
        self._next, self._after_row = "[{", ","

    def feed(self, piece: bytes) -> list[Row]:
        """The rows that this piece completes; an empty piece is the end."""
        text = self._rest + self._decode(piece, not piece)
        found: list[Row] = []
        at = _past_blanks(text, 0)
        while at < len(text):
            mark = text[at]
            if mark not in self._next:
                raise ValueError("no list of objects")
            if mark != "{":
                at = self._past(mark, at)
            elif (read := _object(text, at)) is None:
                break
            else:
                fields, at = read
                found.append(_row(fields))
                self._next = self._after_row
            at = _past_blanks(text, at)
        self._rest = text[at:]
        if not piece and (self._rest or self._next not in {",", ""}):
            raise ValueError("the list does not end")
        return found

    def _past(self, mark: str, at: int) -> int:
        if mark == "[":
            self._next, self._after_row = "{]", ",]"
        else:
            self._next = "{" if mark == "," else ""
        return at + 1


def _past_blanks(text: str, at: int) -> int:
    found = NOT_BLANK.search(text, at)
    return found.start() if found else len(text)


def _object(text: str, at: int) -> tuple[dict[str, Any], int] | None:
    """The object that begins there and where it ends; None if it is not whole, or broken.

    Which of the two it is shows once more has come: no row is as long as ROW_CAP.
    """
    with suppress(json.JSONDecodeError):
        return OBJECTS.raw_decode(text, at)
    return None


def _flat(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a key came twice")
    if not FLAT.issuperset(map(type, fields.values())):
        raise ValueError("not flat")
    return fields


def _no_number(_: str) -> NoReturn:
    raise ValueError("NaN and the infinities are no JSON")


# It refuses what it finds in an object by a ValueError of its own, not by a JSONDecodeError.
OBJECTS = json.JSONDecoder(object_pairs_hook=_flat, parse_constant=_no_number)


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
        depth = self._depth
        expected = WAY[depth] if depth < len(WAY) else name
        if attributes or depth == IN_FIELD or name != expected or name in self._row:
            raise ValueError("not an element of a list")
        self._depth = depth + 1
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
