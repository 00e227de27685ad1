"""Forms of a customer's page as dialogs, and as pages without JavaScript; and what lives beside
what somebody types."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.console import create, field, fill, follow, is_settled, knows, press
from tests.browser.test_looks import RULES, violations

WHY = "Why? (optional, kept with the change)"
PHONE = {"width": 360, "height": 740}
WIDER = "(it => it.scrollWidth - it.clientWidth)(document.querySelector('dialog[open]'))"


@pytest.fixture(scope="module")
def grace(browser, installed, cookies):
    """The page of a customer who is live."""
    with browser.new_context(storage_state=cookies["manager"]) as context:
        page = context.new_page()
        create(page, installed.url, "grace-in-dialogs@example.com")
        is_settled(page)
        return page.url


def sheet(page):
    return page.get_by_role("dialog")


def test_a_form_opens_over_the_page_by_keyboard_and_gives_the_focus_back(page, grace):
    page.goto(grace)
    link = page.get_by_role("link", name="Change e-mail", exact=True)
    link.focus()
    page.keyboard.press("Enter")

    expect(sheet(page)).to_have_accessible_name("Change e-mail: Grace Hopper")
    expect(field(page, "E-mail")).to_be_focused()
    assert page.url == grace
    page.keyboard.press("Escape")
    expect(sheet(page)).to_have_count(0)
    expect(link).to_be_focused()


def test_what_was_typed_is_not_left_without_a_word(page, grace):
    page.goto(grace)
    asked = []

    def answer(box):
        asked.append(box.message)
        box.accept() if len(asked) > 1 else box.dismiss()

    page.on("dialog", answer)
    follow(page, "Change e-mail")
    fill(page, {"E-mail": "half@example.com"})
    page.keyboard.press("Escape")
    assert asked == ["What you typed here is not sent. Leave it all the same?"]
    expect(field(page, "E-mail")).to_have_value("half@example.com")
    sheet(page).get_by_role("button", name="Close").click()
    expect(sheet(page)).to_have_count(0)
    assert len(asked) == 2
    follow(page, "Change e-mail")
    expect(field(page, "E-mail")).to_have_value("grace-in-dialogs@example.com")
    sheet(page).get_by_role("link", name="Cancel").click()
    expect(sheet(page)).to_have_count(0)
    assert len(asked) == 2


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_an_error_is_told_in_the_form_and_nothing_typed_is_lost(open_page, grace, scripts):
    page = open_page("manager", java_script_enabled=scripts, viewport=PHONE)
    page.goto(grace)
    follow(page, "Change username")
    fill(page, {"Username": "grace hopper", WHY: "She asked."})
    press(page, "Change username")

    told = page.get_by_role("alert").filter(has_text="There is a problem")
    expect(told).to_contain_text("Enter an e-mail address such as")
    expect(told).to_contain_text("Tick it to go on: nothing was asked for yet.")
    expect(field(page, "Username")).to_have_value("grace hopper")
    expect(field(page, WHY)).to_have_value("She asked.")
    assert (page.url == grace) is scripts
    if scripts:
        expect(told).to_be_focused()
        box = sheet(page).bounding_box()
        assert (box["x"], box["width"], box["height"]) == (0, 360, 740)
        for colours, rules in RULES.items():
            page.emulate_media(color_scheme=colours)
            assert violations(page, rules) == []


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_a_change_is_asked_for_with_its_reason(open_page, installed, name, scripts):
    page = open_page("manager", java_script_enabled=scripts)
    create(page, installed.url, name)
    customer = page.url
    page.goto(f"{customer}?from=q%3Dgrace")
    follow(page, "Change password")
    twice = {"Password": "another-wire-altogether", "Password again": "another-wire-altogether"}
    fill(page, twice | {WHY: "She forgot it."})
    knows(page)
    press(page, "Change password")

    assert page.url == f"{customer}?from=q%3Dgrace"
    timeline = page.get_by_role("region", name="Timeline")
    expect(timeline.get_by_text("She forgot it.")).to_be_visible()


def test_a_double_click_in_a_dialog_is_one_change(page, grace):
    page.goto(grace)
    follow(page, "Change e-mail")
    fill(page, {"E-mail": "doubled@example.com"})
    asked = []
    page.on("request", lambda it: asked.append(it) if it.method == "POST" else None)
    sheet(page).get_by_role("button", name="Change e-mail").dblclick()
    expect(sheet(page)).to_have_count(0)
    is_settled(page)
    assert len(asked) == 1


def test_no_answer_is_told_and_the_same_form_can_be_sent_again(open_page, browser, grace, cookies):
    with browser.new_context(storage_state=cookies["manager"]) as context:
        page = context.new_page()
        page.goto(grace)
        follow(page, "Edit profile")
        fill(page, {"Phone": "+1 212 555 0177"})
        page.route("**/profile/", lambda route: route.abort(), times=1)
        press(page, "Change profile")
        expect(page.get_by_role("alert")).to_contain_text("it is not known whether it arrived")
        expect(field(page, "Phone")).to_have_value("+1 212 555 0177")
        press(page, "Change profile")
        is_settled(page)
        expect(page.get_by_role("row", name=re.compile("^Phone"))).to_contain_text("0177")


def test_who_is_signed_out_meanwhile_is_led_to_sign_in(open_page, grace, cookies):
    page = open_page("manager")
    page.goto(grace)
    page.context.clear_cookies()
    follow(page, "Edit profile")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_what_lives_takes_nothing_from_who_types(open_page, installed, name):
    page = open_page("manager", viewport=PHONE)
    installed.faults("slow", operation="create")
    create(page, installed.url, name)
    expect(page.get_by_role("heading", name="On its way")).to_be_visible()
    note = page.get_by_label("Add a note")
    note.scroll_into_view_if_needed()
    note.type("She rang")
    before = note.bounding_box()["y"]

    is_settled(page)
    expect(page.get_by_text("will be set up in a moment")).to_have_count(0)

    expect(note).to_be_focused()
    assert abs(note.bounding_box()["y"] - before) < 2
    page.keyboard.type(" and asked.")
    press(page, "Keep the note")
    kept = page.get_by_role("region", name="Timeline").get_by_text("She rang and asked.")
    expect(kept).to_be_in_viewport()


def test_what_lives_leaves_an_open_dialog_alone(open_page, installed, name):
    page = open_page("manager")
    installed.faults("slow", operation="create")
    create(page, installed.url, name)
    follow(page, "Change e-mail")
    fill(page, {"E-mail": "typed@example.com"})
    expect(page.locator("#live[hx-trigger*='every']")).to_have_count(0)
    expect(page.locator("#live").get_by_text("Live", exact=True)).to_be_attached()
    expect(field(page, "E-mail")).to_be_focused()
    expect(field(page, "E-mail")).to_have_value("typed@example.com")
    press(page, "Change e-mail")
    is_settled(page)
    assert installed.account(name)["email"] == "typed@example.com"


def test_a_note_that_was_begun_outlives_a_dialog(page, installed, grace):
    page.goto(grace)
    page.get_by_label("Add a note").fill("She rang")
    installed.faults("slow", operation="website_disable")
    follow(page, "Take website access")
    press(page, "Switch website access off")
    expect(page.get_by_text("Grace Hopper will lose website access in a moment.")).to_be_visible()
    expect(page.get_by_role("heading", name="On its way")).to_be_visible()
    is_settled(page)
    expect(page.get_by_role("link", name="Give website access")).to_be_visible()
    expect(page.get_by_label("Add a note")).to_have_value("She rang")


@pytest.mark.parametrize("link", ["Delete", "Change username"])
def test_a_long_name_without_blanks_fits_into_a_dialog_on_a_phone(page, installed, name, link):
    create(page, installed.url, name, **{"First name": "Wolfeschlegelsteinhausen" * 2})
    is_settled(page)
    page.set_viewport_size(PHONE)
    follow(page, link)
    expect(sheet(page).get_by_role("button", name=link)).to_be_visible()
    assert page.evaluate(WIDER) == 0
