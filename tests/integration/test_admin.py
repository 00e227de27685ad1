"""Django admin: everything to be seen, the catalogue to be kept, nothing past the services."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from customers.models import (
    Alert,
    Change,
    Customer,
    IpAddress,
    IpGroup,
    Package,
    Username,
    WhitelabelDomain,
    clock,
)
from customers.services import changes
from customers.services.sealing import unseal
from tests.integration.addresses import address, names, populate
from tests.integration.pages import (
    ADA,
    Page,
    a_customer,
    a_name,
    everything,
    fill_catalogue,
    person,
    signed_in,
)

pytestmark = pytest.mark.django_db
ADD = "/admin/customers/customer/add/"
LIST = "/admin/customers/customer/"
CATALOGUE = {Package, IpGroup, IpAddress, WhitelabelDomain}
OURS = [model for model in admin.site._registry if model._meta.app_label == "customers"]
NOT_OURS = [model for model in OURS if model not in CATALOGUE]


@pytest.fixture
def boss(db):
    return signed_in(username="boss", is_staff=True, is_superuser=True)


def page_of(model, view, *args):
    return reverse(f"admin:customers_{model._meta.model_name}_{view}", args=args)


def choose(boss, action, *customers):
    chosen = {"action": action, "_selected_action": [c.pk for c in customers]}
    return boss.post(LIST, chosen, follow=True)


# --- Adding a customer -------------------------------------------------------------------------


def test_adding_uses_the_create_form_and_asks_for_a_change(boss):
    fill_catalogue()
    filled = Page(boss.get(ADD)).sends | ADA
    response = boss.post(ADD, filled, follow=True)

    change = Change.objects.get()
    assert str(change.pk) == filled["change_id"]
    assert (change.operation, change.asked_by.username) == ("create", "boss")
    assert unseal(change.sealed_password, change.pk) == ADA["password"]
    customer = Customer.objects.get()
    assert customer.status == "REQUESTED"
    assert response.redirect_chain == [(page_of(Customer, "change", customer.pk), 302)]
    assert "Ada Lovelace will be set up in a moment." in Page(response).words


def test_adding_twice_with_one_form_is_one_customer(boss):
    fill_catalogue()
    filled = Page(boss.get(ADD)).sends | ADA
    once, again = boss.post(ADD, filled), boss.post(ADD, filled)
    assert once["Location"] == again["Location"]
    assert Change.objects.count() == 1


def test_adding_refuses_what_the_create_form_refuses(boss):
    fill_catalogue()
    a_name("ada@example.com", "BURNT")
    before = everything()
    response = boss.post(ADD, ADA | {"phone": "x" * 51, "ip": "192.0.2.9"})
    page = Page(response)
    assert "Use at most 50 characters; these are 51." in page.words
    assert "can never be used again" in page.words
    assert "192.0.2.9” is none of your addresses" in page.words
    assert page.sends["company"] == "Engines"
    assert set(response.context["form"].errors) == {"phone", "username", "ip"}
    assert everything() == before


def test_an_empty_catalogue_says_where_to_fill_it(boss):
    page = Page(boss.get(ADD))
    assert "The catalogue is empty" in page.words
    assert "/admin/customers/" in page.links()


def test_a_username_that_is_no_email_address_is_warned_of(boss):
    fill_catalogue()
    response = boss.post(ADD, ADA | {"username": "ada"}, follow=True)
    assert "The username is no e-mail address." in Page(response).words


def test_staff_without_the_permission_adds_nobody():
    fill_catalogue()
    staff, who = signed_in(username="staff", is_staff=True), User.objects.get(username="staff")
    who.user_permissions.add(Permission.objects.get(codename="view_customer"))
    assert staff.get(LIST).status_code == 200
    before = everything()
    assert staff.get(ADD).status_code == 403
    assert staff.post(ADD, ADA).status_code == 403
    assert everything() == before


# --- Looking at one ----------------------------------------------------------------------------


@pytest.mark.parametrize("model", NOT_OURS, ids=lambda model: model.__name__)
def test_what_the_services_write_can_only_be_seen(boss, model):
    populate()
    row = model._default_manager.all()[0]
    page = Page(boss.get(page_of(model, "change", row.pk)))
    fields = page.sends.keys() - {"csrfmiddlewaretoken", ""}
    assert not fields, "there is nothing to type"
    before = everything()
    typed = {field.name: "x" for field in model._meta.fields}
    assert boss.post(page_of(model, "change", row.pk), typed).status_code == 403
    assert boss.post(page_of(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    if model is not Customer:
        assert boss.post(page_of(model, "add"), typed).status_code == 403
    delete = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    boss.post(page_of(model, "changelist"), delete)
    assert everything() == before


@pytest.mark.parametrize("model", NOT_OURS, ids=lambda model: model.__name__)
def test_no_admin_page_of_ours_lets_rows_be_edited_in_the_list(model):
    shown = admin.site._registry[model]
    assert not shown.list_editable
    assert not shown.inlines


def test_a_customers_page_links_to_the_console(boss):
    ada = a_customer()
    assert f"/customers/{ada.pk}/" in Page(boss.get(page_of(Customer, "change", ada.pk))).links()
    assert f"/customers/{ada.pk}/" in Page(boss.get(LIST)).links()


def test_every_page_opens_for_a_superuser(boss):
    populate()
    for model in admin.site._registry:
        row = model._default_manager.all()[0] if model._default_manager.exists() else None
        label = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        assert boss.get(reverse(f"{label}_changelist")).status_code == 200
        if row:
            assert boss.get(reverse(f"{label}_change", args=[row.pk])).status_code == 200
            assert boss.get(reverse(f"{label}_history", args=[row.pk])).status_code == 200


@pytest.mark.parametrize("query", ["q=ada", "q=%00", "q=%ED%A0%80", "o=1.2.3", "p=999", "e=1"])
def test_an_odd_search_breaks_no_list(boss, query):
    populate()
    for model in (Customer, Change, Username):
        assert boss.get(f"{page_of(model, 'changelist')}?{query}").status_code in {200, 302}


def test_every_table_of_ours_is_there():
    from django.apps import apps

    staging = {"Listed"}
    models = {model.__name__ for model in apps.get_app_config("customers").get_models()}
    assert {model.__name__ for model in OURS} == models - staging


def test_no_secret_is_visible_anywhere(boss):
    populate()
    ada = Customer.objects.get()
    change = changes.ask(ada, "password", password="Pa55 to hide", asked_by=person(username="x"))
    create = changes.create(
        password="another to hide", params={k: v for k, v in ADA.items() if "password" not in k}
        | {"username": "new@example.com", "free_user": "false"},
    )  # fmt: skip
    secrets = [
        "Pa55 to hide", "another to hide", change.sealed_password, create.sealed_password,
        "sealed_password",
    ]  # fmt: skip
    addresses = [address(name) for name in names()]
    addresses += [page_of(Change, "change", c.pk) for c in (change, create)]
    addresses += [c.get_absolute_url() for c in (change, create)]
    addresses += [ada.get_absolute_url(), create.customer.get_absolute_url()]
    for where in addresses:
        html = boss.get(where).getvalue().decode()
        for secret in secrets:
            assert secret not in html, where


# --- Switches ----------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["enable", "disable", "website_enable", "website_disable"])
def test_both_switches_are_asked_for_from_the_list(boss, action):
    ada, bob = a_customer(), a_customer("bob@example.com")
    before = list(Customer.objects.values())
    response = choose(boss, action, ada, bob)
    asked = Change.objects.values_list("operation", "state", "asked_by__username")
    assert list(asked) == [(action, "WAITING", "boss")] * 2
    assert "2 asked for; a worker delivers them." in Page(response).words
    assert list(Customer.objects.values()) == before


def test_whom_a_switch_is_not_possible_for_is_told_in_words(boss):
    ada, bob = a_customer(), a_customer("bob")
    gone = a_customer("gone@example.com", status="CLOSED")
    words = Page(choose(boss, "disable", ada, bob, gone)).words
    assert "“bob”: The distributor takes this only for usernames" in words
    assert "“gone@example.com”: This customer is closed" in words
    assert "1 asked for" in words
    assert Change.objects.get().customer == ada


def test_who_may_only_look_has_no_switches(boss):
    ada = a_customer()
    looker = person("Managers", username="looker", is_staff=True)
    looker.groups.get().permissions.remove(*looker.groups.get().permissions.exclude(
        codename="view_customer"))  # fmt: skip
    boss.force_login(looker)
    assert boss.get(LIST).status_code == 200
    choose(boss, "disable", ada)
    assert not Change.objects.exists()


# --- The rest ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "typed", "changed"),
    [
        (Package, {"name": "New – 1"}, {"name": "New – 1", "is_free": "on"}),
        (IpGroup, {"name": "Group 9"}, {"name": "Group 10"}),
        (IpAddress, {"address": "192.0.2.77"}, {"address": "2001:db8::77"}),
        (WhitelabelDomain, {"domain": "m.example.net"}, {"domain": "n.example.net"}),
    ],
)
def test_the_catalogue_is_kept_here(boss, model, typed, changed):
    assert boss.post(page_of(model, "add"), typed).status_code == 302
    row = model.objects.get(**typed)
    assert boss.post(page_of(model, "change", row.pk), changed).status_code == 302
    row.refresh_from_db()
    field = next(iter(changed))
    assert getattr(row, field) == changed[field]
    assert boss.post(page_of(model, "delete", row.pk), {"post": "yes"}).status_code == 302
    assert not model.objects.exists()


def test_a_package_taken_out_of_the_catalogue_leaves_customers_as_they_were(boss):
    fill_catalogue()
    boss.post(ADD, ADA)
    gold = Package.objects.get(name="Gold")
    boss.post(page_of(Package, "delete", gold.pk), {"post": "yes"})
    assert Customer.objects.get().package == "Gold"


@pytest.mark.parametrize(
    ("model", "typed"),
    [(IpAddress, {"address": "no address"}), (IpAddress, {"address": "192.0.2.1\x00"}),
     (Package, {"name": "x" * 256}), (Package, {"name": "a\x00"}), (Package, {"name": "Gold"})],
)  # fmt: skip
def test_the_catalogue_takes_nothing_odd(boss, model, typed):
    fill_catalogue()
    before = everything()
    assert boss.post(page_of(model, "add"), typed).status_code == 200
    assert everything() == before


def test_an_alert_is_ended_by_the_service(boss):
    alert = Alert.objects.create(kind="refresh", text="look", raised_at=clock.now())
    boss.post(page_of(Alert, "changelist"), {"action": "end", "_selected_action": [alert.pk]})
    alert.refresh_from_db()
    assert alert.over_at


def test_names_are_found_by_their_case_folded_form(boss):
    a_name("Zoë@example.com", Username.State.BURNT)
    page = Page(boss.get(page_of(Username, "changelist") + "?q=ZOË"))
    assert "Burnt" in page.words
