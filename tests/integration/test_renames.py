"""A rename that was made at the distributor is proposed, and a person says whether it is one."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.distributor.rules import Operation
from customers.forms.asking import NOT_POSSIBLE
from customers.models import Change, Customer, Drift, Refresh, Username, Verification
from customers.services import changes, drift_decisions, mirror, renames
from customers.services.errors import NotPossible
from tests.integration.pages import a_customer, everything, person
from tests.integration.steps import (
    ADA,
    ADAS,
    GRACE,
    NEW_NAME,
    again,
    at_once,
    commands,
    deliver_all,
    deliver_until_settled,
    live,
    somebody,
)

pytestmark = pytest.mark.django_db
State = Drift.State


@pytest.fixture
def customer(sandbox, clock):
    customer = live()
    for n in range(3):  # Of one alone a list that shows nobody else would be believed.
        sandbox.add_account(username=f"c{n}@navy.example")
    clock.forward(120)
    return customer


@pytest.fixture
def proposal(sandbox, customer):
    renamed(sandbox)
    return Drift.objects.get(field="username")


def renamed(sandbox, **values):
    """In the distributor's own console; then the list is read."""
    sandbox.store.change(ADAS, {"username": NEW_NAME, **values})
    return mirror.refresh()


def accept(proposal):
    return renames.accept(proposal, by=somebody()).state


def adopted():
    return Customer.objects.get(username=NEW_NAME)


def test_one_vanished_and_one_new_of_the_same_person_are_proposed(sandbox, customer):
    reading = renamed(sandbox)
    proposed = Drift.objects.get()
    assert (proposed.customer, proposed.field, proposed.state) == (customer, "username", "OPEN")
    assert (proposed.agreed, proposed.theirs) == (ADAS, NEW_NAME)
    assert proposed.refresh == reading
    assert again(customer).username == ADAS


@pytest.mark.parametrize(
    "values", [{"email": "other@example.com"}, {"first_name": "Eda"}, {"last_name": "Byron"}]
)
def test_another_person_is_not_proposed(sandbox, customer, values):
    renamed(sandbox, **values)
    assert not Drift.objects.exists()


@pytest.mark.parametrize(("numbers", "proposed"), [((1, 1), 1), ((1, 2), 0), ((None, 2), 1)])
def test_accounts_with_two_numbers_of_the_distributor_are_two(sandbox, customer, numbers, proposed):
    before, after = numbers
    Customer.objects.filter(pk=customer.pk).update(distributor_id=before)
    new = a_customer(NEW_NAME, origin="distributor", distributor_id=after, **{
        field: ADA[field] for field in ("email", "first_name", "last_name")})  # fmt: skip
    Customer.objects.filter(pk=customer.pk).update(missing_since=new.created_at)
    renames.propose(Refresh.objects.create(started_at=new.created_at, verdict="OK"))
    assert Drift.objects.count() == proposed


def test_another_spelling_of_the_e_mail_is_the_same_one(sandbox, customer):
    renamed(sandbox, email=ADAS.upper())
    assert Drift.objects.get().theirs == NEW_NAME


def test_an_account_that_was_there_all_along_is_not_proposed(sandbox, customer, clock):
    sandbox.add_account(username=NEW_NAME, **{
        field: ADA[field] for field in ("email", "first_name", "last_name")})  # fmt: skip
    mirror.refresh()
    clock.forward(2 * 3600)
    sandbox.remove(ADAS)
    mirror.refresh()
    assert again(customer).missing_since
    assert not Drift.objects.exists()


@pytest.mark.parametrize("who", ["two vanished", "two are new"])
def test_of_two_who_could_be_meant_none_is_proposed(sandbox, customer, clock, who):
    same = {field: ADA[field] for field in ("email", "first_name", "last_name")}
    if who == "two vanished":
        sandbox.add_account(username=GRACE, **same)
        mirror.refresh()
        sandbox.remove(GRACE)
    else:
        sandbox.add_account(username=GRACE, **same)
    renamed(sandbox)
    assert not Drift.objects.exists()


