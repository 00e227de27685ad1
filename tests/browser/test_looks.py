"""Every page as it meets the eye, in states good and bad: nothing to complain of for a checker of
accessibility, for the browser's console, or for somebody with a phone."""

from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from customers.distributor.rules import PROFILE_FIELDS
from tests.browser.conftest import a_name
from tests.browser.console import complaints, press
from tests.installation import Installation, Seen, Visitor, eventually
from tests.signing_up import sign_up

WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 360, "height": 740}
# What WCAG asks to be shown without scrolling sideways: 1280 pixels at four times the size.
NARROW = {"width": 320, "height": 640}
# Levels A and AA, and what is good practice besides.
EVERYTHING = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The dark page is the light one in other colours.
RULES = {"light": EVERYTHING, "dark": ["color-contrast"]}
AXE = Axe().axe_script
# An icon whose glyph was not picked, or whose name is none, shows nothing at all.
BLANK_ICONS = """() => [...document.querySelectorAll('.bi')]
    .filter(it => getComputedStyle(it, '::before').content === 'none')
    .map(it => `no such icon: ${it.className}`)"""
SECRET = "nanoseconds-of-wire"

# {…} is the page of a customer in that state, or of the change that brought it there.
CALM = [
    "/",
    "/customers/",
    "/customers/?q=nobody-of-that-name",
    "/customers/new/",
    "/customers/changes/",
    "/customers/changes/?state=BLOCKED",
    "/customers/drift/",
    "/customers/drift/?tab=told",
    "/customers/drift/?tab=decided",
    "/customers/refreshes/",
    "/customers/refreshes/?period=month",
    "{refresh}",
    "{quarantined}",
    "{live}",
    "{live}profile/",
    "{live}email/",
    "{live}username/",
    "{live}password/",
    "{live}enable/",
    "{live}disable/",
    "{live}website-disable/",
    "{live}delete/",
    "{adopted}",
    "{no address}",
    "{refused}",
    "{closed}",
    "{blocked}",
    "{change live}",
    "{change refused}",
    "{change blocked}",
    "{held to}",
    "{correct}",
    "{refused}correct/",
    "{signed up}",
    "/accounts/password_change/",
]
PUBLIC = ["/accounts/login/", "/accounts/password_reset/", "/signup/"]
TROUBLED = [
    "/",
    "/customers/",
    "{doubtful}",
    "{change doubtful}",
    "{doubtful}profile/",
    "{signing up}",
]
# Django's own pages, less what only Django can mend.
ADMIN = ["/admin/", "/admin/customers/package/", "/admin/customers/customer/add/",
         "/admin/customers/change/"]  # fmt: skip
# Pressed with nothing typed.
WITH_ERRORS = {
    "/customers/new/": "Create customer",
    "{adopted}email/": "Change e-mail",
    "{live}password/": "Change password",
    "{live}delete/": "Delete",
    "{change blocked}": "Decide",
    "{quarantined}": "Decide",
    "/accounts/password_change/": "Change password",
    "/accounts/login/": "Sign in",
    "/signup/": "Continue",
}
PROBLEMS = ["400", "403", "403_csrf", "404", "500", "503"]
FRAMED = ["403", "403_csrf", "404"]


@pytest.fixture(scope="module")
def manager(installed) -> Visitor:
    return Visitor(installed.url).sign_in(installed.password)


