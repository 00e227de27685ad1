"""What a hostile page, customer or client must not achieve."""

import gzip

import pytest
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

pytestmark = pytest.mark.django_db
EVIL = "\"'><svg onload=alert(1)>{{7*7}}"


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
            assert source.startswith("/") or not source, (where, source)


def test_every_page_has_a_strict_policy_and_nothing_inline(boss):
    populate()
    for client in (boss, Client()):
        for name in names():
            response = client.get(address(name))
            assert_strict(response, name)
            assert response["X-Content-Type-Options"] == "nosniff"
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
    monkeypatch.setattr("customers.views.customers.facts", lambda customer: 1 / 0)
    answers[500] = boss.get(f"/customers/{ada.pk}/")
    for code, response in answers.items():
        assert_strict(response, code)
        assert_nothing_inline(response, code)
        if isinstance(code, int):
            assert response.status_code == code
    assert "Nothing was lost that we had accepted" in Page(answers[500]).words
    assert "We could not be sure that this came from you" in Page(answers["csrf"]).words


def test_a_page_is_sent_compressed_and_never_twice_of_the_same_length(boss):
    """A length that told how well a guess fits to the secret beside it would give it away."""
    populate()
    headers = {"accept-encoding": "gzip"}
    answers = [boss.get("/customers/changes/", headers=headers) for _ in range(20)]
    assert {answer["Content-Encoding"] for answer in answers} == {"gzip"}
    assert "Accept-Encoding" in answers[0]["Vary"]
    assert len({len(answer.content) for answer in answers}) > 1
    assert len({gzip.decompress(answer.content)[:200] for answer in answers}) == 1


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
    sends = Page(client.get("/signup/")).sends
    assert client.post("/signup/", sends | {"email": ADA["email"]}).status_code == 302


# --- What a customer may be called ---------------------------------------------------------------


def evil_rows():
    evil = dict.fromkeys(PROFILE, EVIL) | dict.fromkeys(("email", "package", "whitelabel"), EVIL)
    customer = populate(username=EVIL, **evil, ip=[EVIL], ip_group=[EVIL])
    now = clock.now()
    change = changes.ask(customer, "profile", {"city": EVIL + "2"})
    Attempt.objects.create(
        change=change, n=7, request={EVIL: EVIL}, reply=EVIL, conclusion=EVIL, worker=EVIL,
        begun_at=now, deadline=now, ended_at=now, outcome="REFUSED",
    )  # fmt: skip
    settle(changes.ask(customer, "email", {"email": EVIL + "2"}), "REJECTED", EVIL)
    Change.objects.filter(pk=change.pk).update(state="BLOCKED", error=EVIL)
    Alert.objects.create(kind="listed", subject=EVIL, text=EVIL, raised_at=now)
    Refresh.objects.create(
        started_at=now,
        finished_at=now,
        verdict="FAILED",
        problem=EVIL,
        sample=[EVIL],
        reason=EVIL,
        decided_at=now,
    )
    Package.objects.create(name=EVIL, offered_at_signup=True)
    return customer, change


def assert_harmless(response, where):
    assert "<svg onload" not in response.getvalue().decode(), where
    page = Page(response)
    assert EVIL.replace("{{7*7}}", "49") not in page.words, where
    for tag, said in page.tags:
        assert "onload" not in said, (where, tag)


def test_what_a_customer_is_called_is_shown_and_never_run(boss):
    customer, change = evil_rows()
    pages = [address(name) for name in names() if "admin:auth" not in name]
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


def test_a_lone_surrogate_breaks_no_page(boss):
    fill_catalogue()
    for where in ("/signup/", "/customers/new/", "/accounts/login/", "/accounts/password_reset/"):
        evil = dict.fromkeys([*ADA, "new_password1"], "a\ud800b")
        assert post_raw(boss, where, evil).status_code == 200
