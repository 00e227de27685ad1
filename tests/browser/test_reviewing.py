"""A manager reviews signups: refuses one and undoes it, approves another that goes live."""

from uuid import uuid4

from playwright.sync_api import expect

from tests.browser.console import fill, follow, press
from tests.installation import eventually

APPLY = """
from customers.services import signups
signup = signups._confirmed(signups.start("{email}", address="192.0.2.7", language="en"))
params = {params!r} | {{"username": "{email}", "email": "{email}"}}
signups.submit(signup, params=params, password="nanoseconds-of-wire")
"""
PARAMS = {
    "first_name": "Grace", "company": "Compilers Ltd", "website": "compilers.example",
    "phone": "+1 212 555 0100", "address": "1 Main Street", "zip": "10001", "city": "New York",
    "state": "NY", "country": "United States", "package": "Free", "whitelabel": "mail.example.com",
    "free_user": "true",
}  # fmt: skip


def applied(installed, last_name):
    """Somebody with an address for ten minutes has sent the last page; their e-mail address."""
    email = f"grace-{uuid4().hex[:8]}@mailinator.com"
    code = APPLY.format(email=email, params=PARAMS | {"last_name": last_name})
    ended = installed.manage("shell", "-c", code, SIGNUP_REVIEW="risky")
    assert ended.returncode == 0, ended.stderr
    return email


def test_a_manager_refuses_undoes_and_approves(page, installed):
    # Others have signed up as well, and stand in the list of all.
    hopper, murray = (f"{name} {uuid4().hex[:6]}" for name in ("Hopper", "Murray"))
    applied(installed, hopper)
    other = applied(installed, murray)

    page.goto(f"{installed.url}/customers/signups/")
    expect(page.get_by_text("Disposable mail").first).to_be_visible()
    follow(page, f"Grace {hopper}")
    expect(page.get_by_text("forgets its mail after minutes")).to_be_visible()
    page.get_by_label("Refuse it").check()
    press(page, "Decide")
    expect(page.get_by_role("alert").first).to_be_focused()
    fill(page, {"Why?": "Such an address cannot be reached."})
    press(page, "Decide")
    expect(page.get_by_text("Refused. The applicant is told by mail.")).to_be_visible()
    expect(page.get_by_role("link", name=f"Grace {hopper}")).to_have_count(0)

    follow(page, "All")
    follow(page, f"Grace {hopper}")
    expect(page.get_by_text("“Such an address cannot be reached.”")).to_be_visible()
    press(page, "Decide")
    expect(page.get_by_text("The refusal is undone.")).to_be_visible()
    follow(page, "With the applicant")
    expect(page.get_by_role("link", name=f"Grace {hopper}")).to_be_visible()

    page.goto(f"{installed.url}/customers/signups/")
    follow(page, f"Grace {murray}")
    # The first one has the same phone.
    alike = page.get_by_role("region", name="Perhaps the same")
    expect(alike.get_by_text("same phone").first).to_be_visible()
    page.get_by_label("Approve it").check()
    press(page, "Decide")
    expect(page.get_by_text("Approved.")).to_be_visible()
    eventually(lambda: installed.accounts(other), "the distributor has the approved one")
