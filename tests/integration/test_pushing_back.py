"""What a person or a policy wants back as it was: an ordinary change, or the reason why not."""

import pytest
from django.core.management import call_command
from django.db import connection

from customers import rounds
from customers.distributor.rules import Operation
from customers.models import Change, Customer, Drift
from customers.services import changes, drift_decisions, mirror
from customers.services.pushing_back import push_back, push_back_due
from tests.integration.steps import (
    ADAS,
    again,
    at_once,
    commands,
    deliver_all,
    list_again,
    listed,
    live,
    somebody,
)

pytestmark = pytest.mark.django_db
State, Problem = Drift.State, Drift.Problem


@pytest.fixture
def customer(sandbox, clock, settings):
    """Of ours, and with a person for every field that somebody else alters."""
    customer = live()
    clock.forward(120)
    settings.DRIFT_ASK = ["email", "active", "website_access", "city", "phone"]
    return customer


def altered(sandbox, **values):
    sandbox.change(ADAS, **values)
    mirror.refresh()
    return Drift.objects.latest("pk")


def decide(choice, rows=None):
    return drift_decisions.decide(rows or Drift.objects.all(), choice, by=somebody())


def pushed(row):
    """As a person presses the button and the round comes by."""
    assert decide(State.PUSHING, Drift.objects.filter(pk=row.pk)) == 1
    assert push_back_due() == 1
    return again(row)


@pytest.mark.parametrize(
    ("values", "operation"),
    [({"active": False}, "disable"), ({"city": "Paris"}, "profile"),
     ({"email": "thief@example.com"}, "email")],
)  # fmt: skip
def test_what_was_agreed_is_asked_for_and_delivered(sandbox, customer, values, operation):
    (field,) = values
    before = sandbox.account(ADAS)[field]
    row = pushed(altered(sandbox, **values))

    assert (row.state, row.decided_by, row.problem) == (State.PUSHED, somebody(), "")
    change = row.change
    assert change.operation == ("enable" if operation == "disable" else operation)
    assert (change.asked_by, change.customer) == (somebody(), customer)
    assert change.reason == "Pushed back: it was altered at the distributor."
    deliver_all()
    assert sandbox.account(ADAS)[field] == before
    assert mirror.refresh().updated == 0
    assert again(row).state == State.PUSHED


@pytest.mark.parametrize("agreed", [True, False])
def test_both_switches_are_put_back_to_where_they_stood(sandbox, customer, agreed):
    for field in ("active", "website_access"):
        Customer.objects.update(**{field: not agreed})
        Drift.objects.create(
            customer=customer, field=field, agreed=agreed, ours=agreed, theirs=not agreed,
            seen_at=customer.created_at,
        )  # fmt: skip
    decide(State.PUSHING)
    push_back_due()
    wanted = {"enable", "website_enable"} if agreed else {"disable", "website_disable"}
    assert set(Change.objects.filter(seq__gt=1).values_list("operation", flat=True)) == wanted


def test_a_policy_pushes_back_without_anybody(sandbox, customer, settings):
    settings.DRIFT_ASK, settings.DRIFT_PUSH_BACK = [], ["active"]
    row = altered(sandbox, active=False)
    assert row.state == State.PUSHING
    rounds.push_back()
    assert (again(row).state, again(row).decided_by) == (State.PUSHED, None)
    assert again(row).change.asked_by is None
    deliver_all()
    assert sandbox.account(ADAS)["active"]


def test_without_a_broker_the_command_pushes_back_and_delivers(sandbox, customer, settings, capsys):
    settings.DRIFT_ASK, settings.DRIFT_PUSH_BACK = [], ["active"]
    altered(sandbox, active=False)
    call_command("deliver")
    assert sandbox.account(ADAS)["active"]


def test_it_is_asked_for_once_however_often_rounds_come_by(sandbox, customer):
    row = altered(sandbox, city="Paris")
    decide(State.PUSHING)
    assert [push_back([row.pk]), push_back([row.pk]), push_back_due()] == [1, 0, 0]
    assert customer.changes.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_rounds_at_once_ask_once(sandbox, customer):
    row = altered(sandbox, city="Paris")
    decide(State.PUSHING)
    assert sorted(at_once(push_back_due, push_back_due)) == [0, 1]
    assert again(row).state == State.PUSHED
    assert customer.changes.count() == 2


def stands_open(row, problem):
    assert (row.state, row.problem, row.change) == (State.OPEN, problem, None)
    assert (row.decided_by, row.decided_at) == (None, None)
    return True


def test_of_whom_is_not_live_nothing_is_asked(sandbox, customer):
    row = altered(sandbox, city="Paris")
    Customer.objects.update(status="MISSING")
    assert stands_open(pushed(row), Problem.NOT_LIVE)
    assert customer.changes.count() == 1


