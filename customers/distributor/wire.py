"""The distributor's words: requests as bytes, replies as verdicts. No sockets here."""

import json
import re
import time
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache
from html.entities import codepoint2name
from typing import Any, NoReturn
from urllib.parse import urlencode
from xml.parsers import expat

from customers.distributor.errors import Denied, NoAnswer, Rejected, Throttled
from customers.distributor.rules import CALLS, Operation

Params = Mapping[str, str | list[str]]
Mask = Callable[[str], str]

EXCERPT = 2_000
LONGEST_PAUSE = 3_600
DEPTH = 3
SUCCESS = ["success"]
# What the parsers raise at a document that is broken, or meant to break them.
BROKEN = (ValueError, LookupError, RecursionError, expat.ExpatError)


@dataclass(frozen=True)
class Answer:
    """A definite success; `reply` is masked and cut to 2,000 characters."""

    status: int
    reply: str


@dataclass(frozen=True)
class Reply:
    """What came back of one call; `trouble` is a sentence where the body is of no use."""

    status: int
    body: bytes = b""
    retry_after: str = ""
    trouble: str = ""


def encode(user: str, key: str, operation: Operation, params: Params) -> bytes:
    """The form body of a call. ValueError, which never shows a value, if no such call exists."""
    call = CALLS[operation]
    unknown = set(params) - {param.name for param in call.params}
    if unknown:
        raise ValueError(f"{operation} has no parameter {', '.join(sorted(unknown))}")
    pairs = [("api_user", user), ("api_key", key), *call.fixed.items()]
    for param in call.params:
        value = params.get(param.name, [])
        if param.name in params and isinstance(value, list) != param.many:
            raise ValueError(f"{param.name} takes {'a list' if param.many else 'one value'}")
        name = f"{param.name}[]" if param.many else param.name
        pairs += [(name, each) for each in ([value] if isinstance(value, str) else value)]
    body = b""
    with suppress(UnicodeEncodeError):  # It would carry the value.
        body = urlencode(pairs).encode("ascii")
    if not body:
        raise ValueError(f"A value of {operation} cannot be written in UTF-8")
    return body


def verdict(reply: Reply, form: str, mask: Mask) -> Answer:
    """What the reply to a command means; `form` is the format that was asked for.

    Success is returned, all else raised: Rejected, Denied, Throttled or NoAnswer.
    """
    status, text = reply.status, mask(reply.body.decode(errors="replace"))
    if status in {401, 403}:
        raise _denied(status, text)
    if status == 429:  # noqa: PLR2004
        pause = retry_after(reply.retry_after)
        raise Throttled("Too many calls.", retry_after=pause, status=status, reply=text)
    if reply.trouble:
        raise NoAnswer(reply.trouble, status=status, reply=text)
    if status // 100 not in {2, 4}:
        raise NoAnswer(f"The answer had HTTP status {status}.", status=status, reply=text)
    words = read(reply.body, form)
    if words is None or (words == SUCCESS and status >= 400):  # noqa: PLR2004
        raise NoAnswer("The answer has none of the known shapes.", status=status, reply=text)
    if words == SUCCESS:
        return Answer(status, text)
    if any(map(_denies, words)):
        raise _denied(status, text)
    raise Rejected([mask(word) for word in words], status=status, reply=text)


def _denied(status: int, text: str) -> Denied:
    return Denied("Our credentials or our quota were refused.", status=status, reply=text)


def _denies(words: str) -> bool:
    folded = words.strip().casefold()
    return folded == "bad username / password" or folded.startswith("permission denied")


def retry_after(header: str) -> float | None:
    """Seconds to wait, an hour at most; None where the header says nothing sensible."""
    header = header.strip()
    if header.isascii() and header.isdigit():
        return min(float(header), LONGEST_PAUSE)
    with suppress(ValueError, TypeError, OverflowError, IndexError):
        then = parsedate_to_datetime(header)
        seconds = then.replace(tzinfo=then.tzinfo or UTC).timestamp() - time.time()
        return min(max(seconds, 0.0), LONGEST_PAUSE)
    return None


