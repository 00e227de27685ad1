"""Lists as no honest distributor sends them, and what has to become of each.

`rows` are those that an honest list would show; what is altered in them must not be taken over
from a list that is none.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate

from hypothesis import strategies as st

from customers.sandbox.replies import PROLOG, listing
from customers.sandbox.store import Row

OK, QUARANTINED, FAILED = "OK", "QUARANTINED", "FAILED"
# Format, and whether it comes without its brackets or its prolog.
FORMS = {
    "array": ("json", False),
    "bracketless": ("json", True),
    "xml with a prolog": ("xml", False),
    "xml": ("xml", True),
}
ERRORS = {
    "json": (
        b'{"message":"error","errors":["Bad username / password"]}',
        b'{"error":{"code":400,"message":"Come back later"}}',
        b'{"error":"Come back later"}',
        b'{"message":"success"}',
        b'[{"message":"error"}]',
        b'{"users":[]}',
        b"<users></users>",
        b"null",
        b"{}",
        b"[[]]",
    ),
    "xml": (
        b"<result><message>error</message><errors><error>Come back</error></errors></result>",
        b"<error><code>400</code><message>Come back later</message></error>",
        b"<result><message>success</message></result>",
        b"<users><error>Come back later</error></users>",
        b"<users><user/></users>",
        b"<list></list>",
        b"<html><body/></html>",
        b"[]",
    ),
}
EMPTY = {
    "json": (b"[]", b" [ ] \n"),
    "xml": (b"<users></users>", b"<users/>", PROLOG.encode() + b"<users>\n</users>"),
}


@dataclass
class Lie:
    """What comes over the line. `whole`: its framing is; `verdict`: what has to become of it."""

    body: bytes
    verdict: str
    whole: bool = True


@dataclass
class Honest:
    """The list in one of its forms: as pieces, one a row and the end."""

    rows: list[Row]
    form: str

    @property
    def written(self) -> str:
        return FORMS[self.form][0]

    def pieces(self, rows: list[Row] | None = None) -> list[bytes]:
        written, bare = FORMS[self.form]
        shown = self.rows if rows is None else rows
        return list(listing(iter([[row] for row in shown]), written, bare=bare).body)

    def body(self, rows: list[Row]) -> bytes:
        return b"".join(self.pieces(rows))

    def verdict(self, listed: int) -> str:
        """A list that is whole and honest but for whom it lacks."""
        if listed == 0 and self.form == "bracketless":
            return FAILED  # An empty body is no list.
        lacking = len(self.rows) - listed
        return QUARANTINED if lacking > max(5, len(self.rows) / 10) else OK


Telling = Callable[[st.DataObject, Honest], Lie]


def cut(data: st.DataObject, honest: Honest) -> Lie:
    """At any byte, with or without an end of the framing."""
    pieces = honest.pieces()
    body = b"".join(pieces)
    # After no row, after one, and so on, but for the last.
    borders = list(accumulate(map(len, pieces[:-2]), initial=0))
    to = data.draw(st.integers(0, len(body) - 1) | st.sampled_from(borders))
    whole = data.draw(st.booleans())
    is_list = whole and honest.form == "bracketless" and to in borders
    verdict = honest.verdict(borders.index(to)) if is_list else FAILED
    return Lie(body[:to], verdict, whole)


def short(data: st.DataObject, honest: Honest) -> Lie:
    """11 to 100 % are left out."""
    least = len(honest.rows) * 11 // 100 + 1
    left_out = data.draw(st.sets(_numbers(honest), min_size=least))
    rows = [row for n, row in enumerate(honest.rows) if n not in left_out]
    return Lie(honest.body(rows), honest.verdict(len(rows)))


def double(data: st.DataObject, honest: Honest) -> Lie:
    """Some stand in it twice, in these letters or others; nobody is left out."""
    rows = list(honest.rows)
    for n in data.draw(st.sets(_numbers(honest), min_size=1)):
        spelled = data.draw(st.sampled_from([str, str.upper, str.title, str.swapcase]))
        again = honest.rows[n] | {"username": spelled(honest.rows[n]["username"])}
        rows.insert(data.draw(st.integers(0, len(rows))), again)
    return Lie(honest.body(rows), QUARANTINED)


def foreign(data: st.DataObject, honest: Honest) -> Lie:
    """Another reseller's, or ours with more than a tenth of another reseller's in it."""
    least = len(honest.rows) * 11 // 100 + 1
    theirs = data.draw(st.sets(_numbers(honest), min_size=least))
    rows = [
        row | {"username": f"other-{row['username']}"} if n in theirs else row
        for n, row in enumerate(honest.rows)
    ]
    return Lie(honest.body(rows), QUARANTINED)


def error(data: st.DataObject, honest: Honest) -> Lie:
    prolog = data.draw(st.sampled_from([b"", PROLOG.encode()]))
    document = data.draw(st.sampled_from(ERRORS[honest.written]))
    return Lie(prolog + document if honest.written == "xml" else document, FAILED)


def empty(data: st.DataObject, honest: Honest) -> Lie:
    if data.draw(st.booleans()):
        return Lie(data.draw(st.sampled_from([b"", b"\n", b"\xef\xbb\xbf"])), FAILED)
    return Lie(data.draw(st.sampled_from(EMPTY[honest.written])), QUARANTINED)


def misshapen(data: st.DataObject, honest: Honest) -> Lie:
    """One row lacks a field, has one twice, or says of it what it cannot say."""
    pieces = honest.pieces()
    n = data.draw(_numbers(honest))
    field = data.draw(st.sampled_from(["username", "email", "city", "website", "active"]))
    found = _field(field, honest.written, pieces[n])
    wrong = [b"", found * 2]
    if field == "active":
        wrong.append(found.replace(b"true", b"perhaps"))
    pieces[n] = pieces[n].replace(found, data.draw(st.sampled_from(wrong)), 1)
    return Lie(b"".join(pieces), FAILED)


def overlong(data: st.DataObject, honest: Honest) -> Lie:
    """Something follows where nothing can."""
    body = honest.body(honest.rows)
    return Lie(body + data.draw(st.sampled_from([body, b"x", b"]]", b"</users>", b"{"])), FAILED)


def as_good_as_honest(data: st.DataObject, honest: Honest) -> Lie:
    """In another order, names and e-mail addresses in other letters."""
    rows = list(data.draw(st.permutations(honest.rows)))
    spelled = data.draw(st.sampled_from([str, str.upper, str.title, str.swapcase]))
    rows = [row | {name: spelled(row[name]) for name in ("username", "email")} for row in rows]
    return Lie(honest.body(rows), OK)


LIES: tuple[Telling, ...] = (
    cut, cut, cut, short, double, foreign, error, empty, misshapen, overlong, as_good_as_honest
)  # fmt: skip


def _numbers(honest: Honest) -> st.SearchStrategy[int]:
    return st.integers(0, len(honest.rows) - 1)


def _field(name: str, written: str, piece: bytes) -> bytes:
    """As it stands in the row, with what parts it from the next."""
    pattern = rf"<{name}>[^<]*</{name}>" if written == "xml" else rf'"{name}": "[^"]*",? ?'
    return re.search(pattern.encode(), piece)[0]
