"""The console in a browser: how it is started, and what a person does there by roles and labels."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# A change is delivered within a second or two; a machine under load may take its time.
PATIENCE = 30_000

expect.set_options(timeout=PATIENCE)

GRACE = {
    "First name": "Grace",
    "Last name": "Hopper",
    "Company": "Compilers Ltd",
    "Website": "http://compilers.example",
    "Phone": "+1 212 555 0100",
    "Address": "1 Main Street",
    "Postal code": "10001",
    "City": "New York",
    "State or province": "NY",
    "Country": "United States",
}
CHOICES = {"Package": "Free", "Whitelabel domain": "mail.example.com"}
PASSWORD = "nanoseconds-of-wire"


@contextmanager
def chromium_at(path: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def field(page: Page, label: str) -> Locator:
    """The field of exactly that label; a star behind it says that it is required."""
    return page.get_by_label(re.compile(rf"^\s*{re.escape(label)}\s*\*?\s*$"))


def fill(page: Page, values: Mapping[str, str]) -> None:
    for label, value in values.items():
        field(page, label).fill(value)


def choose(page: Page, values: Mapping[str, str]) -> None:
    for label, value in values.items():
        field(page, label).select_option(value)


def press(page: Page, name: str) -> None:
    """And wait for the answer, where a script asks for it. A dangerous one names the customer."""
    named = re.compile(rf"^{re.escape(name)}(: .+)?$")
    page.get_by_role("main").get_by_role("button", name=named).click()
    expect(page.locator("dialog[aria-busy=true]")).to_have_count(0)


def knows(page: Page) -> None:
    """That the customer's login breaks."""
    page.get_by_label(re.compile("I know that the SMTP login of")).check()


def follow(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).click()


def state(page: Page, words: str) -> Locator:
    """The customer's own state, under the heading."""
    return page.locator(".under-heading").get_by_text(words, exact=True)


def is_settled(page: Page, words: str = "Live") -> None:
    """The customer is in that state, and nothing more is on its way."""
    expect(state(page, words)).to_be_visible()
    expect(page.get_by_role("heading", name="On its way")).to_have_count(0)


def sign_in(context: BrowserContext, url: str, password: str, username: str = "manager") -> None:
    page = context.new_page()
    page.goto(f"{url}/accounts/login/")
    fill(page, {"Username": username, "Password": password})
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    page.close()


def new_customer(page: Page, url: str, username: str, **person: str) -> None:
    """Fill in the form, without sending it."""
    page.goto(f"{url}/customers/new/")
    fill(page, {"Username": username, "E-mail": username, **GRACE, **person})
    fill(page, {"Password": PASSWORD, "Password again": PASSWORD})
    choose(page, CHOICES)


def create(page: Page, url: str, username: str, **person: str) -> None:
    """Fill in and send the form; the customer's page follows."""
    new_customer(page, url, username, **person)
    press(page, "Create customer")
    page.wait_for_url(re.compile(r"/customers/\d+/$"))


def complaints(page: Page) -> list[str]:
    """Filled with what the browser finds wrong from now on: scripts, policies, what is missing."""
    heard: list[str] = []

    def hear(message) -> None:
        # Of a page that is refused on purpose it says no more than the test itself.
        refused = message.text.startswith("Failed to load resource") and (
            message.location.get("url") == page.url or "status of 401" in message.text
        )
        if message.type in {"error", "warning"} and not refused:
            heard.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard
