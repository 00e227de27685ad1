"""A password exists in one place, until its change is settled."""

from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from customers.distributor.rules import Operation
from customers.models import Alert, Attempt, Change, Username
from customers.services import changes, claims, passwords
from customers.services.errors import AlreadySent
from customers.services.sealing import SealBroken, seal, unseal
from tests.integration.steps import (
    ADA,
    NOWHERE,
    PASSWORD,
    again,
    create,
    decide,
    deliver_all,
    deliver_until_settled,
    live,
    withdraw,
)

pytestmark = pytest.mark.django_db

State = Change.State
SECRET = "s3kr3t-ängine&"


def keys(number):
    return [Fernet.generate_key().decode() for _ in range(number)]


def test_a_seal_opens_for_its_own_change_alone():
    change = uuid4()
    sealed = seal(SECRET, change)
    assert SECRET not in sealed
    assert unseal(sealed, change) == SECRET
    with pytest.raises(SealBroken):
        unseal(sealed, uuid4())


def test_the_first_key_seals_and_all_of_them_open(settings):
    old, new, other = keys(3)
    change = uuid4()
    settings.SEALING_KEYS = [old]
    sealed = seal(SECRET, change)

    settings.SEALING_KEYS = [new, old]
    assert unseal(sealed, change) == SECRET
    resealed = seal(SECRET, change)
    settings.SEALING_KEYS = [new]
    assert unseal(resealed, change) == SECRET
    with pytest.raises(SealBroken):
        unseal(sealed, change)
    settings.SEALING_KEYS = [other]
    with pytest.raises(SealBroken):
        unseal(resealed, change)


def test_a_key_that_was_removed_too_early_blocks_and_loses_nothing(sandbox, settings, clock):
    (key,) = settings.SEALING_KEYS
    change = create()
    settings.SEALING_KEYS = keys(1)
    deliver_all()
    assert again(change).state == State.BLOCKED
    assert sandbox.operations() == []
    assert {alert.kind for alert in Alert.objects.all()} == {Alert.Kind.SEAL, Alert.Kind.BLOCKED}

    settings.SEALING_KEYS = [*settings.SEALING_KEYS, key]
    decide(change, "AGAIN", reason="The key is back.")
    deliver_all()

    assert again(change).state == State.DONE
    assert not Alert.objects.filter(over_at=None).exists()


def test_swapped_passwords_are_sent_to_nobody(sandbox, clock):
    one, two = create(), create("grace@navy.example", password="nanoseconds")
    Change.objects.filter(pk=one.pk).update(sealed_password=two.sealed_password)
    Change.objects.filter(pk=two.pk).update(sealed_password=one.sealed_password)

    deliver_all()

    assert {again(one).state, again(two).state} == {State.BLOCKED}
    assert sandbox.operations() == []


@pytest.mark.parametrize("state", [State.DONE, State.REJECTED, State.WITHDRAWN])
def test_the_database_keeps_no_password_of_a_settled_change(state):
    change = create()
    with pytest.raises(IntegrityError), transaction.atomic():
        Change.objects.update(state=state, settled_at=change.asked_at)
    Change.objects.update(state=state, settled_at=change.asked_at, sealed_password=None)


def test_a_password_is_erased_when_it_is_withdrawn(sandbox):
    customer = live()
    change = changes.ask(customer, Operation.PASSWORD, password=SECRET)
    assert withdraw(change)
    assert again(change).sealed_password is None


def everything_stored():
    tables = (Change, Attempt, Alert, Username)
    return repr([list(table.objects.values()) for table in tables])


SPELLED = (SECRET, "s3kr3t", "%C3%A4ngine", "u00e4ngine", "difference-engine")
FAULTS = (None, "lost", "dropped", "garbage", "cut", "500-after", "html", "429", "credentials")


@pytest.mark.parametrize(
    ("fault", "written"), [*((fault, "json") for fault in FAULTS), (None, "xml"), ("lost", "xml")]
)
def test_no_secret_is_written_anywhere(sandbox, settings, clock, caplog, fault, written):
    settings.DISTRIBUTOR_FORMAT = written
    settings.DISTRIBUTOR_KEY = sandbox.key = "our-own-key"
    if fault:
        sandbox.faults.append(fault)
        sandbox.faults.add(fault, operation="password")
    change = create()
    customer = change.customer
    changes.ask(customer, Operation.PASSWORD, password=SECRET)
    changes.ask(customer, Operation.EMAIL, {"email": "countess@analytical.example"})
    caplog.set_level(0)

    deliver_until_settled(clock)

    account = sandbox.account(ADA["username"])
    assert (account["password"], account["email"]) == (SECRET, "countess@analytical.example")
    assert not Change.objects.exclude(sealed_password=None).exists()
    for spelling in (*SPELLED, "our-own-key"):
        assert spelling not in everything_stored()
        assert spelling not in caplog.text


