"""The public way in, from the first page to the last: what is sent, kept, shown and refused."""

import json

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from customers.models import Change, Customer, IpAddress, Package, Signup, Username, clock
from customers.services.sealing import unseal
from tests.integration.applicant import (
    ADDRESS,
    EMAIL,
    PACKAGE,
    PAGES,
    PASSWORD,
    PERSON,
    SENT,
    Applicant,
    errors,
)
from tests.integration.pages import Page, a_name, everything, fill_catalogue
from tests.integration.steps import deliver_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(db):
    fill_catalogue()
    return Applicant()


@pytest.mark.core
def test_a_stranger_signs_up_and_the_distributor_gets_what_was_typed(ada, sandbox):
    signup = ada.sign_up()

    change = Change.objects.get()
    assert change.params == SENT
    assert (change.operation, change.asked_by, change.state) == ("create", None, "WAITING")
    assert (signup.customer.origin, signup.customer.account_manager) == ("signup", None)
    assert unseal(change.sealed_password, change.pk) == PASSWORD
    page = ada.see(f"/signup/{signup.pk}/")
    assert str(signup.pk) in page.words
    assert "Your account is being set up." in page.words
    deliver_all()
    assert sandbox.account(EMAIL)["password"] == PASSWORD
    assert "Your account is live." in ada.see(f"/signup/{signup.pk}/").words


def test_nothing_is_asked_of_the_distributor_before_the_last_page(ada, sandbox):
    ada.confirm().fill()
    deliver_all()
    assert (Customer.objects.count(), Change.objects.count()) == (0, 0)
    assert sandbox.operations() == []


def test_no_page_can_be_opened_before_those_that_it_follows(ada):
    for name in [*PAGES, "check"]:
        assert ada.client.get(f"/signup/{name}/")["Location"] == "/signup/"
    ada.begin()
    for name in [*PAGES, "check"]:
        assert ada.client.get(f"/signup/{name}/")["Location"] == "/signup/"
        assert ada.client.post(f"/signup/{name}/", SENT)["Location"] == "/signup/"
    ada.client.post("/signup/code/", {"code": ada.code()})
    for name in [*PAGES, "check"][1:]:
        assert ada.client.get(f"/signup/{name}/")["Location"] == "/signup/package/"
    assert ada.send()["Location"] == "/signup/package/"
    assert Change.objects.count() == 0


def test_every_page_shows_what_was_typed_there_before(ada):
    ada.confirm().fill()
    for name, said in PAGES.items():
        page = ada.see(f"/signup/{name}/")
        if name == "package":
            chosen = {it["value"] for _tag, it in page.tags if "checked" in it}
            assert chosen == set(said.values())
        elif name == "person":
            assert page.sends["phone"] == "+1 212-736-5000"
        else:
            assert {field: page.sends[field] for field in said} == said


def test_who_changes_one_answer_at_the_end_comes_back_to_the_end(ada):
    ada.confirm().fill()
    changed = ada.client.post("/signup/person/", PERSON | {"first_name": "Augusta"})
    assert changed["Location"] == "/signup/check/"
    assert "Augusta" in ada.see("/signup/check/").words
    back = [
        it["href"] for tag, it in ada.see("/signup/person/").tags if it.get("class") == "back-link"
    ]
    assert back == ["/signup/check/"]


def test_the_last_page_shows_all_that_was_said_each_with_a_way_to_change_it(ada):
    ada.confirm().fill()
    page = ada.see("/signup/check/")
    for said in (EMAIL, "Gold", "mail.example.com", "United States", "Ada", "Lovelace", "New York",
                 "10001", "+1 212-736-5000", "1 Main Street"):  # fmt: skip
        assert said in page.words, said
    assert {f"/signup/{name}/" for name in PAGES} <= page.links()


def test_a_new_country_asks_for_the_address_again(ada):
    ada.confirm().fill()
    moved = ada.client.post("/signup/country/", {"country": "DE"})
    assert moved["Location"] == "/signup/address/"
    assert ada.client.get("/signup/check/")["Location"] == "/signup/address/"
    ada.client.post("/signup/address/", {"address": "Weg 1", "zip": "10115", "city": "Berlin"})
    assert ada.send().status_code == 302
    params = Change.objects.get().params
    assert (params["country"], params["zip"], params["state"]) == ("Germany", "10115", "-")


def test_what_was_sent_twice_is_one_signup_and_leads_to_the_same_page(ada):
    signup = ada.sign_up()
    assert ada.send()["Location"] == f"/signup/{signup.pk}/"
    assert (Signup.objects.count(), Change.objects.count()) == (1, 1)


def test_additional_ips_go_with_packages_that_allow_them_alone(ada):
    Package.objects.filter(name="Free").update(allows_ips=False)
    ada.confirm()
    refused = ada.client.post("/signup/package/", PACKAGE | {"package": "Free", "ip": "192.0.2.1"})
    assert set(errors(refused)) == {"ip"}
    taken = ada.client.post("/signup/package/", PACKAGE | {"ip": ["192.0.2.1", "2001:db8::1"]})
    assert taken.status_code == 302
    ada.fill(package={"ip": ["192.0.2.1"]}).send()
    assert Change.objects.get().params["ip"] == ["192.0.2.1"]


def test_without_ips_of_ours_nobody_is_asked_for_them(ada):
    IpAddress.objects.all().delete()
    assert "Additional IPs" not in ada.confirm().see("/signup/package/").words


