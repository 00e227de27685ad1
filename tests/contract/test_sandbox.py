"""The sandbox against the contract, over HTTP as a client sees it."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import tracemalloc
from collections import deque
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree as ET

import pytest

from customers.distributor.rules import (
    CALLS,
    ROW_FIELDS,
    Operation,
    is_email,
    latest_billing_date,
)
from customers.sandbox import Sandbox, people, replies
from customers.sandbox.faults import KINDS

ADA = {
    "username": "ada@example.com",
    "password": "s3cret-engine",
    "confirm_password": "s3cret-engine",
    "email": "ada@example.com",
    "first_name": "Ada",
    "last_name": "Łovelace",
    "address": "12 St James's Square",
    "city": "Zürich",
    "state": "England",
    "zip": "SW1Y 4JH",
    "country": "United Kingdom",
    "phone": "+44 20 7946 0001",
    "website": "example.com",
    "company": "Analytical & Sons <Ltd>",
    "package": "Bronze - 40,000 e-mails",
    "whitelabel": "mail.example.com",
}
PATHS = {Operation.CREATE: "add", Operation.DELETE: "delete"}
# Fixed parameters as the contract prints them, not as the table of rules repeats them.
FIXED = {
    Operation.CREATE: {},
    Operation.DELETE: {},
    Operation.RETRIEVE: {"method": "profile", "task": "get"},
    Operation.ENABLE: {"method": "enable"},
    Operation.DISABLE: {"method": "disable"},
    Operation.WEBSITE_ENABLE: {"method": "website_enable"},
    Operation.WEBSITE_DISABLE: {"method": "website_disable"},
    Operation.PROFILE: {"method": "profile", "task": "set"},
    Operation.PASSWORD: {"method": "password"},
    Operation.USERNAME: {"method": "profile", "task": "setUsername"},
    Operation.EMAIL: {"method": "profile", "task": "setEmail"},
}
SUCCESS = {"json": {"message": "success"}, "xml": "<result><message>success</message></result>"}
NEW_PASSWORD = {"password": "another-one", "confirm_password": "another-one"}
# What each change of an account sends, and what it leaves behind.
CHANGES = [
    (Operation.ENABLE, {}, {"active": True}),
    (Operation.DISABLE, {}, {"active": False}),
    (Operation.WEBSITE_ENABLE, {}, {"website_access": True}),
    (Operation.WEBSITE_DISABLE, {}, {"website_access": False}),
    (Operation.PROFILE, {"city": "Kraków", "phone": ""}, {"city": "Kraków", "phone": ""}),
    (Operation.PASSWORD, NEW_PASSWORD, {"password": "another-one"}),
    (Operation.USERNAME, {"username": "new@example.com"}, {"username": "new@example.com"}),
    (Operation.EMAIL, {"email": "post@example.com"}, {"email": "post@example.com"}),
    (Operation.DELETE, {}, {"closed": True}),
]
FORMATS = pytest.mark.parametrize("written", ["json", "xml"])


@pytest.fixture
def sandbox():
    with Sandbox() as sandbox:
        yield sandbox


def request(sandbox, method, path, body=None, timeout=5):
    """One request on a connection of its own; raises what http.client raises."""
    line = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=timeout)
    try:
        line.request(method, path, body)
        reply = line.getresponse()
        reply.content = reply.read()
        return reply
    finally:
        line.close()


def call(sandbox, operation, written="json", *, timeout=5, **params):
    ours = {"api_user": "sandbox", "api_key": "sandbox", **FIXED[operation], **params}
    path = f"/api/distributor.{PATHS.get(operation, 'manage')}.{written}"
    return request(sandbox, "POST", path, urlencode(ours, doseq=True), timeout)


def said(reply):
    """A JSON document; an XML one as text, without its prolog."""
    if "json" in reply.headers["Content-Type"]:
        return json.loads(reply.content)
    return ET.tostring(ET.fromstring(reply.content), encoding="unicode")


def listed(reply):
    if "json" in reply.headers["Content-Type"]:
        return json.loads(reply.content)
    return [{e.tag: e.text or "" for e in user} for user in ET.fromstring(reply.content)]


def find(sandbox, written="json", **filters):
    return listed(call(sandbox, Operation.RETRIEVE, written, **filters))


def names(rows):
    return [row["username"] for row in rows]


def control(sandbox, method, door, content=None):
    body = None if content is None else json.dumps(content)
    reply = request(sandbox, method, f"/_sandbox/{door}", body)
    return reply.status, json.loads(reply.content)


# --- Operations ------------------------------------------------------------------------------


def test_the_contract_and_the_rules_name_the_same_calls():
    assert {operation: dict(call.fixed) for operation, call in CALLS.items()} == FIXED


@FORMATS
def test_a_new_customer_is_kept_as_it_was_sent(sandbox, written):
    more = {"ip[]": ["192.0.2.1", "2001:db8::1"], "ip_group[]": ["g1", "g2"], "free_user": "true"}
    today = datetime.now(UTC).date().isoformat()

    reply = call(sandbox, Operation.CREATE, written, **ADA, **more, billing_date=today)

    assert said(reply) == SUCCESS[written]
    kept = {name: value for name, value in ADA.items() if name != "confirm_password"}
    assert sandbox.account("ADA@example.com") == {
        **kept,
        "website": "http://example.com",
        "ip": ["192.0.2.1", "2001:db8::1"],
        "ip_group": ["g1", "g2"],
        "free_user": True,
        "billing_date": today,
        "active": True,
        "website_access": True,
        "closed": False,
    }


@FORMATS
def test_the_list_shows_the_contracts_fields_and_no_others(sandbox, written):
    call(sandbox, Operation.CREATE, **ADA)

    assert find(sandbox, written) == [
        {
            **{name: ADA[name] for name in ROW_FIELDS if name != "active"},
            "active": "true",
            "website": "http://example.com",
        }
    ]


@FORMATS
@pytest.mark.parametrize(("operation", "params", "left"), CHANGES)
def test_a_change_takes_effect_at_once(sandbox, written, operation, params, left):
    before = {name: not value for name, value in left.items() if isinstance(value, bool)}
    call(sandbox, Operation.CREATE, **ADA)
    sandbox.change(ADA["username"], **before)

    reply = call(sandbox, operation, written, user=ADA["username"].upper(), **params)

    assert said(reply) == SUCCESS[written]
    account = sandbox.account(left.get("username", ADA["username"]))
    assert {name: account[name] for name in left} == left


@FORMATS
@pytest.mark.parametrize("operation", [operation for operation, _, _ in CHANGES])
def test_an_unknown_user_is_refused_in_the_form_of_its_operation(sandbox, written, operation):
    params = next(params for each, params, _ in CHANGES if each is operation)
    reply = call(sandbox, operation, written, user="nobody@example.com", **params)

    short = "enable" in operation or "disable" in operation
    assert (
        said(reply)
        == {
            ("json", True): {"message": "User not found"},
            ("json", False): {"message": "error", "errors": ["User not found"]},
            ("xml", True): "<result><message>User not found</message></result>",
            ("xml", False): "<result><message>error</message>"
            "<errors><error>User not found</error></errors></result>",
        }[written, short]
    )


def test_disable_takes_the_name_of_the_pages_table_too(sandbox):
    sandbox.add_account(username="ada@example.com")
    call(sandbox, Operation.DISABLE, username="ada@example.com")
    assert sandbox.account("ada@example.com")["active"] is False


def test_get_works_with_a_query_string(sandbox):
    sandbox.add_account(username="ada@example.com")
    query = "api_user=sandbox&api_key=sandbox&method=disable&user=ada@example.com"
    reply = request(sandbox, "GET", f"/api/distributor.manage.json?{query}")
    assert said(reply) == SUCCESS["json"]


# --- Rules -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"username": ""}, "username is required"),
        ({"company": "  "}, "company is required"),
        ({"username": "a" * 65}, "username must be at most 64 characters long"),
        ({"email": "a" * 53 + "@example.com"}, "email must be at most 64 characters long"),
        ({"first_name": "é" * 51}, "first_name must be at most 50 characters long"),
        ({"email": "ada"}, "email must be an email address"),
        ({"confirm_password": "other"}, "password and confirm_password are not the same"),
        ({"ip[]": "192.0.2.256"}, "192.0.2.256 is not a valid IP address"),
        ({"free_user": "1"}, "free_user must be true or false"),
        ({"nickname": "A."}, "Unknown parameter nickname"),
        ({"ip": "192.0.2.1"}, "Unknown parameter ip"),
    ],
)
def test_a_new_customer_who_breaks_a_rule_is_refused(sandbox, wrong, words):
    reply = call(sandbox, Operation.CREATE, **(ADA | wrong))
    assert said(reply) == {"message": "error", "errors": [words]}
    assert sandbox.accounts() == []


def test_a_short_password_is_refused(sandbox):
    short = {"password": "12345", "confirm_password": "12345"}
    reply = said(call(sandbox, Operation.CREATE, **(ADA | short)))
    assert reply["errors"] == ["password must be at least 6 characters long"]


def test_limits_count_characters_and_the_last_one_fits(sandbox):
    reply = call(
        sandbox, Operation.CREATE, **(ADA | {"first_name": "é" * 50, "company": "€" * 255})
    )
    assert said(reply) == SUCCESS["json"]


@pytest.mark.parametrize("days", [0, None])
def test_a_billing_date_reaches_from_today_to_one_cycle_ahead(sandbox, days):
    today = datetime.now(UTC).date()
    last = today if days == 0 else latest_billing_date(today)
    reply = call(sandbox, Operation.CREATE, **ADA, billing_date=last.isoformat())
    assert said(reply) == SUCCESS["json"]


def test_other_billing_dates_are_refused(sandbox):
    today = datetime.now(UTC).date()
    beyond = [today - timedelta(days=1), latest_billing_date(today) + timedelta(days=1)]
    for wrong in [*map(str, beyond), f"{today:%Y%m%d}", "2026-02-30", "soon"]:
        reply = call(sandbox, Operation.CREATE, **ADA, billing_date=wrong)
        assert said(reply)["message"] == "error", wrong


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        (Operation.USERNAME, {"username": "no-email"}),
        (Operation.USERNAME, {"username": "ada@mail.SendGrid.com"}),
        (Operation.USERNAME, {"username": "a" * 89 + "@example.com"}),
        (Operation.USERNAME, {"username": "Grace@example.com"}),
        (Operation.EMAIL, {"email": "no-email"}),
        (Operation.PASSWORD, {"password": "abcdef", "confirm_password": "abcdeg"}),
        (Operation.PROFILE, {"zip": "1" * 51}),
        (Operation.PROFILE, {"email": "post@example.com"}),
    ],
)
def test_a_change_that_breaks_a_rule_is_refused(sandbox, operation, params):
    sandbox.add_account(username="grace@example.com")
    before = sandbox.add_account(username="ada@example.com")

    reply = call(sandbox, operation, user="ada@example.com", **params)

    assert said(reply)["message"] == "error"
    assert before.items() <= sandbox.account("ada@example.com").items()


@pytest.mark.parametrize("operation", [op for op in Operation if "able" in op])
def test_the_four_switches_refuse_a_name_that_is_no_email(sandbox, operation):
    sandbox.add_account(username="ada")
    reply = call(sandbox, operation, user="ada")
    assert said(reply)["errors"] == ["user must be an email address"]


def test_a_name_is_unique_in_any_case(sandbox):
    call(sandbox, Operation.CREATE, **ADA)
    reply = call(sandbox, Operation.CREATE, **(ADA | {"username": "ADA@example.com"}))
    assert said(reply) == {"message": "error", "errors": ["Username already exists"]}


@pytest.mark.parametrize("behind_our_back", [True, False])
def test_a_deleted_name_is_gone_from_the_list_and_burnt_for_ever(sandbox, behind_our_back):
    call(sandbox, Operation.CREATE, **ADA)
    sandbox.add_account(username="grace@example.com")
    if behind_our_back:
        sandbox.remove(ADA["username"])
    else:
        call(sandbox, Operation.DELETE, user=ADA["username"])

    assert names(find(sandbox)) == ["grace@example.com"]
    again = call(sandbox, Operation.CREATE, **ADA)
    renamed = call(
        sandbox, Operation.USERNAME, user="grace@example.com", username="Ada@example.com"
    )
    assert (
        said(again) == said(renamed) == {"message": "error", "errors": ["Username already exists"]}
    )
    assert said(call(sandbox, Operation.DELETE, user=ADA["username"]))["errors"] == [
        "User not found"
    ]


def test_a_name_that_was_only_renamed_away_is_free_again(sandbox):
    call(sandbox, Operation.CREATE, **ADA)
    call(sandbox, Operation.USERNAME, user=ADA["username"], username="countess@example.com")
    assert said(call(sandbox, Operation.CREATE, **ADA)) == SUCCESS["json"]


# --- Lists -----------------------------------------------------------------------------------


@FORMATS
def test_filters_are_searches(sandbox, written):
    sandbox.add_account(username="ada@example.com", email="x@one.example", city="Łódź")
    sandbox.add_account(username="ADA@example.com.pl", email="y@one.example", active=False)
    sandbox.add_account(username="grace", email="z@two.example", company="Navy", first_name="Ö.")

    both = ["ada@example.com", "ADA@example.com.pl"]
    assert names(find(sandbox, written, username="Ada@Example.com")) == both
    assert names(find(sandbox, written, email="@ONE.")) == both
    assert names(find(sandbox, written, city="ŁÓDŹ")) == ["ada@example.com"]
    assert find(sandbox, written, city="Łód") == []
    assert names(find(sandbox, written, first_name="ö.")) == ["grace"]
    assert names(find(sandbox, written, company="navy", username="grace")) == ["grace"]
    assert find(sandbox, written, company="navy", username="ada") == []
    for no, yes in [("0", "1"), ("false", "true")]:
        assert names(find(sandbox, written, active=no)) == ["ADA@example.com.pl"]
        assert names(find(sandbox, written, active=yes)) == ["ada@example.com", "grace"]


def test_a_website_is_found_with_and_without_its_scheme(sandbox):
    call(sandbox, Operation.CREATE, **ADA)
    for website in ["example.com", "http://example.com"]:
        assert names(find(sandbox, website=website)) == [ADA["username"]]


@FORMATS
def test_a_long_list_comes_whole_and_in_chunks(sandbox, written):
    sandbox.store.add_many(map(people.person, range(2500)))

    reply = call(sandbox, Operation.RETRIEVE, written)

    assert reply.headers["Transfer-Encoding"] == "chunked"
    assert names(listed(reply)) == [account["username"] for account in sandbox.accounts()]


@FORMATS
def test_a_long_list_takes_no_more_memory_than_a_short_one(sandbox, written):
    sandbox.store.add_many(map(people.person, range(8000)))

    def peak(limit):
        tracemalloc.start()
        deque(replies.listing(sandbox.store.rows({}, limit=limit), written).body, maxlen=0)
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(8000) < 1.3 * peak(2000)


def test_xml_is_latin_with_references_for_the_rest(sandbox):
    sandbox.add_account(username="ada@example.com", city="Zürich", last_name="Ł\x0b\ud7ff\r&")
    content = call(sandbox, Operation.RETRIEVE, "xml").content

    assert content.startswith(b'<?xml version="1.0" encoding="ISO-8859-1"?><users><user>')
    assert b"Z\xfcrich" in content
    assert b"<last_name>&#321;&#65533;&#55295;&#13;&amp;<" in content
    assert listed(call(sandbox, Operation.RETRIEVE, "xml"))[0]["last_name"] == "Ł�\ud7ff\r&"


# --- Credentials, forms of refusal, framing --------------------------------------------------


@FORMATS
@pytest.mark.parametrize("wrong", [{"api_user": "sand"}, {"api_key": ""}])
def test_wrong_credentials_are_refused_with_200(sandbox, written, wrong):
    reply = call(sandbox, Operation.RETRIEVE, written, **wrong)

    assert reply.status == 200
    assert (
        said(reply)
        == {
            "json": {"message": "error", "errors": ["Bad username / password"]},
            "xml": "<result><message>error</message>"
            "<errors><error>Bad username / password</error></errors></result>",
        }[written]
    )
    assert not sandbox.calls[0].executed


def test_refusals_take_the_later_form_when_switched(sandbox):
    assert control(sandbox, "POST", "switches", {"later_errors": True})[0] == 200

    refused = [call(sandbox, Operation.DELETE, f, user="x") for f in ("json", "xml")]
    stranger = call(sandbox, Operation.DELETE, user="x", api_key="wrong")

    assert said(refused[0]) == {"error": {"code": 400, "message": "User not found"}}
    assert said(refused[1]) == "<error><code>400</code><message>User not found</message></error>"
    assert said(stranger) == {"error": "Bad username / password"}
    assert said(call(sandbox, Operation.CREATE, **ADA)) == SUCCESS["json"]


def test_what_is_no_call_is_refused_and_not_counted(sandbox):
    reply = request(sandbox, "POST", "/api/distributor.manage.json", "method=fly")
    assert said(reply) == {"message": "error", "errors": ["Unknown method"]}
    assert request(sandbox, "GET", "/api/distributor.fly.json").status == 404
    assert request(sandbox, "POST", "/api/distributor.add.json", b"username=\xff").status == 400
    assert request(sandbox, "POST", "/api/distributor.add.json", "username=%ff").status == 400
    assert sandbox.operations() == []


def test_one_connection_carries_many_calls(sandbox):
    sandbox.add_account(username="ada@example.com")
    line = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=5)
    ours = "api_user=sandbox&api_key=sandbox&method=profile&task=get"
    for written in ["json", "xml", "json"]:
        line.request("POST", f"/api/distributor.manage.{written}", ours)
        reply = line.getresponse()
        assert b"ada@example.com" in reply.read()
        assert not reply.will_close
    line.close()


# --- Faults ----------------------------------------------------------------------------------


def create(sandbox, written="json", timeout=5):
    return call(sandbox, Operation.CREATE, written, timeout=timeout, **ADA)


def done(sandbox):
    return sandbox.account(ADA["username"]) is not None


@FORMATS
@pytest.mark.parametrize(
    ("kind", "status", "executed"),
    [
        ("500", 500, False),
        ("503", 503, False),
        ("429", 429, False),
        ("401", 401, False),
        ("html", 200, False),
        ("credentials", 200, False),
        ("500-after", 500, True),
        ("garbage", 200, True),
    ],
)
def test_a_fault_answers_something_else(sandbox, written, kind, status, executed):
    sandbox.faults.append(kind)

    reply = create(sandbox, written)

    assert reply.status == status
    assert b"success" not in reply.content
    assert done(sandbox) is executed is sandbox.calls[0].executed
    assert reply.headers["Retry-After"] == ("1" if kind == "429" else None)
    assert len(sandbox.faults) == 0
    assert create(sandbox, written).status == 200


@pytest.mark.parametrize(("kind", "executed"), [("lost", True), ("dropped", False)])
def test_the_line_goes_dead_without_a_reply(sandbox, kind, executed):
    sandbox.faults.append(kind)
    with pytest.raises(http.client.RemoteDisconnected):
        create(sandbox)
    assert done(sandbox) is executed


def test_late_hangs_up_at_once_and_does_it_later(sandbox):
    sandbox.faults.add("late", seconds=0.3)
    with pytest.raises(http.client.RemoteDisconnected):
        create(sandbox)
    assert not done(sandbox)
    time.sleep(0.6)
    assert done(sandbox)


def test_late_does_nothing_any_more_once_the_sandbox_stopped(tmp_path):
    with Sandbox(tmp_path / "data") as sandbox:
        sandbox.faults.add("late", seconds=0.3)
        with pytest.raises(http.client.RemoteDisconnected):
            create(sandbox)
    time.sleep(0.5)
    with Sandbox(tmp_path / "data") as sandbox:
        assert not done(sandbox)


def test_slow_answers_after_a_while_and_holds_up_nobody(sandbox):
    sandbox.faults.add("slow", seconds=1.5)
    waiting = threading.Thread(target=create, args=(sandbox,))
    waiting.start()
    time.sleep(0.1)
    assert names(find(sandbox)) == [ADA["username"]]
    assert waiting.is_alive()
    waiting.join()


@pytest.mark.parametrize("kind", ["drip", "drip-head"])
def test_drip_sends_byte_by_byte_and_ends_whole(sandbox, kind):
    sandbox.faults.add(kind, seconds=0.005)
    start = time.monotonic()
    assert said(create(sandbox)) == SUCCESS["json"]
    pauses = len('{"message": "success"}') - 1
    assert time.monotonic() - start >= 0.005 * pauses
    sandbox.faults.add(kind, seconds=0.001)
    assert names(find(sandbox)) == [ADA["username"]]


def test_hang_never_answers(sandbox):
    sandbox.faults.append("hang")
    with pytest.raises(TimeoutError):
        create(sandbox, timeout=0.3)
    assert not done(sandbox)


@pytest.mark.parametrize("kind", ["hang", "slow", "drip"])
def test_stopping_ends_whatever_sleeps(kind):
    ended = []

    def caller(sandbox):
        try:
            ended.append(create(sandbox, timeout=10))
        except (OSError, http.client.HTTPException) as error:
            ended.append(error)

    before = threading.active_count()
    with Sandbox() as sandbox:
        sandbox.faults.append(kind)
        thread = threading.Thread(target=caller, args=(sandbox,))
        thread.start()
        time.sleep(0.2)
        start = time.monotonic()
    thread.join()
    while threading.active_count() > before and time.monotonic() - start < 5:
        time.sleep(0.01)
    assert time.monotonic() - start < 5
    assert ended


@FORMATS
def test_a_cut_reply_is_short_of_its_length(sandbox, written):
    sandbox.faults.append("cut")
    with pytest.raises(http.client.IncompleteRead) as caught:
        create(sandbox, written)
    assert caught.value.partial
    assert done(sandbox)


@FORMATS
def test_a_cut_list_lacks_its_last_chunk(sandbox, written):
    sandbox.add_account()
    sandbox.faults.append("cut")
    with pytest.raises(http.client.IncompleteRead) as caught:
        find(sandbox, written)
    assert not caught.value.partial.endswith((b"}", b"</user>"))


@FORMATS
def test_a_short_list_is_well_formed_and_has_half_of_the_rows(sandbox, written):
    sandbox.store.add_many(map(people.person, range(10)))
    sandbox.faults.append("short")
    assert find(sandbox, written) == find(sandbox, written)[:5] != []


@FORMATS
def test_an_empty_list_is_well_formed(sandbox, written):
    sandbox.add_account()
    sandbox.faults.append("empty")
    assert find(sandbox, written) == []
    assert len(find(sandbox, written)) == 1


def test_a_bare_list_lacks_its_brackets_or_its_prolog(sandbox):
    sandbox.store.add_many(map(people.person, range(3)))
    sandbox.faults.add("bare", times=2)
    in_json = call(sandbox, Operation.RETRIEVE)
    in_xml = call(sandbox, Operation.RETRIEVE, "xml")
    assert json.loads(b"[" + in_json.content + b"]") == find(sandbox)
    assert in_xml.content.startswith(b"<users>")
    assert listed(in_xml) == find(sandbox, "xml")


@FORMATS
def test_a_stale_list_shows_accounts_as_they_were(sandbox, written):
    now = 1000.0
    sandbox.store.now = lambda: now
    for name in ("kept", "renamed", "closed"):
        sandbox.add_account(username=f"{name}@example.com", city="London")
    now += 60
    call(sandbox, Operation.PROFILE, user="kept@example.com", city="Paris")
    now += 1
    call(sandbox, Operation.PROFILE, user="kept@example.com", city="Rome")
    call(sandbox, Operation.USERNAME, user="renamed@example.com", username="new@example.com")
    call(sandbox, Operation.DELETE, user="closed@example.com")
    call(sandbox, Operation.PROFILE, user="new@example.com", city="Rome")
    sandbox.add_account(username="late@example.com")
    before = ["kept@example.com", "renamed@example.com", "closed@example.com"]

    def cities(ago, **filters):
        sandbox.faults.add("stale", seconds=ago)
        return {row["username"]: row["city"] for row in find(sandbox, written, **filters)}

    assert cities(30) == dict.fromkeys(before, "London")
    assert cities(30, username="new") == {}
    assert cities(30, username="renamed") == {"renamed@example.com": "London"}
    assert cities(0.5)["kept@example.com"] == "Paris"
    assert cities(0.5).keys() == set(before)
    now += 1
    assert cities(0.5) == {
        "kept@example.com": "Rome",
        "new@example.com": "Rome",
        "late@example.com": "London",
    }
    assert names(find(sandbox, written)) == list(cities(0.5))


def test_a_fault_waits_for_its_operation_and_is_used_up(sandbox):
    sandbox.faults.add("500", times=2, operation="create")
    sandbox.faults.append("short")

    assert call(sandbox, Operation.DELETE, user="x").status == 200
    assert [create(sandbox).status for _ in range(3)] == [500, 500, 200]
    assert [call.fault for call in sandbox.calls] == [None, "500", "500", None]
    assert [fault.kind for fault in sandbox.faults] == ["short"]


# --- Control, memory, the command ------------------------------------------------------------


def test_faults_are_added_listed_and_cleared_over_http(sandbox):
    status, answer = control(sandbox, "POST", "faults", {"kind": "429", "retry_after": 7})
    assert (status, answer["active"][0]["times"]) == (200, 1)
    assert answer["kinds"].keys() == KINDS.keys()
    assert create(sandbox).headers["Retry-After"] == "7"

    control(sandbox, "POST", "faults", {"kind": "lost", "times": 3, "operation": "delete"})
    active = control(sandbox, "GET", "faults")[1]["active"]
    assert [(f["kind"], f["times"], f["operation"]) for f in active] == [("lost", 3, "delete")]
    assert control(sandbox, "DELETE", "faults")[1]["active"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "gremlins"},
        {"kind": ["500"]},
        {"kind": "500", "operation": "fly"},
        {"kind": "500", "times": 0},
        {"kind": "500", "sometimes": 1},
        {"kind": "short", "operation": "create"},
        {"kind": "slow", "seconds": "long"},
        {},
        [],
    ],
)
def test_a_fault_that_does_not_exist_is_refused_with_all_that_do(sandbox, wrong):
    status, answer = control(sandbox, "POST", "faults", wrong)
    assert status == 400
    assert answer["error"]
    assert answer["kinds"] == KINDS
    assert len(sandbox.faults) == 0


def test_calls_are_told_without_secrets(sandbox):
    before = time.time()
    create(sandbox)

    (told,) = control(sandbox, "GET", "calls")[1]

    assert told["operation"] == "create"
    assert told["user"] == ADA["username"]
    assert (told["executed"], told["answer"], told["fault"]) == (True, "success", None)
    assert before <= told["at"] <= time.time()
    assert told["params"]["city"] == ADA["city"]
    assert ADA["password"] not in json.dumps(told)
    assert told["params"]["api_key"] == told["params"]["confirm_password"] == "***"


def test_all_accounts_that_are_there_are_told_with_everything(sandbox):
    create(sandbox)
    sandbox.add_account(username="gone@example.com")
    sandbox.remove("gone@example.com")

    assert control(sandbox, "GET", "accounts")[1] == sandbox.accounts()
    assert [account["username"] for account in sandbox.accounts()] == [ADA["username"]]
    assert sandbox.account("gone@example.com")["closed"]


def test_an_unknown_door_tells_the_others(sandbox):
    assert control(sandbox, "GET", "cellar")[0] == 404


def test_a_file_outlives_the_server(tmp_path):
    with Sandbox(tmp_path / "new" / "data") as sandbox:
        create(sandbox)
        sandbox.add_account(username="gone@example.com")
        sandbox.remove("gone@example.com")
        before = sandbox.accounts()

    with Sandbox(tmp_path / "new" / "data") as sandbox:
        assert sandbox.accounts() == before
        assert said(create(sandbox))["errors"] == ["Username already exists"]


def test_reset_forgets_everything(sandbox):
    sandbox.later_errors = True
    create(sandbox)
    sandbox.faults.append("lost")
    sandbox.reset()
    assert (sandbox.accounts(), sandbox.calls, len(sandbox.faults)) == ([], [], 0)
    assert not sandbox.later_errors


def test_the_same_people_are_made_every_time_and_only_as_many_as_are_missing(tmp_path):
    with Sandbox(tmp_path / "data", accounts=30) as sandbox:
        first = sandbox.accounts()
        sandbox.remove(first[0]["username"])
    with Sandbox(tmp_path / "data", accounts=50) as sandbox:
        names = [account["username"] for account in sandbox.accounts()]
        assert names[:29] == [account["username"] for account in first[1:]]
        assert len(names) == 49
    with Sandbox(accounts=30) as sandbox:
        assert sandbox.accounts() == first


def test_people_are_believable_and_within_the_rules():
    crowd = [people.person(number) for number in range(3000)]

    assert len({person["username"] for person in crowd}) == 3000
    assert len({person["country"] for person in crowd}) >= 5
    assert all(is_email(person["email"]) for person in crowd)
    for few in ("active", "website_access"):
        assert 0 < sum(not person[few] for person in crowd) < 300
    assert 0 < sum(not is_email(person["username"]) for person in crowd) < 300
    with Sandbox() as sandbox:
        for person in crowd[:100]:
            params = {name: person[name] for name in ADA if name in person}
            reply = call(sandbox, Operation.CREATE, **params, confirm_password=person["password"])
            assert said(reply) == SUCCESS["json"]


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_until_a_signal_ends_it(tmp_path, ending):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = str(tmp_path / "data")
    options = ["--port", str(port), "--data", data, "--accounts", "7"]
    process = subprocess.Popen(
        [sys.executable, "-m", "customers.sandbox", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": ""},
    )
    line = process.stdout.readline()
    url = re.search(r"http://\S+", line)[0]
    assert url == f"http://127.0.0.1:{port}/api"
    # An idle connection must not hold it up.
    with socket.create_connection(("127.0.0.1", port)):
        process.send_signal(ending)
        assert process.wait(5) == 0
    assert process.stderr.read() == ""
    with Sandbox(data) as sandbox:
        assert len(sandbox.accounts()) == 7
