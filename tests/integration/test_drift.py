"""What somebody else altered at the distributor is kept, and the policy of the field applied."""

import pytest
from django.core.checks import run_checks
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from customers.distributor.rules import Operation
from customers.models import Change, Drift, Refresh
from customers.models import clock as database_clock
from customers.services import changes, drift, mirror
from customers.services.drift import Difference
from tests.integration.pages import many_customers
from tests.integration.steps import (
    ADAS,
    again,
    decide,
    deliver_all,
    deliver_until_settled,
    listed,
    live,
)

pytestmark = pytest.mark.django_db
DAY = 24 * 3600
State, Kind = Drift.State, Drift.Kind


@pytest.fixture
def customer(sandbox, clock):
    """A customer of ours with whom nothing went wrong lately."""
    customer = live()
    clock.forward(120)
    return customer


def altered(sandbox, **values):
    """Somebody else alters this over there, and the list is read."""
    sandbox.change(ADAS, **values)
    reading = mirror.refresh()
    assert reading.verdict == Refresh.Verdict.OK
    return reading


def drifts(*columns):
    return list(Drift.objects.order_by("pk").values_list(*columns))


def record(*differences, reading=None):
    with transaction.atomic():
        drift.record(differences, reading, database_clock.now())


def test_an_alteration_is_adopted_and_told(sandbox, customer):
    reading = altered(sandbox, city="Paris", active=False)

    assert again(customer).city == "Paris"
    told = Drift.objects.get(field="city")
    assert (told.customer, told.refresh, told.state) == (customer, reading, State.TOLD)
    assert (told.agreed, told.ours, told.theirs) == ("London", "London", "Paris")
    assert (told.kind, told.is_doubtful, told.decided_by) == (Kind.ALTERED, False, None)
    assert told.decided_at == told.seen_at
    switched = Drift.objects.get(field="active")
    assert (switched.kind, switched.agreed, switched.theirs) == (Kind.OFF, True, False)


def test_what_is_left_for_the_next_reading_is_no_drift_yet(sandbox, settings, clock):
    live()
    clock.forward(settings.SETTLE_TIME.total_seconds() - 5)
    altered(sandbox, city="Paris")
    assert not Drift.objects.exists()


def test_what_we_asked_for_ourselves_is_no_drift(sandbox, customer, clock):
    changes.ask(customer, Operation.PROFILE, {"city": "Paris"})
    deliver_all()
    clock.forward(120)
    mirror.refresh()
    assert not Drift.objects.exists()


def test_what_was_never_known_is_no_drift(sandbox, customer):
    record(Difference(customer.pk, "website_access", None, True))
    assert not Drift.objects.exists()


@pytest.mark.parametrize(
    ("agreed", "theirs", "kind"),
    [(False, True, "ON"), (True, False, "OFF"), ("", "Rome", "FILLED"), ("Rome", "", "EMPTIED"),
     ("rome", "Rome ", "SPELLING"), ("Rome", "Paris", "ALTERED")],
)  # fmt: skip
def test_what_was_done_to_the_value_has_a_name(sandbox, customer, agreed, theirs, kind):
    record(Difference(customer.pk, "city", agreed, theirs))
    assert Drift.objects.get().kind == kind


def test_a_field_may_want_a_person(sandbox, customer, settings):
    settings.DRIFT_ASK = ["active"]
    altered(sandbox, active=False, city="Paris")
    assert drifts("field", "state", "decided_at")[0] == ("active", State.OPEN, None)
    assert Drift.objects.get(field="city").state == State.TOLD


def test_a_field_may_be_pushed_back(sandbox, customer, settings):
    settings.DRIFT_PUSH_BACK = ["active"]
    altered(sandbox, active=False)
    pushing = Drift.objects.get()
    assert (pushing.state, pushing.decided_by) == (State.PUSHING, None)


@pytest.mark.parametrize("before", [State.PUSHED, State.PUSHING])
def test_whoever_alters_it_again_within_a_day_meets_a_person(
    sandbox, customer, settings, clock, before
):
    settings.DRIFT_PUSH_BACK = ["active"]
    altered(sandbox, active=False)
    Drift.objects.update(state=before)
    record(Difference(customer.pk, "active", True, "never"))
    latest = Drift.objects.latest("pk")
    assert (latest.state, latest.problem) == (State.OPEN, "AGAIN")

    Drift.objects.exclude(state=before).delete()
    Drift.objects.update(state=State.PUSHED)
    clock.forward(DAY)
    record(Difference(customer.pk, "active", True, False))
    assert Drift.objects.latest("pk").state == State.PUSHING


def test_what_waits_is_laid_over_what_was_agreed(sandbox, customer, settings):
    changes.ask(customer, Operation.PROFILE, {"city": "Rome"})
    altered(sandbox, city="Paris")
    assert drifts("agreed", "ours", "theirs") == [("London", "Rome", "Paris")]


def test_theirs_becomes_ours_again_and_the_question_is_gone(sandbox, customer, settings):
    settings.DRIFT_ASK = ["city", "website"]
    altered(sandbox, city="Paris", website="http://elsewhere.example")
    altered(sandbox, city="London", website="http://www.analytical.example")
    assert drifts("state") == [(State.GONE,), (State.GONE,)]
    assert None not in Drift.objects.values_list("decided_at", flat=True)


def test_altered_once_more_it_is_one_question_about_what_was_agreed(sandbox, customer, settings):
    settings.DRIFT_ASK = ["city"]
    altered(sandbox, city="Paris")
    altered(sandbox, city="Rome")
    assert drifts("agreed", "theirs", "state") == [
        ("London", "Paris", State.GONE),
        ("London", "Rome", State.OPEN),
    ]