def test_a_distributor_that_says_it_back_is_not_repeated(sandbox, caplog, monkeypatch):
    """It tells what it got: the words are kept, the password in them is not."""
    from customers.sandbox import operations

    customer = live()
    words = f"The password {SECRET} was used before; try {SECRET}2."
    monkeypatch.setattr(operations, "perform", lambda *_: operations.refused(words))
    change = changes.ask(customer, Operation.PASSWORD, password=SECRET)

    deliver_all()

    assert again(change).error == "The password ••• was used before; try •••2."
    assert SECRET not in everything_stored()
    assert SECRET not in caplog.text


def test_exceptions_carry_no_password(sandbox):
    change = create()
    with pytest.raises(AlreadySent) as caught:
        create("grace@navy.example", change_id=change.pk)
    error = caught.value
    while error:
        assert PASSWORD not in f"{error!r} {vars(error)}"
        error = error.__context__


WEEK = 7 * 24 * 3600


def test_a_password_that_waited_for_a_week_is_asked_for_anew(sandbox, clock, settings):
    change, young = create(), create("grace@navy.example")
    url, settings.DISTRIBUTOR_URL = settings.DISTRIBUTOR_URL, NOWHERE
    clock.forward(WEEK - 60)
    assert passwords.erase_old() == 0
    young = changes.ask(young.customer, Operation.PASSWORD, password=SECRET)
    clock.forward(60)

    assert passwords.erase_old() == 2

    assert (again(change).state, again(change).sealed_password) == (State.BLOCKED, None)
    assert "a new one is needed" in again(change).error
    assert again(young).sealed_password
    settings.DISTRIBUTOR_URL = url
    assert decide(change, "AGAIN", password="a-newer-engine")
    deliver_all()
    assert again(change).state == State.DONE
    assert sandbox.account(ADA["username"])["password"] == "a-newer-engine"
    assert passwords.erase_old() == 0


def test_an_old_password_is_not_sent_though_nobody_erased_it(sandbox, clock):
    change = create()
    clock.forward(WEEK)
    deliver_all()
    assert (again(change).state, again(change).sealed_password) == (State.BLOCKED, None)
    assert sandbox.operations() == []


@pytest.mark.parametrize(("fault", "state"), [("lost", State.DONE), ("dropped", State.BLOCKED)])
def test_what_is_in_doubt_is_looked_up_before_a_new_password_is_asked_for(
    sandbox, control, clock, fault, state
):
    sandbox.faults.append(fault)
    sandbox.faults.add("503", operation="retrieve")
    change = create()
    deliver_all()
    assert again(change).state == State.IN_DOUBT
    clock.forward(WEEK)

    assert passwords.erase_old() == 1

    assert (again(change).state, again(change).sealed_password) == (State.IN_DOUBT, None)
    deliver_until_settled(clock)
    assert again(change).state == state
    assert sandbox.operations().count("create") == 1


def test_a_call_under_way_keeps_its_password(sandbox, clock):
    change = create()
    clock.forward(WEEK)
    held = claims.claim()
    assert passwords.erase_old() == 0
    Change.objects.filter(pk=held.pk).update(state=State.SENDING)
    clock.forward(3600)
    assert passwords.erase_old() == 0
    assert again(change).sealed_password


def test_waiting_passwords_are_sealed_with_the_new_key(sandbox, settings, capsys):
    old, new = keys(2)
    settings.SEALING_KEYS = [old]
    waiting = [create(f"c{n}@navy.example") for n in range(3)]
    settings.SEALING_KEYS = [new, old]
    call_command("rotate_sealing_keys")
    assert "3 passwords are sealed with the first key." in capsys.readouterr().out

    settings.SEALING_KEYS = [new]
    deliver_all()
    assert {again(change).state for change in waiting} == {State.DONE}


def test_a_password_that_no_key_opens_is_told_and_left_as_it_is(settings):
    change = create()
    settings.SEALING_KEYS = keys(1)
    with pytest.raises(CommandError, match=str(change.pk)):
        call_command("rotate_sealing_keys")
    assert again(change).sealed_password == change.sealed_password


def test_sealing_anew_makes_no_password_younger(settings, clock):
    settings.SEALING_KEYS = keys(1)
    change = create()
    clock.forward(WEEK - 60)
    settings.SEALING_KEYS = [*keys(1), *settings.SEALING_KEYS]
    call_command("rotate_sealing_keys")
    clock.forward(60)
    assert passwords.erase_old() == 1
    assert again(change).state == State.BLOCKED
