"""A person settles a BLOCKED change: what follows is what would have followed by itself."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from customers.distributor.rules import Operation
from customers.models import Alert, Change, Customer, Decision, Username
from customers.models.change import OPEN
from customers.services import changes, decisions, doubt, mirror, settling
from tests.integration.crashes import killed_at
from tests.integration.pages import Page, person, signed_in
from tests.integration.steps import (
    ADA,
    ADAS,
    CONTROL,
    NEW_NAME,
    PASSWORD,
    UPDATES,
    again,
    at_once,
    commands,
    create,
    decide,
    deliver_all,
    deliver_until_settled,
    live,
    somebody,
    withdraw,
)

pytestmark = pytest.mark.django_db
State = Change.State


def blocked(change):
    """As eight rounds without certainty leave it."""
    Change.objects.filter(pk=change.pk).update(state=State.BLOCKED, claim=7, error="Who knows?")
    Alert.objects.create(
        kind=Alert.Kind.BLOCKED, subject=str(change.pk), text="x", raised_at=change.asked_at
    )
    return again(change)


@pytest.fixture
def different(sandbox, control, clock):
    """A creation whose name is there, with another city than was asked."""
    sandbox.add_account(username=ADAS, city="Paris")
    sandbox.faults.append("dropped")
    change = create()
    deliver_until_settled(clock)
    changes.ask(change.customer, Operation.PROFILE, {"city": "Rome"})
    assert again(change).state == State.BLOCKED
    return again(change)


@pytest.fixture
def lost(sandbox, control, clock):
    """A creation that was executed, and each of whose three workers was lost after that."""
    change = create()
    with killed_at(settling, "settle"):
        deliver_all()
    for _ in range(2):
        clock.forward(91)
        with killed_at(doubt, "resolve"):
            deliver_all()
    clock.forward(91)
    deliver_all()
    assert again(change).state == State.BLOCKED
    return again(change)


def test_a_new_password_waits_until_it_is_known_that_the_first_one_was_not_taken(
    sandbox, lost, clock
):
    """Executed with the first one: done with another one would be a lie."""
    page = Page(signed_in("Leads").get(lost.get_absolute_url()))
    assert "A worker looks first whether it was done after all" in page.words
    assert "confirm_password" not in page.sends

    assert decide(lost, "AGAIN", password="another-engine")
    assert again(lost).state == State.IN_DOUBT
    deliver_until_settled(clock)

    assert again(lost).state == State.DONE
    assert sandbox.account(ADAS)["password"] == PASSWORD
    assert commands(sandbox) == ["create"]


def test_and_is_asked_for_once_it_is_known(sandbox, lost, clock):
    Change.objects.update(sealed_password=None)
    sandbox.store.clear()
    sandbox.add_account(username=CONTROL)
    assert decide(lost, "AGAIN")
    deliver_until_settled(clock)
    assert "a new one is needed" in again(lost).error

    page = Page(signed_in("Leads").get(lost.get_absolute_url()))
    assert "confirm_password" in page.sends
    assert decide(lost, "AGAIN", password="another-engine")
    deliver_until_settled(clock)

    assert again(lost).state == State.DONE
    assert sandbox.account(ADAS)["password"] == "another-engine"


def test_a_creation_that_is_done_over_there_makes_a_live_customer(sandbox, different):
    assert decide(different, "DONE", reason="I see them in their console.")

    change = again(different)
    assert (change.state, change.sealed_password, change.error) == (State.DONE, None, "")
    assert change.claim == different.claim + 1
    customer = again(change.customer)
    assert (customer.status, customer.city, customer.active) == ("LIVE", ADA["city"], True)
    assert Username.objects.get(customer=customer).state == "LIVE"
    assert not Alert.objects.filter(kind=Alert.Kind.BLOCKED, over_at=None).exists()
    said = Decision.objects.get()
    assert (said.choice, said.by, said.reason) == ("DONE", "ana", "I see them in their console.")

    deliver_all()
    assert commands(sandbox) == ["create", "profile"]


def test_a_creation_that_shall_not_be_refuses_the_customer_and_takes_along_what_waits(
    sandbox, different
):
    behind = different.customer.changes.get(operation="profile")

    assert decide(different, "REJECTED")

    change = again(different)
    assert (change.state, change.sealed_password) == (State.REJECTED, None)
    assert again(change.customer).status == Customer.Status.REFUSED
    name = Username.objects.get(customer=change.customer)
    assert name.state == "RELEASED"
    assert name.until > change.settled_at  # A late copy would still carry it.
    behind = again(behind)
    assert (behind.state, "shall not be" in behind.error) == (State.WITHDRAWN, True)
    deliver_all()
    assert commands(sandbox) == ["create"]


@pytest.mark.parametrize("choice", ["DONE", "REJECTED"])
@pytest.mark.parametrize("operation", UPDATES)
def test_every_operation_ends_as_the_distributors_word_would_have_ended_it(
    sandbox, choice, operation
):
    customer = live()
    password = "another-engine" if operation == Operation.PASSWORD else ""
    change = changes.ask(customer, operation, UPDATES[operation][0], password=password)
    was = Customer.objects.values().get(pk=customer.pk)

    assert decide(blocked(change), choice)

    change = again(change)
    assert (change.state, change.sealed_password) == (choice, None)
    now = Customer.objects.values().get(pk=customer.pk)
    expected = change.effects() if choice == "DONE" else {}
    differing = {name for name in was if was[name] != now[name]} - {"touched_at", "searched"}
    assert differing == {name for name in expected if was[name] != expected[name]}
    names = set(Username.objects.values_list("key", "state"))
    assert names == {
        ("DONE", "username"): {(NEW_NAME, "LIVE"), (ADAS, "RELEASED")},
        ("REJECTED", "username"): {(NEW_NAME, "RELEASED"), (ADAS, "LIVE")},
        ("DONE", "delete"): {(ADAS, "BURNT")},
    }.get((choice, operation), {(ADAS, "LIVE")})
    assert commands(sandbox) == ["create"]


def test_a_reason_that_speaks_of_taken_names_burns_none(sandbox):
    change = changes.ask(live(), Operation.USERNAME, {"username": NEW_NAME})
    assert decide(blocked(change), "REJECTED", reason="The username already exists, they say.")
    assert Username.objects.get(key=NEW_NAME).state == "RELEASED"


def test_sent_out_again_it_starts_anew(sandbox):
    change = changes.ask(live(), Operation.ENABLE)
    Change.objects.filter(pk=change.pk).update(lost=3, rounds=8, attempts=2)
    assert decide(blocked(change), "AGAIN")
    change = again(change)
    assert (change.state, change.lost, change.rounds, change.claim) == ("WAITING", 0, 0, 8)
    deliver_all()
    assert again(change).state == State.DONE


def test_each_decision_is_kept(sandbox):
    change = changes.ask(live(), Operation.ENABLE)
    assert decide(blocked(change), "AGAIN", reason="one")
    assert decide(blocked(change), "REJECTED", reason="two")
    kept = Decision.objects.order_by("at").values_list("choice", "reason")
    assert list(kept) == [("AGAIN", "one"), ("REJECTED", "two")]


# --- The fence -----------------------------------------------------------------------------------


@pytest.mark.parametrize("choice", ["DONE", "REJECTED", "AGAIN"])
def test_who_saw_an_older_state_decides_nothing(sandbox, choice):
    change = blocked(changes.ask(live(), Operation.EMAIL, {"email": NEW_NAME}))
    before = Change.objects.values().get(pk=change.pk)
    assert not decide(change, choice, claim=change.claim - 1)
    assert Change.objects.values().get(pk=change.pk) == before
    assert again(change.customer).email == ADAS
    assert not Decision.objects.exists()
    assert Alert.objects.filter(over_at=None).exists()


@pytest.mark.parametrize("state", [s for s in State.values if s != "BLOCKED"])
def test_nothing_but_a_blocked_change_is_decided(sandbox, state):
    change = changes.ask(live(), Operation.ENABLE)
    settled = {} if state in OPEN else {"settled_at": change.asked_at}
    Change.objects.filter(pk=change.pk).update(state=state, **settled)
    assert not decide(change, "DONE")
    assert again(change).state == state


@pytest.mark.django_db(transaction=True)
def test_of_two_people_at_once_one_decides(sandbox):
    change = blocked(changes.ask(live(), Operation.EMAIL, {"email": NEW_NAME}))
    who = somebody()

    def say(choice):
        seen = again(change)
        return decisions.decide(seen, choice, claim=7, by=who, reason="mine")

    told = at_once(*(lambda choice=choice: say(choice) for choice in ("DONE", "REJECTED")))

    assert sorted(told) == [False, True]
    won = ("DONE", "REJECTED")[told.index(True)]
    assert again(change).state == Decision.objects.get().choice == won
    assert again(change.customer).email == (NEW_NAME if won == "DONE" else ADAS)


# --- The page ------------------------------------------------------------------------------------


@pytest.fixture
def lead(db):
    return signed_in("Leads", username="lena")


def resolve(console, change, **fields):
    said = {"claim": again(change).claim, "choice": "DONE", "reason": "I called them."} | fields
    return console.post(f"{change.get_absolute_url()}resolve/", said, follow=True)


def test_the_page_says_what_each_choice_does_and_then_who_chose_and_why(sandbox, lead, different):
    page = Page(lead.get(different.get_absolute_url()))
    assert page.sends["claim"] == str(different.claim)
    for words in (
        "The customer becomes live here with everything that was asked",
        "1 change that waits behind it is withdrawn.",
        "The same request goes out once more",
        "City: “Paris” is there, “London” was asked",
    ):
        assert words in page.words

    page = Page(resolve(lead, different, choice="REJECTED", reason="Somebody else's account."))

    assert "A person decided that it was not done and shall not be." in page.words
    assert "lena decided It was not done and shall not be Somebody else's account." in page.words
    assert "The distributor said" not in page.words
    assert "was withdrawn with it: Change profile" in page.words
    behind = different.customer.changes.get(operation="profile")
    withdrawn = Page(lead.get(behind.get_absolute_url()))
    assert different.get_absolute_url() in withdrawn.links()
    assert "shall not be" in withdrawn.words


@pytest.mark.parametrize(
    ("missing", "words"),
    [({"reason": "  "}, "Say why"), ({"choice": ""}, "Choose one"),
     ({"choice": "WITHDRAWN"}, "Select a valid choice"),
     ({"claim": "9" * 30}, "There is a problem"),
     ({"claim": ""}, "There is a problem"), ({"reason": "x" * 2001}, "2000")],
)  # fmt: skip
def test_without_a_choice_and_a_reason_nothing_is_decided(sandbox, lead, missing, words):
    change = blocked(changes.ask(live(), Operation.ENABLE))
    assert words in Page(resolve(lead, change, **missing)).words
    assert again(change).state == State.BLOCKED
    assert not Decision.objects.exists()


def test_who_comes_second_is_told(sandbox, lead):
    change = blocked(changes.ask(live(), Operation.ENABLE))
    assert decide(change, "REJECTED")
    page = Page(resolve(lead, change, claim=change.claim))
    assert "Somebody decided meanwhile" in page.words
    assert Decision.objects.count() == 1


def test_deciding_and_looking_want_a_permission_of_their_own(sandbox):
    change = blocked(changes.ask(live(), Operation.ENABLE))
    manager = signed_in("Managers")
    assert "Decide" not in Page(manager.get(change.get_absolute_url())).words
    for page in ("resolve", "look"):
        said = {"claim": change.claim, "choice": "DONE", "reason": "because"}
        assert manager.post(f"{change.get_absolute_url()}{page}/", said).status_code == 403
    decider = person(username="decider")
    decider.user_permissions.add(Permission.objects.get(codename="resolve_change"))
    client = Client()
    client.force_login(decider)
    client.post(f"{change.get_absolute_url()}resolve/", said)
    assert again(change).state == State.DONE


@pytest.fixture
def erased(sandbox, clock):
    """A password change whose password waited for too long."""
    change = changes.ask(live(), Operation.PASSWORD, password="never-sent")
    clock.forward(7 * 24 * 3600)
    deliver_all()
    return again(change)


def typed(password, repeated=None):
    return {"password": password, "confirm_password": repeated or password}


def test_an_erased_password_is_asked_for_where_it_is_decided(sandbox, lead, erased):
    page = Page(lead.get(erased.get_absolute_url()))
    assert "The one that waited was erased." in page.words
    assert {"password", "confirm_password"} <= page.sends.keys()
    for fields, words in (
        ({}, "enter a new one"),
        (typed("short"), "Use at least 6 characters"),
        (typed("new-engine", "another-engine"), "The two passwords differ."),
    ):
        answer = resolve(lead, erased, choice="AGAIN", **fields)
        assert words in Page(answer).words
        assert "new-engine" not in answer.text
        assert again(erased).state == State.BLOCKED

    resolve(lead, erased, choice="AGAIN", **typed("new-engine"))
    deliver_all()

    assert again(erased).state == State.DONE
    assert sandbox.account(ADAS)["password"] == "new-engine"


def test_given_up_it_needs_no_password(sandbox, lead, erased):
    resolve(lead, erased, choice="REJECTED", **typed("new-engine"))
    assert (again(erased).state, again(erased).sealed_password) == (State.REJECTED, None)


def test_who_withdrew_is_kept_too(sandbox, lead):
    change = changes.ask(live(), Operation.ENABLE)
    lead.post(f"{change.get_absolute_url()}withdraw/")
    assert "lena decided Withdrawn" in Page(lead.get(change.get_absolute_url())).words
    assert not withdraw(change)
    assert Decision.objects.count() == 1


# --- While a late copy may still be executed ------------------------------------------------------


@pytest.fixture
def late(sandbox, clock):
    """A change that needs a person while a try of it is still under way over there."""
    change = changes.ask(live(), Operation.PROFILE, {"city": "Paris"})
    sandbox.faults.add("dropped", operation="profile")
    deliver_all()
    assert again(change.customer).quiet_until > clock()
    Change.objects.filter(pk=change.pk).update(state=State.BLOCKED, lease_until=None)
    return again(change)


def test_who_gives_up_what_may_still_be_executed_is_told_and_may_wait(lead, clock, late):
    until = f"{late.customer.quiet_until:%Y-%m-%d %H:%M:%S} UTC"
    address = late.get_absolute_url()
    page = Page(lead.get(address))
    assert f"may still execute a try of it until {until}" in page.words
    assert "executed all the same, the next refresh shows it" in page.words
    assert f"{address}?wait" in page.links()

    page = Page(resolve(lead, late, choice="REJECTED"))
    assert f"until {until[11:]}. Wait until then, or tick this." in page.words
    assert again(late).state == State.BLOCKED

    waits = lead.get(f"{address}?wait")
    assert "every 1s" in waits.text
    assert "Waiting until no try of it can be executed any more" in Page(waits).words
    assert "reason" not in Page(waits).sends
    clock.forward(120)
    assert "may still execute" not in Page(lead.get(f"{address}?wait")).words
    resolve(lead, late, choice="REJECTED")
    assert again(late).state == State.REJECTED


def test_given_up_all_the_same_and_executed_late_it_shows_with_the_next_refresh(
    sandbox, lead, clock, late
):
    resolve(lead, late, choice="REJECTED", anyway="on")
    assert again(late).state == State.REJECTED
    sandbox.change(ADAS, city="Paris")
    clock.forward(120)

    assert mirror.refresh().updated == 1

    assert again(late.customer).city == "Paris"


def test_what_no_list_tells_is_not_promised_to_show(sandbox, lead, clock):
    change = changes.ask(live(), Operation.PASSWORD, password="another-engine")
    sandbox.faults.add("dropped", operation="password")
    deliver_all()
    Change.objects.filter(pk=change.pk).update(state=State.BLOCKED)
    words = Page(lead.get(change.get_absolute_url())).words
    assert "may still execute" in words
    assert "nothing will show it: no list tells this" in words


@pytest.mark.parametrize("choice", ["DONE", "AGAIN"])
def test_nothing_is_asked_of_who_does_not_give_it_up(sandbox, lead, late, choice):
    resolve(lead, late, choice=choice)
    assert again(late).state != State.BLOCKED
    assert deliver_all() == 0, "nothing goes out before the settle time"


def test_what_never_went_out_can_be_given_up_at_once(sandbox, lead, erased):
    Customer.objects.update(quiet_until=erased.asked_at + timedelta(days=30))
    assert "may still execute" not in Page(lead.get(erased.get_absolute_url())).words
