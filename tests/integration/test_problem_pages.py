"""Error pages: in the dress of the page one came from, standing on nothing that may be broken."""

import pytest
from django.db import OperationalError, connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.integration.pages import ADA, Page, a_customer, fill_catalogue, signed_in, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def console(db):
    client = signed_in("Managers")
    client.raise_request_exception = False
    return client


def has_the_consoles_frame(page):
    return {"/customers/", "/customers/changes/"} <= page.links()


def test_who_is_signed_in_keeps_the_console_around_it(console):
    page = Page(console.get("/nowhere"))
    assert has_the_consoles_frame(page)
    assert "There is no such page" in page.words
    assert page.named("q")["type"] == "search"
    nobody = signed_in(username="nobody")
    page = Page(nobody.get("/customers/"))
    assert has_the_consoles_frame(page)
    assert "You may not do this" in page.words
    assert "You are signed in as nobody ." in page.words
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = console.cookies
    page = Page(strict.post("/customers/new/", ADA))
    assert has_the_consoles_frame(page)
    assert "We could not be sure that this came from you" in page.words


def test_a_stranger_is_shown_no_menu_and_no_search():
    fill_catalogue()
    page = Page(Client().get("/nowhere"))
    assert not has_the_consoles_frame(page)
    assert "/" in page.links()
    assert not [said for _tag, said in page.tags if said.get("type") == "search"]


@pytest.mark.parametrize("code", ["400", "403", "403_csrf", "404", "500", "503"])
def test_each_stands_without_request_and_database(code):
    with CaptureQueriesContext(connection) as ran:
        page = render_to_string(f"{code}.html")
    assert not ran.captured_queries
    assert "js/theme.js" in page
    assert f"Error {code[:3]}" in page


def test_a_database_that_goes_away_under_the_missing_page_is_told(console, monkeypatch):
    """The console's frame asks the database; without it there is the page that does not."""

    def gone():
        raise OperationalError("gone")

    monkeypatch.setattr("customers.views.context.Gate.closed", gone)
    response = console.get("/nowhere")
    assert response.status_code == 503
    assert "We cannot save anything at the moment" in Page(response).words


def test_an_error_of_ours_leans_on_nothing(console, monkeypatch):
    def broken(request):
        raise ZeroDivisionError

    monkeypatch.setattr("customers.views.customers.facts", lambda customer: 1 / 0)
    monkeypatch.setattr("customers.views.context.Standing.now", broken)
    response = console.get(f"/customers/{a_customer().pk}/")
    assert response.status_code == 500
    assert "Something broke on our side" in Page(response).words


def test_htmx_is_told_by_the_status_alone(console):
    """What it says then stands in the page already, as templates of static/js/app.js."""
    ada = a_customer()
    headers = {"HX-Request": "true"}
    assert console.get("/customers/999999/", headers=headers).status_code == 404
    assert signed_in(username="nobody").get(url(ada, "email"), headers=headers).status_code == 403
    page = Page(console.get(f"/customers/{ada.pk}/"))
    told = {said["data-trouble"] for tag, said in page.tags if tag == "template"}
    assert told == {"poll", "sent", "login", "403", "404"}
