"""A story of customers, workers and a distributor, told to the services and to the model alike."""

from datetime import timedelta
from itertools import groupby

import pytest
from hypothesis.stateful import RuleBasedStateMachine

from customers.distributor.rules import ROW_FIELDS, Operation, fold
from customers.models import (
    Alert,
    Attempt,
    Change,
    Customer,
    Decision,
    Drift,
    Gate,
    Listed,
    Refresh,
    Username,
)
from customers.services import changes, claims, delivery, gate, mirror, settling
from customers.services.errors import AskingError, NothingChanged, NotPossible
from customers.services.names import NameTaken
from tests.integration import oracle
from tests.integration.crashes import during_the_call
from tests.integration.model import REJECTED, Person, Wish, with_scheme
from tests.integration.steps import CONTROL, decide

TABLES = (Drift, Decision, Attempt, Change, Username, Listed, Refresh, Customer, Alert, Gate)
STRANGER = "stranger@navy.example"
COMPARED = (*ROW_FIELDS, "company", "website_access", "password")


class Story(RuleBasedStateMachine):
    """`sandbox`, `clock` and `settings` come with the subclass that is run."""

    people = None

    def begin_anew(self, *, has_control, written):
        for table in TABLES:
            table.objects.all()._raw_delete(using="default")
        self.people, self.strangers = [], {CONTROL, STRANGER}
        self.clock.ahead = timedelta()
        self.sandbox.forget()
        self.settings.DISTRIBUTOR_FORMAT = written
        self.settings.DISTRIBUTOR_CONTROL = CONTROL if has_control else ""
        self.sandbox.add_account(username=CONTROL)
        if not has_control:
            # Then it is a live customer of ours by whom a list that lies is found out. With
            # nobody else live such a list is believed: docs/reliability.md names that risk.
            mirror.refresh()
        self.sandbox.add_account(username=STRANGER)

    def person(self, number):
        """One of the latest."""
        return self.people[-1 - number % len(self.people)] if self.people else None

    def staying(self):
        states = self.states()
        gone = [p for p in self.people if p.is_closed(states) or p.is_closing(states)]
        return [person for person in self.people if person not in gone]

    def states(self):
        return dict(Change.objects.values_list("pk", "state"))

    def lines(self):
        ordered = Change.objects.order_by("customer", "seq")
        return [list(line) for _, line in groupby(ordered, lambda change: change.customer_id)]

    # Asking.

    def ask(self, number, operation, fields, password=""):
        if person := self.person(number):
            self.asked(person, operation, fields, password)

    def asked(self, person, operation, fields, password):
        """Ask, and see that it is accepted if it may be, and else for a true reason refused."""
        states = self.states()
        shown = (person.wanted(states) or {}) if operation != "create" else {}
        typed, fields = fields, {k: v for k, v in fields.items() if shown.get(k) != v}
        try:
            change = self._put(person, operation, typed, password)
        except (AskingError, NameTaken) as error:
            self._check_refusal(error, person, fields, states)
            return
        name = fold(fields.get("username", ""))
        assert not any(name in other.names(states) for other in self.people if other is not person)
        assert change.params == fields
        if person is None:
            person = Person(change.customer_id)
            self.people.append(person)
        is_occupied = name in map(fold, self.strangers)
        person.wishes.append(Wish(change.pk, operation, fields, password, is_occupied))

    def _put(self, person, operation, fields, password):
        customer = person and Customer.objects.get(pk=person.pk)
        if operation == "create":
            return changes.create(params=fields, password=password, refused=customer)
        return changes.ask(customer, Operation(operation), fields, password=password)

    def _check_refusal(self, error, person, fields, states):
        match error:
            case NotPossible(why="not_refused"):
                assert not person.is_refused(states)
            case NotPossible(why="refused"):
                assert person.is_refused(states)
            case NotPossible(why="closed"):
                assert person.is_closed(states)
            case NotPossible(why="closing"):
                assert person.is_closing(states)
            case NotPossible(why="not_email"):
                assert "@" not in person.wanted(states)["username"]
            case NothingChanged():
                wanted = person.wanted(states)["username"]
                assert not fields or fold(fields["username"]) == fold(wanted)
            case NameTaken():
                used = {fold(name) for other in self.people for name in other.names_ever()}
                assert fold(fields["username"]) in used | {fold(CONTROL)}
            case _:
                raise error

    # Deciding.

    def decide_truly(self, change, executed, not_executed):
        """A person knows whether it was executed, whether it still may be, and the password.

        The form takes no "again" without one where the one that waited was erased.
        """
        typed = self._wish(change).password if change.lacks_password else ""
        if self.sandbox.executed_for(change.pk):
            choice = executed
        else:
            choice = "AGAIN" if self.sandbox.holds(change.pk) else not_executed
        assert decide(change, choice, password=typed if choice == "AGAIN" else "")
        if choice != "AGAIN":
            self._wish(change).decided = choice

    def _wish(self, change):
        return next(w for person in self.people for w in person.wishes if w.id == change.pk)

    # Delivering.

    def deliver(self, person):
        """One step of what is due of them; whether there was any."""
        is_idle = not Change.objects.unfinished().filter(customer=person.pk).exists()
        if is_idle or not gate.lets_through():
            return False
        change = claims.claim(person.pk)
        if change:
            self.sandbox.expect(change, self.clock())
            delivery.deliver(change)
        return bool(change)

    def deliver_all(self):
        for _ in range(40):
            steps = [self.deliver(person) for person in self.people]
            if not any(steps):
                return
        raise AssertionError("they go on and on")

    def fault_of_next(self, person, kind):
        """What will be sent next of theirs meets this."""
        if person and kind:
            line = Change.objects.open().filter(customer=person.pk)
            if first := line.order_by("seq").first():
                self.sandbox.faults.add(kind, operation=first.operation)

    def deliver_overtaken(self, person, after, steps, *, before):
        """One step, in the middle of which time passes and another worker takes its steps."""
        settle = settling.settle

        def meanwhile():
            expected = self.sandbox.expected
            self.forward(after)
            for _ in range(steps):
                self.deliver(person)
            self.sandbox.expected = expected

        def settle_late(*args):
            patch.setattr(settling, "settle", settle)
            meanwhile()
            settle(*args)

        with pytest.MonkeyPatch.context() as patch:
            if before:
                during_the_call(patch, meanwhile)
            else:
                patch.setattr(settling, "settle", settle_late)
            self.deliver(person)

    def forward(self, after):
        """Time goes by; what the distributor may still execute it has executed by then."""
        then = self.clock() + timedelta(seconds=after)
        self.sandbox.execute_until(then)
        self.clock.forward(after)

    def meet_the_adopted(self):
        known = {person.pk for person in self.people}
        for customer in Customer.objects.exclude(pk__in=known).order_by("pk"):
            assert customer.username in self.strangers
            if customer.username != CONTROL:
                self.strangers.remove(customer.username)
                account = self.sandbox.account(customer.username)
                found = {field: account[field] for field in COMPARED}
                self.people.append(Person(customer.pk, found))

    # The end.

    def drain(self):
        for _ in range(60):
            self.deliver_all()
            for change in Change.objects.filter(state="BLOCKED"):
                person = next(p for p in self.people if p.pk == change.customer_id)
                refused = self._wish(change).is_refused(person.account(self.states()))
                self.decide_truly(change, "DONE", REJECTED if refused else "AGAIN")
            if not Change.objects.open().exists():
                return
            self.forward(41)
        raise AssertionError(list(Change.objects.open().values("operation", "state", "error")))

    def check_the_end(self):
        states = self.states()
        expected = {}
        for person in self.people:
            for wish, end in person.expected_ends(states):
                assert states[wish.id] == end, wish
                oracle.assert_over(Change(pk=wish.id))
            if account := person.account(states):
                customer = Customer.objects.get(pk=person.pk)
                assert customer.status == "LIVE"
                oracle.assert_named(customer)
                website = with_scheme(account["website"])
                expected[fold(account["username"])] = account | {"website": website}
        there = {fold(account["username"]): account for account in self.sandbox.accounts()}
        assert there.keys() == expected.keys() | {fold(name) for name in self.strangers}
        for name, account in expected.items():
            assert {field: there[name][field] for field in account} == account
