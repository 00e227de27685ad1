"""The pictures of the README, anew: `make screenshots`."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from customers.distributor.rules import PROFILE_FIELDS
from tests.browser.console import (
    chromium_at,
    create,
    fill,
    follow,
    is_settled,
    press,
    sign_in,
)
from tests.installation import Installation, installation

CHROMIUM = Path("/usr/bin/chromium")
SCREEN, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
LARGEST = 200_000  # bytes of a picture
GRACE = "grace.hopper@compilers.example"
HEDY = "hedy.lamarr@hopping.example"
HEDY_IS = {"First name": "Hedy", "Last name": "Lamarr", "Company": "Frequency Hopping Inc."}
ALAN = "alan.turing@bletchley.example"
ALAN_IS = {"First name": "Alan", "Last name": "Turing", "Company": "Bletchley Machines"}


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as place,
        chromium_at(CHROMIUM) as browser,
        installation(Path(place)) as running,
    ):
        take(browser, running, folder)
    for picture in folder.glob("*.png"):
        if picture.stat().st_size > LARGEST:
            sys.exit(f"{picture} has {picture.stat().st_size} bytes, more than {LARGEST}.")


def take(browser: Browser, running: Installation, folder: Path) -> None:
    with browser.new_context(
        viewport=SCREEN, color_scheme="light", locale="en-GB", reduced_motion="reduce"
    ) as context:
        sign_in(context, running.url, running.password)
        page = context.new_page()
        customer = a_day(page, running)
        for name, url in {
            "dashboard": running.url,
            "customers": f"{running.url}/customers/",
            "customer": customer,
        }.items():
            page.goto(url)
            page.screenshot(path=folder / f"{name}.png")
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        page.screenshot(path=folder / "customer-timeline.png")
        page.set_viewport_size(PHONE)
        page.emulate_media(color_scheme="dark")
        page.goto(customer)
        expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
        page.screenshot(path=folder / "customer-phone.png")


def a_day(page: Page, running: Installation) -> str:
    """Changes that are done, one that is refused, and one in doubt; returns the page of that."""
    create(page, running.url, HEDY, **HEDY_IS)
    is_settled(page)
    change(page, "Switch sending off", "Switch sending off")
    taken(running, ALAN)
    create(page, running.url, ALAN, **ALAN_IS)
    is_settled(page, "Refused")

    create(page, running.url, GRACE)
    is_settled(page)
    change(page, "Edit profile", "Change profile", Phone="+1 212 555 0144")
    change(page, "Change e-mail", "Change e-mail", **{"E-mail": "office@compilers.example"})
    change(page, "Take website access", "Switch website access off")
    running.faults("503", times=1000, operation="disable")
    follow(page, "Switch sending off")
    press(page, "Switch sending off")
    expect(page.get_by_text("Unknown, checking").first).to_be_visible()
    return page.url


def taken(running: Installation, username: str) -> None:
    """By somebody at another reseller."""
    names = dict.fromkeys((*PROFILE_FIELDS, "package", "whitelabel"), "Elsewhere")
    secret = dict.fromkeys(("password", "confirm_password"), "elsewhere")
    running.tell_distributor("add", username=username, email=username, **names, **secret)


def change(page: Page, link: str, button: str, **values: str) -> None:
    follow(page, link)
    fill(page, values)
    press(page, button)
    is_settled(page)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
