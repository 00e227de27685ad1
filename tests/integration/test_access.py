"""Who may open what. A new address without an entry in these tables fails here."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from customers.models import Change
from tests.integration.addresses import address, names, populate
from tests.integration.pages import (
    ADA,
    Page,
    a_customer,
    everything,
    fill_catalogue,
    person,
    signed_in,
    url,
)

pytestmark = pytest.mark.django_db
LOGIN, NO, YES, ELSEWHERE, METHOD, NOBODYS = "login", 403, 200, 302, 405, 404
# Reading. Who: nobody signed in, without permissions, Managers, Leads, staff superuser.
EVERYBODY = (YES, YES, YES, YES, YES)
SIGNED_IN = (LOGIN, YES, YES, YES, YES)
MANAGERS = (LOGIN, NO, YES, YES, YES)
BY_POST = (LOGIN, METHOD, METHOD, METHOD, METHOD)
# Of the signup: without one that is open in this browser there is nothing to see.
BEGIN = (ELSEWHERE,) * 5
EVERYBODYS_POST = (METHOD,) * 5
NOT_HERE = (404,) * 5
READING = {
    "dashboard": MANAGERS,
    "standing": SIGNED_IN,
    "customers:list": MANAGERS,
    "customers:new": MANAGERS,
    "customers:changes": MANAGERS,
    "customers:change": MANAGERS,
    "customers:withdraw": BY_POST,
    "customers:resolve": BY_POST,
    "customers:look": BY_POST,
    "customers:drift": MANAGERS,
    "customers:drift-ticked": BY_POST,
    "customers:drift-alike": BY_POST,
    "customers:drift-rename": BY_POST,
    "customers:signups": MANAGERS,
    "customers:signup": MANAGERS,
    "customers:review-signup": BY_POST,
    "customers:funnel": MANAGERS,
    "customers:refreshes": MANAGERS,
    "customers:refresh": MANAGERS,
    "customers:attestations": MANAGERS,
    "customers:decide-refresh": BY_POST,
    "customers:views": MANAGERS,
    "customers:view": (LOGIN, NO, NOBODYS, NOBODYS, NOBODYS),
    "customers:delete-view": BY_POST,
    "customers:detail": MANAGERS,
    "customers:verify": BY_POST,
    "customers:note": BY_POST,
    "customers:assign": BY_POST,
    "customers:correct": MANAGERS,
    "customers:profile": MANAGERS,
    "customers:email": MANAGERS,
    "customers:username": MANAGERS,
    "customers:password": MANAGERS,
    "customers:enable": MANAGERS,
    "customers:disable": MANAGERS,
    "customers:website-enable": MANAGERS,
    "customers:website-disable": MANAGERS,
    "customers:delete": MANAGERS,
    "signup": EVERYBODY,
    "signup-code": BEGIN,
    "signup-resend": EVERYBODYS_POST,
    "signup-mailed": EVERYBODY,
    "signup-link": EVERYBODY,
    "signup-fresh-link": EVERYBODYS_POST,
    "signup-package": BEGIN,
    "signup-country": BEGIN,
    "signup-person": BEGIN,
    "signup-address": BEGIN,
    "signup-username": BEGIN,
    "signup-availability": BEGIN,
    "signup-check": BEGIN,
    "signup-language": EVERYBODYS_POST,
    "signup-status": EVERYBODY,
    "brand-style": EVERYBODY,
    "brand-logo": NOT_HERE,
    "mails": NOT_HERE,
    "health": EVERYBODY,
    "login": EVERYBODY,
    "logout": BY_POST,
    "password_change": SIGNED_IN,
    "password_change_done": SIGNED_IN,
    "password_reset": EVERYBODY,
    "password_reset_done": EVERYBODY,
    "password_reset_confirm": EVERYBODY,
    "password_reset_complete": EVERYBODY,
}
# Django admin belongs to staff: everybody else is sent to a login page.
STAFF = (LOGIN, LOGIN, LOGIN, LOGIN, YES)
STAFF_NOT_EVEN = (LOGIN, LOGIN, LOGIN, LOGIN, NO)
ADMIN = {
    "admin:login": (YES, YES, YES, YES, ELSEWHERE),
    "admin:logout": (LOGIN, ELSEWHERE, ELSEWHERE, ELSEWHERE, METHOD),
    "admin:autocomplete": STAFF_NOT_EVEN,
    "admin:view_on_site": (LOGIN, LOGIN, LOGIN, LOGIN, ELSEWHERE),
}
# What the services alone write can be seen, and neither added nor deleted.
READ_ONLY = ("customer", "change", "attempt", "username", "refresh", "signup", "gate", "alert",
             "decision", "drift", "verification", "sample", "tally",
             "note", "savedview", "mail", "review", "usage")  # fmt: skip


def expected(name):
    if not name.startswith("admin:"):
        return READING[name]
    model, _, view = name.removeprefix("admin:customers_").partition("_")
    if model in READ_ONLY and (view == "delete" or (view == "add" and model != "customer")):
        return STAFF_NOT_EVEN
    return ADMIN.get(name, STAFF)


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def everybody():
    return [
        Client(),
        signed_in(username="nobody"),
        signed_in("Managers", username="manager"),
        signed_in("Leads", username="lead"),
        signed_in(username="boss", is_staff=True, is_superuser=True),
    ]


def seen(response):
    return LOGIN if "/login/" in response.get("Location", "") else response.status_code


def test_everybody_reads_what_is_theirs_to_read_and_nothing_else():
    populate()
    clients = everybody()
    found = {name: tuple(seen(c.get(address(name))) for c in clients) for name in names()}
    assert found == {name: expected(name) for name in names()}


def test_the_table_names_no_page_that_is_gone():
    assert READING.keys() | ADMIN.keys() <= set(names())


TYPED = {
    "customers:profile": {"phone": "2"},
    "customers:email": {"email": "new@example.com"},
    "customers:username": {"username": "new@example.com", "known": "on"},
    "customers:password": {"password": "abcdef", "confirm_password": "abcdef", "known": "on"},
    "customers:delete": {"username": "ada@example.com"},
    "customers:new": ADA | {"username": "bob@example.com"},
}
WRITING = [
    name for name, who in READING.items()
    if name.startswith("customers:") and who in {MANAGERS, BY_POST}
    and name not in {"customers:list", "customers:changes", "customers:change",
                     "customers:detail", "customers:drift", "customers:refresh",
                     "customers:attestations", "customers:signups", "customers:signup",
                     "customers:funnel"}
]  # fmt: skip


# A page to read with a button for those who may, and what is one's own whatever one may.
FOR_LOOKERS = {"customers:refreshes", "customers:views", "customers:view", "customers:delete-view"}


def looker():
    who = person(username="looker")
    who.user_permissions.set(Group.objects.get(name="Managers").permissions.filter(
        codename="view_customer"))  # fmt: skip
    client = Client()
    client.force_login(who)
    return client


def test_no_page_leads_to_where_one_may_not_go():
    looking = looker()
    lists = {reverse(f"customers:{name}") for name in ("list", "changes", "drift", "refreshes")}
    met = followed(looking, {"/", *lists})
    populate()
    met |= followed(
        looking, {"/", *lists, address("customers:detail"), address("customers:change")}
    )
    assert {link for link, status in met.items() if status == NO} == set()
    assert len(met) > 20


def followed(client, pages):
    """The status of whatever these pages lead to."""
    links = set().union(*(Page(client.get(page)).links() for page in pages))
    return {link: client.get(link).status_code for link in links if link.startswith("/")}


@pytest.mark.parametrize("name", WRITING)
def test_who_may_not_write_writes_nothing(name):
    populate()
    strangers = everybody()[:2]
    if name not in FOR_LOOKERS:
        strangers.append(looker())
    before = everything()
    for client in strangers:
        assert seen(client.post(address(name), TYPED.get(name, {}))) in {LOGIN, NO}
    assert everything() == before


@pytest.mark.parametrize("name", [n for n in WRITING if n in TYPED or "able" in n])
@pytest.mark.parametrize("group", ["Managers", "Leads"])
def test_managers_and_leads_write(name, group):
    populate()
    before = Change.objects.count()
    response = signed_in(group, username="m").post(address(name), TYPED.get(name, {}))
    assert response.status_code == 302
    assert Change.objects.count() == before + 1


def test_deleting_wants_a_permission_of_its_own():
    fill_catalogue()
    ada = a_customer()
    changer = person(username="changer")
    changer.user_permissions.set(Group.objects.get(name="Managers").permissions.exclude(
        codename="delete_now"))  # fmt: skip
    client = Client()
    client.force_login(changer)
    assert client.get(url(ada, "profile")).status_code == 200
    assert client.get(url(ada, "delete")).status_code == 403
    assert client.post(url(ada, "delete"), {"username": ada.username}).status_code == 403
    assert not Change.objects.exists()
    assert url(ada, "delete") not in Page(client.get(f"/customers/{ada.pk}/")).links()


def test_every_manager_sees_every_customer():
    ada = a_customer(account_manager=person(username="other"))
    assert signed_in("Managers").get(f"/customers/{ada.pk}/").status_code == 200


@pytest.mark.parametrize(
    ("group", "may"),
    [("Managers", {"view_customer", "add_customer", "change_customer", "delete_now", "add_note",
                   "review_signup"}),
     ("Leads", {"view_customer", "add_customer", "change_customer", "delete_now", "add_note",
                "resolve_change", "apply_quarantined_refresh", "review_signup"})],
)  # fmt: skip
def test_a_migration_makes_the_two_groups(group, may):
    permissions = Group.objects.get(name=group).permissions
    assert set(permissions.values_list("codename", flat=True)) == may


def test_no_migration_makes_an_account():
    assert not User.objects.exists()
    assert set(Group.objects.values_list("name", flat=True)) == {"Managers", "Leads"}


def test_a_person_signs_in_and_is_led_where_they_wanted_to_go():
    person("Managers", password="a long pass phrase")
    client = Client()
    wanted = client.get("/customers/?q=x")["Location"]
    assert Page(client.get(wanted)).sends["next"] == "/customers/?q=x"
    wrong = client.post(wanted, {"username": "grace", "password": "wrong"})
    assert wrong.status_code == 200
    assert "There is a problem" in Page(wrong).words
    right = {"username": "grace", "password": "a long pass phrase", "next": "/customers/?q=x"}
    assert client.post("/accounts/login/", right)["Location"] == "/customers/?q=x"
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("name", ["a\x00b", "x" * 10_000, "' OR 1=1 --", "\u202egrace"])
def test_a_bad_name_at_the_login_is_a_form_error(name):
    response = Client().post("/accounts/login/", {"username": name, "password": "x"})
    assert response.status_code == 200
    assert response.context["form"].errors


def test_nobody_is_led_to_another_site_by_signing_in():
    person(password="a long pass phrase")
    filled = {"username": "grace", "password": "a long pass phrase", "next": "https://evil.example"}
    assert Client().post("/accounts/login/", filled)["Location"] == "/"


def test_signing_out_is_asked_for_by_post():
    client = signed_in("Managers")
    assert client.get("/accounts/logout/").status_code == 405
    assert client.get("/").status_code == 200
    assert client.post("/accounts/logout/")["Location"] == "/accounts/login/"
    assert client.get("/").status_code == 302


def test_a_person_gets_a_new_password_by_mail(mailoutbox):
    person(email="grace@example.com", password="a long pass phrase")
    client = Client()
    client.post("/accounts/password_reset/", {"email": "grace@example.com"})
    link = next(line for line in mailoutbox[0].body.splitlines() if "://" in line)
    form = client.get(link.split("testserver")[1])["Location"]
    new = {"new_password1": "another pass phrase", "new_password2": "another pass phrase"}
    assert client.post(form, new).status_code == 302
    assert client.login(username="grace", password="another pass phrase")
    client.post("/accounts/password_reset/", {"email": "nobody@example.com"})
    assert len(mailoutbox) == 1
