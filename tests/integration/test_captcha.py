"""The puzzle's vendor, played by a real server that speaks the documented protocol of both."""

import json
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest
from csp.middleware import CSPMiddleware
from django import forms
from django.http import HttpResponse
from django.test import RequestFactory

from customers.forms.signup.guards import Guarded
from customers.services import captcha
from customers.services.captcha import Verdict
from customers.views.guarded import with_puzzle

SECRET, SITE_KEY, TOKEN = "the-vendors-secret", "our-site-key", "solved-token"


class Vendor:
    """Takes each of its tokens once, knows one secret, and answers as the documents say."""

    def __init__(self, *, style):
        self.style, self.asked, self.used = style, [], set()
        self.answers = None  # what it says instead, as bytes
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                said = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = {name: values[0] for name, values in parse_qs(said).items()}
                vendor.asked.append((self.path, self.headers["Content-Type"], form))
                status, answer = vendor.judge(form)
                body = vendor.answers if vendor.answers is not None else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/siteverify"

    def judge(self, form):
        wrong = []
        if "secret" not in form:
            wrong.append("missing-input-secret")
        elif form["secret"] != SECRET:
            wrong.append("invalid-input-secret")
        elif "response" not in form:
            wrong.append("missing-input-response")
        elif not form["response"].startswith("solved"):
            wrong.append("invalid-input-response")
        elif form["response"] in self.used:
            wrong.append(
                {"turnstile": "timeout-or-duplicate"}.get(self.style, "already-seen-response")
            )
        elif self.style == "hcaptcha" and form.get("sitekey") != SITE_KEY:
            wrong.append("sitekey-secret-mismatch")
        self.used.add(form.get("response"))
        if wrong:
            status = 400 if self.style == "hcaptcha" else 200
            return status, {"success": False, "error-codes": wrong}
        solved = {"success": True, "challenge_ts": "2026-02-01T00:00:00Z", "hostname": "x.example"}
        return 200, solved | (
            {"error-codes": []} if self.style == "turnstile" else {"credit": False}
        )


