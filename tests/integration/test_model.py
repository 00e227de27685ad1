"""The whole service layer against a dict: whatever people ask and whatever goes wrong meanwhile,
the distributor's accounts end as the dict says, and nothing untrue is told on the way."""

import os
from datetime import UTC, datetime

import pytest
from django.conf import settings as django_settings
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from customers.models import Change
from customers.models import clock as database_clock
from customers.services import guard, mirror
from tests.integration.crash_points import crash_points
from tests.integration.late import LateDistributor
from tests.integration.model import (
    BAD_EMAIL,
    BAD_NAME,
    BAD_PASSWORD,
    BAD_ZIP,
    DONE,
    NOT_FOR_SWITCHES,
    REJECTED,
    SWITCHES,
    WITHDRAWN,
)
from tests.integration.steps import ADA, MovableClock, withdraw
from tests.integration.story import STRANGER
from tests.integration.truths import Truths

pytestmark = pytest.mark.django_db(transaction=True)

# With a number of one's own the examples are new ones in every run.
EXAMPLES = os.environ.get("MODEL_EXAMPLES")
RUN = settings(
    max_examples=int(EXAMPLES or 200),
    stateful_step_count=int(os.environ.get("MODEL_STEPS", "20")),
    derandomize=not EXAMPLES,
    deadline=None,
    database=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
PEOPLE = 2
FAULTS = (
    *("lost", "dropped", "late", "500", "500-after", "503", "cut", "garbage", "html"),
    *("429", "credentials", "401"),
)

# Fixed choices, whatever has happened: the same numbers lead to the same story again.
which = st.integers(0, PEOPLE - 1)
people_names = [f"{who}@navy.example" for who in ("ada", "grace", "hedy", "Ada")]
names = st.sampled_from([*people_names, NOT_FOR_SWITCHES, STRANGER])
emails = st.sampled_from(["one@mail.example", "two@mail.example", BAD_EMAIL])
passwords = st.sampled_from(["first-engine", "second-engine", "third-engine", BAD_PASSWORD])
profiles = st.fixed_dictionaries(
    {},
    optional={
        "city": st.sampled_from(["Zürich", "Paris", "London"]),
        "zip": st.sampled_from(["8001", "75001", BAD_ZIP]),
        "company": st.sampled_from(["Engines AG", "Moteurs SA"]),
        "website": st.sampled_from(["engines.example", "http://moteurs.example"]),
    },
)
seconds = st.sampled_from([1, 3, 15, 31, 79, 95, 700, 90_000])
# Most of all those after which nobody knows.
faults = st.none() | st.sampled_from(["lost", "dropped", "late"]) | st.sampled_from(FAULTS)


class ServiceLayer(Truths):
    @initialize(
        has_control=st.booleans(),
        written=st.sampled_from(["json", "xml"]),
        met=st.lists(faults, max_size=PEOPLE),
    )
    def begin(self, has_control, written, met):
        self.begin_anew(has_control=has_control, written=written)
        for name, fault in zip(people_names, met, strict=False):
            self.asked(None, "create", ADA | {"username": name}, "first-engine")
            self.fault_of_next(self.people[-1], fault)
            self.deliver(self.people[-1])

    # What people do.

    @rule(name=names, email=emails, password=passwords)
    def create(self, name, email, password):
        if len(self.staying()) < PEOPLE:
            self.asked(None, "create", ADA | {"username": name, "email": email}, password)

    @rule(number=which, fields=profiles)
    def profile(self, number, fields):
        self.ask(number, "profile", fields)

    @rule(number=which, email=emails)
    def email(self, number, email):
        self.ask(number, "email", {"email": email})

    @rule(number=which, name=names | st.just(BAD_NAME))
    def rename(self, number, name):
        self.ask(number, "username", {"username": name})

    @rule(number=which, password=passwords)
    def password(self, number, password):
        self.ask(number, "password", {}, password)

    @rule(number=which, operation=st.sampled_from(sorted(SWITCHES)))
    def switch(self, number, operation):
        self.ask(number, operation, {})

    @rule(number=which)
    def delete(self, number):
        self.ask(number, "delete", {})

    @rule(number=which, name=names, email=emails, password=passwords)
    def correct(self, number, name, email, password):
        self.ask(number, "create", ADA | {"username": name, "email": email}, password)

    @rule(number=which, place=st.integers(0, 3))
    def withdraw(self, number, place):
        person = self.person(number)
        if person and person.wishes:
            wish = person.wishes[-1 - place % len(person.wishes)]
            if withdraw(Change.objects.get(pk=wish.id)):
                wish.decided = WITHDRAWN

    @rule(number=which, executed=st.sampled_from([DONE, "AGAIN"]), not_executed=st.booleans())
    def decide(self, number, executed, not_executed):
        if person := self.person(number):
            for change in Change.objects.filter(customer=person.pk, state="BLOCKED"):
                self.decide_truly(change, executed, REJECTED if not_executed else "AGAIN")

    # What workers do.

    @rule(number=which, fault=faults, steps=st.integers(1, 3))
    def deliver_to(self, number, fault, steps):
        if person := self.person(number):
            self.fault_of_next(person, fault)
            for _ in range(steps):
                self.deliver(person)

    @rule(after=seconds, fault=faults, number=which)
    def work(self, after, fault, number):
        self.fault_of_next(self.person(number), fault)
        self.forward(after)
        self.deliver_all()

    @rule(number=which, at=st.integers(1, 60), fault=faults)
    def worker_dies(self, number, at, fault):
        if person := self.person(number):
            self.fault_of_next(person, fault)
            with crash_points(at) as points:
                self.deliver(person)
            if points.dead:
                self.sandbox.wait_until_idle()

    @rule(number=which, before=st.booleans(), after=seconds, steps=st.integers(0, 5), fault=faults)
    def worker_freezes(self, number, before, after, steps, fault):
        """Before its call or after it. Others take over, and it goes on all the same."""
        if person := self.person(number):
            self.fault_of_next(person, fault)
            # Longer than the settle time before its call: the risk that is left.
            after = min(after, 79) if before else after
            self.deliver_overtaken(person, after, steps, before=before)

    @rule(meanwhile=st.none() | which, after=seconds, lies=st.sampled_from([False, False, True]))
    def refresh(self, meanwhile, after, lies):
        """Something is delivered between the reading of the list and its merging, or nothing."""
        person = None if meanwhile is None else self.person(meanwhile)
        judge = guard.suspicion

        def judge_late(reading):
            self.deliver(person)
            return judge(reading)

        self.forward(after)
        if lies:
            self.sandbox.faults.add("empty", times=10_000)
        with pytest.MonkeyPatch.context() as patch:
            if person:
                patch.setattr(guard, "suspicion", judge_late)
            mirror.refresh()
        self.meet_the_adopted()

    # What happens to them.

    @rule(after=seconds)
    def time_passes(self, after):
        self.forward(after)

    @rule(kind=st.sampled_from(FAULTS), operation=st.sampled_from([None, "retrieve"]))
    def fault(self, kind, operation):
        self.sandbox.faults.add(kind, operation=operation)

    @rule(number=which, fault=faults, after=seconds)
    def lists_lie(self, number, fault, after):
        self.sandbox.faults.add("empty", times=10_000)
        if person := self.person(number):
            self.fault_of_next(person, fault)
            for _ in range(4):
                self.deliver(person)
                self.forward(after)

    @rule()
    def all_is_well_again(self):
        self.sandbox.faults.clear()

    @rule(number=which)
    def late_call_is_executed(self, number):
        if held := self.sandbox.held:
            self.sandbox.execute_late(held[number % len(held)])

    def teardown(self):
        if self.people is None:
            return
        self.sandbox.faults.clear()
        self.drain()
        self.forward(700)
        mirror.refresh()
        self.meet_the_adopted()
        self.check_the_end()


def test_whatever_is_asked_and_goes_wrong_ends_as_the_model_says(monkeypatch, settings, caplog):
    caplog.set_level("CRITICAL", logger="customers")
    start = datetime.now(UTC)
    clock = MovableClock(lambda: start)
    monkeypatch.setattr(database_clock, "now", clock)
    settings.DISTRIBUTOR_RATE = settings.DISTRIBUTOR_BURST = 10**6
    with LateDistributor() as sandbox:
        settings.DISTRIBUTOR_URL = sandbox.url
        # Not by the fixture, which lays one layer over the other: a thousand stories are too many.
        world = {"sandbox": sandbox, "clock": clock, "settings": django_settings}
        run_state_machine_as_test(type("ServiceLayer", (ServiceLayer,), world), settings=RUN)
