"""The console on a phone whose browser runs no JavaScript."""

import pytest
from playwright.sync_api import expect

from tests.browser.console import create, fill, follow, press, state
from tests.installation import eventually

# Of the page, a heading, a link, a panel, a field and a button.
COLOURS = """() => ["body", "h1", "main a", ".panel", ".form-control, .form-select", ".btn-primary"]
    .map((it) => document.querySelector(it)).filter(Boolean).flatMap((it) => {
        const { color, backgroundColor, borderColor } = getComputedStyle(it);
        return [color, backgroundColor, borderColor];
    })"""


@pytest.fixture
def page(open_page, installed):
    page = open_page(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page.goto(f"{installed.url}/customers/new/")
    fill(page, {"Username": "manager", "Password": installed.password})
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="New customer")).to_be_visible()
    return page


def becomes(page, words):
    def is_so():
        page.reload()
        return state(page, words).is_visible()

    eventually(is_so, f"{words} after some reloads")


def test_a_customer_is_created_found_edited_switched_and_deleted(page, installed, name):
    create(page, installed.url, name)
    becomes(page, "Live")

    page.get_by_role("banner").get_by_role("link", name="Customers").click()
    page.get_by_role("searchbox").fill(name)
    page.get_by_role("button", name="Search").click()
    page.get_by_role("main").get_by_role("link", name="Grace Hopper").click()

    follow(page, "Edit profile")
    fill(page, {"City": "Boston"})
    press(page, "Change profile")
    eventually(lambda: installed.account(name)["city"] == "Boston", "the change is there")

    becomes(page, "Live")
    follow(page, "Switch sending off")
    press(page, "Switch sending off")
    eventually(lambda: not installed.account(name)["active"], "it is switched off")

    follow(page, "Delete")
    fill(page, {"Type the username to confirm": "somebody"})
    press(page, "Delete")
    expect(page.get_by_role("alert").first).to_contain_text("not the customer's username")
    fill(page, {"Type the username to confirm": name})
    press(page, "Delete")
    becomes(page, "Closed")
    assert not installed.accounts(name)


def test_every_page_of_the_menu_is_reached_and_a_refresh_is_asked_for(page):
    banner = page.get_by_role("banner")
    for link in ("Dashboard", "Customers", "Changes", "Drift", "Refresh"):
        banner.get_by_role("link", name=link).click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(banner.get_by_role("link", name=link)).to_have_attribute("aria-current", "page")
    press(page, "Refresh now")

    def is_read():
        page.reload()
        return not page.get_by_text("Running").or_(page.get_by_text("as soon as")).count()

    eventually(is_read, "the list is read")
    page.get_by_role("region", name="Readings").get_by_role("link").first.click()
    expect(page.get_by_role("row", name="Rows in the list")).to_be_visible()


def test_what_only_works_with_scripts_is_not_shown(page, installed):
    for path in ("/", "/customers/", "/customers/new/"):
        page.goto(f"{installed.url}{path}")
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.get_by_text("manager", exact=True).first.click()  # The menu is a <details>.
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        for words in ("Keyboard", "Dark", "System"):
            expect(page.get_by_role("button", name=words)).to_have_count(0)


@pytest.mark.parametrize("path", ["/customers/", "/customers/new/", "/signup/"])
def test_the_colours_are_those_of_the_system_and_the_same_as_with_scripts(
    page, open_page, installed, path
):
    scripted = open_page("manager", viewport={"width": 360, "height": 740})
    for colours in ("light", "dark"):
        seen = []
        for it in (page, scripted):
            it.emulate_media(color_scheme=colours)
            it.goto(f"{installed.url}{path}")
            seen.append(it.evaluate(COLOURS))
        assert seen[0] == seen[1]
        assert ("rgb(18, 21, 26)" in seen[0]) is (colours == "dark")
