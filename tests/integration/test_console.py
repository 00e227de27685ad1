"""The console's pages: what they show, what they find, how much they ask of the database."""

import pytest

from customers.models import Change, Refresh, clock
from customers.services import changes
from tests.integration.pages import (
    Page,
    a_customer,
    a_name,
    person,
    settle,
    signed_in,
    url,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def console(db):
    return signed_in("Managers")


def found(console, **query):
    return {customer.username for customer in console.get("/customers/", query).context["page"]}


# --- The list ----------------------------------------------------------------------------------


def test_without_customers_the_list_says_what_to_do_first(console):
    assert (
        "There are no customers yet. Create the first one" in Page(console.get("/customers/")).words
    )


def test_every_word_of_a_search_stands_somewhere(console):
    a_customer()
    a_customer(
        "bob@example.org",
        first_name="Bob",
        last_name="Hope",
        city="Turin",
        state="Piedmont",
        phone="0039",
    )
    for words, those in (
        ("lovelace", {"ada@example.com"}),
        ("HOPE bob", {"bob@example.org"}),
        ("turin 0039", {"bob@example.org"}),
        ("turin london", set()),
        ("EXAMPLE.org", {"bob@example.org"}),
        ("engines", {"ada@example.com", "bob@example.org"}),
        ("  ", {"ada@example.com", "bob@example.org"}),
    ):
        assert found(console, q=words) == those, words
    assert "No customer matches." in Page(console.get("/customers/?q=nobody")).words


def test_old_names_are_found(console):
    ada = a_customer()
    a_name("Byron@example.com", "RELEASED", customer=ada)
    assert found(console, q="byron@EXAMPLE") == {"ada@example.com"}


@pytest.mark.parametrize(
    "words",
    ["%", "_", "'", '"', "\\", "%' OR 1=1 --", "a\x00b", "\x00", "\u200b", "x" * 10_000,
     " ".join(map(str, range(5000))), "{{7*7}}", "<svg onload=alert(1)>", "é", "\u202e"],
)  # fmt: skip
def test_an_odd_search_finds_what_has_it_and_breaks_nothing(console, words):
    a_customer(address="12 Square")
    assert found(console, q=words) == set()


def test_signs_of_the_databases_own_are_searched_as_they_stand(console):
    a_customer(company="100% _real_ \\o/ 'Ltd'")
    for words in ("100%", "_real_", "\\o/", "'ltd'"):
        assert found(console, q=words) == {"ada@example.com"}
    assert found(console, q="1000%") == set()


def test_a_search_in_bytes_that_are_no_text_breaks_nothing(console):
    assert console.get("/customers/?q=%ED%A0%80&page=%ff").status_code == 200


def test_the_list_is_filtered_by_status_and_by_who_looks_after_them(console):
    me = person(username="me")
    a_customer(account_manager=me)
    a_customer("bob@example.com", status="CLOSED")
    assert found(console, status="CLOSED") == {"bob@example.com"}
    assert found(console, status="NONSENSE") == {"ada@example.com", "bob@example.com"}
    assert found(console, manager="mine") == set()
    assert found(console, manager="nobody") == {"bob@example.com"}
    console.force_login(me)
    me.user_permissions.set(_permissions("view_customer"))
    assert found(console, manager="mine") == {"ada@example.com"}


def _permissions(*codenames):
    from django.contrib.auth.models import Permission

    return Permission.objects.filter(codename__in=codenames)


# --- One customer ------------------------------------------------------------------------------


def test_a_customers_page_shows_what_is_known_and_what_is_on_its_way(console):
    ada = a_customer(website_access=None)
    change = changes.ask(ada, "profile", {"phone": "0815"}, asked_by=person(username="ana"))
    changes.ask(ada, "disable")

    page = Page(console.get(f"/customers/{ada.pk}/"))
    assert "Phone +44 20 7946 0000 will be 0815 Waiting" in page.words
    assert "Website access Unknown" in page.words
    assert "Sending On Off Waiting" in page.words
    assert "ana" in page.words
    assert f"/customers/changes/{change.pk}/" in page.links()
    for name in ("profile", "email", "username", "password", "enable", "disable",
                 "website-enable", "website-disable", "delete"):  # fmt: skip
        assert url(ada, name) in page.links()


def test_who_may_only_look_is_offered_nothing_to_change(console):
    ada = a_customer()
    looker = person(username="looker")
    looker.user_permissions.set(_permissions("view_customer"))
    console.force_login(looker)
    page = Page(console.get(f"/customers/{ada.pk}/"))
    links = page.links()
    assert not forms_of(ada, links)
    assert not [
        said for tag, said in page.tags if tag == "form" and "/customers/" in said.get("action", "")
    ]
    assert "/customers/new/" not in links


def forms_of(customer, links):
    """Those that lead to a form of the customer's, not to a part of the page."""
    return {it for it in links if it.startswith(f"/customers/{customer.pk}/") and it[-1] == "/"}


@pytest.mark.parametrize(("status", "offered"), [("CLOSED", set()), ("REFUSED", {"correct"})])
def test_nothing_is_offered_that_a_customer_who_is_not_there_cannot_have(console, status, offered):
    ada = a_customer(status=status)
    links = Page(console.get(f"/customers/{ada.pk}/")).links()
    assert forms_of(ada, links) == {url(ada, page) for page in offered}


def test_a_switch_that_would_be_refused_is_explained_instead_of_offered(console):
    bob = a_customer("bob")
    page = Page(console.get(f"/customers/{bob.pk}/"))
    assert "Change the username first" in page.words
    assert url(bob, "disable") not in page.links()


# --- Changes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "words"),
    [("WAITING", "goes out as soon as a worker is free"),
     ("SENDING", "being sent to the distributor right now"),
     ("IN_DOUBT", "no usable answer came back"), ("BLOCKED", "Nothing goes on by itself"),
     ("DONE", "has confirmed it"), ("REJECTED", "The distributor said: Phone too odd"),
     ("WITHDRAWN", "withdrawn before it went out")],
)  # fmt: skip
def test_a_changes_page_tells_how_it_stands(console, state, words):
    change = changes.ask(a_customer(), "profile", {"phone": "0815"})
    if state in {"DONE", "REJECTED", "WITHDRAWN"}:
        settle(change, state, "Phone too odd" if state == "REJECTED" else "")
    else:
        Change.objects.update(state=state)
    page = Page(console.get(change.get_absolute_url()))
    assert words in page.words
    assert "Phone 0815" in page.words


def test_a_change_that_never_went_out_can_be_withdrawn(console):
    change = changes.ask(a_customer(), "password", password="abcdef")
    page = Page(console.get(change.get_absolute_url()))
    assert "Withdraw" in page.words
    response = console.post(f"/customers/changes/{change.pk}/withdraw/", follow=True)
    assert "Withdrawn. It never went out." in Page(response).words
    change.refresh_from_db()
    assert (change.state, change.sealed_password) == ("WITHDRAWN", None)

    response = console.post(f"/customers/changes/{change.pk}/withdraw/", follow=True)
    assert "Too late to withdraw" in Page(response).words


# --- Refreshes ---------------------------------------------------------------------------------


def test_the_refresh_page_shows_the_readings_and_asks_for_one(console):
    assert "The list was never read." in Page(console.get("/customers/refreshes/")).words
    now = clock.now()
    Refresh.objects.create(
        started_at=now, finished_at=now, verdict="QUARANTINED", listed=1234, problem="Cut short."
    )
    page = Page(console.get("/customers/refreshes/?page=abc"))
    assert "Quarantined Cut short. timetable or command line 1,234" in page.words
    response = console.post("/customers/refreshes/", follow=True)
    assert "A refresh was asked for" in Page(response).words
