"""The settings of an installation: what they make safe, and what they refuse to start with."""

import json
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.test import Client

from reseller.celery import app
from tests.integration.pages import (
    Page,
    fill_catalogue,
    person,
)
from tests.integration.test_security import assert_strict
from tests.production import throw_away

pytestmark = pytest.mark.django_db
SETTINGS = Path(django_settings.BASE_DIR) / "reseller" / "settings.py"
PRINT = """
import json, runpy, sys
of_interest = ("DEBUG", "SECURE_", "SESSION_", "CSRF_", "DISTRIBUTOR_", "SEALING_", "EMAIL_",
               "CELERY_BROKER_URL", "DATABASES")
found = runpy.run_path(sys.argv[1])
print(json.dumps({name: found[name] for name in found if name.startswith(of_interest)}))
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


@pytest.mark.parametrize(
    ("asked", "used"),
    [
        ("redis://:a@b:1/0", "redis://:a@b:1/0"),
        ("rediss://b:1/0", "rediss://b:1/0?ssl_cert_reqs=required"),
        ("rediss://b:1/0?ssl_ca_certs=ca", "rediss://b:1/0?ssl_ca_certs=ca&ssl_cert_reqs=required"),
        ("rediss://b:1/0?ssl_cert_reqs=none", "rediss://b:1/0?ssl_cert_reqs=none"),
    ],
)
def test_a_broker_shows_its_certificate_unless_somebody_says_otherwise(asked, used):
    url = load(REDIS_URL=asked)["CELERY_BROKER_URL"]
    assert url == used
    certificates = app.connection_for_write(url).ssl
    required = certificates and certificates["ssl_cert_reqs"] == ssl.CERT_REQUIRED
    assert bool(required) == ("required" in used)


@pytest.mark.parametrize(("asked", "used"), [({}, 5), ({"DATABASE_PREPARE_AFTER": "0"}, None)])
def test_plans_are_kept_unless_a_pooler_would_mix_them_up(asked, used):
    url = "postgres://reseller@127.0.0.1/reseller"
    options = load(DATABASE_URL=url, **asked)["DATABASES"]["default"]["OPTIONS"]
    assert options["prepare_threshold"] == used
