"""Whoever leaves the mouse alone: the keys that the console knows, and a day's work by them alone.

Nothing here clicks, and no script moves the focus: there are Tab, Enter and what is typed.
"""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.console import CHOICES, GRACE, PASSWORD, create, is_settled
from tests.installation import eventually

FOCUSED = """() => {
    const it = document.activeElement;
    const labels = [...(it.labels || [])].map(label => label.textContent);
    const name = it.ariaLabel || labels.join(" ") || it.textContent;
    return name.replace("*", "").replace(/\\s+/g, " ").trim();
}"""
# The button inside of a date is the browser's own, which marks it: no selector sees that.
SEEN = "document.activeElement.matches(':focus-visible, [type=date]')"
MANY = 80  # Tabs: more than any page has places to stop at.


@pytest.fixture
def keys(page):
    return page.keyboard


def focused(page):
    """The name of what has the focus."""
    return page.evaluate(FOCUSED)


def tab_to(page, name, role=None):
    """By Tab alone, and the focus is seen on the way; a dialog may have put it there."""
    for _ in range(MANY):
        if re.fullmatch(name, focused(page)):
            return
        page.keyboard.press("Tab")
        assert page.evaluate(SEEN), focused(page)
    raise AssertionError(f"{name} is not reached by Tab")


def type_into(page, values):
    for label, value in values.items():
        tab_to(page, label)
        page.keyboard.type(value)


def test_a_customer_is_created_found_edited_and_deleted_by_keys_alone(page, keys, installed, name):
    page.goto(installed.url)
    keys.press("n")
    page.wait_for_url("**/customers/new/")
    type_into(page, {"E-mail": name, "Username": name})
    type_into(page, {"Password": PASSWORD, "Password again": PASSWORD})
    type_into(page, GRACE)
    type_into(page, CHOICES)
    tab_to(page, "Create customer")
    keys.press("Enter")
    page.wait_for_url(re.compile(r"/customers/\d+/$"))
    is_settled(page)
    account = installed.account(name)
    assert (account["city"], account["package"]) == ("New York", "Free")

    keys.press("/")
    page.wait_for_url("**/customers/**")
    expect(page.get_by_role("searchbox")).to_be_focused()
    keys.type(name)
    keys.press("Enter")
    page.wait_for_url(f"**q={name.replace('@', '%40')}**")
    tab_to(page, "Grace Hopper")
    keys.press("Enter")
    page.wait_for_url(re.compile(r"/customers/\d+/"))
    expect(page.get_by_role("heading", name="Grace Hopper")).to_be_visible()

    tab_to(page, "Edit profile")
    keys.press("Enter")
    expect(page.get_by_role("button", name="Change profile")).to_be_visible()
    tab_to(page, "City")
    keys.press("Control+A")
    keys.type("Arlington")
    keys.press("Enter")
    eventually(lambda: installed.account(name)["city"] == "Arlington", "the city is changed")
    is_settled(page)

    tab_to(page, "Delete")
    keys.press("Enter")
    expect(page.get_by_role("button", name="Delete")).to_be_visible()
    tab_to(page, "Type the username to confirm")
    keys.type(name)
    keys.press("Enter")
    is_settled(page, "Closed")
    assert not installed.accounts(name)


def test_rows_are_walked_through(page, keys, installed, name):
    create(page, installed.url, name)
    page.goto(f"{installed.url}/customers/refreshes/")
    rows = page.locator("[data-row]")
    assert rows.count(), "the installation has read its list"
    keys.press("k")
    expect(rows.first.get_by_role("link").first).to_be_focused()
    keys.press("Enter")
    page.wait_for_url(re.compile(r"/refreshes/\d+/$"))
    keys.press("g")
    keys.press("h")
    page.wait_for_url("**/customers/changes/")
    rows = page.locator("[data-row]")
    last = rows.count() - 1
    for _ in range(last + 3):  # The end is the end: it does not begin again.
        keys.press("j")
    expect(rows.nth(last).get_by_role("link").first).to_be_focused()
    expect(rows.nth(last)).to_be_in_viewport()
    if last:
        keys.press("k")
        expect(rows.nth(last - 1).get_by_role("link").first).to_be_focused()


