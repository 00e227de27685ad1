"""What people do, told by roles and labels, and what the distributor has afterwards."""

import re

import pytest
from playwright.sync_api import expect

from customers.distributor.rules import PROFILE_FIELDS
from tests.browser.conftest import a_name
from tests.browser.console import (
    PASSWORD,
    choose,
    create,
    field,
    fill,
    follow,
    is_settled,
    knows,
    new_customer,
    press,
)
from tests.installation import eventually

NEW_PASSWORD = "another-wire-altogether"
PROMISE = re.compile("in a moment")


def test_a_manager_creates_changes_and_deletes_a_customer(page, installed, name):
    create(page, installed.url, name)
    expect(page.get_by_role("heading", name="Grace Hopper")).to_be_visible()
    is_settled(page)
    there = {
        "username": name,
        "email": name,
        "password": PASSWORD,
        "first_name": "Grace",
        "last_name": "Hopper",
        "company": "Compilers Ltd",
        "website": "http://compilers.example",
        "phone": "+1 212 555 0100",
        "address": "1 Main Street",
        "zip": "10001",
        "city": "New York",
        "state": "NY",
        "country": "United States",
        "package": "Free",
        "whitelabel": "mail.example.com",
        "billing_date": "",
        "free_user": True,
        "active": True,
        "website_access": True,
        "ip": [],
        "ip_group": [],
        "closed": False,
    }
    assert installed.account(name) == there

    follow(page, "Edit profile")
    fill(page, {"City": "Arlington", "State or province": "VA"})
    press(page, "Change profile")
    is_settled(page)
    assert installed.account(name) == (there := there | {"city": "Arlington", "state": "VA"})

    follow(page, "Change e-mail")
    fill(page, {"E-mail": "grace@navy.example"})
    press(page, "Change e-mail")
    is_settled(page)
    assert installed.account(name) == (there := there | {"email": "grace@navy.example"})

    follow(page, "Change username")
    fill(page, {"Username": (renamed := a_name())})
    knows(page)
    press(page, "Change username")
    is_settled(page)
    assert not installed.accounts(name)
    assert installed.account(renamed) == (there := there | {"username": renamed})

    follow(page, "Change password")
    page.get_by_role("main").get_by_text("SMTP login breaks").wait_for()
    fill(page, {"Password": NEW_PASSWORD, "Password again": NEW_PASSWORD})
    knows(page)
    press(page, "Change password")
    is_settled(page)
    assert installed.account(renamed) == (there := there | {"password": NEW_PASSWORD})
    expect(page.get_by_text(NEW_PASSWORD)).to_have_count(0)

    for link, button, column in (
        ("Switch sending off", "Switch sending off", "active"),
        ("Take website access", "Switch website access off", "website_access"),
    ):
        follow(page, link)
        press(page, button)
        is_settled(page)
        assert installed.account(renamed) == (there := there | {column: False})
    for link, button, column in (
        ("Switch sending on", "Switch sending on", "active"),
        ("Give website access", "Switch website access on", "website_access"),
    ):
        follow(page, link)
        press(page, button)
        is_settled(page)
        assert installed.account(renamed) == (there := there | {column: True})

    follow(page, "Delete")
    fill(page, {"Type the username to confirm": name})
    press(page, "Delete")
    expect(page.get_by_role("alert")).to_contain_text("This is not the customer's username.")
    fill(page, {"Type the username to confirm": renamed})
    press(page, "Delete")
    is_settled(page, "Closed")
    assert not installed.accounts(renamed)


def test_what_has_settled_takes_its_promise_and_its_buttons_along(page, installed, name):
    create(page, installed.url, name)
    is_settled(page)
    installed.faults("slow", operation="delete")
    follow(page, "Delete")
    fill(page, {"Type the username to confirm": name})
    press(page, "Delete")
    expect(
        page.get_by_role("status").filter(has_text="will be deleted in a moment")
    ).to_be_visible()
    expect(page.get_by_role("heading", name="On its way")).to_be_visible()
    expect(page.locator(".page-actions, .switches").get_by_role("link")).to_have_count(0)

    is_settled(page, "Closed")

    expect(page.get_by_text(PROMISE)).to_have_count(0)
    # The timeline goes on naming what was done, as links to the changes.
    expect(page.locator(".page-actions, .switches").get_by_role("link")).to_have_count(0)


