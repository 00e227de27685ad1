"""What is drawn, and what an open page hears of without anybody loading it again."""

from contextlib import contextmanager, nullcontext

import pytest
from playwright.sync_api import expect

from tests.browser.console import create, field, is_settled
from tests.installation import eventually

AWAY = "from customers.models import Gate, clock; from datetime import timedelta; \
Gate.objects.update_or_create(pk=1, defaults={'failures': 5, 'why': 'It hung up.', \
'since': clock.now(), 'shut_until': clock.now() + timedelta(days=1)})"
BACK = "from customers.services import gate; gate.read()"
SAMPLE = "from customers.services import sampling; sampling.sample()"
# A picture of it, and of one on which nothing is painted.
PICTURE = "canvas => canvas.toDataURL()"
BLANK = """canvas => {
    const { width, height } = canvas;
    return Object.assign(document.createElement("canvas"), { width, height }).toDataURL();
}"""
DRAWN = """canvas => Chart.getChart(canvas).data.datasets.map(({ data }) =>
    data.map((value) => (value?.y !== undefined ? value.y : value)))"""
IS_DRAWN = (
    "() => [...document.querySelectorAll('canvas[data-plot]')].map((it) => !!Chart.getChart(it))"
)
HIDDEN = "Object.defineProperty(document, 'hidden', { value: true })"


def tell(installed, words):
    done = installed.manage("shell", "--no-imports", "-c", words)
    assert done.returncode == 0, done.stderr


def come_back(page):
    """From another tab: the page asks at once, and not after its twenty seconds."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def heard(page):
    """Filled with what the page asks for from now on, besides what never changes."""
    asked = []

    def hear(request):
        if "/static/" not in request.url:
            asked.append(request.url)

    page.on("request", hear)
    return asked


def come_near(page, plots):
    """Each is drawn once one comes to it."""
    for number, plot in enumerate(plots):
        plot.scroll_into_view_if_needed()
        eventually(lambda number=number: page.evaluate(IS_DRAWN)[number], "it is drawn")


@pytest.fixture
def quiet_page(browser, cookies):
    """The manager's, with a console in which nobody minds that a request fails."""

    @contextmanager
    def start(script=""):
        with browser.new_context(storage_state=cookies["manager"], locale="en-GB") as context:
            context.add_init_script(script)
            yield context.new_page()

    return start


def test_each_plot_is_drawn_from_its_table_in_the_colours_of_the_theme(page, installed, name):
    create(page, installed.url, name)
    is_settled(page)
    tell(installed, SAMPLE)
    page.emulate_media(color_scheme="light")
    page.goto(installed.url)
    plots = page.locator("canvas[data-plot]").all()
    assert len(plots) >= 5
    assert not all(page.evaluate(IS_DRAWN))
    come_near(page, plots)
    in_light = [plot.evaluate(PICTURE) for plot in plots]
    assert not set(in_light) & {plot.evaluate(BLANK) for plot in plots}
    for plot in plots:
        table = page.locator(f"#{plot.get_attribute('data-of')}")
        rows = table.locator("tbody tr:not([data-gap])").all()
        expect(table).to_be_hidden()
        said = [
            [cell.get_attribute("data-value") for cell in row.locator("[data-value]").all()]
            for row in reversed(rows)
        ]
        drawn = plot.evaluate(DRAWN)
        gaps = [value for value in drawn[0] if value is None]
        assert len(drawn[0]) == len(said) + len(gaps)
        for column, line in enumerate(drawn):
            told = [float(row[column]) for row in said]
            assert [value for value in line if value is not None] == told
    page.get_by_text("The figures as a table").first.click()
    expect(page.get_by_role("table").first).to_be_visible()
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    come_near(page, plots)
    in_dark = [plot.evaluate(PICTURE) for plot in plots]
    assert all(one != other for one, other in zip(in_light, in_dark, strict=True))


def test_a_printer_is_given_all_plots(page, installed):
    tell(installed, SAMPLE)
    page.goto(installed.url)
    assert not all(page.evaluate(IS_DRAWN))
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert all(page.evaluate(IS_DRAWN))


def test_an_open_page_hears_that_the_distributor_is_away_and_nothing_moves(page, installed):
    page.goto(f"{installed.url}/customers/new/")
    box = field(page, "First name")
    box.fill("Grace")
    where = box.bounding_box()
    banner = page.get_by_role("status").filter(has_text="cannot be reached")
    expect(banner).to_have_count(0)
    tell(installed, AWAY)
    try:
        come_back(page)
        expect(banner).to_be_in_viewport()
        expect(banner).to_contain_text("nothing is lost")
        expect(box).to_be_focused()
        expect(box).to_have_value("Grace")
        assert box.bounding_box() == where
    finally:
        tell(installed, BACK)
    come_back(page)
    expect(banner).to_have_count(0)
    assert box.bounding_box() == where


