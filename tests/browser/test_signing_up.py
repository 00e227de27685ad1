"""The way in as people take it: on a phone, in two languages, with scripts and without."""

import re
import time

import pytest
from playwright.sync_api import expect

from customers.distributor.rules import PROFILE_FIELDS
from tests.browser.test_looks import WIDE, violations
from tests.signing_up import PAGES, code_in, link, mail

PASSWORD = "nanoseconds of wire"
SMALL = {"width": 320, "height": 640}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ENGLISH = {
    "locale": "en-GB",
    "direction": "ltr",
    "again": "Send the mail once more",
    "live": "Your account is live.",
}
GERMAN = {
    "locale": "de-DE",
    "direction": "ltr",
    "again": "Die Mail noch einmal senden",
    "live": "Ihr Konto ist eingerichtet.",
}
# How far what was painted has moved since, as Lighthouse counts it.
SHIFT = """() => new Promise((done) => {
    let moved = 0;
    const count = (list) => { for (const { value } of list.getEntries()) moved += value; };
    new PerformanceObserver(count).observe({ type: "layout-shift", buffered: true });
    setTimeout(() => done(moved), 200);
})"""
RIGHT_TO_LEFT = ENGLISH | {"locale": "ar", "direction": "rtl"}


def go_on(page):
    page.get_by_role("main").locator("button.btn-primary").first.click()


def fill(page, **fields):
    for name, value in fields.items():
        field = page.locator(f"[name={name}]")
        if field.first.get_attribute("type") == "radio":
            page.locator(f"[name={name}][value='{value}']").check()
        elif field.evaluate("it => it.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    go_on(page)


def begin(page, installed, name):
    page.goto(f"{installed.url}/signup/")
    fill(page, email=name)
    page.wait_for_url("**/code/")
    fill(page, code=code_in(mail(installed, name)))
    page.wait_for_url("**/package/")


def late(route):
    """As on a slow line: the page was painted before."""
    time.sleep(0.5)
    route.continue_()


def fill_pages(page, name, seen=lambda: None, first="package"):
    names = list(PAGES)
    for step in names[names.index(first) :]:
        page.wait_for_url(f"**/signup/{step}/")
        seen()
        fill(page, **(PAGES[step] or {"username": name}))
    page.wait_for_url("**/signup/check/")
    seen()


def sent(page):
    fill(page, password=PASSWORD)
    page.wait_for_url(re.compile(r"/signup/[0-9a-f-]{36}/"))


@pytest.mark.parametrize("said", [ENGLISH, GERMAN, RIGHT_TO_LEFT], ids=lambda it: it["locale"])
@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_a_stranger_signs_up_on_a_phone_and_sees_the_account_become_live(
    browser, installed, name, said, scripts
):
    faults = []

    def look():
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > SMALL["width"]:
            faults.append(f"{page.url}: {width} pixels wide")
        expect(page.locator("html")).to_have_css("direction", said["direction"])
        if not scripts:
            return
        for size in (SMALL, WIDE):
            page.set_viewport_size(size)
            for colours in ("light", "dark"):
                page.emulate_media(color_scheme=colours)
                expect(page.locator("html")).to_have_attribute("data-bs-theme", colours)
                faults.extend(f"{page.url} {colours}: {it}" for it in violations(page, RULES))
        page.set_viewport_size(SMALL)

    with browser.new_context(
        viewport=SMALL, locale=said["locale"], java_script_enabled=scripts, reduced_motion="reduce"
    ) as context:
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"{installed.url}/signup/")
        look()
        fill(page, email=name)
        page.wait_for_url("**/code/")
        expect(page.get_by_role("button", name=said["again"])).to_be_visible()
        look()
        fill(page, code=code_in(mail(installed, name)))
        fill_pages(page, name, look)
        sent(page)
        expect(page.get_by_text(said["live"])).to_be_visible()
        look()
        assert faults == []
    account = installed.account(name)
    assert (account["email"], account["password"]) == (name, PASSWORD)


def test_it_goes_on_on_another_device_and_a_used_link_says_so(open_page, installed, name):
    desk = open_page()
    begin(desk, installed, name)
    fill(desk, **PAGES["package"])
    desk.wait_for_url("**/country/")
    desk.get_by_role("button", name="Mail me a link").click()
    expect(desk.get_by_text("A fresh mail is on its way.")).to_be_visible()
    mailed = link(installed, name, 2)

    phone = open_page(viewport={"width": 360, "height": 740})
    phone.goto(mailed)
    phone.get_by_role("button", name="Go on here").click()
    fill_pages(phone, name, first="country")
    phone.get_by_role("link", name="Back").click()
    expect(phone.locator("[name=username]")).to_have_value(name)
    go_on(phone)
    sent(phone)

    third = open_page()
    third.goto(mailed)
    expect(third.get_by_role("heading", name="This link opens nothing any more")).to_be_visible()
    third.get_by_role("button", name="Mail me a fresh link").click()
    third.goto(link(installed, name, 3))
    third.get_by_role("button", name="Go on here").click()
    expect(third.get_by_text("Your account is live.")).to_be_visible()


