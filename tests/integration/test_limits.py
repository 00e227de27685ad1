"""How often a stranger may do something: by address, network, e-mail and in all."""

from datetime import timedelta

import pytest
from django import forms
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.forms.signup.guards import Guarded
from customers.models import Usage
from customers.services import limits
from customers.services.disposable import is_disposable
from customers.services.limits import Purpose, TooMany, spend
from tests.integration.steps import at_once

pytestmark = pytest.mark.django_db
HERE = "192.0.2.7"


@pytest.fixture(autouse=True)
def rates(settings):
    settings.SIGNUP_RATE = "3/h"
    settings.SIGNUP_RATE_NETWORK = "5/h"
    settings.SIGNUP_RATE_EMAIL = "2/h"
    settings.SIGNUP_RATE_ALL = "8/h"
    settings.SIGNUP_GUESS_RATE = settings.SIGNUP_LOOKUP_RATE = "3/h"


def start(number, *, address=HERE, email=""):
    """Start so many times; how often it was let through, and by what it ended."""
    for n in range(number):
        try:
            spend(Purpose.START, address=address, email=email or f"p{n}@{address}.example")
        except TooMany as refused:
            return n, refused.scope
    return number, None


def counts():
    return dict(Usage.objects.values_list("key", "count"))


def test_an_address_may_start_so_often_and_again_when_its_hour_is_over(clock):
    assert start(9) == (3, "address")
    clock.forward(3599)
    assert start(1) == (0, "address")
    clock.forward(2)
    assert start(9) == (3, "address")


def test_who_is_refused_hears_from_when_on_it_goes_again(clock):
    start(3)
    began = Usage.objects.get(key__contains=" address ").until
    clock.forward(60)
    with pytest.raises(TooMany) as refused:
        spend(Purpose.START, address=HERE)
    assert refused.value.again_at == began


def test_a_network_is_counted_over_all_of_its_addresses():
    assert [start(1, address=f"192.0.2.{n}")[0] for n in range(7)] == [1, 1, 1, 1, 1, 0, 0]
    assert start(1, address="192.0.3.1") == (1, None)


def test_an_address_of_ipv6_is_a_64_and_its_network_a_56():
    assert start(9, address="2001:db8:0:100::1") == (3, "address")
    assert start(1, address="2001:db8:0:100:ffff::9") == (0, "address")
    assert start(9, address="2001:db8:0:1ff::1") == (2, "network")
    assert start(1, address="2001:db8:0:200::1") == (1, None)
    assert limits.network("2001:db8:0:1ff::1") == "2001:db8:0:100::/56"
    assert limits.network("192.0.2.7") == "192.0.2.0/24"
    assert limits.network("") == limits.network("unix:") == ""


def test_an_email_address_is_counted_wherever_it_comes_from_and_however_it_is_spelled():
    assert start(1, address="192.0.2.1", email="ada@example.com") == (1, None)
    assert start(1, address="198.51.100.1", email="Ada@EXAMPLE.com") == (1, None)
    assert start(1, address="203.0.113.1", email="ada@example.com") == (0, "email")


def test_no_email_address_lies_in_the_table():
    start(1, email="ada@example.com")
    assert not any("ada" in key or "example" in key for key in counts())


def test_in_all_so_many_are_taken_from_everybody_together():
    taken = [start(1, address=f"10.{n}.0.1")[0] for n in range(12)]
    assert taken == [1] * 8 + [0] * 4


def test_what_one_limit_refuses_no_other_one_counts():
    start(3)
    before = counts()
    assert start(5) == (0, "address")
    assert counts() == before


def test_each_purpose_is_counted_by_itself():
    start(3)
    for purpose in (Purpose.RESEND, Purpose.GUESS, Purpose.LOOKUP):
        spend(purpose, address=HERE, email="ada@example.com")


def test_codes_are_guessed_so_often_from_wherever():
    for n in range(3):
        spend(Purpose.GUESS, address=f"10.{n}.0.1", email="ada@example.com")
    with pytest.raises(TooMany) as refused:
        spend(Purpose.GUESS, address="10.9.0.1", email="ada@example.com")
    assert refused.value.scope == "email"


