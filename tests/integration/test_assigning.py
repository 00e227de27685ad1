"""Who looks after a customer: a fact of ours, told in the timeline, and sent to nobody."""

import pytest
from django.contrib.auth.models import Group, Permission

from customers.models import Change, Customer, Note
from customers.services import notes
from tests.integration.pages import Page, a_customer, everything, person, signed_in, url
from tests.integration.steps import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def console(db):
    return signed_in("Managers")


@pytest.fixture
def ana(db):
    return person("Managers", username="ana", first_name="Ana", last_name="Lytic")


@pytest.fixture
def ada(db):
    return a_customer()


def chosen(page):
    return page.sends.get("manager", "")


def offered(console, customer):
    text = console.get(customer.get_absolute_url()).content.decode()
    options = text.partition('name="manager"')[2].partition("</select>")[0]
    return [it.partition(">")[2].partition("<")[0] for it in options.split("<option ")[1:]]


def test_a_customer_is_given_to_somebody_and_to_nobody(console, ada, ana):
    page = Page(console.post(url(ada, "manager"), {"manager": ana.pk}, follow=True))
    assert "ana looks after Ada Lovelace from now on." in page.words
    assert "looked after by ana" in page.words
    assert chosen(page) == str(ana.pk)
    assert Customer.objects.get().account_manager == ana

    page = Page(console.post(url(ada, "manager"), {"manager": ""}, follow=True))
    assert "Nobody looks after Ada Lovelace from now on." in page.words
    assert "looked after by nobody" in page.words
    told = page.words.partition("Timeline")[2]
    assert told.index("Account manager nobody grace,") < told.index("Account manager ana grace,")
    assert not Change.objects.exists(), "nothing of it goes to the distributor"


def test_what_is_so_already_is_told_and_not_noted(console, ada, ana):
    Customer.objects.update(account_manager=ana)
    before = everything()
    page = Page(console.post(url(ada, "manager"), {"manager": ana.pk}, follow=True))
    assert "It was so already: nothing was changed." in page.words
    after = everything()
    assert after["customers.Note"] == before["customers.Note"]
    assert after["customers.Customer"] == before["customers.Customer"]


def test_on_offer_are_active_people_who_may_see_customers(console, ada, ana):
    person("Managers", username="gone", is_active=False)
    person(username="stranger")
    person(username="boss", is_superuser=True)
    looker = person(username="looker")
    looker.user_permissions.set(Permission.objects.filter(codename="view_customer"))
    names = ["Nobody", "ana (Ana Lytic)", "boss", "grace", "looker"]
    assert offered(console, ada) == names


def test_who_looks_after_somebody_now_is_told_even_if_they_could_not_be_chosen(console, ada):
    gone = person("Managers", username="gone", is_active=False)
    Customer.objects.update(account_manager=gone)
    assert "gone, no longer active" in offered(console, ada)
    assert chosen(Page(console.get(ada.get_absolute_url()))) == str(gone.pk)


@pytest.mark.parametrize("who", ["stranger", "999999", "x", "9" * 50, "-1"])
def test_nobody_else_can_be_chosen(console, ada, who):
    stranger = person(username="stranger")
    before = Customer.objects.values().get()
    page = Page(console.post(
        url(ada, "manager"), {"manager": stranger.pk if who == "stranger" else who}, follow=True
    ))  # fmt: skip
    assert "Choose somebody of the list." in page.words
    assert Customer.objects.values().get() == before
    assert not Note.objects.exists()


def test_who_may_not_change_customers_assigns_nobody(console, ada, ana):
    looker = person(username="looker")
    looker.user_permissions.set(
        Permission.objects.filter(group=Group.objects.get(name="Managers")).exclude(
            codename="change_customer"
        )
    )
    console.force_login(looker)
    page = Page(console.get(ada.get_absolute_url()))
    assert "manager" not in page.sends
    assert "looked after by nobody" in page.words
    assert console.post(url(ada, "manager"), {"manager": ana.pk}).status_code == 403
    assert Customer.objects.get().account_manager is None


def test_the_managers_name_stays_in_the_timeline_when_the_account_goes(console, ada, ana):
    notes.assign(ada, ana, by=ana)
    ana.delete()
    words = Page(console.get(ada.get_absolute_url())).words
    assert "Account manager ana ana," in words
    assert "looked after by nobody" in words


def test_the_page_goes_back_to_where_one_came_from(console, ada, ana):
    answer = console.post(f"{url(ada, 'manager')}?from=q%3Dx", {"manager": ana.pk})
    assert answer["Location"] == f"/customers/{ada.pk}/?from=q%3Dx"


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_the_last_one_wins_and_both_are_told(ada, ana):
    bea = person("Managers", username="bea")
    first, second = at_once(
        lambda: notes.assign(ada, ana, by=ana), lambda: notes.assign(ada, bea, by=bea)
    )
    told = list(Note.objects.order_by("pk").values_list("text", flat=True))
    assert sorted(told) == ["ana", "bea"]
    assert {first.text, second.text} == {"ana", "bea"}
    assert Customer.objects.get().account_manager.username == told[-1]