def test_additional_ips_are_offered_with_the_packages_that_allow_them(open_page, installed, name):
    page = open_page(viewport=SMALL)
    page.route("**/signup*.js", late)
    begin(page, installed, name)
    assert page.evaluate(SHIFT) < 0.01
    offered = page.get_by_role("group", name="Additional IPs")
    expect(offered).to_be_hidden()
    page.get_by_label("Gold").check()
    offered.get_by_role("checkbox").first.check()
    page.get_by_label("Free").check()
    expect(offered).to_be_hidden()
    page.get_by_label("Gold").check()
    expect(offered.get_by_role("checkbox").first).not_to_be_checked()
    page.reload()
    assert page.evaluate(SHIFT) < 0.01


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_a_link_that_is_too_old_says_so_and_nothing_typed_is_lost(
    open_page, installed, name, scripts
):
    begun = open_page(viewport=SMALL)
    begin(begun, installed, name)
    fill(begun, **PAGES["package"])
    begun.wait_for_url("**/country/")
    begun.get_by_role("button", name="Mail me a link").click()
    mailed = link(installed, name, 2)
    a_week_passes = (
        "from customers.models import Signup, clock;"
        f"Signup.objects.filter(email='{name}').update(link_until=clock.now())"
    )
    assert installed.manage("shell", "-c", a_week_passes).returncode == 0

    later = open_page(viewport=SMALL, java_script_enabled=scripts)
    later.goto(mailed)
    expect(later.get_by_text("or it is older than seven days")).to_be_visible()
    assert later.get_by_role("button", name="Go on here").count() == 0
    later.get_by_role("button", name="Mail me a fresh link").click()
    expect(later.get_by_text("If this signup still exists")).to_be_visible()
    later.goto(link(installed, name, 3))
    later.get_by_role("button", name="Go on here").click()
    fill_pages(later, name, first="country")
    sent(later)
    expect(later.get_by_text("Your account is live.")).to_be_visible(timeout=20_000)


def test_a_refused_field_is_corrected_in_place_and_it_goes_on(open_page, installed, name):
    profile = dict.fromkeys(PROFILE_FIELDS, "somebody else's")
    installed.tell_distributor(
        "add", username=name, email=name, password=PASSWORD, confirm_password=PASSWORD,
        package="Free", whitelabel="mail.example.org", **profile,
    )  # fmt: skip
    page = open_page(viewport={"width": 360, "height": 740})
    begin(page, installed, name)
    fill_pages(page, name)
    sent(page)
    expect(page.get_by_text("Username already exists")).to_be_visible()
    # Who corrects it at once is not told by mail any more.
    assert "Username already exists" in mail(installed, name, 2)
    page.get_by_role("link", name="Correct it now").click()
    expect(page.get_by_role("heading", name="Your password once more")).to_be_visible()
    assert page.locator("main [name]:not([type=hidden])").count() == 2
    page.locator("[name=username]").fill(f"new-{name}")
    page.locator("[name=password]").fill(PASSWORD)
    go_on(page)
    expect(page.get_by_text("Your account is live.")).to_be_visible()
    assert installed.account(f"new-{name}")["email"] == name
    assert "Username already exists" not in mail(installed, name, 3)


def test_what_scripts_add(open_page, installed, name):
    page = open_page()
    begin(page, installed, name)
    page.locator("[name=package][value=Free]").check()
    fill(page, **PAGES["package"])
    fill(page, **PAGES["country"])
    page.get_by_label("I have no company").check()
    expect(page.locator("[name=company]")).not_to_be_editable()
    page.get_by_label("I have no company").uncheck()
    fill(page, **PAGES["person"])
    fill(page, **PAGES["address"])
    page.locator("[name=username]").press_sequentially("x")
    expect(page.get_by_text("This username can be had.")).to_be_visible()
    page.locator("[name=username]").fill(name)
    go_on(page)
    password = page.locator("[name=password]")
    password.press_sequentially("wire")
    expect(page.get_by_text("Strength: Too short")).to_be_visible()
    password.press_sequentially(" nanoseconds of it")
    expect(page.get_by_text("Strength: Strong")).to_be_visible()
    page.get_by_role("button", name="Show the password").click()
    expect(password).to_have_attribute("type", "text")
    go_on(page)
    expect(page.get_by_text("Your account is live.")).to_be_visible()
