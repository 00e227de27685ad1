"""What JavaScript adds to pages that work without it: counted lengths, local times, one's own
colours, and a word when the server does not answer."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.console import create, field


@pytest.fixture
def form(page, installed):
    page.goto(f"{installed.url}/customers/new/")
    return page


def left(page, label):
    return field(page, label).locator("xpath=following-sibling::*[1]")


def told(page, label):
    return field(page, label).locator("xpath=..").get_by_role("status")


def test_a_length_is_counted_down_in_the_servers_characters(form):
    city = field(form, "City")
    city.focus()
    expect(left(form, "City")).to_have_text("100 left")
    form.keyboard.insert_text("  Ålesund")  # What stands around it is cut off.
    expect(left(form, "City")).to_have_text("93 left")
    city.fill("😀" * 103)  # Two units of UTF-16 each.
    expect(left(form, "City")).to_have_text("3 too many")
    field(form, "Company").focus()
    expect(left(form, "City")).to_be_visible()  # Too many stays told.
    city.fill("Oslo")
    field(form, "Company").focus()
    expect(left(form, "City")).to_be_hidden()
    field(form, "Password").fill(" abc ")  # A blank is a character of a password.
    expect(left(form, "Password")).to_have_text("1 more needed")


def test_a_screen_reader_is_told_near_the_end_and_when_typing_rests(form):
    phone = field(form, "Phone")
    phone.focus()
    form.keyboard.type("1" * 39)
    form.wait_for_timeout(1200)
    expect(told(form, "Phone")).to_be_empty()
    form.keyboard.type("2" * 4)
    expect(told(form, "Phone")).to_be_empty()  # Not at each key.
    expect(told(form, "Phone")).to_have_text("7 left")


def test_nothing_moves_for_a_counter(form):
    def places():
        return form.evaluate(
            "[...document.querySelectorAll('main *:not(span)')].filter(it => it.checkVisibility())"
            ".map(it => it.getBoundingClientRect().top + scrollY)"
        )

    before = places()
    field(form, "City").fill("x" * 300)
    field(form, "First name").focus()
    expect(left(form, "City")).to_have_text("200 too many")
    assert places() == before


def test_a_field_that_comes_later_is_counted_too(form):
    form.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend',"
        " '<p><label>Later <input data-max=5></label></p>')"
    )
    form.get_by_label("Later").fill("123456")
    expect(form.get_by_text("1 too many").first).to_be_visible()


def test_times_are_the_readers_own_with_utc_on_hover(open_page, installed, name):
    page = open_page("manager", timezone_id="Asia/Tokyo")
    installed.faults("503", times=1000, operation="create")
    create(page, installed.url, name)
    old = page.locator("#live").element_handle()
    page.wait_for_function("it => !it.isConnected", arg=old)
    times = page.locator("#live time[datetime*=T]").evaluate_all(
        "all => all.map(it => [it.textContent, it.title, new Date(it.dateTime).getUTCHours()])"
    )
    installed.no_faults()
    assert times
    for text, title, hour in times:
        assert f"{(hour + 9) % 24:02}:" in text
        assert "UTC" not in text
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", title)


def test_on_a_phone_the_menu_is_unfolded_and_folded_by_its_button(open_page, installed):
    page = open_page("manager", viewport={"width": 360, "height": 740})
    page.goto(installed.url)
    link = page.get_by_role("banner").get_by_role("link", name="Drift")
    button = page.get_by_role("button", name="Menu")
    for is_open in (False, True, False):
        expect(link).to_be_visible(visible=is_open)
        expect(button).to_have_attribute("aria-expanded", str(is_open).lower())
        button.click()


def test_what_is_said_is_put_away(page, installed, name):
    create(page, installed.url, name.partition("@")[0], **{"E-mail": name})
    warning = page.get_by_text("The username is no e-mail address.")
    expect(warning).to_be_visible()
    page.locator(".alert").filter(has=warning).get_by_role("button", name="Dismiss").click()
    expect(warning).to_have_count(0)


def test_colours_are_the_systems_until_one_chooses_and_paper_is_white(page, installed):
    html = page.locator("html")
    page.emulate_media(color_scheme="dark")
    page.goto(installed.url)
    expect(html).to_have_attribute("data-bs-theme", "dark")
    expect(html).to_have_css("color-scheme", "dark")
    page.get_by_role("banner").locator("summary").click()
    page.get_by_role("button", name="Light").click()
    page.reload()
    expect(html).to_have_attribute("data-bs-theme", "light")
    expect(html).to_have_css("color-scheme", "light")
    page.get_by_role("banner").locator("summary").click()
    page.get_by_role("button", name="Dark").click()
    page.emulate_media(media="print")
    expect(html).to_have_attribute("data-bs-theme", "light")
    expect(page.get_by_role("banner")).to_be_hidden()
    page.emulate_media(media="screen")
    expect(html).to_have_attribute("data-bs-theme", "dark")


@pytest.fixture
def polling(browser, installed, cookies, name):
    """A page that asks again each second; what its browser complains of is the point."""
    with browser.new_context(storage_state=cookies["manager"], locale="en-GB") as context:
        page = context.new_page()
        installed.faults("503", times=1000, operation="create")
        create(page, installed.url, name)
        expect(page.locator("#live[hx-trigger*='every']")).to_have_count(1)
        yield page
        installed.no_faults()


def test_who_looks_at_a_page_is_told_that_it_is_not_up_to_date(polling):
    polling.route(re.compile(r"/customers/\d+/"), lambda route: route.abort())
    alert = polling.get_by_role("alert")
    expect(alert).to_have_count(1)
    expect(alert).to_contain_text("may be out of date")
    polling.wait_for_timeout(2500)
    expect(alert).to_have_count(1)
    polling.unroute_all()
    expect(alert).to_have_count(0)


def test_the_end_of_a_session_leaves_the_page_as_it_is(polling):
    polling.context.clear_cookies()
    expect(polling.get_by_role("alert")).to_contain_text("You are signed out.")
    expect(polling.get_by_role("heading", name="Grace Hopper")).to_be_visible()
    expect(polling.get_by_label("Password")).to_have_count(0)
    polling.get_by_role("button", name="Reload the page").click()
    expect(polling.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_focus_stays_where_it_was_while_the_page_is_renewed(polling):
    link = polling.get_by_role("region", name="Timeline").get_by_role("link", name="Create")
    link.focus()
    old = link.element_handle()
    polling.wait_for_function("it => !it.isConnected", arg=old)
    expect(link).to_be_focused()
