"""One installation and one browser for all of these tests; none of them touches the ORM.

Both end with this package: Playwright's loop would keep later tests from using the database.
"""

from itertools import count
from uuid import uuid4

import pytest

from tests.browser.console import chromium_at, complaints, sign_in
from tests.installation import installation

NUMBERS = count(1)


@pytest.fixture(scope="package")
def browser(chromium):
    with chromium_at(chromium) as started:
        yield started


@pytest.fixture(scope="package")
def installed(browser, tmp_path_factory):
    # Arabic stands for all that is written from right to left; its words are English here.
    folder = tmp_path_factory.mktemp("browser")
    with installation(folder, LANGUAGES="en,de,ar") as running:
        yield running


@pytest.fixture(scope="package")
def cookies(browser, installed):
    """Of somebody who is signed in, by name."""
    kept = {}
    for who in ("manager", "admin"):
        with browser.new_context() as context:
            sign_in(context, installed.url, installed.password, who)
            kept[who] = context.storage_state()
    return kept


@pytest.fixture
def open_page(browser, cookies):
    """Pages of people with browsers of their own; at the end none has complained."""
    contexts, heard = [], []

    def start(who=None, **options):
        contexts.append(
            browser.new_context(
                storage_state=cookies.get(who), locale="en-GB", reduced_motion="reduce", **options
            )
        )
        page = contexts[-1].new_page()
        heard.append(complaints(page))
        return page

    yield start
    for context in contexts:
        context.close()
    assert not any(heard), heard


@pytest.fixture
def page(open_page):
    """The manager's."""
    return open_page("manager")


@pytest.fixture
def name() -> str:
    return a_name()


def a_name() -> str:
    return f"grace-{next(NUMBERS)}-{uuid4().hex[:6]}@example.com"