def test_it_is_proposed_once_and_never_again_once_it_was_ignored(sandbox, proposal, clock):
    mirror.refresh()
    assert Drift.objects.get() == proposal
    assert drift_decisions.decide(Drift.objects.all(), State.IGNORED, by=somebody()) == 1
    mirror.refresh()
    assert Drift.objects.get().state == State.IGNORED


def test_no_policy_and_no_button_for_many_adopts_a_rename(sandbox, customer, settings):
    settings.DRIFT_PUSH_BACK = ["username"]
    renamed(sandbox)
    for choice in (State.ADOPTED, State.PUSHING):
        assert not drift_decisions.decide(Drift.objects.all(), choice, by=somebody())
    assert Drift.objects.get().state == State.OPEN


def test_accepted_the_customer_has_the_new_name_and_the_other_row_is_gone(
    sandbox, customer, proposal, clock
):
    other = adopted()
    assert accept(proposal) == State.ADOPTED

    after = again(customer)
    assert (after.username, after.status, after.missing_since) == (NEW_NAME, "LIVE", None)
    assert (after.package, after.company) == (ADA["package"], ADA["company"])
    assert (after.website_access, after.origin) == (True, "console")
    assert not Customer.objects.filter(pk=other.pk).exists()
    names = Username.objects.filter(customer=customer).order_by("key")
    assert [(name.key, name.state) for name in names] == [
        (ADAS, Username.State.RELEASED),
        (NEW_NAME, Username.State.LIVE),
    ]
    assert names[0].until - names[0].since == timedelta(days=1)
    decided = again(proposal)
    assert (decided.decided_by, decided.problem) == (somebody(), "")
    assert commands(sandbox) == ["create"]

    clock.forward(120)
    reading = mirror.refresh()
    assert (reading.updated, reading.adopted, reading.absent) == (0, 0, 0)
    assert Drift.objects.count() == 1


def test_a_list_that_was_read_before_says_nothing_about_the_customer_any_more(
    sandbox, customer, proposal
):
    accept(proposal)
    sandbox.change(NEW_NAME, city="Paris")
    assert mirror.refresh().left == 1


def test_what_else_was_altered_with_the_rename_is_drift(sandbox, customer, settings):
    settings.DRIFT_ASK = ["city"]
    renamed(sandbox, city="Paris", website="http://www.analytical.example", active=False)
    accept(Drift.objects.get())

    assert (again(customer).city, again(customer).active) == ("Paris", False)
    found = Drift.objects.exclude(field="username").order_by("field")
    assert [(row.field, row.agreed, row.theirs, row.state) for row in found] == [
        ("active", True, False, State.TOLD),
        ("city", "London", "Paris", State.OPEN),
    ]


def test_what_happened_to_the_new_row_is_the_customers_history(
    sandbox, customer, proposal, clock, settings
):
    settings.DRIFT_ASK = ["city"]
    other = adopted()
    asked = changes.ask(other, Operation.PROFILE, {"company": "Engines & Daughters"})
    renamed_again = changes.ask(other, Operation.USERNAME, {"username": GRACE})
    deliver_all()
    clock.forward(120)
    Drift.objects.filter(pk=proposal.pk).update(theirs=GRACE)
    sandbox.change(GRACE, city="Paris")
    mirror.refresh()
    told = Drift.objects.get(field="city")
    Customer.objects.filter(pk=other.pk).update(account_manager=person(username="ana2"))

    assert accept(again(proposal)) == State.ADOPTED

    assert [change.pk for change in customer.changes.order_by("seq")][1:] == [
        asked.pk,
        renamed_again.pk,
    ]
    assert again(told).customer == customer
    after = again(customer)
    assert (after.company, after.username) == ("Engines & Daughters", GRACE)
    assert after.account_manager.username == "ana2"
    names = Username.objects.filter(customer=customer).values_list("key", "state")
    assert dict(names) == {ADAS: "RELEASED", NEW_NAME: "RELEASED", GRACE: "LIVE"}
    changes.ask(customer, Operation.DISABLE)
    deliver_all()
    assert not sandbox.account(GRACE)["active"]


