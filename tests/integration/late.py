"""The sandbox as a distributor that may execute a call long after it has hung up.

It notes for which change each call came and what it altered, and keeps calls of the fault
"late" until somebody says that their moment has come. Of what may be repeated it executes those
whose answer is "lost" once more.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPConnection
from urllib.parse import urlsplit
from uuid import UUID

from customers.distributor.rules import NOT_REPEATABLE, Operation
from customers.sandbox.faults import Fault
from customers.sandbox.server import Call, Sandbox

# The longest that the distributor may take over a call: its deadline and the settle time.
LATEST = timedelta(seconds=80)


@dataclass
class Sent:
    """A command that has arrived.

    `altered`: something is otherwise because of it. `too_early`: an earlier one of the same
    customer could still have been executed after it.
    """

    change: UUID
    customer: int
    at: datetime
    until: datetime
    call: Call
    form: dict
    altered: bool = False
    too_early: bool = False


class LateDistributor(Sandbox):
    def __init__(self):
        super().__init__()
        self.forget()

    def forget(self):
        self.reset()
        self.sent, self.held, self.executed = [], [], []

    def expect(self, change, now):
        """What comes next comes for this change; it is executed within LATEST, or never.

        A creation may be later still: up to its second copy, or to the next change.
        """
        for sent in [sent for sent in self.held if sent.customer == change.customer_id]:
            if sent.call.operation == Operation.CREATE and sent.change != change.pk:
                self.execute_late(sent)
        self.expected = change.pk, change.customer_id, now, now + LATEST

    def receive(self, operation, form):
        call, fault = super().receive(operation, form)
        if operation != Operation.RETRIEVE:
            call.sent = Sent(*self.expected, call, form)
            self.sent.append(call.sent)
            self._meet_those_before(call.sent)
        is_echoed = fault.kind == "lost" and operation not in NOT_REPEATABLE
        if operation != Operation.RETRIEVE and (fault.kind == "late" or is_echoed):
            self.held.append(call.sent)
        return call, Fault("dropped") if fault.kind == "late" else fault

    def _meet_those_before(self, new):
        for sent in [sent for sent in self.held if sent.customer == new.customer]:
            same = sent.change == new.change
            # Nothing is left to be done by a name's copy once the name was seen as asked.
            if sent.until > new.at and (same or sent.call.operation not in NOT_REPEATABLE):
                new.too_early = True
            if same and new.call.operation == Operation.CREATE:
                self.execute_late(sent)

    def execute(self, call, form):
        if call.operation == Operation.RETRIEVE:
            return super().execute(call, form)
        before = self.accounts()
        answer = super().execute(call, form)
        call.sent.altered = self.accounts() != before
        if call.executed:
            self.executed.append(call.sent)
        return answer

    def execute_late(self, sent):
        self.held.remove(sent)
        self.execute(sent.call, sent.form)

    def execute_until(self, then):
        for sent in [sent for sent in self.held if sent.until <= then]:
            if sent.call.operation != Operation.CREATE:
                self.execute_late(sent)

    def sent_for(self, change):
        return [sent for sent in self.sent if sent.change == change]

    def executed_for(self, change):
        return [sent for sent in self.executed if sent.change == change]

    def holds(self, change):
        return any(sent.change == change for sent in self.held)

    def wait_until_idle(self):
        """A caller that died has left its request here: it is taken up, whoever waits for it."""
        # Connections are accepted in turn: once this one is answered, those before it are.
        where = urlsplit(self.url)
        asking = HTTPConnection(where.hostname, where.port)
        asking.request("GET", "/_sandbox/faults")
        asking.getresponse().read()
        asking.close()
        end = time.monotonic() + 10
        while self._server._connections:
            assert time.monotonic() < end, "a connection was left open"
            time.sleep(0.001)
