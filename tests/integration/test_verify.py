"""Verify now: one customer is looked up by name, by the rules of a refresh."""

import pytest

from customers import tasks
from customers.distributor.rules import Operation
from customers.models import Change, Customer, Drift, Gate, Refresh, Verification
from customers.sandbox import operations
from customers.services import changes, merge, mirror, verify
from tests.integration.pages import Page, a_customer, asks_again, signed_in
from tests.integration.steps import (
    ADA,
    ADAS,
    GRACE,
    again,
    deliver_all,
    everything,
    list_again,
    live,
    somebody,
)

pytestmark = pytest.mark.django_db
State = Change.State
Outcome = Verification.Outcome


@pytest.fixture
def customer(sandbox, control, clock):
    customer = live()
    clock.forward(120)
    return customer


@pytest.fixture
def console(db):
    return signed_in("Managers", username="maria")


def looked(customer):
    verify.verify(customer.pk, somebody().pk)
    return Verification.objects.get(customer=customer)


def verified_at(customer):
    return Customer.objects.with_verified_at().get(pk=customer.pk).verified_at


def page_of(console, customer):
    return Page(console.get(customer.get_absolute_url())).words


# --- What a look does ----------------------------------------------------------------------------


def test_who_is_as_here_is_verified_and_no_column_changes(sandbox, customer, console):
    before = again(customer)
    look = looked(customer)

    assert (look.outcome, look.fields, look.asked_by) == (Outcome.EQUAL, [], somebody())
    assert sandbox.operations()[-2:] == ["retrieve"] * 2  # By name, and with the company.
    assert verified_at(customer) == look.begun_at
    after = again(customer)
    assert (after.touched_at, after.seen_at) == (look.begun_at, look.begun_at)
    after.touched_at, after.seen_at = before.touched_at, before.seen_at
    assert {f.name: getattr(after, f.name) for f in Customer._meta.fields} == {
        f.name: getattr(before, f.name) for f in Customer._meta.fields
    }
    assert not Drift.objects.exists()
    words = page_of(console, customer)
    assert "Verified: the distributor shows the account as it stands here." in words
    assert "asked by ana" in words


def test_what_differs_is_taken_over_and_kept_as_drift(sandbox, customer, console):
    sandbox.change(ADAS, phone="0815", city="Łódź")
    look = looked(customer)

    assert (look.outcome, set(look.fields)) == (Outcome.DIFFERED, {"phone", "city"})
    after = again(customer)
    assert (after.phone, after.city, after.seen_at) == ("0815", "Łódź", look.begun_at)
    kept = Drift.objects.get(field="phone")
    assert (kept.agreed, kept.theirs, kept.refresh) == (ADA["phone"], "0815", None)
    assert "Differed: City, Phone. What the distributor has is" in page_of(console, customer)
    assert looked(customer).outcome == Outcome.EQUAL


def test_who_is_not_found_is_noted_if_the_control_was_seen_and_back_when_found(
    sandbox, customer, clock, console
):
    first = mirror.refresh()
    sandbox.change(ADAS, closed=True)
    clock.forward(120)
    look = looked(customer)

    assert look.outcome == Outcome.ABSENT
    gone = again(customer)
    assert (gone.status, gone.missing_since) == (Customer.Status.LIVE, look.begun_at)
    assert verified_at(customer) == first.started_at
    assert "Not found under this username, while another" in page_of(console, customer)

    Customer.objects.filter(pk=customer.pk).update(status=Customer.Status.MISSING)
    list_again(sandbox, ADAS)
    assert looked(customer).outcome == Outcome.EQUAL
    back = again(customer)
    assert (back.status, back.missing_since) == (Customer.Status.LIVE, None)


def test_who_is_not_found_in_a_reading_that_shows_no_control_is_not_missing(
    sandbox, settings, customer, console
):
    settings.DISTRIBUTOR_CONTROL = GRACE
    sandbox.change(ADAS, closed=True)
    assert looked(customer).outcome == Outcome.NO_CONTROL
    assert again(customer).missing_since is None
    assert "this reading cannot be trusted" in page_of(console, customer)


def test_where_nobody_else_is_live_the_whole_list_is_read(sandbox, settings, customer):
    settings.DISTRIBUTOR_CONTROL = ""
    sandbox.change(ADAS, closed=True)
    assert looked(customer).outcome == Outcome.ABSENT
    assert again(customer).missing_since


