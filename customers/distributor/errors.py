"""What a call to the distributor can end in, other than success.

* DistributorError
  x Rejected      it answered and said no; asking again will not help
  * NotExecuted   it surely did nothing; asking again is safe
    x NotSent     not a byte of the request arrived
    x Throttled   429: too many calls; wait `retry_after` seconds
    x Denied      our own credentials or our quota were refused
  x NoAnswer      no usable answer; the call may or may not have taken effect

None of them carries anything of the request: it holds our key and customers' passwords.
"""


class DistributorError(Exception):
    """`reason` is one short sentence; `status` the HTTP status, if there was one;
    `reply` what came back, with secrets masked and cut to 2,000 characters."""

    def __init__(self, reason: str, *, status: int | None = None, reply: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.reply = reply


class Rejected(DistributorError):
    """`words` are the distributor's own, one entry per error, masked as the reply is."""

    def __init__(self, words: list[str], *, status: int | None = None, reply: str = "") -> None:
        super().__init__("; ".join(words), status=status, reply=reply)
        self.words = words


class NotExecuted(DistributorError):
    pass


class NotSent(NotExecuted):
    pass


class Throttled(NotExecuted):
    """`retry_after`: seconds as the distributor asked, None where it did not say."""

    def __init__(
        self, reason: str, *, retry_after: float | None, status: int | None = None, reply: str = ""
    ) -> None:
        super().__init__(reason, status=status, reply=reply)
        self.retry_after = retry_after


class Denied(NotExecuted):
    pass


class NoAnswer(DistributorError):
    pass