@pytest.fixture(scope="module")
def states(installed, manager) -> dict[str, str]:
    """Where to see what can become of a customer, a change or a signup."""
    refused, blocked, theirs = a_name(), a_name(), a_name()
    for name in (refused, blocked, theirs):
        installed.tell_distributor("add", **somebody_else(name))
    # Its answer is lost, and what is there is not what was asked. Another worker
    # would call first for one created meanwhile, and lose that answer instead.
    installed.faults("lost", times=1, operation="create")
    settled(manager, needing := create(manager, blocked), "Needs a")
    pages = {
        "blocked": needing,
        "refused": create(manager, refused),
        "live": create(manager, a_name()),
        "no address": create(manager, a_name().split("@")[0]),
        "held to": create(manager, a_name()),
        "closed": create(manager, name := a_name()),
    }
    settled(manager, pages["closed"], "Live")
    manager.submit(f"{pages['closed'].url}delete/", username=name)
    manager.submit(f"{pages['live'].url}disable/")
    manager.submit(
        f"{pages['live'].url}password/", password=SECRET, confirm_password=SECRET, known="on"
    )
    settled(manager, pages["held to"], "Live")
    manager.submit(f"{pages['held to'].url}username/", username=theirs, known="on")
    signed_up = sign_up(installed, a_name(), SECRET)
    ends = {
        "refused": "Refused",
        "closed": "Closed",
        "held to": "Refused, and",
    }
    for state, words in ends.items():
        settled(manager, pages[state], words)
    correct = manager.open(pages["held to"].url).links(r"/customers/\d+/username/\?again=.+")[0]
    adopted = manager.open("/customers/").links(r"/customers/\d+/\?from=")[-1].partition("?")[0]
    readings = manager.open("/customers/refreshes/").links(r"/customers/refreshes/\d+/")
    return located(manager, pages) | {
        "refresh": readings[-1],
        "quarantined": put_aside(installed, manager),
        "adopted": adopted,
        "correct": correct,
        "signed up": signed_up.url,
    }


@pytest.fixture(scope="module")
def troubled(installed, manager, states) -> dict[str, str]:
    """The distributor has executed something and is away since."""
    installed.faults("503", times=10**6, operation="retrieve")
    installed.faults("lost", operation="create")
    doubtful = create(manager, a_name())
    manager.submit(f"{doubtful.url}profile/", city="Boston")
    settled(manager, doubtful, "Unknown, checking")
    installed.faults("lost", operation="create")
    signing_up = sign_up(installed, a_name(), SECRET)
    settled(manager, manager.open("/"), "cannot be reached")
    yield states | located(manager, {"doubtful": doubtful}) | {"signing up": signing_up.url}
    installed.no_faults()


def put_aside(installed: Installation, manager: Visitor) -> str:
    """The page of a list that was empty although customers are live."""
    installed.faults("empty", times=1, operation="retrieve")
    asked = manager.submit("/customers/refreshes/")
    settled(manager, asked, "Quarantined")
    readings = manager.open(asked.url).links(r"/customers/refreshes/\d+/")
    return max(readings, key=lambda page: int(page.split("/")[-2]))


def somebody(username: str) -> dict[str, str]:
    profile = dict.fromkeys(PROFILE_FIELDS, "Grace")
    names = {"username": username, "email": "grace@example.com"}
    chosen = {"package": "Free", "whitelabel": "mail.example.com"}
    return profile | names | chosen | {"password": SECRET, "confirm_password": SECRET}


def somebody_else(username: str) -> dict[str, str]:
    return somebody(username) | {"first_name": "Else"}


def create(manager: Visitor, username: str) -> Seen:
    return manager.submit("/customers/new/", **somebody(username))


def settled(manager: Visitor, page: Seen, words: str) -> None:
    eventually(lambda: words in manager.open(page.url).words, f"{words} at {page.url}")


def located(manager: Visitor, pages: dict[str, Seen]) -> dict[str, str]:
    found = {state: page.url for state, page in pages.items()}
    for state, page in pages.items():
        found[f"change {state}"] = manager.open(page.url).links(r"/customers/changes/[^/]+/")[-1]
    return found


@dataclass
class Viewer:
    """A browser window in which one page after the other is looked at."""

    site: str
    page: Page
    heard: list[str]

    def visit(self, path: str) -> Page:
        self.heard.clear()
        self.page.goto(path if path.startswith("http") else f"{self.site}{path}")
        return self.page

    def faults(self) -> list[str]:
        """Wide and on a phone, light and dark."""
        found = self.page.evaluate(BLANK_ICONS)
        for size in (NARROW, WIDE, PHONE):
            self.page.set_viewport_size(size)
            width = self.page.evaluate("document.documentElement.scrollWidth")
            if width > size["width"]:
                found.append(f"{width} pixels wide on a screen of {size['width']}")
            if size == NARROW:
                continue
            for colours, rules in RULES.items():
                self.page.emulate_media(color_scheme=colours)
                if self.page.locator("html[data-bs-theme]").count():
                    expect(self.page.locator("html")).to_have_attribute("data-bs-theme", colours)
                found += [f"{size['width']} {colours}: {it}" for it in violations(self.page, rules)]
        return [*found, *self.heard]


