"""A lead settles what only a person can tell: looks, reads what was seen, chooses, says why."""

from playwright.sync_api import expect

from customers.distributor.rules import PROFILE_FIELDS
from tests.browser.conftest import a_name
from tests.browser.console import create, fill, follow, is_settled, press, state


def there_already(installed, name):
    """The account of somebody else's customer; what we ask for loses its answer."""
    names = dict.fromkeys((*PROFILE_FIELDS, "package", "whitelabel"), "Elsewhere")
    secret = dict.fromkeys(("password", "confirm_password"), "elsewhere")
    installed.tell_distributor("add", username=name, email=name, **names, **secret)
    installed.faults("lost", times=1, operation="create")


def test_a_lead_looks_again_decides_and_the_customer_is_asked_for_once_more(page, installed, name):
    there_already(installed, name)
    create(page, installed.url, name)
    expect(state(page, "Needs a person")).to_be_visible()
    page.get_by_role("region", name="Timeline").get_by_role("link", name="Create").click()

    press(page, "Look again now")
    expect(page.get_by_text("What the last look saw stands below")).to_be_visible()
    expect(page.get_by_text("City: “Elsewhere” is there, “New York” was asked")).to_be_visible()

    # Until then the call whose answer was lost may still be executed.
    page.goto(page.url.partition("?")[0] + "?wait")
    expect(page.get_by_role("button", name="Decide")).to_be_visible(timeout=30_000)
    press(page, "Decide")
    expect(page.get_by_role("alert").first).to_be_focused()
    page.get_by_label("It was not done and shall not be").check()
    expect(page.get_by_text("The customer counts as refused")).to_be_visible()
    fill(page, {"Why?": "It is another reseller's account."})
    press(page, "Decide")
    expect(page.get_by_text("It counts as not done, and is over.")).to_be_visible()
    expect(page.get_by_text("manager decided")).to_be_visible()
    expect(page.get_by_text("It is another reseller's account.")).to_be_visible()

    follow(page, "Correct and ask again")
    fill(page, {"Username": (other := a_name()), "Password": "nanoseconds-of-wire"})
    fill(page, {"Password again": "nanoseconds-of-wire"})
    press(page, "Create customer")
    is_settled(page)
    assert installed.account(other)["city"] == "New York"
    assert installed.account(name)["city"] == "Elsewhere"
