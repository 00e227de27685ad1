"""Services start before Django reads its settings: while pytest loads this file."""

import atexit
import os
from contextlib import ExitStack
from pathlib import Path

import django
import pytest
from django.conf import settings as django_settings

from customers.sandbox.server import Sandbox
from tests import services

CHROMIUM = Path("/usr/bin/chromium")
# Nothing listens there: a test that wants a distributor says so by the fixture `sandbox`.
NOWHERE = "http://127.0.0.1:1/api"
MARKS = {"integration": "core", "worker": "worker", "browser": "browser"}


def _wanted(name: str) -> bool:
    return os.environ.get(name, "") not in {"", "0"}


def _start_services() -> None:
    stack = ExitStack()
    atexit.register(stack.close)
    os.environ.update(services.start(stack))
    # Whatever stands in a developer's .env stays out of the tests.
    os.environ.update(
        DJANGO_SETTINGS_MODULE="reseller.settings",
        DEBUG="true",
        DISTRIBUTOR_URL=NOWHERE,
        DISTRIBUTOR_USER="sandbox",
        DISTRIBUTOR_KEY="sandbox",
        DISTRIBUTOR_CONTROL="",
        SIGNUP_MIN_SECONDS="0",
    )


# The workers of pytest-xdist inherit all of it from the session that starts them.
IN_CHARGE = "PYTEST_XDIST_WORKER" not in os.environ
# Settings that were read before this file know no services but those of the environment.
READ_BEFORE = IN_CHARGE and django_settings.configured
TOO_EARLY = READ_BEFORE and not {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys()
if IN_CHARGE:
    _start_services()

POSTGRES = os.environ["DATABASE_URL"].startswith("postgres")
POSTGRES_MISSING = not POSTGRES and os.environ.get("ENGINE") != "sqlite"

# pytest-django has looked for settings already, and found none.
django.setup()


def pytest_configure() -> None:
    if TOO_EARLY:
        pytest.exit("Unset DJANGO_SETTINGS_MODULE: the services come first.", returncode=2)
    if POSTGRES_MISSING and _wanted("REQUIRE_POSTGRES"):
        pytest.exit(f"REQUIRE_POSTGRES is set, but: {services.NO_POSTGRES}", returncode=2)


def pytest_report_header() -> str:
    where = "PostgreSQL" if POSTGRES else "SQLite"
    return f"database: {services.NO_POSTGRES if POSTGRES_MISSING else where}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if POSTGRES_MISSING:
        terminalreporter.section("PostgreSQL is missing", sep="!", red=True, bold=True)
        terminalreporter.line(services.NO_POSTGRES, red=True, bold=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        if folder in MARKS:
            item.add_marker(MARKS[folder])


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """On SQLite a file: what is in memory cannot be seen from a second thread or process."""
    database = django_settings.DATABASES["default"]
    if not POSTGRES:
        worker = os.environ.get("PYTEST_XDIST_WORKER", "only")
        database["TEST"]["NAME"] = str(Path(database["NAME"]).with_name(f"test-{worker}.sqlite3"))


@pytest.fixture
def sandbox(settings):
    """A distributor with a memory and faults of its own, which the application calls."""
    with Sandbox() as server:
        settings.DISTRIBUTOR_URL = server.url
        yield server


@pytest.fixture(scope="session")
def chromium() -> Path:
    if not CHROMIUM.exists():
        reason = f"NOT TESTED IN A BROWSER: there is no {CHROMIUM} (apt-get install chromium)"
        if _wanted("REQUIRE_CHROMIUM"):
            pytest.fail(reason)
        pytest.skip(reason)
    return CHROMIUM