def test_more_than_the_exact_name_may_come_back(sandbox, customer):
    sandbox.add_account(username=f"x{ADAS}", city="Paris")
    assert looked(customer).outcome == Outcome.EQUAL
    assert again(customer).city == "London"


@pytest.mark.parametrize("fault", ["503", "dropped", "garbage", "cut", "credentials"])
def test_no_answer_says_so_and_changes_nothing(sandbox, customer, console, fault):
    before = again(customer)
    sandbox.change(ADAS, city="Paris")
    sandbox.faults.add(fault, operation="retrieve")
    look = looked(customer)

    assert (look.outcome, bool(look.said)) == (Outcome.NO_ANSWER, True)
    after = again(customer)
    assert (after.city, after.seen_at) == (before.city, before.seen_at)
    Gate.objects.update(failures=0, denied=False, shut_until=None)
    assert "No usable answer, so nothing is known anew:" in page_of(console, customer)
    assert looked(customer).outcome == Outcome.DIFFERED


def test_while_no_calls_go_out_nobody_looks(sandbox, customer, clock, console):
    Gate.objects.update(failures=5, shut_until=clock().replace(year=2999), why="away")
    reads = len(sandbox.calls)
    assert looked(customer).outcome == Outcome.NO_ANSWER
    assert len(sandbox.calls) == reads
    response = console.post(f"{customer.get_absolute_url()}verify/", follow=True)
    assert "Nobody can look at the distributor at the moment." in Page(response).words


# --- The rules of a refresh ----------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.SENDING, State.IN_DOUBT, State.BLOCKED])
def test_whose_change_is_not_settled_is_not_looked_at(sandbox, customer, console, state):
    change = changes.ask(customer, Operation.DISABLE)
    Change.objects.filter(pk=change.pk).update(state=state)
    before, reads = everything(), len(sandbox.calls)

    look = looked(customer)

    assert (look.outcome, len(sandbox.calls)) == (Outcome.NOT_NOW, reads)
    assert everything() == before
    assert "Not now: A change is being sent, or nobody knows" in page_of(console, customer)


def test_who_was_touched_by_a_call_a_moment_ago_is_not_looked_at(sandbox, control, clock):
    customer = live()
    look = looked(customer)
    assert look.outcome == Outcome.NOT_NOW
    assert "a moment ago" in look.said
    clock.forward(61)
    assert looked(customer).outcome == Outcome.EQUAL
    assert looked(customer).outcome == Outcome.EQUAL


def test_whom_the_distributor_never_had_is_not_looked_at(sandbox):
    customer = a_customer(status=Customer.Status.CLOSED)
    assert looked(customer).outcome == Outcome.NOT_NOW
    assert not sandbox.calls


def test_a_change_that_was_sent_during_the_look_wins(sandbox, customer, clock, monkeypatch):
    sandbox.change(ADAS, city="Paris")
    real = verify.row_of

    def meanwhile(*args):
        row = real(*args)
        clock.forward(1)
        changes.ask(customer, Operation.PROFILE, {"city": "Rome"})
        deliver_all()
        return row

    monkeypatch.setattr(verify, "row_of", meanwhile)

    assert looked(customer).outcome == Outcome.NOT_NOW
    assert again(customer).city == "Rome"


def test_a_list_that_was_read_before_the_look_does_not_undo_it(
    sandbox, customer, clock, monkeypatch
):
    sandbox.change(ADAS, city="Paris")
    real = merge.merge

    def meanwhile(*args):
        sandbox.change(ADAS, city="Rome")
        clock.forward(5)
        assert looked(customer).outcome == Outcome.DIFFERED
        real(*args)

    monkeypatch.setattr(merge, "merge", meanwhile)

    assert mirror.refresh().left == 1
    assert again(customer).city == "Rome"


def test_an_answer_that_took_longer_than_the_settle_time_is_not_believed(
    sandbox, customer, clock, monkeypatch
):
    """From then on a newer list may have been laid over the mirror."""
    sandbox.change(ADAS, city="Paris")
    real = operations.perform

    def slow(*args):
        reply = real(*args)
        clock.forward(61)
        return reply

    monkeypatch.setattr(operations, "perform", slow)
    look = looked(customer)
    assert (look.outcome, again(customer).city) == (Outcome.NO_ANSWER, "London")
    assert "too late" in look.said


def test_a_reading_counts_who_was_looked_at_just_before_as_verified(customer):
    looked(customer)
    reading = mirror.refresh()
    assert (reading.verdict, reading.left) == (Refresh.Verdict.OK, 1)
    assert (reading.verified, reading.in_flight) == (2, 0)