def violations(page: Page, rules: list[str]) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    # Preloading would copy style sheets into the page: our policy forbids that, loudly.
    options = {"runOnly": rules, "resultTypes": ["violations"], "preload": False}
    return [
        f"{violation['id']}: {' '.join(node['html'].split())[:200]}"
        for violation in page.evaluate("options => axe.run(options)", options)["violations"]
        for node in violation["nodes"]
    ]


@contextmanager
def a_window(browser: Browser, installed: Installation, cookies=None):
    with browser.new_context(storage_state=cookies, reduced_motion="reduce") as context:
        page = context.new_page()
        yield Viewer(installed.url, page, complaints(page))


@pytest.fixture(scope="module")
def managers(browser, installed, cookies):
    with a_window(browser, installed, cookies["manager"]) as window:
        yield window


@pytest.fixture(scope="module")
def admins(browser, installed, cookies):
    with a_window(browser, installed, cookies["admin"]) as window:
        yield window


@pytest.fixture(scope="module")
def strangers(browser, installed):
    with a_window(browser, installed) as window:
        yield window


@pytest.mark.parametrize("path", CALM)
def test_a_page_has_nothing_to_complain_of(managers, states, path):
    managers.visit(path.format_map(states))
    assert managers.faults() == []


@pytest.mark.parametrize("path", PUBLIC)
def test_a_public_page_neither(strangers, path):
    strangers.visit(path)
    assert strangers.faults() == []


@pytest.mark.parametrize("path", ADMIN)
def test_django_admin_neither(admins, states, path):
    admins.visit(path)
    assert admins.faults() == []


@pytest.mark.parametrize("path", WITH_ERRORS)
def test_nor_has_a_form_that_was_refused(managers, strangers, states, path):
    window = strangers if path in PUBLIC else managers
    page = window.visit(path.format_map(states))
    for box in page.get_by_role("main").get_by_role("textbox").all():
        box.clear()
    press(page, WITH_ERRORS[path])
    expect(page.get_by_role("alert").first).to_be_focused()
    assert window.faults() == []


@pytest.mark.parametrize("code", [*PROBLEMS, *(f"{code} framed" for code in FRAMED)])
def test_nor_has_a_page_about_a_problem(managers, problems, code):
    """While debugging Django shows pages of its own, so these are put in their place."""
    managers.page.route("**/problem/", lambda route: route.fulfill(body=problems[code]), times=1)
    managers.visit("/problem/")
    assert managers.faults() == []


@pytest.fixture(scope="module")
def problems(installed) -> dict[str, str]:
    """As a stranger sees them, and with the console's frame around them."""
    render = (
        "from django.contrib.auth.models import User\n"
        "from django.template.loader import render_to_string as render\n"
        "context = {'user': User.objects.get(username='manager')}\n"
        f"pages = [render(f'{{code}}.html') for code in {PROBLEMS}]\n"
        f"pages += [render(f'{{code}}.html', context) for code in {FRAMED}]\n"
        "print(*pages, sep='\\0')"
    )
    done = installed.manage("shell", "--no-imports", "-c", render)
    assert done.returncode == 0, done.stderr
    names = [*PROBLEMS, *(f"{code} framed" for code in FRAMED)]
    return dict(zip(names, done.stdout.split("\0"), strict=True))


def test_nor_has_the_list_of_keys(managers):
    page = managers.visit("/customers/changes/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    assert managers.faults() == []


@pytest.mark.parametrize("reason", ["poll", "sent", "login", "403", "404"])
def test_nor_has_what_is_said_when_a_part_could_not_be_fetched(managers, reason):
    page = managers.visit("/customers/changes/")
    page.evaluate(
        "reason => document.body.append(document.querySelector("
        "`template[data-trouble='${reason}']`).content.cloneNode(true))", reason
    )  # fmt: skip
    expect(page.get_by_role("alert")).to_be_visible()
    assert managers.faults() == []


@pytest.mark.parametrize("path", TROUBLED)
def test_nor_has_a_page_while_the_distributor_is_away(managers, troubled, path):
    page = managers.visit(path.format_map(troubled))
    if "sign" not in path:
        expect(page.get_by_role("status").filter(has_text="cannot be reached")).to_be_visible()
    assert managers.faults() == []