def test_a_flood_that_is_refused_costs_one_reading_each_and_writes_nothing():
    start(3)
    with CaptureQueriesContext(connection) as ran:
        start(1)
    ours = [query["sql"][:6] for query in ran if "statement_timestamp" not in query["sql"]]
    assert ours == ["SELECT"]


@pytest.mark.django_db(transaction=True)
def test_two_at_once_never_take_the_same_last_place():
    outcomes = at_once(*[lambda n=n: start(1, email=f"x{n}@example.com") for n in range(8)])
    assert sorted(taken for taken, _scope in outcomes) == [0] * 5 + [1] * 3
    assert counts()[f"start address {HERE}/32"] == 3
    assert counts()["start all all"] == 3


def test_what_counts_no_more_is_deleted(clock):
    start(2)
    clock.forward(3000)
    spend(Purpose.START, address="198.51.100.1")
    assert limits.forget() == 0
    # The count in all goes on with the hour that it began.
    clock.forward(601)
    assert limits.forget() == 5
    assert set(counts()) == {"start address 198.51.100.1/32", "start network 198.51.100.0/24"}


def test_a_limit_of_none_lets_nobody_through(settings):
    settings.SIGNUP_RATE = "0/h"
    assert start(1) == (0, "address")


def test_other_periods(settings, clock):
    settings.SIGNUP_RATE = "1/s"
    assert start(2) == (1, "address")
    clock.forward(timedelta(seconds=1.1).total_seconds())
    assert start(1) == (1, None)


# --- The field to leave empty, and the time -------------------------------------------------------
class Form(Guarded):
    email = forms.CharField()


@pytest.fixture
def at_leisure(settings):
    settings.SIGNUP_MIN_SECONDS = 0


def stamp(form=None):
    """As the page carries it."""
    return str((form or Form())["shown"]).split('value="')[1].split('"')[0]


def problem(**fields):
    form = Form({"email": "ada@example.com", "shown": stamp()} | fields)
    return "" if form.is_valid() else form.errors["__all__"][0]


def test_who_leaves_the_hidden_field_empty_is_taken(at_leisure):
    assert problem() == ""


def test_who_fills_in_the_hidden_field_is_told_to_leave_it_empty(at_leisure):
    assert "only robots" in problem(topic="cheap watches")


def test_who_is_quicker_than_a_person_sends_the_same_form_once_more(settings):
    settings.SIGNUP_MIN_SECONDS = 2
    form = Form({"email": "ada@example.com", "shown": stamp()})
    assert "quicker than a person" in form.errors["__all__"][0]
    # The page that says so keeps the time at which the first one was shown.
    assert stamp(form) == form.data["shown"]
    settings.SIGNUP_MIN_SECONDS = 0
    assert Form({"email": "ada@example.com", "shown": stamp(form)}).is_valid()


@pytest.mark.parametrize("made_up", ["", "x", "1:2:3", ":1abc:forged", "\x00"])
def test_a_stamp_that_is_not_ours_is_replaced(at_leisure, made_up):
    form = Form({"email": "ada@example.com", "shown": made_up})
    assert not form.is_valid()
    assert Form({"email": "ada@example.com", "shown": stamp(form)}).is_valid()


def test_a_stamp_of_yesterday_is_replaced(at_leisure, monkeypatch):
    old = stamp()
    monkeypatch.setattr("customers.forms.signup.guards.LONGEST", 0.0)
    assert "stood open for long" in problem(shown=old)


# --- Addresses for ten minutes --------------------------------------------------------------------
@pytest.mark.parametrize("email", ["a@mailinator.com", "A@MAILINATOR.COM", "a@x.mailinator.com"])
def test_a_disposable_address_is_known(email):
    assert is_disposable(email)


@pytest.mark.parametrize(
    "email", ["a@example.com", "a@xmailinator.example", "a", "", "a@", "a@com"]
)
def test_others_are_not(email):
    assert not is_disposable(email)
