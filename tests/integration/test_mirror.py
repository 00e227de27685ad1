"""The mirror is refreshed from a list that is believed only as far as it proves itself."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.distributor.rules import Operation
from customers.models import Alert, Change, Customer, Drift, Listed, Refresh, Username
from customers.services import batches, changes, merge, mirror, readings, staging
from tests.integration.steps import (
    ADA,
    ADAS,
    GRACE,
    again,
    both_formats,
    create,
    deliver_all,
    deliver_until_settled,
    everything,
    list_again,
    listed,
    live,
)

pytestmark = pytest.mark.django_db
State = Change.State
Verdict = Refresh.Verdict


@pytest.fixture
def customer(sandbox, clock):
    """A customer of ours of whom a list may speak: all is settled, and for a while."""
    customer = live()
    clock.forward(120)
    return customer


@both_formats
@pytest.mark.parametrize("bare", [False, True])
def test_unknown_accounts_are_adopted(sandbox, settings, written, bare):
    settings.DISTRIBUTOR_FORMAT = written
    sandbox.add_account(username="Grace@Navy.example", first_name="Grâce", active=False)
    if bare:
        sandbox.faults.append("bare")

    reading = mirror.refresh()

    assert (reading.verdict, reading.listed, reading.adopted) == (Verdict.OK, 1, 1)
    adopted = Customer.objects.get()
    assert (adopted.status, adopted.origin) == ("LIVE", "distributor")
    assert (adopted.username, adopted.first_name) == ("Grace@Navy.example", "Grâce")
    assert (adopted.active, adopted.website_access) == (False, None)
    unknown = (adopted.company, adopted.package, adopted.ip, adopted.free_user)
    assert unknown == (None,) * 4
    name = Username.objects.get()
    assert (name.key, name.state, name.customer) == (GRACE, Username.State.LIVE, adopted)
    assert mirror.refresh().equal == 1
    assert not Listed.objects.exists()


@both_formats
def test_what_was_edited_over_there_is_taken_over(sandbox, settings, customer, written):
    settings.DISTRIBUTOR_FORMAT = written
    sandbox.change(ADAS, city="Łódź", active=False, company="Other Ltd", package="Silver")

    reading = mirror.refresh()

    assert (reading.updated, reading.equal, reading.left) == (1, 0, 0)
    after = again(customer)
    assert (after.city, after.active) == ("Łódź", False)
    assert (after.company, after.package) == (ADA["company"], ADA["package"])
    assert after.website_access is True
    assert after.seen_at == reading.started_at


def test_another_spelling_is_no_news_and_no_write(sandbox, customer):
    assert sandbox.account(ADAS)["website"] == f"http://{ADA['website']}"
    sandbox.store.change(ADAS, {"username": ADAS.upper(), "email": ADAS.upper()})
    before = everything()

    reading = mirror.refresh()

    assert (reading.equal, reading.updated) == (1, 0)
    assert everything() == before


def test_who_was_touched_since_or_shortly_before_is_left_alone(sandbox, clock, settings):
    customer = live()
    sandbox.change(ADAS, city="Paris")
    clock.forward(settings.SETTLE_TIME.total_seconds() - 5)
    reading = mirror.refresh()
    assert (reading.left, again(customer).city) == (1, "London")

    clock.forward(10)
    assert mirror.refresh().updated == 1
    assert again(customer).city == "Paris"


@pytest.mark.parametrize("state", [State.SENDING, State.IN_DOUBT, State.BLOCKED])
def test_whose_change_is_not_settled_is_left_alone(sandbox, customer, clock, state):
    change = changes.ask(customer, Operation.DISABLE)
    Change.objects.filter(pk=change.pk).update(state=state)
    sandbox.change(ADAS, city="Paris")
    assert mirror.refresh().left == 1
    assert again(customer).city == "London"

    sandbox.remove(ADAS)
    assert mirror.refresh().absent == 0
    assert again(customer).missing_since is None


def test_a_change_that_begins_while_the_list_is_read_wins(sandbox, customer, monkeypatch):
    """The test stands in the UPDATE itself, not before it."""
    sandbox.change(ADAS, city="Paris")
    real = merge.altered

    def meanwhile(*args):
        changes.ask(customer, Operation.PROFILE, {"city": "Rome"})
        deliver_all()
        return real(*args)

    monkeypatch.setattr(merge, "altered", meanwhile)

    reading = mirror.refresh()

    assert (reading.updated, reading.left) == (0, 1)
    assert again(customer).city == "Rome"
    assert not Drift.objects.exists()


def test_a_create_on_its_way_is_not_adopted_by_a_list_that_shows_it(sandbox, clock):
    sandbox.faults.append("lost")
    change = create()
    Change.objects.update(due_at=clock())
    sandbox.faults.add("503", times=10, operation="retrieve")
    deliver_all()
    sandbox.faults.clear()
    clock.forward(120)

    reading = mirror.refresh()

    assert (reading.adopted, reading.left) == (0, 1)
    assert not Alert.objects.exists()
    deliver_until_settled(clock)
    assert again(change).state == State.DONE
    assert Customer.objects.count() == 1


def test_a_name_asked_for_while_the_list_is_merged_is_not_adopted(sandbox, monkeypatch):
    sandbox.add_account(username=ADAS)
    real = merge.adopt

    def meanwhile(*args):
        create()
        real(*args)

    monkeypatch.setattr(merge, "adopt", meanwhile)

    reading = mirror.refresh()

    assert (reading.adopted, reading.left) == (0, 1)
    assert Username.objects.get().state == Username.State.PENDING


def test_a_former_name_is_adopted_once_it_is_held_no_more(sandbox, customer, clock):
    changes.ask(customer, Operation.USERNAME, {"username": GRACE})
    deliver_all()
    clock.forward(120)
    sandbox.add_account(username=ADAS)
    assert mirror.refresh().adopted == 0
    assert Alert.objects.get().kind == Alert.Kind.LISTED

    clock.forward(24 * 3600)
    assert mirror.refresh().adopted == 1
    name = Username.objects.get(key=ADAS)
    assert (name.state, name.until) == (Username.State.LIVE, None)
    assert name.customer != customer


def test_a_deleted_account_may_stay_listed_for_a_billing_cycle(sandbox, customer, clock):
    changes.ask(customer, Operation.DELETE)
    deliver_all()
    list_again(sandbox, ADAS)
    for days, alerts in ((1, 0), (29, 0), (2, 1), (1, 1)):
        clock.forward(days * 24 * 3600)
        assert mirror.refresh().adopted == 0
        assert Alert.objects.count() == alerts
    assert again(customer).status == Customer.Status.CLOSED


def test_a_name_that_was_refused_as_taken_and_is_in_our_own_list_alerts(sandbox, clock):
    sandbox.add_account(username=ADAS)
    create()
    deliver_all()
    clock.forward(120)

    reading = mirror.refresh()

    assert (reading.verdict, reading.adopted) == (Verdict.OK, 0)
    assert Alert.objects.get().subject == ADAS


def test_what_did_not_change_costs_no_statements_of_its_own(sandbox):
    def statements():
        with CaptureQueriesContext(
            connection,
        ) as context:
            reading = mirror.refresh()
        assert reading.equal == reading.listed
        return len(context)

    listed(sandbox, 3)
    few = statements()
    for n in range(200):
        sandbox.add_account(username=f"d{n}@navy.example")
    mirror.refresh()
    assert statements() == few


def test_rows_are_staged_and_laid_over_in_batches(sandbox, monkeypatch):
    monkeypatch.setattr(staging, "COPIED", 3)
    monkeypatch.setattr(staging, "INSERTED", 3)
    monkeypatch.setattr(batches, "FIRST", 2)
    monkeypatch.setattr(batches, "HELD", 0)
    listed(sandbox, 7)
    names = set(Username.objects.values_list("key", "customer__username"))
    assert names == {(f"c{n}@navy.example",) * 2 for n in range(7)}

    for n in (0, 2, 3, 4, 6):
        sandbox.change(f"c{n}@navy.example", city=f"City {n}")
    reading = mirror.refresh()

    assert (reading.updated, reading.equal, reading.merged) == (5, 2, 7)
    cities = dict(Customer.objects.values_list("username", "city"))
    assert cities == {
        f"c{n}@navy.example": "London" if n in {1, 5} else f"City {n}" for n in range(7)
    }
    assert not Listed.objects.exists()


def test_batches_are_written_by_the_same_statements(sandbox, monkeypatch):
    """Of each text of its own SQLite's client would keep what it was compiled to."""
    monkeypatch.setattr(batches, "HELD", 1e9)
    monkeypatch.setattr(batches, "FIRST", 1)
    texts = []

    def overhear(execute, sql, params, many, context):
        texts.append(" ".join(sql.split()))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(overhear):
        listed(sandbox, 7)  # In batches of 1, 2, 4.
        for n in (0, 2, 3, 5, 6):
            sandbox.change(f"c{n}@navy.example", city="Paris")
        assert mirror.refresh().updated == 5  # Of 1, 2, 2.

    def times(beginning):
        found = [it for it in texts if it.startswith(beginning)]
        return len(found), len(set(found))

    assert times("INSERT INTO customers_username") == (3, 1)
    assert times("INSERT INTO customers_customer ") == (3, 1)
    assert times("UPDATE customers_customer") == (3, 2)  # Keys in a row, and others.