def test_what_is_on_its_way_already_is_not_pushed_back(sandbox, customer):
    row = altered(sandbox, city="Paris")
    changes.ask(customer, Operation.PROFILE, {"phone": "1"})
    assert pushed(row).state == State.PUSHED  # Another field is in nobody's way.

    row = altered(sandbox, phone="2")
    assert stands_open(pushed(row), Problem.ON_ITS_WAY)


def test_of_whom_is_being_deleted_nothing_is_asked(sandbox, customer):
    row = altered(sandbox, city="Paris")
    changes.ask(customer, Operation.DELETE)
    assert stands_open(pushed(row), Problem.CLOSING)


def test_a_name_that_is_no_e_mail_is_not_switched(sandbox, clock, settings):
    settings.DRIFT_ASK = ["active"]
    listed(sandbox, 1)
    Customer.objects.update(username="plain")
    Drift.objects.create(
        customer=Customer.objects.get(), field="active", agreed=False, ours=False, theirs=True,
        seen_at=Customer.objects.get().created_at,
    )  # fmt: skip
    assert stands_open(pushed(Drift.objects.get()), Problem.NOT_EMAIL)


@pytest.mark.parametrize(("agreed", "problem"), [("", Problem.EMPTY), ("x" * 101, Problem.RULES)])
def test_what_the_rules_forbid_is_not_asked_for(sandbox, customer, agreed, problem):
    Customer.objects.update(city=agreed)
    assert stands_open(pushed(altered(sandbox, city="Paris")), problem)


def test_one_that_cannot_be_pushed_back_does_not_hold_up_the_others(sandbox, customer):
    Customer.objects.update(city="")
    altered(sandbox, city="Paris", phone="1")
    decide(State.PUSHING)
    assert push_back_due() == 2
    assert dict(Drift.objects.values_list("field", "state")) == {
        "city": State.OPEN,
        "phone": State.PUSHED,
    }


def test_what_was_altered_once_more_is_gone(sandbox, customer):
    row = altered(sandbox, city="Paris")
    decide(State.PUSHING)
    altered(sandbox, city="Rome")
    assert push_back_due() == 0
    assert again(row).state == State.GONE


def test_what_was_told_is_pushed_back_while_it_still_stands(sandbox, customer, settings):
    settings.DRIFT_ASK = []
    first, second = altered(sandbox, city="Paris"), altered(sandbox, city="Rome")
    third = altered(sandbox, city="Paris")
    assert decide(State.PUSHING) == 3
    assert push_back_due() == 3
    assert [again(row).state for row in (first, second)] == [State.GONE] * 2
    assert (again(third).state, again(third).change.params) == (State.PUSHED, {"city": "Rome"})


def test_refused_a_person_is_asked_again_and_may_push_back_again(sandbox, customer):
    row = pushed(altered(sandbox, city="Paris"))
    sandbox.remove(ADAS)
    deliver_all()
    refused = again(row)
    assert (refused.state, refused.problem) == (State.OPEN, Problem.REFUSED)
    assert (refused.change, refused.decided_by, refused.decided_at) == (row.change, None, None)

    list_again(sandbox, ADAS)
    anew = pushed(refused)
    deliver_all()
    assert (anew.state, anew.problem) == (State.PUSHED, "")
    assert anew.change != row.change
    assert sandbox.account(ADAS)["city"] == "London"


def test_refused_when_the_field_was_altered_once_more_the_newer_question_stands(sandbox, customer):
    row = pushed(altered(sandbox, city="Paris"))
    newer = altered(sandbox, city="Rome")
    sandbox.remove(ADAS)
    deliver_all()
    assert (again(row).state, again(newer).state) == (State.PUSHED, State.OPEN)


def test_a_change_of_ours_that_came_first_leaves_nothing_to_push_back(sandbox, customer):
    row = altered(sandbox, city="Paris")
    changes.ask(customer, Operation.PROFILE, {"city": "Rome"})
    deliver_all()
    assert decide(State.PUSHING) == 0
    assert again(row).state == State.GONE


@pytest.mark.parametrize("choice", [State.ADOPTED, State.IGNORED, State.PUSHING])
def test_a_second_decision_finds_it_decided(sandbox, customer, choice):
    row = altered(sandbox, city="Paris")
    assert decide(choice) == 1
    decided = again(row)
    assert (decided.state, decided.decided_by) == (choice, somebody())
    assert decide(State.ADOPTED) == 0
    assert again(row).state == choice


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_one_does(sandbox, customer):
    altered(sandbox, city="Paris")
    each = at_once(lambda: decide(State.ADOPTED), lambda: decide(State.IGNORED))
    assert sorted(each) == [0, 1]


def test_deciding_about_many_is_one_statement(sandbox, customer, django_assert_num_queries):
    altered(sandbox, city="Paris", phone="1", active=False)
    who = somebody()
    decide(State.ADOPTED, Drift.objects.none())
    times = connection.vendor == "postgresql"  # It is asked for the time; SQLite is not.
    with django_assert_num_queries(1 + times):
        drift_decisions.decide(Drift.objects.all(), State.ADOPTED, by=who)
    assert commands(sandbox) == ["create"]
