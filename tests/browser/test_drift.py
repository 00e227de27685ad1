"""What others altered at the distributor, from the reading that finds it to what brings it back."""

import re

from playwright.sync_api import expect

from tests.browser.console import create, is_settled, press
from tests.installation import SHORT, eventually

# A list that is read within the settle time says nothing about the customer yet.
SETTLED = (float(SHORT["SETTLE_TIME"]) + 1) * 1000


def test_a_manager_pushes_back_what_others_altered(page, installed, name):
    create(page, installed.url, name)
    is_settled(page)
    customer = page.url
    page.wait_for_timeout(SETTLED)
    installed.tell_distributor("manage", method="disable", user=name)

    page.goto(f"{installed.url}/customers/refreshes/")
    press(page, "Refresh now")
    expect(page.get_by_text("Running")).to_have_count(0)
    page.goto(customer)
    expect(page.get_by_text(re.compile("altered at the distributor"))).to_be_visible()
    page.get_by_role("link", name="altered at the distributor").click()

    page.get_by_label("All on this page").check()
    expect(page.get_by_label("Grace Hopper, Sending")).to_be_checked()
    press(page, "Push back")
    expect(page.get_by_text("Pushed back: 1.")).to_be_visible()
    eventually(lambda: installed.account(name)["active"], "sending is on again over there")
    page.goto(customer)
    is_settled(page)
