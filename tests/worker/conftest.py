"""One installation for a file of tests, on each database."""

import os
from contextlib import ExitStack
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from reseller.ports import answers
from tests.installation import Visitor, eventually, fresh_database, installation
from tests.worker.steps import a_choice, a_person, twice


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def installed(request, tmp_path_factory):
    server = os.environ["DATABASE_URL"]
    with ExitStack() as stack:
        database = ""
        if request.param == "postgresql":
            if not server.startswith("postgres"):
                pytest.skip("the test session has no PostgreSQL")
            database = stack.enter_context(fresh_database(server))
        folder = tmp_path_factory.mktemp(request.param)
        yield stack.enter_context(installation(folder, database=database))


@pytest.fixture
def undisturbed(installed):
    """Whatever a failed test has left is not the next one's business."""
    eventually(lambda: len(installed.pids()) == 5, "all processes run")
    eventually(lambda: answers(urlsplit(installed.distributor).port), "the sandbox answers")
    installed.no_faults()


@pytest.fixture(scope="module")
def manager(installed) -> Visitor:
    return Visitor(installed.url).sign_in(installed.password)


@pytest.fixture(scope="module")
def typed() -> list[str]:
    """Every customer's password that any test has typed."""
    return []


@pytest.fixture
def create(manager, typed):
    """Fill in and send the form for a new customer; returns the page that follows."""

    def send(username: str):
        typed.append(f"typed-{uuid4().hex}")
        page = manager.submit(
            "/customers/new/", **a_person(username), **twice(typed[-1]), **a_choice()
        )
        assert "/new/" not in page.url, page.words
        return page

    return send
