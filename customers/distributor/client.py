"""The distributor's API. Every call is tried once: when to try again, the outbox decides."""

import time
from collections.abc import Iterator
from contextlib import closing
from http import HTTPStatus

from customers.distributor import lists, wire
from customers.distributor.errors import NoAnswer
from customers.distributor.line import Line
from customers.distributor.rules import CALLS, Operation, fold
from customers.distributor.wire import Answer, Params

COMMAND_CAP = 1024 * 1024
LOOK_CAP = 64 * 1024 * 1024


class Distributor:
    """Whoever calls it gets an answer or one of the errors in errors.py, nothing else.

    Deadlines are total and in seconds: a byte now and then does not extend them. Only the
    look-up of the host's name can last longer; nothing is sent after it then.
    """

    def __init__(
        self,
        url: str,
        user: str,
        key: str,
        *,
        format: str = "json",  # noqa: A002 (what the contract calls it)
        deadline: float = 20,
        look_deadline: float = 60,
        list_deadline: float = 1800,
        idle: float = 30,
    ) -> None:
        if not url.startswith(("http://", "https://")) or format not in {"json", "xml"}:
            raise ValueError("The distributor wants an http(s) URL, and json or xml")
        self._url, self._user, self._key, self._format = url.rstrip("/"), user, key, format
        self._deadline, self._look_deadline = deadline, look_deadline
        self._list_deadline, self._idle = list_deadline, idle

    def send(
        self, operation: Operation, params: Params, *, deadline_at: float | None = None
    ) -> Answer:
        """Success, or an error that says what is known. `deadline_at` is a monotonic time."""
        if deadline_at is None:
            deadline_at = time.monotonic() + self._deadline
        body = wire.encode(self._user, self._key, operation, params)
        mask = wire.masking(wire.secrets(self._key, operation, params))
        with closing(Line(deadline_at)) as line:
            line.post(self._address(operation), body)
            reply = line.reply(COMMAND_CAP)
        return wire.verdict(reply, self._format, mask)

    def look(self, **filters: str) -> list[dict[str, str]]:
        """A filtered list, read to its end. Filters are searches: of those found by a username only
        the exact match is kept, however many come along."""
        rows = self._list(filters, self._look_deadline, cap=LOOK_CAP)
        name = fold(filters["username"]) if "username" in filters else None
        return [row for row in rows if name is None or fold(row["username"]) == name]

    def rows(self) -> Iterator[dict[str, str]]:
        """Everybody, in constant memory. The list was complete only if the iteration ends."""
        return self._list({}, self._list_deadline, idle=self._idle)

    def _address(self, operation: Operation) -> str:
        return f"{self._url}/distributor.{CALLS[operation].path}.{self._format}"

    def _list(
        self,
        filters: dict[str, str],
        deadline: float,
        *,
        idle: float | None = None,
        cap: int | None = None,
    ) -> Iterator[dict[str, str]]:
        body = wire.encode(self._user, self._key, Operation.RETRIEVE, filters)
        with closing(Line(time.monotonic() + deadline, idle)) as line:
            # Only 200 is read as a list: 206 is a part of one.
            if line.post(self._address(Operation.RETRIEVE), body) != HTTPStatus.OK:
                raise self._no_list(line.reply(COMMAND_CAP))
            foreign = None
            try:
                yield from lists.rows(line.pieces(cap), self._format)
            except lists.Foreign as error:
                foreign = error.body
            if foreign is not None:
                raise self._no_list(wire.Reply(HTTPStatus.OK, foreign))

    def _no_list(self, reply: wire.Reply) -> NoAnswer:
        """Raises what an error document says; any other document is no answer to a question."""
        answer = wire.verdict(reply, self._format, wire.masking([self._key]))
        return NoAnswer("The answer is no list.", status=reply.status, reply=answer.reply)