def test_a_list_tells_what_became_of_a_change_without_being_loaded_again(
    page, open_page, installed, name
):
    create(page, installed.url, name)
    is_settled(page)
    tell(installed, AWAY)
    try:
        page.goto(f"{page.url}disable/")
        page.get_by_role("main").get_by_role("button", name="Switch sending off").click()
        other = open_page("manager")
        other.goto(f"{installed.url}/customers/changes/?state=open")
        row = (
            other.get_by_role("main")
            .get_by_role("listitem")
            .filter(has_text="Switch sending off")
            .first
        )
        expect(row.get_by_text("Waiting")).to_be_visible()
    finally:
        tell(installed, BACK)
    come_back(other)
    expect(row.get_by_text("Done")).to_be_visible()


def test_who_was_signed_out_is_told_and_gets_no_login_page_into_the_page(quiet_page, installed):
    with quiet_page() as page:
        page.goto(f"{installed.url}/customers/new/")
        field(page, "First name").fill("Grace")
        page.context.clear_cookies()
        come_back(page)
        expect(page.get_by_text("You are signed out.")).to_be_in_viewport()
        expect(field(page, "First name")).to_have_value("Grace")
        expect(page.get_by_label("Username")).to_have_count(1)
        asked = heard(page)
        come_back(page)
        assert asked == [], "and it asks no more"


def test_while_nobody_answers_the_page_says_so_and_asks_less(quiet_page, installed):
    with quiet_page() as page:
        page.clock.install()
        page.goto(f"{installed.url}/customers/")
        asked = heard(page)
        page.route("**/standing/", lambda route: route.abort())
        for _ in range(5):
            with page.expect_event("requestfailed") if not asked else nullcontext():
                come_back(page)
        assert len(asked) == 1, "once nobody has answered, it waits"
        page.clock.fast_forward(4_500)
        come_back(page)
        told = page.get_by_text("the server does not answer")
        expect(told).to_be_in_viewport()
        page.unroute("**/standing/")
        page.clock.fast_forward(8_500)
        come_back(page)
        expect(told).to_be_hidden()


def test_a_page_that_nobody_sees_asks_for_nothing(quiet_page, installed):
    with quiet_page(HIDDEN) as page:
        page.goto(installed.url)
        asked = heard(page)
        page.evaluate("document.body.dispatchEvent(new Event('seen'))")
        page.wait_for_timeout(300)
        assert asked == []


@pytest.mark.parametrize("path", ["", "customers/", "customers/changes/", "customers/refreshes/"])
def test_where_nothing_is_open_nothing_is_asked_until_somebody_comes_back(
    quiet_page, installed, path
):
    with quiet_page() as page:
        page.clock.install()
        page.goto(f"{installed.url}/{path}")
        expect(page.locator("#standing [hx-trigger^=every]")).to_have_count(0)
        asked = heard(page)
        page.clock.run_for(120_000)
        assert asked == []
        for back in (
            "document.dispatchEvent(new Event('visibilitychange'))",
            "window.dispatchEvent(new Event('focus'))",
        ):
            with page.expect_event("requestfinished", lambda it: "/standing/" in it.url):
                page.evaluate(back)
            page.clock.run_for(1_000)
        page.wait_for_load_state("networkidle")
        asked.clear()
        page.clock.run_for(120_000)
        assert asked == [], "and once it has heard, it is silent again"


def test_a_page_that_was_silent_asks_again_once_something_was_sent_from_it(page, installed, name):
    create(page, installed.url, name)
    is_settled(page)
    expect(page.locator("#standing [hx-trigger^=every]")).to_have_count(0)
    tell(installed, AWAY)
    try:
        page.get_by_role("link", name="Edit profile").click()
        sheet = page.get_by_role("dialog")
        sheet.get_by_label("City").fill("Boston")
        sheet.get_by_role("button", name="Change profile").click()
        banner = page.get_by_role("status").filter(has_text="cannot be reached")
        expect(banner).to_be_in_viewport()
        expect(banner).to_contain_text("1 change waits")
        expect(page.locator("#standing [hx-trigger^=every]")).to_have_count(1)
    finally:
        tell(installed, BACK)
    is_settled(page)


def test_what_was_unfolded_stays_so_when_the_page_is_brought_up_to_date(page, installed, name):
    create(page, installed.url, name)
    is_settled(page)
    page.get_by_role("region", name="Timeline").get_by_role("link", name="Create").first.click()
    evidence = page.locator("details.evidence").first
    evidence.locator("summary").click()
    page.evaluate("document.querySelector('#live .under-heading').append('of long ago')")
    come_back(page)
    expect(page.get_by_text("of long ago")).to_have_count(0)
    expect(evidence).to_have_attribute("open", "")