def test_progress_can_be_followed(sandbox, monkeypatch):
    listed(sandbox, 4)
    sandbox.change("c2@navy.example", city="Paris")
    seen = []
    real = readings.go_on

    def noted(reading):
        real(reading)
        kept = again(reading)
        seen.append((kept.phase, kept.listed, kept.merged))

    monkeypatch.setattr(mirror, "go_on", noted)
    mirror.refresh()
    assert seen == [
        ("READING", 4, 0),
        ("CHECKING", 4, 0),
        ("MERGING", 4, 3),
        ("MERGING", 4, 3),
    ]


def test_fields_that_only_some_lists_show_are_used_where_they_come(sandbox, customer, monkeypatch):
    mirror.refresh()
    shown = {"website_access": "false", "address2": "Room 2", "id": "17"}
    real = sandbox.store.rows

    def rows(*args, **options):
        return ([row | shown for row in batch] for batch in real(*args, **options))

    monkeypatch.setattr(sandbox.store, "rows", rows)
    sandbox.add_account(username=GRACE)

    assert mirror.refresh().updated == 1

    for name in (ADAS, GRACE):
        it = Customer.objects.get(username=name)
        assert (it.website_access, it.address2, it.distributor_id) == (False, "Room 2", "17")
    assert Drift.objects.get().field == "website_access"

    monkeypatch.setattr(sandbox.store, "rows", real)
    sandbox.change(ADAS, city="Paris")
    assert mirror.refresh().updated == 1
    after = again(customer)
    assert (after.city, after.website_access, after.address2) == ("Paris", False, "Room 2")


def test_many_that_differ_cost_no_more_statements_than_one(sandbox):
    def statements(number):
        for n in range(number):
            sandbox.change(f"c{n}@navy.example", city=f"{number} {n}")
        with CaptureQueriesContext(connection) as context:
            assert mirror.refresh().updated == number
        return len(context)

    listed(sandbox, 50)
    assert statements(50) == statements(1)