@pytest.mark.parametrize("looked", [("old",), ("new",), ("old", "new")])
def test_the_latest_look_at_either_is_kept_that_of_the_present_account_first(
    customer, proposal, clock, looked
):
    """Whoever finds a customer gone looks at both before they say that it is one."""
    rows = {"old": customer, "new": adopted()}
    for which in looked:
        Verification.objects.create(
            customer=rows[which], begun_at=clock(), outcome="EQUAL", said=which
        )

    assert accept(proposal) == State.ADOPTED

    kept = Verification.objects.get()
    assert (kept.customer, kept.said) == (customer, looked[-1])


def test_an_open_question_about_the_new_row_is_asked_of_the_customer(
    sandbox, customer, proposal, clock, settings
):
    settings.DRIFT_ASK = ["city"]
    sandbox.change(NEW_NAME, city="Paris")
    clock.forward(120)
    mirror.refresh()
    accept(proposal)
    about_city = Drift.objects.filter(field="city").order_by("pk")
    assert [(row.customer, row.state) for row in about_city] == [
        (customer, State.GONE),
        (customer, State.OPEN),
    ]


@pytest.mark.parametrize("whose", ["old", "new"])
def test_nothing_is_united_while_a_change_of_one_is_open(sandbox, customer, proposal, whose):
    one = customer if whose == "old" else adopted()
    changes.ask(one, Operation.DISABLE)
    assert accept(proposal) == State.OPEN
    assert again(proposal).problem == "UNSETTLED"
    assert adopted() != customer

    Change.objects.filter(customer=one).update(state="WITHDRAWN", settled_at=again(one).created_at)
    assert accept(proposal) == State.ADOPTED


def test_who_came_back_was_not_renamed(sandbox, customer, proposal):
    sandbox.add_account(username=ADAS, **{
        field: ADA[field] for field in ("email", "first_name", "last_name")})  # fmt: skip
    mirror.refresh()
    assert again(proposal).state == State.GONE
    assert adopted() != customer


def test_a_new_account_that_vanished_in_its_turn_ends_the_proposal(sandbox, proposal, clock):
    clock.forward(120)
    sandbox.remove(NEW_NAME)
    mirror.refresh()
    assert again(proposal).state == State.GONE


@pytest.mark.parametrize(
    "meanwhile",
    [lambda: Customer.objects.filter(username=ADAS).update(missing_since=None),
     lambda: Customer.objects.filter(username=ADAS).update(status="CLOSED"),
     lambda: Customer.objects.filter(username=NEW_NAME).update(status="CLOSED"),
     lambda: Username.objects.filter(key=NEW_NAME).delete()],
)  # fmt: skip
def test_accepted_too_late_it_is_gone_and_nothing_else_is_written(proposal, meanwhile):
    meanwhile()
    before = everything()
    assert accept(proposal) == State.GONE
    changed = {table for table, rows in everything().items() if rows != before[table]}
    assert changed <= {"customers.Drift", "auth.User"}


@pytest.mark.django_db(transaction=True)
def test_of_two_who_accept_at_once_one_does(sandbox, customer, proposal):
    somebody()
    assert set(at_once(lambda: accept(proposal), lambda: accept(proposal))) == {State.ADOPTED}
    assert Customer.objects.filter(username=NEW_NAME).count() == 1


def test_renamed_back_by_an_ordinary_change_the_old_name_is_had_again(
    sandbox, customer, proposal, clock
):
    accept(proposal)
    changes.ask(customer, Operation.USERNAME, {"username": ADAS})
    deliver_until_settled(clock)
    assert again(customer).username == ADAS
    assert sandbox.account(ADAS)


def test_without_anybody_who_vanished_it_costs_two_statements(sandbox, customer):
    reading = mirror.refresh()
    with CaptureQueriesContext(connection) as ran:
        renames.propose(reading)
    assert len(ran) == 2


def test_who_saves_a_form_of_the_row_that_went_is_told_where_to_ask(sandbox, proposal):
    gone = adopted()
    assert accept(proposal) == State.ADOPTED

    with pytest.raises(NotPossible) as told:
        changes.ask(gone, Operation.DISABLE)

    assert "one with another" in NOT_POSSIBLE[told.value.why]