def test_what_is_in_doubt_is_not_promised_any_more(page, installed, name):
    installed.faults("hang", operation="create")
    create(page, installed.url, name)
    promise = page.get_by_text("will be set up in a moment")
    expect(promise).to_be_visible()
    expect(page.get_by_text("Unknown, checking").first).to_be_visible()
    expect(promise).to_have_count(0, timeout=1000)  # Not only with the end of the doubt.
    is_settled(page)


def test_a_refused_customer_shows_the_distributors_words(page, installed, name):
    somebody_elses(installed, name)
    create(page, installed.url, name)
    is_settled(page, "Refused")
    expect(page.get_by_text("Username already exists").first).to_be_visible()

    page.get_by_role("main").get_by_role("link", name=re.compile("^Create")).click()
    expect(page.get_by_text("The distributor refused it. Nothing was changed.")).to_be_visible()
    expect(page.get_by_text("Username already exists").first).to_be_visible()
    page.goto(installed.url)
    needs = page.get_by_role("region", name="Needs a person")
    expect(needs.get_by_text("Username already exists").first).to_be_visible()

    new_customer(page, installed.url, name)
    press(page, "Create customer")
    expect(page.get_by_role("alert")).to_contain_text("it can never be used again")


def somebody_elses(installed, name: str) -> None:
    profile = dict.fromkeys(PROFILE_FIELDS, "somebody else's")
    installed.tell_distributor(
        "add",
        username=name,
        email=name,
        password=PASSWORD,
        confirm_password=PASSWORD,
        package="Free",
        whitelabel="mail.example.org",
        **profile,
    )


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_a_double_click_is_one_change(open_page, installed, name, scripts):
    page = open_page("manager", java_script_enabled=scripts)
    new_customer(page, installed.url, name)
    # Once it is done its password is erased, and the same form cannot be known any more.
    installed.faults("slow", operation="create")
    answers = []

    def hold_the_first(route) -> None:
        """It reaches the server, and the second click is quicker than its answer."""
        if route.request.method != "POST" or answers:
            answers.append(None)
            route.continue_()
        else:
            answers.append((route, route.fetch(max_redirects=0)))

    page.route("**/customers/new/", hold_the_first)
    button = page.get_by_role("button", name="Create customer")
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    # A locator would wait for the answer before it clicks again; a hand does not.
    page.mouse.click(box["x"] + 9, box["y"] + 9)
    eventually(lambda: page.wait_for_timeout(20) or answers, "the first is sent")
    page.mouse.click(box["x"] + 9, box["y"] + 9)
    page.wait_for_timeout(500)
    assert len(answers) == (1 if scripts else 2)
    if scripts:
        route, answer = answers[0]
        route.fulfill(response=answer)
    page.wait_for_url(re.compile(r"/customers/\d+/$"))
    eventually(lambda: installed.accounts(name), "the account is there")

    page.goto(f"{installed.url}/customers/?q={name}")
    expect(page.get_by_role("row").filter(has_text=name)).to_have_count(1)
    assert [call["operation"] for call in installed.calls(name)] == ["create"]


def test_a_second_tab_with_the_same_name_is_told_at_the_field(open_page, installed, name):
    page = open_page("manager")
    other = page.context.new_page()
    new_customer(page, installed.url, name)
    new_customer(other, installed.url, name)
    press(page, "Create customer")
    is_settled(page)

    press(other, "Create customer")

    summary = other.get_by_role("alert")
    expect(summary).to_be_focused()
    summary.get_by_role("link", name=re.compile("Username: This username is")).click()
    expect(field(other, "Username")).to_be_focused()
    expect(field(other, "Username")).to_have_attribute("aria-invalid", "true")
    expect(field(other, "City")).to_have_value("New York")
    assert len(installed.accounts(name)) == 1


def test_two_managers_edits_merge_or_ask(open_page, installed, name):
    mine, theirs = open_page("manager"), open_page("admin")
    create(mine, installed.url, name)
    is_settled(mine)
    customer = mine.url
    for page in (mine, theirs):
        page.goto(f"{customer}profile/")

    fill(theirs, {"Phone": "+1 212 555 0111"})
    press(theirs, "Change profile")
    is_settled(theirs)
    fill(mine, {"City": "Boston"})
    press(mine, "Change profile")
    is_settled(mine)
    account = installed.account(name)
    assert (account["phone"], account["city"]) == ("+1 212 555 0111", "Boston")

    for page in (mine, theirs):
        page.goto(f"{customer}email/")
    fill(theirs, {"E-mail": "theirs@example.com"})
    press(theirs, "Change e-mail")
    is_settled(theirs)
    fill(mine, {"E-mail": "mine@example.com"})
    press(mine, "Change e-mail")
    told = mine.get_by_role("alert")
    expect(told).to_contain_text("Meanwhile this was changed to “theirs@example.com”.")
    assert installed.account(name)["email"] == "theirs@example.com"

    expect(field(mine, "E-mail")).to_have_value("mine@example.com")
    press(mine, "Change e-mail")
    is_settled(mine)
    assert installed.account(name)["email"] == "mine@example.com"


