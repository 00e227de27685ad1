"""What must be so at every moment of a story, whatever has happened in it."""

from hypothesis.stateful import invariant

from customers.distributor.rules import NOT_REPEATABLE, same_website
from customers.models import Customer
from tests.integration.model import OPEN
from tests.integration.story import Story


class Truths(Story):
    """The rules of a change's life, and that the mirror shows what the distributor has done."""

    @invariant()
    def all_is_so(self):
        lines = self.lines()
        states = {change.pk: change.state for line in lines for change in line}
        self.changes_keep_their_order(lines)
        self.nothing_is_executed_twice_or_out_of_order()
        self.what_is_told_of_changes_is_so(states)
        self.the_mirror_shows_what_was_confirmed(states)
        self.no_name_is_shared(states)

    def changes_keep_their_order(self, lines):
        for line in lines:
            assert all(change.state in OPEN or not change.sealed_password for change in line)
            assert sum(change.state in {"SENDING", "IN_DOUBT"} for change in line) <= 1
            behind = False
            for change in line:
                assert change.state not in OPEN or change.is_behind == behind
                if behind:
                    assert change.state in {"WAITING", "WITHDRAWN"}
                    assert change.attempts == 0
                behind = behind or change.state in OPEN

    def nothing_is_executed_twice_or_out_of_order(self):
        for person in self.people:
            numbers = {wish.id: n for n, wish in enumerate(person.wishes)}
            assert not any(sent.too_early for sent in self.sandbox.sent)
            calls = [sent for sent in self.sandbox.executed if sent.change in numbers]
            order = [numbers[sent.change] for sent in calls if sent.altered]
            assert order == sorted(order)
            once = [sent.change for sent in calls if sent.call.operation in NOT_REPEATABLE]
            assert len(once) == len(set(once))
            assert sum(sent.call.operation == "create" for sent in calls) <= 1

    def what_is_told_of_changes_is_so(self, states):
        for person in self.people:
            account = person.found
            for wish in person.wishes:
                executed = bool(self.sandbox.executed_for(wish.id))
                match states[wish.id]:
                    case "DONE":
                        assert executed or wish.applied(account) == account
                        account = wish.applied(account)
                    case "REJECTED":
                        assert not executed
                    case "WITHDRAWN":
                        assert not self.sandbox.sent_for(wish.id)

    def the_mirror_shows_what_was_confirmed(self, states):
        customers = Customer.objects.in_bulk()
        for person in self.people:
            customer, account = customers[person.pk], person.account(states)
            if person.is_closed(states):
                assert customer.status == "CLOSED"
            elif account is None:
                assert customer.status in {"REQUESTED", "REFUSED"}
            else:
                assert customer.status == "LIVE"
                for name in person.known(states):
                    ours, theirs = getattr(customer, name), account[name]
                    assert ours == theirs or (name == "website" and same_website(ours, theirs))

    def no_name_is_shared(self, states):
        held = [name for person in self.people for name in person.names(states)]
        assert len(held) == len(set(held))
