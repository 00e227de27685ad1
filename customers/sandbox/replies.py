"""Answers and lists as the distributor writes them, in JSON and in XML."""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

from customers.distributor.rules import ROW_FIELDS
from customers.sandbox.operations import BAD_CREDENTIALS, Answer, refused
from customers.sandbox.store import Row

PROLOG = '<?xml version="1.0" encoding="ISO-8859-1"?>'
CONTENT_TYPES = {"json": "application/json", "xml": "text/xml"}
PAGE = "<!DOCTYPE html>\n<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>\n"

# As a reference, since a parser turns a bare one into a line feed.
CARRIAGE_RETURN = {"\r": "&#13;"}
_NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# What cannot stand in XML as it is. Most rows have none of it, and a million of them feel it.
_NOT_AS_IT_IS = re.compile("[^\t\n -%'-;=?-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ROW = "<user>" + "".join(f"<{name}>{{}}</{name}>" for name in ROW_FIELDS) + "</user>"


@dataclass(frozen=True)
class Reply:
    """What goes over the line: a document, or a list piece by piece."""

    body: bytes | Iterator[bytes]
    content_type: str = CONTENT_TYPES["json"]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def plain(content: Any, status: int = 200) -> Reply:
    return Reply(json.dumps(content).encode(), status=status)


def page(title: str, status: int) -> Reply:
    return Reply(PAGE.format(title).encode(), "text/html", status)


def document(answer: Answer, form: str, *, later: bool = False, status: int = 200) -> Reply:
    """An answer in one of the two formats; refusals in the later form when asked."""
    if form == "xml":
        text = PROLOG + (_later_xml(answer) if later else _xml(answer))
        return Reply(_encoded(text), CONTENT_TYPES[form], status)
    return plain(_later_json(answer) if later else _json(answer), status)


def listing(batches: Iterable[list[Row]], form: str, *, bare: bool = False) -> Reply:
    """A list as it streams; bare is JSON without its brackets, XML without its prolog."""
    if form == "xml":
        # Without a prolog a document is UTF-8: ASCII with character references suits both.
        start, encoding = ("", "ascii") if bare else (PROLOG, "iso-8859-1")
        return Reply(_xml_rows(batches, start, encoding), CONTENT_TYPES[form])
    return Reply(_json_rows(batches, *("", "") if bare else ("[", "]")), CONTENT_TYPES[form])


def instead(kind: str, retry_after: int, form: str) -> Reply | None:
    """What some faults answer without doing anything; None for those that do it."""
    match kind:
        case "500" | "503":
            return page("The server cannot answer", int(kind))
        case "429":
            reply = document(refused("Too many requests"), form, status=429)
            return Reply(reply.body, reply.content_type, 429, {"Retry-After": str(retry_after)})
        case "401":
            return document(refused(BAD_CREDENTIALS), form, status=401)
        case "credentials":
            return document(refused(BAD_CREDENTIALS), form)
        case "html":
            return page("Down for maintenance", 200)
    return None


def garbage(form: str) -> Reply:
    # The first byte makes sure that it is never a document by chance.
    return Reply(b"\xff" + os.urandom(400), CONTENT_TYPES[form])


def _json(answer: Answer) -> dict[str, Any]:
    errors = {"errors": answer.errors} if answer.errors else {}
    return {"message": answer.message, **errors}


def _later_json(answer: Answer) -> dict[str, Any]:
    if answer.message == "success":
        return _json(answer)
    if answer.words == BAD_CREDENTIALS:
        return {"error": BAD_CREDENTIALS}
    return {"error": {"code": 400, "message": answer.words}}


def _xml(answer: Answer) -> str:
    errors = "".join(_element("error", error) for error in answer.errors)
    tail = f"<errors>{errors}</errors>" if errors else ""
    return f"<result>{_element('message', answer.message)}{tail}</result>"


def _later_xml(answer: Answer) -> str:
    if answer.message == "success":
        return _xml(answer)
    return f"<error><code>400</code>{_element('message', answer.words)}</error>"


def _json_rows(batches: Iterable[list[Row]], opening: str, closing: str) -> Iterator[bytes]:
    glue = opening
    for batch in batches:
        yield (glue + json.dumps(batch)[1:-1]).encode()
        glue = ","
    yield (closing if glue == "," else opening + closing).encode()


def _xml_rows(batches: Iterable[list[Row]], prolog: str, encoding: str) -> Iterator[bytes]:
    glue = f"{prolog}<users>"
    for batch in batches:
        yield _encoded(glue + "".join(map(_xml_row, batch)), encoding)
        glue = ""
    yield f"{glue}</users>".encode()


def _xml_row(row: Row) -> str:
    texts = row.values()
    if _NOT_AS_IT_IS.search("".join(texts)):
        return _ROW.format(*map(_written, texts))
    return _ROW.format(*texts)


def _element(name: str, text: str) -> str:
    return f"<{name}>{_written(text)}</{name}>"


def _written(text: str) -> str:
    return _NOT_IN_XML.sub("\ufffd", escape(text, CARRIAGE_RETURN))


def _encoded(text: str, encoding: str = "iso-8859-1") -> bytes:
    return text.encode(encoding, "xmlcharrefreplace")
