"""Who may have a username, and when: the one judge of taken."""

from datetime import timedelta

import pytest

from customers.distributor.rules import Operation
from customers.models import Change, Customer, Username
from customers.services import changes, names
from customers.services.names import NameTaken
from tests.integration.steps import (
    ADAS,
    NEW_NAME,
    again,
    at_once,
    create,
    deliver_all,
    live,
    rename,
    withdraw,
)

pytestmark = pytest.mark.django_db
State = Change.State
Name = Username.State


def name_of(text):
    return Username.objects.get(name=text)


def test_a_name_on_its_way_or_in_use_is_refused_in_any_case(sandbox):
    create()
    for state in (Name.PENDING, Name.LIVE):
        with pytest.raises(NameTaken) as caught:
            create(ADAS.upper())
        assert caught.value.state == state
        deliver_all()
    assert Customer.objects.count() == 1


def test_a_former_name_is_held_for_others_and_not_for_its_own_customer(sandbox, clock):
    customer, other = live(), live("grace@navy.example")
    rename(customer)
    deliver_all()
    with pytest.raises(NameTaken) as caught:
        rename(other, ADAS)
    assert caught.value.state == Name.RELEASED
    assert rename(customer, ADAS)
    deliver_all()
    assert again(customer).username == ADAS

    with pytest.raises(NameTaken):
        create(NEW_NAME)
    clock.forward(24 * 3600 + 1)
    assert create(NEW_NAME)


def test_a_deleted_name_is_burnt_for_everybody_for_ever(sandbox, clock):
    customer = live()
    changes.ask(customer, Operation.DELETE)
    deliver_all()
    clock.forward(10 * 365 * 24 * 3600)
    with pytest.raises(NameTaken) as caught:
        create(ADAS.title())
    assert caught.value.state == Name.BURNT


def test_a_name_that_no_call_has_carried_is_free_at_once_after_it_is_withdrawn(sandbox):
    change = create()
    assert withdraw(change)
    assert again(change.customer).status == Customer.Status.REFUSED
    assert create()


def test_a_name_that_calls_have_carried_is_held_also_when_its_return_is_withdrawn(sandbox, clock):
    customer = live()
    rename(customer)
    deliver_all()
    back = rename(customer, ADAS)
    assert withdraw(back)
    with pytest.raises(NameTaken):
        create()
    clock.forward(24 * 3600 + 1)
    assert create()


def test_a_rename_there_and_back_while_both_wait(sandbox):
    customer = live()
    rename(customer)
    back = rename(customer, ADAS)
    assert name_of(ADAS).state == Name.LIVE
    deliver_all()
    assert again(back).state == State.DONE
    assert (again(customer).username, sandbox.account(ADAS)["username"]) == (ADAS, ADAS)
    assert (name_of(ADAS).state, name_of(NEW_NAME).state) == (Name.LIVE, Name.RELEASED)


def test_a_name_given_up_that_is_to_come_back_stays_its_customers(sandbox, clock):
    customer = live()
    rename(customer)
    back = rename(customer, ADAS)
    Change.objects.filter(pk=back.pk).update(due_at=clock() + timedelta(days=3))
    deliver_all()
    clock.forward(2 * 24 * 3600)
    assert again(customer).username == NEW_NAME
    with pytest.raises(NameTaken) as caught:
        create()
    assert caught.value.state == Name.PENDING


def test_a_name_refused_as_taken_stays_with_the_customer_of_ours_who_has_it(sandbox):
    live()
    names.burn(ADAS, None)
    assert name_of(ADAS).state == Name.LIVE


@pytest.mark.django_db(transaction=True)
def test_two_who_want_one_name_at_once(sandbox):
    ended = at_once(*[create] * 4)
    assert sorted(type(end).__name__ for end in ended) == ["Change"] + ["NameTaken"] * 3
    assert Customer.objects.count() == Change.objects.count() == Username.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_customers_who_want_one_name_at_once(sandbox):
    ada, grace = live(), live("grace@navy.example")
    ended = at_once(lambda: rename(ada), lambda: rename(grace))
    assert sorted(type(end).__name__ for end in ended) == ["Change", "NameTaken"]
