"""The database or the broker is away, or something of ours breaks: what people and logs see."""

import logging
import socket
import sys
import time

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import InterfaceError, OperationalError, connection
from django.test import Client, RequestFactory
from django.views.debug import get_exception_reporter_filter

from customers.models import Change, Gate, clock
from reseller import celery_app
from tests.integration.addresses import address, names, populate
from tests.integration.applicant import Applicant
from tests.integration.pages import ADA, Page, a_customer, fill_catalogue, signed_in, url

pytestmark = pytest.mark.django_db
AWAY = "Our database does not answer at the moment."


@pytest.fixture(params=[True, False], ids=["DEBUG", "production"])
def debug(request, settings):
    settings.DEBUG = request.param


def away(error=OperationalError):
    def refuse(execute, sql, params, many, context):
        raise error("the server closed the connection unexpectedly")

    return connection.execute_wrapper(refuse)


# These ask the database for nothing when nobody is signed in.
WITHOUT_DATABASE = {
    "login", "password_reset", "password_reset_done", "password_reset_complete", "admin:login",
}  # fmt: skip


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_every_page_says_that_the_database_is_away(debug, error):
    populate()
    boss = signed_in(username="boss", is_staff=True, is_superuser=True)
    # Of Django admin's hundred pages a few stand for all.
    without = ("admin:auth", "brand", "mails", "signup-mailed")
    addresses = [address(name) for name in names() if not any(it in name for it in without)]
    with away(error):
        for where in addresses:
            response = boss.get(where)
            assert response.status_code == 503, where
            assert AWAY in Page(response).words
            assert "closed the connection" not in response.content.decode()


def test_strangers_are_told_as_well(debug):
    populate()
    addresses = {name: address(name) for name in names()}
    stranger = Client()
    with away():
        for name in ("signup", "signup-status"):
            response = stranger.get(addresses[name])
            assert response.status_code == 503
            assert AWAY in Page(response).words
        for name in WITHOUT_DATABASE:
            assert stranger.get(addresses[name]).status_code == 200, name


@pytest.mark.parametrize("where", ["/signup/", "/customers/new/", "profile", "password", "disable"])
def test_what_is_typed_while_the_database_is_away_is_told_to_be_sent_again(debug, where):
    fill_catalogue()
    ada = a_customer()
    client = signed_in("Managers")
    with away():
        response = client.post(where if "/" in where else url(ada, where), ADA)
    assert response.status_code == 503
    assert "go back and send it again" in Page(response).words


def test_a_view_that_loses_the_database_half_way_says_so(debug, monkeypatch):
    def lost(*args, **kwargs):
        raise OperationalError("gone")

    fill_catalogue()
    monkeypatch.setattr("customers.services.changes.create", lost)
    assert Applicant().confirm().fill().send().status_code == 503


def test_a_session_that_cannot_be_saved_says_so(monkeypatch):
    def lost(*args, **kwargs):
        raise OperationalError("gone")

    client = signed_in("Managers")
    session = client.session
    session.set_expiry(60)
    monkeypatch.setattr(SessionStore, "save", lost)
    monkeypatch.setattr("django.conf.settings.SESSION_SAVE_EVERY_REQUEST", True)
    client.raise_request_exception = False
    response = client.get("/")
    assert response.status_code == 503
    assert AWAY in Page(response).words


@pytest.fixture
def no_broker(monkeypatch):
    """Nothing listens where the messages go."""
    with monkeypatch.context() as patch:
        patch.setattr(celery_app.conf, "broker_url", "redis://127.0.0.1:1/0")
        # Connections that stand already are kept in these.
        patch.setattr(celery_app, "_pool", None)
        patch.setattr(celery_app.amqp, "_producer_pool", None)
        yield


def test_without_the_broker_a_form_is_answered_soon_and_its_row_is_there(
    no_broker, django_capture_on_commit_callbacks
):
    fill_catalogue()
    started = time.monotonic()
    with django_capture_on_commit_callbacks(execute=True) as rung:
        assert signed_in("Managers").post("/customers/new/", ADA).status_code == 302
    assert rung
    assert time.monotonic() - started < 5
    assert Change.objects.get().state == "WAITING"


def test_without_the_broker_nobody_is_promised_a_refresh(no_broker):
    response = signed_in("Managers").post("/customers/refreshes/", follow=True)
    assert "The workers cannot be reached, so nothing was asked for." in Page(response).words


# --- Health ------------------------------------------------------------------------------------


def test_health_reports_all_three():
    response = Client().get("/health")
    assert (response.status_code, response.json()) == (
        200,
        {
            "database": "ok",
            "broker": "ok",
            "distributor": "ok",
            "delivery": "ok",
            "oldest_due": None,
        },
    )
    assert "no-store" in response["Cache-Control"]
    assert Client().head("/health").status_code == 200
    assert Client().post("/health").status_code == 405


def test_without_the_distributor_all_is_well_but_for_it():
    Gate.objects.create(failures=2, since=clock.now(), why="inner details")
    response = Client().get("/health")
    assert (response.status_code, response.json()["distributor"]) == (200, "away")
    assert "inner" not in response.content.decode()


def test_a_broker_that_is_away_is_reported_soon(settings):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    started = time.monotonic()
    response = Client().get("/health")
    assert (response.status_code, response.json()["broker"]) == (200, "away")
    assert time.monotonic() - started < 5


def test_a_broker_that_hangs_is_reported_soon(settings):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{mute.getsockname()[1]}/0"
        started = time.monotonic()
        response = Client().get("/health")
    assert (response.status_code, response.json()["broker"]) == (200, "away")
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_without_the_database_it_is_not_healthy(debug, error):
    with away(error):
        response = Client().get("/health")
    assert (response.status_code, response.json()) == (503, {"database": "away"})


# --- What reports and logs keep to themselves ----------------------------------------------------


# Not written in one piece: the lines around an error stand in its report.
TYPED = "typed" + " secret"
SECRET = dict.fromkeys(["password", "confirm_password", "new_password1", "old_password"], TYPED)


def broken(*args, **kwargs):
    password = TYPED
    raise RuntimeError(f"something of ours ({len(password)})")


def test_an_error_page_shows_no_typed_password(debug, monkeypatch, caplog):
    fill_catalogue()
    monkeypatch.setattr("customers.services.changes.create", broken)
    applicant = Applicant().confirm().fill()
    applicant.client.raise_request_exception = False
    with caplog.at_level(logging.DEBUG):
        response = applicant.send(TYPED)
    assert response.status_code == 500
    assert TYPED not in response.content.decode()
    assert "something of ours" in caplog.text
    assert TYPED not in caplog.text


def test_a_report_hides_passwords_and_local_variables_and_shows_the_rest():
    from django.views.debug import ExceptionReporter

    request = RequestFactory().post("/signup/", ADA | SECRET)
    try:
        broken()
    except RuntimeError:
        reporter = ExceptionReporter(request, *sys.exc_info())
    for report in (reporter.get_traceback_html(), reporter.get_traceback_text()):
        assert TYPED not in report
        assert ADA["city"] in report


def test_a_report_shows_no_setting_that_is_a_secret(settings):
    shown = get_exception_reporter_filter(None).get_safe_settings()
    for name in ("SECRET_KEY", "SEALING_KEYS", "DISTRIBUTOR_KEY"):
        assert shown[name] == "********************"
