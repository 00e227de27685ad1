"""The pages say of a customer and a change what is so, and nothing that only was promised."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Attempt, Change, Customer, Gate, clock
from customers.models.change import OPEN
from customers.services import changes
from customers.views import counting
from tests.integration.pages import Page, a_customer, settle, signed_in
from tests.integration.steps import create, deliver_all, live

pytestmark = pytest.mark.django_db
State = Change.State


@pytest.fixture
def console(db):
    return signed_in("Managers")


def words(console, row):
    return Page(console.get(row.get_absolute_url())).words


def test_a_closed_customer_has_nothing_any_more(console, sandbox):
    customer = live()
    changes.ask(customer, "delete")
    deliver_all()
    said = words(console, customer)
    assert "This account was deleted at the distributor" in said
    assert "What the distributor had" in said
    assert "What the distributor has" not in said
    assert "Website access" not in said
    assert "confirmed" not in said


def test_a_creation_that_waits_for_a_person_is_not_being_set_up(console):
    change = create()
    assert "Being set up" in words(console, change.customer)
    Change.objects.update(state=State.BLOCKED)
    assert "Being set up" not in words(console, change.customer)
    listed = Page(console.get("/customers/")).words
    assert listed.count("Being set up") == 1  # The filter offers it.
    assert "Needs a person" in listed


def test_what_was_left_to_the_distributor_was_not_sent(console, sandbox):
    said = words(console, live())
    assert "Billing date not set none asked for" in said
    assert "Additional IPs none none asked for" in said
    assert "IP groups none none asked for" in said


def test_what_the_distributor_never_told_is_unknown(console):
    customer = a_customer(billing_date=None, ip=None, ip_group=None)
    assert "Billing date Unknown never known to us" in words(console, customer)


def test_a_password_on_its_way_is_told(console):
    customer = a_customer()
    assert "not set by us" in words(console, customer)
    change = changes.ask(customer, "password", password="difference engine")
    assert "never shown a new one Waiting sealed until it is sent" in words(console, customer)
    assert "Password sealed until it is sent" in words(console, change)
    Change.objects.update(state=State.IN_DOUBT, attempts=1)
    for row in (customer, change):
        assert "sealed until it is certain that it arrived" in words(console, row)
    settle(change)
    assert "Password erased" in words(console, change)
    assert "cannot be read back" in words(console, customer)


def test_parameters_have_the_names_of_the_forms(console):
    change = changes.ask(a_customer(), "profile", {"zip": "1", "first_name": "Augusta"})
    for page in (change.get_absolute_url(), change.customer.get_absolute_url(), "/"):
        said = Page(console.get(page)).words
        assert "Postal code 1" in said
        assert "First name Augusta" in said
        assert "first_name" not in said


def test_one_is_not_many(console):
    changes.ask(a_customer(), "enable")
    assert "1 change on its way" in Page(console.get("/")).words


def test_links_to_a_change_and_to_its_form_have_names_of_their_own(console):
    change = changes.ask(a_customer(), "email", {"email": "b@example.com"})
    said = words(console, change.customer)
    assert "Change e-mail , number 1" in said


@pytest.mark.parametrize("state", ["DONE", "REJECTED", "IN_DOUBT", "BLOCKED"])
def test_a_promise_ends_with_its_change(console, state):
    customer = a_customer()
    console.post(f"/customers/{customer.pk}/disable/")
    change = Change.objects.get()
    if state in OPEN:
        Change.objects.update(state=state)
    else:
        settle(change, state)
    assert "will stop sending in a moment" not in words(console, customer)

    console.post(f"/customers/{customer.pk}/disable/")
    assert "will stop sending in a moment" in words(console, customer)


# --- What comes next -----------------------------------------------------------------------------


def test_a_change_says_whom_it_waits_for(console):
    customer = a_customer()
    first = changes.ask(customer, "enable")
    behind = changes.ask(customer, "disable")
    page = Page(console.get(behind.get_absolute_url()))
    assert "It waits behind an earlier change of the same customer: Switch sending on" in page.words
    assert first.get_absolute_url() in page.links()


@pytest.mark.parametrize(
    ("state", "columns", "next_step"),
    [("WAITING", {}, "It goes out as soon as a worker is free."),
     ("WAITING", {"due_at": 60}, "It goes out by itself."),
     ("WAITING", {"lease_until": 60}, "A worker has it in hand."),
     ("SENDING", {"lease_until": 60}, "An answer, or the end of the worker's time."),
     ("IN_DOUBT", {"due_at": 60}, "The next look at the distributor."),
     ("IN_DOUBT", {"lease_until": 60}, "A worker looks at the distributor right now."),
     ("IN_DOUBT", {}, "as soon as a worker is free")],
)  # fmt: skip
def test_a_change_says_what_comes_next_and_when(console, state, columns, next_step):
    change = changes.ask(a_customer(), "enable")
    times = {name: clock.now() + timedelta(seconds=n) for name, n in columns.items()}
    Change.objects.update(state=state, **times)
    page = Page(console.get(change.get_absolute_url()))
    assert next_step in page.words
    told = [said["datetime"] for tag, said in page.tags if tag == "time"]
    for moment in times.values():
        assert f"{moment:%Y-%m-%dT%H:%M:%S}Z" in told
    assert not [moment for moment in told[1:] if moment < told[0]]


def test_a_change_that_the_gate_or_the_settle_time_holds_back_says_so(console):
    change = changes.ask(a_customer(), "enable")
    later = clock.now() + timedelta(seconds=60)
    Customer.objects.update(quiet_until=later)
    assert "can no longer be executed at the distributor" in words(console, change)
    Gate.objects.update_or_create(
        pk=1, defaults={"failures": 5, "shut_until": later, "since": later, "why": "No answer."}
    )
    assert "No calls go out at the moment: No answer." in words(console, change)


def test_a_blocked_change_tells_its_reason_once(console):
    change = changes.ask(a_customer(), "enable")
    Change.objects.update(state=State.BLOCKED, error="Neither as before nor as asked.")
    said = words(console, change)
    assert said.count("Neither as before nor as asked.") == 1
    assert "What went before" not in said


# --- How much it costs ---------------------------------------------------------------------------


def calls(change, count):
    now = clock.now()
    start = change.attempt_set.count()
    Attempt.objects.bulk_create(
        Attempt(
            change=change, n=n + 1, kind="LOOK", begun_at=now, deadline=now, ended_at=now,
            outcome="NOT_APPLIED",
            seen={"listed": {"x": None}, "control": "", "control_seen": None},
        )
        for n in range(start, start + count)
    )  # fmt: skip


def test_two_hundred_calls_cost_no_more_than_thirty(console):
    change = changes.ask(a_customer(), "enable")
    costs = []
    for more in (30, 170):
        calls(change, more)
        for row in (change, change.customer):
            with CaptureQueriesContext(connection) as ran:
                page = Page(console.get(row.get_absolute_url()))
            costs.append(len(ran))
    assert costs[:2] == costs[2:]
    assert "the latest of 200 calls" in page.words
    assert page.words.count("Looked") == 5
    first = Page(console.get(f"{change.get_absolute_url()}?page=8"))
    assert "176 to 200 of 200" in first.words


def test_the_banner_counts_no_further_than_anybody_reads(console, monkeypatch):
    monkeypatch.setattr(counting, "MOST", 1)
    Gate.objects.update_or_create(pk=1, defaults={"failures": 5, "why": "away"})
    changes.ask(a_customer(), "enable")
    assert "1 change waits, nothing is lost." in Page(console.get("/")).words
    changes.ask(a_customer("bob@example.com"), "enable")
    assert "More than 10,000 changes wait, nothing is lost." in Page(console.get("/")).words


# --- In a dialog ---------------------------------------------------------------------------------


def test_a_dialog_gets_the_form_alone_and_the_page_its_promise(console):
    customer = a_customer()
    page, dialog = customer.get_absolute_url(), {"HX-Request": "true", "HX-Trigger": "dialog"}
    form = console.get(f"{page}disable/", headers=dialog)
    assert form.content.strip().startswith(b'<header class="sheet-head">')
    assert "HX-Request" in form["Vary"]
    filled = Page(form).sends
    refused = console.post(f"{page}disable/", filled | {"reason": "x" * 2001}, headers=dialog)
    assert refused.content.strip().startswith(b'<header class="sheet-head">')
    assert "There is a problem" in Page(refused).words

    answer = console.post(f"{page}disable/?from=q%3Dx", filled, headers=dialog)
    assert (answer.status_code, answer["HX-Redirect"]) == (200, f"{page}?from=q%3Dx")
    # A poll of another tab does not take it.
    polled = console.get(page, headers={"HX-Request": "true"})
    assert "will stop sending in a moment" not in Page(polled).words
    brought = console.get(page, headers=dialog)
    assert "will stop sending in a moment" in Page(brought).words
    assert "Sending On Off Waiting" in Page(brought).words


def test_once_nothing_is_to_come_the_page_is_brought_up_to_date_and_not_loaded_anew(console):
    customer = a_customer()
    change = changes.ask(customer, "delete")
    page, htmx = customer.get_absolute_url(), {"HX-Request": "true"}
    assert 'hx-trigger="every 1s"' in console.get(page, headers=htmx).content.decode()
    settle(change)
    Customer.objects.update(status="CLOSED", first_name="Augusta")

    last = console.get(page, headers=htmx)

    assert "HX-Refresh" not in last
    assert 'hx-trigger="every 1s"' not in last.content.decode()
    brought = {said["id"] for _tag, said in Page(last).tags if "hx-swap-oob" in said}
    assert brought == {"name", "actions", "facts", "timeline"}
    assert "<title>Augusta Lovelace" in last.content.decode()
    assert "What the distributor had" in Page(last).words
    assert "Edit profile" not in Page(last).words
    # What somebody may be typing into is not among it.
    assert not [said for tag, said in Page(last).tags if tag in {"form", "textarea", "dialog"}]