def test_packages_that_are_not_offered_at_signup_are_refused(ada):
    ada.confirm()
    assert "Old - not sold any more" not in ada.see("/signup/package/").words
    said = PACKAGE | {"package": "Old - not sold any more"}
    assert set(errors(ada.client.post("/signup/package/", said))) == {"package"}


def test_a_package_that_is_taken_off_meanwhile_is_asked_for_again(ada):
    ada.confirm().fill()
    Package.objects.filter(name="Gold").delete()
    assert ada.send()["Location"] == "/signup/package/"
    assert Change.objects.count() == 0


def test_what_only_a_manager_may_say_is_ignored(ada):
    more = {"ip_group": "Group 1", "billing_date": "2000-01-01", "free_user": "true",
            "status": "LIVE", "origin": "console", "account_manager": "1"}  # fmt: skip
    signup = ada.sign_up(**dict.fromkeys(PAGES, more))
    assert Change.objects.get().params == SENT
    assert (signup.customer.status, signup.customer.origin) == ("REQUESTED", "signup")


def test_without_a_catalogue_nothing_is_on_offer(db):
    words = Page(Client().get("/signup/")).words
    assert "No package is on offer at the moment." in words
    assert "admin" not in words.lower()


# --- The password ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("password", "words"),
    [("", "Enter a value"), ("short77", "at least 8"), ("password", "tried first"),
     ("Password123", "tried first"), (EMAIL, "as the password"), ("a\nb-and-more", "invisible")],
)  # fmt: skip
def test_a_bad_password_is_refused_and_nothing_is_written(ada, password, words):
    ada.confirm().fill()
    before = everything()
    assert words in errors(ada.send(password))["password"][0]
    assert everything() == before


@pytest.mark.parametrize(("least", "taken"), [(6, True), (7, True), (8, False)])
def test_how_long_a_password_must_be_is_set(ada, settings, least, taken):
    settings.SIGNUP_PASSWORD_MIN = least
    assert (ada.confirm().fill().send("ent3rpr").status_code == 302) == taken


def test_a_long_password_with_anything_in_it_is_taken_whole(ada):
    password = "пароль 密码 🔑 &<\"'" + "x" * 500
    ada.confirm().fill().send(password)
    change = Change.objects.get()
    assert unseal(change.sealed_password, change.pk) == password


def test_the_password_lies_sealed_on_the_change_and_nowhere_else(ada):
    ada.confirm().fill()
    ada.send("short")
    ada.sign_up(person={"company": PASSWORD[:3]})
    rows = json.dumps(everything(), default=str)
    decoded = json.dumps([it.get_decoded() for it in Session.objects.all()])
    assert PASSWORD not in rows + decoded
    assert "password" not in Signup.objects.latest("started_at").answers


# --- The name ----------------------------------------------------------------------------------


def test_the_address_is_offered_as_the_username(ada):
    ada.confirm().fill(until="username")
    assert ada.see("/signup/username/").sends["username"] == EMAIL


def test_a_name_is_held_while_the_signup_is_open_and_is_the_customers_then(ada):
    ada.confirm().fill(username={"username": "Countess@example.com"})
    name = Username.objects.get()
    assert (name.key, name.state, name.customer) == ("countess@example.com", "PENDING", None)
    bob = Applicant("bob@example.com").confirm().fill(until="username")
    refused = bob.client.post("/signup/username/", {"username": "COUNTESS@example.com"})
    assert errors(refused) == {"username": ["This username cannot be had. Choose another one."]}

    ada.send()

    name.refresh_from_db()
    assert (name.state, name.customer, name.signup) == ("PENDING", Customer.objects.get(), None)


def test_another_name_gives_the_first_one_back(ada):
    ada.confirm().fill()
    ada.client.post("/signup/username/", {"username": "countess@example.com"})
    held = {it.key: it.state for it in Username.objects.all()}
    assert held == {EMAIL: "RELEASED", "countess@example.com": "PENDING"}
    assert Applicant("bob@example.com").confirm().fill(username={"username": EMAIL})


@pytest.mark.parametrize("state", ["LIVE", "PENDING", "BURNT", "RELEASED"])
def test_why_a_name_cannot_be_had_is_nobodys_business(ada, state):
    until = clock.now().replace(year=2999) if state == "RELEASED" else None
    a_name("taken@example.com", state, until=until)
    ada.confirm().fill(until="username")
    refused = ada.client.post("/signup/username/", {"username": "Taken@example.com"})
    assert errors(refused) == {"username": ["This username cannot be had. Choose another one."]}
    words = Page(ada.client.get("/signup/username/free/?username=taken@example.com")).words
    assert words == "This username cannot be had. Choose another one."


def test_whether_a_name_can_be_had_is_told_while_it_is_typed(ada):
    ada.confirm().fill()
    free = "/signup/username/free/?username="
    assert Page(ada.client.get(f"{free}new@example.com")).words == "This username can be had."
    assert Page(ada.client.get(free + EMAIL)).words == "This username can be had.", "it is theirs"
    for nonsense in ("", "%20", "a%00b", "x" * 65, "%D0%B0da@example.com"):
        assert Page(ada.client.get(free + nonsense)).words == ""
    assert Client().get(f"{free}new@example.com").status_code == 302, "only on that page"


def test_a_name_that_is_lost_meanwhile_is_told_at_the_end(ada):
    ada.confirm().fill()
    Username.objects.all().delete()
    a_name(EMAIL, "LIVE")
    response = ada.send()
    assert response.status_code == 302
    assert response["Location"] == "/signup/username/"
    assert Change.objects.count() == 0
    assert ada.signup().answers["address"] == ADDRESS["address"]