@contextmanager
def running(vendor):
    thread = threading.Thread(target=vendor.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield vendor
    finally:
        vendor.server.shutdown()
        vendor.server.server_close()


@pytest.fixture(params=["turnstile", "hcaptcha"])
def vendor(request, settings):
    settings.CAPTCHA, settings.CAPTCHA_SITE_KEY = request.param, SITE_KEY
    settings.CAPTCHA_SECRET, settings.CAPTCHA_DEADLINE = SECRET, 5
    settings.SIGNUP_MIN_SECONDS = 0
    with running(Vendor(style=request.param)) as it:
        settings.CAPTCHA_VERIFY_URL = it.url
        yield it


def test_a_solved_puzzle_passes_and_the_vendor_is_told_what_it_documents(vendor):
    assert captcha.verify(TOKEN, address="192.0.2.7") == Verdict.PASSED
    ((path, content_type, said),) = vendor.asked
    assert path == "/siteverify"
    assert content_type == "application/x-www-form-urlencoded"
    sitekey = {"sitekey": SITE_KEY} if vendor.style == "hcaptcha" else {}
    assert said == {"secret": SECRET, "response": TOKEN, "remoteip": "192.0.2.7"} | sitekey


def test_the_same_token_once_more_fails(vendor):
    assert captcha.verify(TOKEN) == Verdict.PASSED
    assert captcha.verify(TOKEN) == Verdict.FAILED


def test_a_made_up_token_fails(vendor):
    assert captcha.verify("made-up&secret=x") == Verdict.FAILED
    assert vendor.asked[0][2]["response"] == "made-up&secret=x"


@pytest.mark.parametrize("token", ["", "x" * 5000])
def test_what_is_no_token_fails_without_a_call(vendor, token):
    assert captcha.verify(token) == Verdict.FAILED
    assert not vendor.asked


def test_our_own_wrong_keys_are_no_fault_of_the_visitor(vendor, settings, caplog):
    settings.CAPTCHA_SECRET = "mistyped"
    assert captcha.verify(TOKEN) == Verdict.AWAY
    assert "invalid-input-secret" in caplog.text
    assert "mistyped" not in caplog.text


@pytest.mark.parametrize("body", [
    b"", b"success", b"[]", b"null", b"{}", b'{"success": "true"}', b'{"success": 1}', b"\xff\xfe",
    b"[" * 60_000, b'{"success": true', b'{"success": true}' + b" " * 100_000,
])  # fmt: skip
def test_what_is_no_documented_answer_passes_nobody(vendor, body):
    vendor.answers = body
    assert captcha.verify(TOKEN) == Verdict.AWAY


@pytest.mark.parametrize("codes", [[], None, "text", [1, None], ["new-code"], ["bad-request"]])
def test_a_refusal_is_a_refusal_whatever_its_codes(vendor, codes):
    vendor.answers = json.dumps({"success": False, "error-codes": codes}).encode()
    assert captcha.verify(TOKEN) == Verdict.FAILED


def test_who_is_not_there_is_away(vendor, settings, caplog):
    settings.CAPTCHA_VERIFY_URL = "http://127.0.0.1:1/siteverify"
    assert captcha.verify(TOKEN) == Verdict.AWAY
    assert SECRET not in caplog.text
    assert TOKEN not in caplog.text


def test_who_says_nothing_is_away_at_the_deadline(vendor, settings):
    settings.CAPTCHA_DEADLINE = 0.3
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.CAPTCHA_VERIFY_URL = f"http://127.0.0.1:{silent.getsockname()[1]}/siteverify"
        began = time.monotonic()
        assert captcha.verify(TOKEN) == Verdict.AWAY
        assert 0.2 < time.monotonic() - began < 1.5


def test_without_a_vendor_nobody_is_asked(settings):
    settings.CAPTCHA = ""
    assert captcha.verify("") == Verdict.PASSED


# --- On the form ----------------------------------------------------------------------------------
class Form(Guarded):
    email = forms.EmailField()


def form(vendor=None, **fields):
    shown = str(Form()["shown"]).split('value="')[1].split('"')[0]
    token = {captcha.vendor().token: TOKEN} if vendor else {}
    said = {"email": "ada@example.com", "shown": shown} | token | fields
    return Form(said, address="192.0.2.7")


def test_a_form_with_a_solved_puzzle_is_taken(vendor):
    it = form(vendor)
    assert it.is_valid()
    assert it.signals == []
    assert vendor.asked[0][2]["remoteip"] == "192.0.2.7"


def test_a_form_without_is_refused_in_words(vendor):
    it = form()
    assert "you are a person" in it.errors["__all__"][0]


def test_a_puzzle_is_not_used_up_by_a_form_with_other_errors(vendor):
    assert not form(vendor, email="no address").is_valid()
    assert not vendor.asked
    assert form(vendor).is_valid()


@pytest.mark.parametrize("review", ["risky", "all"])
def test_while_the_vendor_is_away_a_person_looks_instead(vendor, settings, review):
    settings.SIGNUP_REVIEW = review
    vendor.answers = b"out of order"
    it = form(vendor)
    assert it.is_valid()
    assert it.signals == ["captcha_away"]


def test_while_the_vendor_is_away_and_nobody_looks_nothing_is_taken(vendor, settings):
    settings.SIGNUP_REVIEW = "none"
    vendor.answers = b"out of order"
    assert "does not answer" in form(vendor).errors["__all__"][0]


def test_without_a_vendor_the_form_has_no_puzzle(settings):
    settings.CAPTCHA, settings.SIGNUP_MIN_SECONDS = "", 0
    assert "puzzle" not in form().fields
    assert form().is_valid()


@pytest.fixture
def page(settings):
    """The policy of a page with a puzzle, as the middleware writes it."""

    def answer():
        view = with_puzzle(lambda _request: HttpResponse("x"))
        response = CSPMiddleware(view)(RequestFactory().get("/"))
        header = response.headers["Content-Security-Policy"]
        return {part.split()[0]: set(part.split()[1:]) for part in header.split("; ")}

    return answer


def test_the_policy_of_the_page_is_widened_by_the_vendors_origins_alone(page, settings):
    settings.CAPTCHA = ""
    before = page()
    settings.CAPTCHA = "turnstile"
    after = page()
    theirs = {"https://challenges.cloudflare.com"}
    assert after["script-src"] == before["script-src"] | theirs
    assert after["frame-src"] == theirs
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"script-src", "frame-src"}
    settings.CAPTCHA = "hcaptcha"
    assert page()["style-src"] == before["style-src"] | {
        "https://hcaptcha.com", "https://*.hcaptcha.com"
    }  # fmt: skip
    settings.CAPTCHA = ""
    assert page() == before


def test_the_box_is_the_vendors(vendor):
    drawn = str(Form()["puzzle"])
    assert f'class="{captcha.vendor().css_class}" data-sitekey="{SITE_KEY}"' in drawn
    assert f'src="{captcha.vendor().script}"' in drawn
    assert SECRET not in drawn
