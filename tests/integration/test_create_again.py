"""A create form that comes back: refused, sent twice, with another catalogue."""

from uuid import uuid4

import pytest

from customers.models import Change, Customer, IpGroup, Package, WhitelabelDomain
from tests.integration.pages import (
    ADA,
    Page,
    everything,
    fill_catalogue,
    refusals,
    settle,
    signed_in,
)

pytestmark = pytest.mark.django_db
URL = "/customers/new/"


@pytest.fixture
def console(db):
    fill_catalogue()
    return signed_in("Managers")


def refused(console, **fields):
    before = everything()
    response = console.post(URL, ADA | fields)
    assert everything() == before
    return refusals(response)


def test_a_form_without_any_field_says_what_is_missing(console):
    before = everything()
    assert set(ADA) <= set(refusals(console.post(URL, {"csrfmiddlewaretoken": "x"})))
    assert set(ADA) <= set(refusals(console.post(URL)))
    assert everything() == before


def test_a_refused_form_keeps_what_was_typed_but_no_password(console):
    page = Page(console.post(URL, ADA | {"email": "nonsense", "package": "Free"}))
    assert page.sends["email"] == "nonsense"
    assert page.sends["company"] == "Engines"
    assert page.sends["package"] == "Free"
    assert page.sends["password"] == page.sends["confirm_password"] == ""
    assert page.named("email")["aria-invalid"] == "true"
    assert "#id_email" in page.links()


def test_a_form_sent_twice_is_one_customer_and_leads_to_the_same_page(console):
    ada = ADA | {"change_id": Page(console.get(URL)).sends["change_id"]}
    once, again = console.post(URL, ada), console.post(URL, ada)

    assert once["Location"] == again["Location"]
    assert (Customer.objects.count(), Change.objects.count()) == (1, 1)
    assert str(Change.objects.get().pk) == ada["change_id"]


@pytest.mark.parametrize(
    "other",
    [{"phone": "2"}, {"username": "b@example.com"}, {"package": "Free"}, {"ip_group": "Group 1"},
     {"password": "another one", "confirm_password": "another one"}],
)  # fmt: skip
def test_the_same_id_with_other_content_is_told_and_gets_a_fresh_id(console, other):
    ada = ADA | {"change_id": str(uuid4())}
    console.post(URL, ada)
    before = everything()

    response = console.post(URL, ada | other)
    assert "already sent with other content" in refusals(response)["__all__"][0]
    assert everything() == before
    page = Page(response)
    assert page.sends["change_id"] != ada["change_id"]
    assert page.sends["company"] == "Engines"
    assert page.sends["phone"] == (other | ADA | other)["phone"]

    other_name = {"username": "other@example.com"}
    assert console.post(URL, page.sends | ADA | other_name
                        | {"change_id": page.sends["change_id"]}).status_code == 302  # fmt: skip
    assert Change.objects.count() == 2


def test_once_the_password_is_erased_the_form_counts_as_already_sent(console):
    ada = ADA | {"change_id": str(uuid4())}
    console.post(URL, ada)
    settle(Change.objects.get())
    assert "already sent" in refusals(console.post(URL, ada))["__all__"][0]


def test_a_mangled_change_id_is_replaced_by_a_fresh_one(console):
    page = Page(console.post(URL, ADA | {"change_id": "1; DROP TABLE"}))
    assert "Nothing was sent:" in page.words
    again = ADA | {"change_id": page.sends["change_id"]}
    assert console.post(URL, again).status_code == 302


def test_without_a_change_id_it_is_taken_too(console):
    assert console.post(URL, ADA).status_code == 302


def test_an_empty_catalogue_says_where_to_fill_it(console):
    Package.objects.all().delete()
    page = Page(console.get(URL))
    assert "The catalogue is empty" in page.words
    assert "An administrator fills it in Django admin" in page.words
    assert set(refused(console)) == {"package"}

    boss = signed_in(username="boss", is_staff=True, is_superuser=True)
    assert "/admin/customers/" in Page(boss.get(URL)).links()


def test_what_leaves_no_choice_is_not_asked(console):
    Package.objects.exclude(name="Gold").delete()
    WhitelabelDomain.objects.exclude(domain="mail.example.com").delete()
    page = Page(console.get(URL))
    assert page.named("package")["type"] == page.named("whitelabel")["type"] == "hidden"

    assert console.post(URL, ADA | {"package": "", "whitelabel": ""}).status_code == 302
    assert Customer.objects.get().package == "Gold"
    assert set(refused(console, username="b@example.com", package="Free")) == {"package"}


def test_a_catalogue_with_odd_names_is_offered_and_taken(console):
    odd = 'Gold – 300,000 e-mails, "big" & <new>'
    Package.objects.create(name=odd)
    IpGroup.objects.create(name="a, b")
    console.post(URL, ADA | {"package": odd, "ip_group": "a, b"})
    customer = Customer.objects.get()
    assert (customer.package, customer.ip_group) == (odd, ["a, b"])