def test_one_goes_from_customer_to_customer_of_a_list(page, keys, installed):
    page.goto(f"{installed.url}/customers/?status=LIVE&sort=username")
    rows = page.locator("tr[data-row]")
    addresses = [rows.nth(n).get_by_role("link").first.get_attribute("href") for n in range(2)]
    keys.press("j")
    keys.press("Enter")
    page.wait_for_url(f"**{addresses[0]}")
    keys.press("k")  # There is nobody before the first one.
    for key, address in (("j", addresses[1]), ("k", addresses[0])):
        keys.press(key)
        page.wait_for_url(f"**{address}")
    expect(page.get_by_role("link", name="Back to the list")).to_be_visible()


def test_keys_act_again_once_a_dialog_is_closed(page, keys, installed, name):
    create(page, installed.url, name)
    is_settled(page)
    dialog = page.get_by_role("dialog")
    for ending in ("Enter", "Escape"):
        keys.press("e")
        expect(dialog.get_by_role("button", name="Change profile")).to_be_visible()
        tab_to(page, "City")
        keys.press("Control+A")
        keys.type("Arlington" if ending == "Enter" else "Paris")
        page.once("dialog", lambda question: question.accept())
        keys.press(ending)
        expect(dialog).to_be_hidden()
    keys.press("g")
    keys.press("c")
    page.wait_for_url("**/customers/")


def test_the_list_of_keys_opens_closes_and_switches_them_off(page, keys, installed):
    page.goto(f"{installed.url}/customers/changes/")
    keys.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_text("Next and previous row of a list")).to_be_visible()
    keys.press("n")  # Under an open dialog no key acts.
    keys.press("Escape")
    expect(dialog).to_be_hidden()
    assert page.url.endswith("/changes/")

    tab_to(page, "manager")
    keys.press("Enter")
    tab_to(page, r"Keyboard \?")
    keys.press("Enter")
    expect(dialog).to_be_visible()
    tab_to(page, "Keys of one letter are on, in this browser")
    keys.press("Space")
    keys.press("Escape")
    assert focused(page) == "manager"

    for reload in (False, True):
        if reload:
            page.reload()
        for key in ("n", "?", "/", "g", "c"):
            keys.press(key)
        expect(dialog).to_be_hidden()
        assert page.url.endswith("/changes/")


def test_no_key_acts_while_one_types_or_holds_another_key(page, keys, installed):
    page.goto(f"{installed.url}/customers/")
    keys.press("/")
    keys.type("n/?jgc")
    expect(page.get_by_role("searchbox")).to_have_value("n/?jgc")
    expect(page.get_by_role("dialog")).to_be_hidden()
    keys.press("Tab")
    for key in ("Alt+n", "Control+Shift+n", "Meta+n"):
        page.evaluate("key => document.body.dispatchEvent(new KeyboardEvent('keydown', key))", {
            "key": "n", "bubbles": True, "altKey": "Alt" in key, "ctrlKey": "Control" in key,
            "metaKey": "Meta" in key,
        })  # fmt: skip
    # An input method composes a character out of several keys.
    composing = {"key": "n", "bubbles": True, "isComposing": True}
    page.evaluate("k => document.body.dispatchEvent(new KeyboardEvent('keydown', k))", composing)
    page.wait_for_timeout(300)
    assert page.url.endswith("/customers/")


def test_a_form_that_is_half_filled_in_is_not_left_by_a_slip(page, keys, installed):
    page.goto(f"{installed.url}/customers/new/")
    type_into(page, {"E-mail": "grace@"})
    tab_to(page, "Create customer")
    for key in ("g", "c", "n", "/"):
        keys.press(key)
    page.wait_for_timeout(300)
    expect(page.get_by_label("E-mail")).to_have_value("grace@")
    keys.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