def test_what_is_still_so_is_not_asked_again(sandbox, customer, settings):
    settings.DRIFT_ASK = ["city"]
    altered(sandbox, city="Paris")
    mirror.refresh()
    record(Difference(customer.pk, "city", "London", "Paris"))
    assert drifts("state") == [(State.OPEN,)]


def test_an_ignored_value_is_never_raised_again_and_another_one_is(
    sandbox, customer, settings, clock
):
    settings.DRIFT_ASK = ["city"]
    altered(sandbox, city="Paris")
    Drift.objects.update(state=State.IGNORED, decided_at=database_clock.now())
    altered(sandbox, city="London")
    altered(sandbox, city="Paris")
    assert drifts("state") == [(State.IGNORED,)]

    altered(sandbox, city="Rome")
    assert drifts("agreed", "theirs", "state")[1:] == [("London", "Rome", State.OPEN)]


@pytest.fixture
def pushes_all_back(settings):
    settings.DRIFT_PUSH_BACK = ["city"]


def near_a_doubt(sandbox):
    altered(sandbox, city="Paris")
    row = Drift.objects.get(field="city")
    return (row.is_doubtful, row.state) == (True, State.OPEN)


@pytest.mark.parametrize(("hours", "is_near"), [(1, True), (23, True), (25, False)])
def test_near_an_unanswered_call_a_person_decides(
    sandbox, customer, clock, pushes_all_back, hours, is_near
):
    sandbox.faults.append("lost")
    changes.ask(customer, Operation.ENABLE)
    deliver_until_settled(clock)
    customer.changes.latest("seq").attempt_set.looks().delete()
    clock.forward(hours * 3600)
    assert near_a_doubt(sandbox) == is_near


@pytest.mark.parametrize(("hours", "is_near"), [(1, True), (25, False)])
def test_near_a_look_a_person_decides(sandbox, customer, clock, pushes_all_back, hours, is_near):
    sandbox.faults.append("lost")
    changes.ask(customer, Operation.ENABLE)
    deliver_until_settled(clock)
    customer.changes.latest("seq").attempt_set.sends().delete()
    clock.forward(hours * 3600)
    assert near_a_doubt(sandbox) == is_near


def test_near_the_decision_about_a_change_a_person_decides(
    sandbox, customer, clock, pushes_all_back
):
    blocked = changes.ask(customer, Operation.ENABLE)
    Change.objects.filter(pk=blocked.pk).update(state=Change.State.BLOCKED)
    clock.forward(2 * DAY)
    record(Difference(customer.pk, "zip", "1", "2"))
    assert Drift.objects.get(field="zip").is_doubtful  # While it is blocked.
    decide(blocked, "REJECTED")
    clock.forward(3600)
    assert near_a_doubt(sandbox)


def test_the_doubt_of_one_customer_is_not_that_of_another(sandbox, customer, clock, settings):
    settings.DRIFT_ASK = ["city"]
    other = live("grace@navy.example")
    sandbox.faults.append("lost")
    changes.ask(other, Operation.ENABLE)
    deliver_until_settled(clock)
    clock.forward(120)
    altered(sandbox, city="Paris")
    assert drifts("is_doubtful") == [(False,)]


def test_our_own_change_of_the_field_ends_the_question(sandbox, customer, settings, clock):
    settings.DRIFT_ASK = ["city", "zip", "active"]
    altered(sandbox, city="Paris", zip="75001", active=False)
    changes.ask(customer, Operation.PROFILE, {"city": "Rome"})
    assert Drift.objects.open().count() == 3
    deliver_all()
    assert sorted(drifts("field", "state")) == [
        ("active", State.OPEN), ("city", State.GONE), ("zip", State.OPEN)
    ]  # fmt: skip
    changes.ask(customer, Operation.ENABLE)
    deliver_all()
    assert Drift.objects.get(field="active").state == State.GONE


def test_recording_costs_the_same_however_much_there_is(sandbox, settings):
    settings.DRIFT_ASK = ["city"]

    def statements(number):
        customers = many_customers(number)
        listed = [Difference(customer.pk, "city", "Rome", "Paris") for customer in customers]
        with CaptureQueriesContext(connection) as ran:
            record(*listed)
        return len([query for query in ran if "SAVEPOINT" not in query["sql"]])

    few, many = statements(2), statements(40)
    assert few == many
    assert Drift.objects.open().count() == 42


def test_a_whole_list_of_alterations_costs_no_more_statements(sandbox):
    listed(sandbox, 40)

    def statements(number):
        for n in range(number):
            sandbox.change(f"c{n}@navy.example", city=f"{number}")
        with CaptureQueriesContext(connection) as ran:
            mirror.refresh()
        return len([query for query in ran if "drift" in query["sql"]])

    assert statements(2) == statements(30)
    assert Drift.objects.count() == 32


@pytest.mark.parametrize(
    ("ask", "push", "problem"),
    [(["active"], ["city"], None), (["aktive"], [], "aktive"), ([], ["username"], "username"),
     (["city"], ["city", "zip"], "both name city.")],
)  # fmt: skip
def test_a_policy_for_no_field_or_two_for_one_are_refused(settings, ask, push, problem):
    settings.DRIFT_ASK, settings.DRIFT_PUSH_BACK = ask, push
    told = [error.msg for error in run_checks() if error.id.startswith("customers.")]
    assert len(told) == bool(problem)
    assert all(problem in words for words in told)