# --- The company ---------------------------------------------------------------------------------


def test_a_company_is_confirmed_by_asking_for_it(sandbox, customer, clock, console):
    assert "Company Analytical Engines Ltd sent " in page_of(console, customer)
    look = looked(customer)
    assert (look.company, look.company_confirmed) == (ADA["company"], True)
    assert "Analytical Engines Ltd confirmed by filtering the list" in page_of(console, customer)


def test_a_company_that_is_another_one_over_there_is_told(sandbox, customer, console):
    sandbox.change(ADAS, company="Other Ltd")
    look = looked(customer)
    assert (look.outcome, look.company_confirmed) == (Outcome.EQUAL, False)
    words = page_of(console, customer)
    assert "Analytical Engines Ltd differs by filtering the list" in words
    assert "Its company differs" in words


def test_what_was_found_of_a_company_holds_until_it_is_changed(sandbox, customer, clock, console):
    look = looked(customer)
    sandbox.faults.add("503", operation="retrieve")
    looked(customer)
    assert Verification.objects.get().company_at == look.company_at
    assert "confirmed by filtering" in page_of(console, customer)

    clock.forward(120)
    changes.ask(customer, Operation.PROFILE, {"company": "Engines AG"})
    deliver_all()
    assert "confirmed by filtering" not in page_of(console, customer)
    assert "Engines AG sent" in page_of(console, customer)


def test_a_company_that_nobody_knows_is_not_asked_for(sandbox, customer):
    Customer.objects.filter(pk=customer.pk).update(company=None)
    reads = len(sandbox.calls)
    assert looked(customer).company_confirmed is None
    assert len(sandbox.calls) == reads + 1


# --- The page ------------------------------------------------------------------------------------


@pytest.mark.parametrize("came_from", ["", "?from=q%3Dx"])
def test_the_page_waits_for_the_look_and_tells_what_it_has_shown(
    customer, console, monkeypatch, came_from
):
    asked = []
    monkeypatch.setattr(tasks.verify_customer, "delay", lambda *args: asked.append(args))
    answer = console.post(f"{customer.get_absolute_url()}verify/{came_from}")
    assert [args[0] for args in asked] == [customer.pk]
    assert answer["Location"].startswith(f"{customer.get_absolute_url()}{came_from}")

    waiting = console.get(answer["Location"])
    assert "A worker looks at the distributor" in Page(waiting).words
    assert "Verify now" not in Page(waiting).words
    assert asks_again(waiting)
    tasks.verify_customer(*asked[0])

    done = console.get(answer["Location"])
    assert "Verified: the distributor shows the account as it stands here." in Page(done).words
    assert "asked by maria" in Page(done).words
    assert "Verify now" in Page(done).words
    assert not asks_again(done)
    brought = console.get(answer["Location"], headers={"HX-Request": "true"})
    assert "Verified: the distributor shows the account" in Page(brought).words
    assert not asks_again(brought)


def test_what_a_look_has_shown_is_no_news_for_ever(customer, clock, console):
    looked(customer)
    clock.forward(3601)
    assert "as it stands here." not in page_of(console, customer)
    assert "verified at the distributor" in page_of(console, customer)


@pytest.mark.parametrize("status", ["REQUESTED", "REFUSED", "CLOSED"])
def test_whom_the_distributor_has_not_is_not_offered_to_be_verified(console, status):
    customer = a_customer(status=status)
    assert "Verify now" not in page_of(console, customer)
    response = console.post(f"{customer.get_absolute_url()}verify/", follow=True)
    assert "Nobody can look at the distributor at the moment." in Page(response).words


def test_the_list_tells_when_each_was_verified(console, clock):
    a_customer(seen_at=clock())
    a_customer("bob@example.com", first_name="Bob")
    page = Page(console.get("/customers/"))
    assert (
        "Website access Verified Bob Lovelace bob@example.com Engines Gold Live On On —"
        in page.words
    )
    assert len([tag for tag, _said in page.tags if tag == "time"]) == 1


def test_what_nobody_here_can_ask_for_is_taken_over_without_a_word(sandbox, customer, monkeypatch):
    real, shown = sandbox.store.rows, {}

    def rows(*args, **options):
        return ([row | shown for row in batch] for batch in real(*args, **options))

    monkeypatch.setattr(sandbox.store, "rows", rows)
    for address2 in ("Room 2", "Room 3"):
        shown["address2"] = address2
        looked(customer)
        assert again(customer).address2 == address2
    assert not Drift.objects.exists()
