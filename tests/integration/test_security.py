"""What a hostile page, customer or client must not achieve."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse

from customers.models import Alert, Attempt, Change, Package, Refresh, clock
from customers.services import changes
from tests.integration.addresses import address, names, populate
from tests.integration.pages import (
    ADA,
    PROFILE,
    Page,
    a_customer,
    everything,
    fill_catalogue,
    person,
    post_raw,
    settle,
    signed_in,
    url,
)
from tests.production import throw_away

pytestmark = pytest.mark.django_db
EVIL = "\"'><svg onload=alert(1)>{{7*7}}"
SETTINGS = Path(django_settings.BASE_DIR) / "reseller" / "settings.py"


@pytest.fixture
def boss(db):
    return signed_in("Leads", username="boss", is_staff=True, is_superuser=True)


# --- What a page may load and run --------------------------------------------------------------


def policy(response):
    parts = [part.split() for part in response["Content-Security-Policy"].split(";")]
    return {name: set(sources) for name, *sources in parts}


def assert_strict(response, where):
    found = policy(response)
    assert found["default-src"] == {"'none'"}, where
    assert found["script-src"] == found["style-src"] == {"'self'"}, where
    assert found["frame-ancestors"] == found["base-uri"] == {"'none'"}, where
    allowed = {"'self'", "'none'", "data:"}
    assert set().union(*found.values()) <= allowed, where
    assert response["X-Frame-Options"] == "DENY", where
    assert response["X-Content-Type-Options"] == "nosniff", where


def assert_nothing_inline(response, where):
    if "text/html" not in response.get("Content-Type", ""):
        return
    page = Page(response)
    assert not page.inline_script.strip(), where
    for tag, said in page.tags:
        assert tag != "style", where
        assert "style" not in said, (where, tag, said)
        handlers = [name for name in said if name.startswith(("on", "hx-on"))]
        assert not handlers, (where, tag, said)
        for name in ("href", "src", "action"):
            assert not said.get(name, "").strip().lower().startswith("javascript:"), where
        if tag in {"script", "link", "img"}:
            source = said.get("src") or said.get("href", "")
            assert source.startswith("/static/") or not source, (where, source)


def test_every_page_has_a_strict_policy_and_nothing_inline(boss):
    populate()
    for client in (boss, Client()):
        for name in names():
            response = client.get(address(name))
            assert_strict(response, name)
            assert_nothing_inline(response, name)


def test_error_pages_have_it_too(boss, monkeypatch):
    ada = a_customer()
    boss.raise_request_exception = False
    nobody = signed_in(username="nobody")
    strict = Client(enforce_csrf_checks=True)
    answers = {
        404: boss.get("/nowhere"),
        403: nobody.get("/customers/"),
        405: boss.post("/customers/"),
        400: boss.post(url(ada, "profile"), {f"f{n}": "x" for n in range(1001)}),
    }
    answers["wrong host"] = Client().get("/signup/", headers={"host": "evil.example"})
    answers["csrf"] = strict.post("/signup/", ADA)
    monkeypatch.setattr("customers.views.customers.verified_at", lambda customer: 1 / 0)
    answers[500] = boss.get(f"/customers/{ada.pk}/")
    for code, response in answers.items():
        assert_strict(response, code)
        assert_nothing_inline(response, code)
        if isinstance(code, int):
            assert response.status_code == code
    assert "Nothing was lost that we had accepted" in Page(answers[500]).words
    assert "We could not be sure that this came from you" in Page(answers["csrf"]).words


def test_what_is_not_html_is_named_as_what_it_is():
    assert Client().get("/health")["Content-Type"] == "application/json"


# --- Requests that somebody else's page sends ----------------------------------------------------


def test_every_post_wants_a_token_of_ours():
    populate()
    client = Client(enforce_csrf_checks=True)
    client.force_login(person(username="boss", is_staff=True, is_superuser=True))
    before = everything()
    for name in names():
        response = client.post(address(name), ADA)
        assert response.status_code in {403, 405}, name
    assert everything() == before


def test_a_token_of_ours_is_taken():
    fill_catalogue()
    client = Client(enforce_csrf_checks=True)
    token = Page(client.get("/signup/")).sends["csrfmiddlewaretoken"]
    assert client.post("/signup/", ADA | {"csrfmiddlewaretoken": token}).status_code == 302


# --- What a customer may be called ---------------------------------------------------------------


def evil_rows():
    person(username="asker", first_name=EVIL)
    evil = dict.fromkeys(PROFILE, EVIL) | dict.fromkeys(("email", "package", "whitelabel"), EVIL)
    customer = populate(username=EVIL, **evil, ip=[EVIL], ip_group=[EVIL])
    now = clock.now()
    change = changes.ask(customer, "profile", {"city": EVIL + "2"}, reason=EVIL)
    Attempt.objects.create(
        change=change, n=7, request={EVIL: EVIL}, reply=EVIL, conclusion=EVIL, worker=EVIL,
        begun_at=now, deadline=now, ended_at=now, outcome="REFUSED",
    )  # fmt: skip
    settle(changes.ask(customer, "email", {"email": EVIL + "2"}), "REJECTED", EVIL)
    Change.objects.filter(pk=change.pk).update(state="BLOCKED", error=EVIL)
    Alert.objects.create(kind="listed", subject=EVIL, text=EVIL, raised_at=now)
    Refresh.objects.create(started_at=now, finished_at=now, verdict="FAILED", problem=EVIL)
    Package.objects.create(name=EVIL, offered_at_signup=True)
    return customer, change


def assert_harmless(response, where):
    html = response.content.decode()
    assert "49" not in html or "{{7*7}}" in html, where
    assert "<svg onload" not in html, where
    for tag, said in Page(response).tags:
        assert "onload" not in said, (where, tag)


def test_what_a_customer_is_called_is_shown_and_never_run(boss):
    customer, change = evil_rows()
    pages = [address(name) for name in names()]
    pages += [change.get_absolute_url(), f"/customers/?q={EVIL}", "/customers/changes/"]
    for where in pages:
        assert_harmless(boss.get(where), where)
    for where in (customer.get_absolute_url(), change.get_absolute_url(), "/", "/customers/"):
        assert EVIL in Page(boss.get(where)).words, where


def test_what_is_typed_comes_back_harmless(boss):
    fill_catalogue()
    ada = a_customer()
    evil = dict.fromkeys([*ADA, "ip", "ip_group", "billing_date", "change_id", "seen"], EVIL)
    for where in ("/customers/new/", "/signup/", reverse("admin:customers_customer_add"),
                  url(ada, "profile"), url(ada, "email"), url(ada, "delete")):  # fmt: skip
        response = boss.post(where, evil)
        assert response.status_code == 200
        assert_harmless(response, where)


def test_a_promise_names_the_customer_harmlessly(boss):
    fill_catalogue()
    response = boss.post("/customers/new/", ADA | {"first_name": EVIL}, follow=True)
    assert "will be set up in a moment" in Page(response).words
    assert_harmless(response, "promise")


# --- Production ----------------------------------------------------------------------------------

PRINT = """
import json, runpy, sys
found = runpy.run_path(sys.argv[1])
print(json.dumps({k: v for k, v in found.items() if k.isupper()}, default=str))
"""


def load(**environment):
    """The settings in a process of their own, or its complaint."""
    ran = subprocess.run(
        [sys.executable, "-c", PRINT, SETTINGS],
        env={"PATH": "/usr/bin:/bin", **throw_away(), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return json.loads(ran.stdout) if ran.returncode == 0 else ran.stderr.strip().splitlines()[-1]


@pytest.fixture(scope="module")
def production():
    return load()


def test_production_answers_by_tls_alone_with_cookies_that_stay_there(production, settings):
    for name, value in production.items():
        if name.startswith(("SECURE_", "SESSION_COOKIE", "CSRF_COOKIE")):
            setattr(settings, name, value)
    settings.ALLOWED_HOSTS = ["console.example.com"]
    fill_catalogue()
    client = Client(headers={"host": "console.example.com"})

    plain = client.get("/signup/?x=1")
    assert (plain.status_code, plain["Location"]) == (
        301, "https://console.example.com/signup/?x=1",
    )  # fmt: skip
    assert client.get("/health").status_code == 200

    person("Managers", password="a long pass phrase")
    answer = client.get("/accounts/login/", secure=True)
    assert answer["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    token = Page(answer).sends["csrfmiddlewaretoken"]
    typed = {"username": "grace", "password": "a long pass phrase", "csrfmiddlewaretoken": token}
    cookies = client.post("/accounts/login/", typed, secure=True).cookies
    assert set(cookies) == {"__Host-sessionid", "__Host-csrftoken"}
    for cookie in cookies.values():
        assert cookie["secure"]
        assert cookie["httponly"]
        assert cookie["path"] == "/"
        assert not cookie["domain"]
        assert cookie["samesite"] == "Lax"


def test_a_host_that_is_not_ours_gets_the_policy_as_well(production, settings):
    settings.SECURE_SSL_REDIRECT = production["SECURE_SSL_REDIRECT"]
    response = Client(headers={"host": "evil.example"}).get("/signup/")
    assert response.status_code == 400
    assert_strict(response, "wrong host")


def test_production_has_nothing_of_the_sandbox(production):
    assert production["DEBUG"] is False
    assert "sandbox" not in json.dumps(production).casefold()
    assert production["DISTRIBUTOR_URL"].startswith("https://")


REQUIRED = ["SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL", "SEALING_KEYS",
            "DISTRIBUTOR_URL", "DISTRIBUTOR_USER", "DISTRIBUTOR_KEY"]  # fmt: skip


def test_what_is_missing_is_named_in_a_sentence():
    complaint = load(**dict.fromkeys(REQUIRED, ""))
    assert "ImproperlyConfigured: Set " in complaint
    for name in REQUIRED:
        assert name in complaint
    one = load(DISTRIBUTOR_KEY="")
    assert "Set DISTRIBUTOR_KEY in the environment" in one


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"LEASE": "20", "DISTRIBUTOR_DEADLINE": "20"}, "LEASE (20 s) must exceed"),
        ({"LEASE": "5"}, "LEASE (5 s) must exceed DISTRIBUTOR_DEADLINE (20 s)"),
        ({"DISTRIBUTOR_FORMAT": "yaml"}, "DISTRIBUTOR_FORMAT is either json or xml"),
    ],
)
def test_settings_that_contradict_themselves_fail_with_a_sentence(environment, words):
    assert words in load(**environment)


def test_a_lone_surrogate_breaks_no_page(boss):
    fill_catalogue()
    for where in ("/signup/", "/customers/new/", "/accounts/login/", "/accounts/password_reset/"):
        evil = dict.fromkeys([*ADA, "new_password1"], "a\ud800b")
        assert post_raw(boss, where, evil).status_code == 200