def test_an_old_username_is_found(page, installed, name):
    create(page, installed.url, name)
    is_settled(page)
    follow(page, "Change username")
    fill(page, {"Username": (renamed := a_name())})
    knows(page)
    press(page, "Change username")
    is_settled(page)

    page.goto(f"{installed.url}/customers/")
    page.keyboard.press("/")
    page.keyboard.type(name)
    page.keyboard.press("Enter")

    expect(page.get_by_role("cell", name=renamed)).to_be_visible()
    page.get_by_role("link", name="Grace Hopper").click()
    expect(page.locator(".under-heading").get_by_text(renamed)).to_be_visible()


def test_a_username_that_is_no_address_is_warned_of_and_the_switches_say_why(page, installed):
    name = a_name().split("@")[0]
    new_customer(page, installed.url, name)
    fill(page, {"E-mail": "grace@example.com"})
    press(page, "Create customer")
    expect(page.get_by_text("The username is no e-mail address.")).to_be_visible()
    is_settled(page)
    expect(page.get_by_role("link", name="Switch sending off")).to_have_count(0)
    follow(page, "Change the username first")
    fill(page, {"Username": (renamed := a_name())})
    knows(page)
    press(page, "Change username")
    is_settled(page)
    follow(page, "Switch sending off")
    press(page, "Switch sending off")
    is_settled(page)
    assert installed.account(renamed)["active"] is False


def test_a_manager_verifies_one_customer_now(page, installed, name):
    somebody_elses(installed, name)
    page.goto(f"{installed.url}/customers/refreshes/")
    press(page, "Refresh now")
    page.wait_for_url(re.compile("since="))
    expect(page.locator("#live[hx-trigger*='every']")).to_have_count(0)
    page.goto(f"{installed.url}/customers/?q={name}")
    follow(page, "somebody else's somebody else's")
    press(page, "Verify now")
    expect(page.get_by_text("Verified: the distributor shows the account")).to_be_visible()

    about = {"method": "profile", "task": "set", "user": name}
    installed.tell_distributor("manage", **about, phone="+1 212 555 0199")
    press(page, "Verify now")
    expect(page.get_by_text("Differed: Phone.")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("^Phone"))).to_contain_text("0199")


def test_an_administrator_offers_a_package_and_a_manager_sells_it(open_page, installed, name):
    admin, manager = open_page("admin"), open_page("manager")
    package = f"Package of {name.partition('@')[0]}"
    admin.goto(f"{installed.url}/admin/")
    admin.get_by_role("table", name="Customers").get_by_role("link", name="Packages").click()
    admin.get_by_role("link", name="Add package").last.click()
    admin.get_by_label("Display name:").fill(package)
    admin.get_by_role("button", name="Save", exact=True).click()
    expect(admin.get_by_text("was added successfully")).to_be_visible()

    new_customer(manager, installed.url, name)
    choose(manager, {"Package": package})
    press(manager, "Create customer")
    is_settled(manager)
    assert installed.account(name)["package"] == package

    admin.goto(f"{installed.url}/admin/customers/change/")
    admin.get_by_role("link", name="Create", exact=True).first.click()
    expect(admin.get_by_text(name).first).to_be_visible()
    expect(admin.get_by_text(PASSWORD)).to_have_count(0)


def test_what_has_not_gone_out_is_withdrawn_on_its_page(page, installed, name):
    create(page, installed.url, name)
    is_settled(page)
    customer = page.url
    installed.faults("hang", operation="profile")
    follow(page, "Edit profile")
    fill(page, {"City": "Boston"})
    press(page, "Change profile")
    follow(page, "Change password")
    fill(page, {"Password": NEW_PASSWORD, "Password again": NEW_PASSWORD})
    knows(page)
    press(page, "Change password")
    coming = page.get_by_role("region", name="On its way")
    coming.get_by_role("link", name=re.compile("password")).first.click()

    press(page, "Withdraw")

    expect(page.get_by_text("Withdrawn").first).to_be_visible()
    expect(page.get_by_text(NEW_PASSWORD)).to_have_count(0)
    page.goto(customer)
    is_settled(page)
    account = installed.account(name)
    assert (account["city"], account["password"]) == ("Boston", PASSWORD)