def read(body: bytes, form: str) -> list[str] | None:
    """SUCCESS, the words of a refusal, or None for a document of no listed shape."""
    document: Any = None
    with suppress(*BROKEN):
        document = _from_json(body) if form == "json" else _from_xml(body)
    match document:
        case {"message": "success"} if len(document) == 1:
            return SUCCESS
        case {"message": str(word)} | {"error": str(word)} if len(document) == 1:
            words = [word]
        case {"message": "error", "errors": [*words]} if len(document) == 2:  # noqa: PLR2004
            pass
        case {"error": {"code": code, "message": word, **more}} if len(document) == 1:
            words = [word] if type(code) is int and not more else []
        case _:
            return None
    return words if words and all(map(_refuses, words)) else None


def _refuses(words: object) -> bool:
    """Whether this is text, and not a success in the wrong place or in the wrong dress."""
    if not isinstance(words, str) or not words.strip():
        return False
    letters = filter(str.isalpha, unicodedata.normalize("NFKC", words))
    return "".join(letters).casefold() not in SUCCESS


def _from_json(body: bytes) -> object:
    # By default the last of two equal keys wins: a refusal could read as a success.
    return json.loads(body.decode("utf-8"), object_pairs_hook=_without_repetition)


def _without_repetition(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key came twice")
    return dict(pairs)


def _refuse(*_: object) -> NoReturn:
    raise ValueError("not allowed here")


def xml_parser() -> expat.XMLParserType:
    """It goes by the prolog's encoding and refuses document types, so there are no entities."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    return parser


def _from_xml(body: bytes) -> object:
    """The same document as JSON would have written it."""
    match _tree(body):
        case [("result", [("message", [str(word)])])]:
            return {"message": word}
        case [("result", [("message", [str(word)]), ("errors", errors)])]:
            return {"message": word, "errors": [_error(node) for node in errors]}
        case [("error", [("code", [str(code)]), ("message", [str(word)])])]:
            return {"error": {"code": int(code), "message": word}}
    return None


def _error(node: object) -> str:
    match node:
        case ("error", [str(words)]):
            return words
    raise ValueError("no error element")


def _tree(body: bytes) -> list[Any]:
    """Elements as (name, content), where the content holds texts and elements."""
    ancestors: list[list[Any]] = [[]]

    def start(name: str, attributes: dict[str, str]) -> None:
        if attributes or len(ancestors) > DEPTH:
            raise ValueError("not a reply's element")
        content: list[Any] = []
        ancestors[-1].append((name, content))
        ancestors.append(content)

    def text(piece: str) -> None:
        if piece.strip():
            ancestors[-1].append(piece)

    parser = xml_parser()
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: ancestors.pop()
    parser.CharacterDataHandler = text
    parser.Parse(body, True)  # noqa: FBT003
    return ancestors[0]


def secrets(key: str, operation: Operation, params: Params) -> list[str]:
    """What of a call must never be seen again: our key and the customer's password."""
    hidden = [params.get(param.name) for param in CALLS[operation].params if param.secret]
    return [key, *(value for value in hidden if isinstance(value, str))]


def masking(hidden: Iterable[str]) -> Mask:
    """A function that hides these in any spelling, shows control characters, and cuts."""
    spelled = ["".join(map(_spellings, secret)) for secret in hidden if secret]
    pattern = re.compile("|".join(sorted(spelled, key=len, reverse=True)) or "(?!)")
    return lambda text: _visible(pattern.sub("•••", text)[:EXCERPT])[:EXCERPT]


@lru_cache(1024)  # Of characters: what they spelled is not kept.
def _spellings(character: str) -> str:
    """A pattern for one character: plain, or as URL, JSON, HTML and XML may write it."""
    code, octets, units = ord(character), character.encode(), character.encode("utf-16-be").hex()
    percent = "".join(f"%{octet:02x}" for octet in octets)
    escape = "".join(rf"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))
    forms = {re.escape(form) for form in (character, json.dumps(character)[1:-1])}
    forms |= {f"&{codepoint2name.get(code, 'none')};", f"&#0*{code};", f"(?i:&#x0*{code:x};)"}
    forms |= {f"(?i:{percent})", f"(?i:{escape})"}
    forms |= {" ": {r"\+"}, "/": {r"\\/"}, "'": {"&apos;"}}.get(character, set())
    if not character.isascii():
        # Latin-1 taken for UTF-8 leaves a replacement mark, UTF-8 taken for Latin-1 more letters.
        forms |= {"\ufffd", re.escape(octets.decode("latin-1"))}
    return f"(?:{'|'.join(sorted(forms))})"


def _visible(text: str) -> str:
    shown = (c if c.isprintable() else f"\\u{ord(c):04x}" for c in re.sub(r"[\t\r\n]+", " ", text))
    return "".join(shown)
