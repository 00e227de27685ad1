"""The rules, held against the contract's table: what stands here was typed from the contract."""

from datetime import date

import pytest

from customers.distributor.rules import (
    CALLS,
    Operation,
    Problem,
    fold,
    in_provider_domain,
    latest_billing_date,
    problems,
    same_website,
)

CREATE, PROFILE = Operation.CREATE, Operation.PROFILE
# (operation, parameter, the longest value)
LONGEST = [
    (CREATE, "username", 64),
    (CREATE, "email", 64),
    (CREATE, "first_name", 50),
    (CREATE, "last_name", 50),
    (CREATE, "address", 100),
    (CREATE, "city", 100),
    (CREATE, "state", 100),
    (CREATE, "country", 100),
    (CREATE, "zip", 50),
    (CREATE, "phone", 50),
    (CREATE, "website", 255),
    (CREATE, "company", 255),
    (CREATE, "package", 255),
    (CREATE, "whitelabel", 255),
    (CREATE, "ip_group", 255),
    (PROFILE, "first_name", 50),
    (PROFILE, "last_name", 50),
    (PROFILE, "address", 100),
    (PROFILE, "city", 100),
    (PROFILE, "state", 100),
    (PROFILE, "country", 100),
    (PROFILE, "zip", 50),
    (PROFILE, "phone", 50),
    (PROFILE, "website", 255),
    (PROFILE, "company", 255),
    (Operation.USERNAME, "username", 100),
    (Operation.EMAIL, "email", 100),
]
REQUIRED = [
    (CREATE, {"username", "password", "confirm_password", "email", "first_name", "last_name",
              "address", "city", "state", "country", "zip", "phone", "website", "company",
              "package", "whitelabel"}),
    (Operation.DELETE, {"user"}),
    (Operation.RETRIEVE, set()),
    (Operation.ENABLE, {"user"}),
    (Operation.DISABLE, {"user"}),
    (Operation.WEBSITE_ENABLE, {"user"}),
    (Operation.WEBSITE_DISABLE, {"user"}),
    (PROFILE, {"user"}),
    (Operation.PASSWORD, {"user", "password", "confirm_password"}),
    (Operation.USERNAME, {"user", "username"}),
    (Operation.EMAIL, {"user", "email"}),
]  # fmt: skip
OPTIONAL = {
    CREATE: {"ip_group", "ip", "free_user", "billing_date"},
    PROFILE: {"first_name", "last_name", "address", "city", "state", "country", "zip", "phone",
              "website", "company"},
    Operation.RETRIEVE: {"username", "email", "active", "first_name", "last_name", "address",
                         "city", "state", "country", "zip", "phone", "website", "company"},
}  # fmt: skip
SENT_TO = {
    CREATE: ("add", {}),
    Operation.DELETE: ("delete", {}),
    Operation.RETRIEVE: ("manage", {"method": "profile", "task": "get"}),
    Operation.ENABLE: ("manage", {"method": "enable"}),
    Operation.DISABLE: ("manage", {"method": "disable"}),
    Operation.WEBSITE_ENABLE: ("manage", {"method": "website_enable"}),
    Operation.WEBSITE_DISABLE: ("manage", {"method": "website_disable"}),
    PROFILE: ("manage", {"method": "profile", "task": "set"}),
    Operation.PASSWORD: ("manage", {"method": "password"}),
    Operation.USERNAME: ("manage", {"method": "profile", "task": "setUsername"}),
    Operation.EMAIL: ("manage", {"method": "profile", "task": "setEmail"}),
}
WANT_EMAIL_FORMAT = [
    (CREATE, "email"),
    (Operation.USERNAME, "username"),
    (Operation.EMAIL, "email"),
    (Operation.ENABLE, "user"),
    (Operation.DISABLE, "user"),
    (Operation.WEBSITE_ENABLE, "user"),
    (Operation.WEBSITE_DISABLE, "user"),
]
NAMES = [(CREATE, "username"), (Operation.USERNAME, "username")]


def found(operation, name, value):
    return problems(CALLS[operation].param(name), value)


def of_length(operation, name, length):
    tail = "@example.com" if (operation, name) in WANT_EMAIL_FORMAT else ""
    return "a" * (length - len(tail)) + tail


@pytest.mark.parametrize("operation", list(Operation))
def test_each_call_goes_where_the_contract_says(operation):
    call = CALLS[operation]
    assert (call.path, dict(call.fixed)) == SENT_TO[operation]


@pytest.mark.parametrize(("operation", "required"), REQUIRED)
def test_each_call_takes_the_parameters_of_the_contract_and_no_other(operation, required):
    call = CALLS[operation]
    assert {param.name for param in call.params if param.required} == required
    assert {param.name for param in call.params} == required | OPTIONAL.get(operation, set())
    for name in required:
        for blank in ("", " ", "\t\r\n", "\u3000"):
            assert found(operation, name, blank) == [Problem.REQUIRED]


@pytest.mark.parametrize(("operation", "name", "longest"), LONGEST)
def test_a_length_is_taken_up_to_the_limit_and_refused_one_above(operation, name, longest):
    assert found(operation, name, of_length(operation, name, longest - 1)) == []
    assert found(operation, name, of_length(operation, name, longest)) == []
    too_long = of_length(operation, name, longest + 1)
    assert found(operation, name, too_long) == [Problem.TOO_LONG]


def test_no_parameter_has_a_limit_that_the_contract_does_not_name():
    limited = {
        (operation, param.name): param.max_length
        for operation, call in CALLS.items()
        for param in call.params
        if param.max_length
    }
    assert limited == {(operation, name): longest for operation, name, longest in LONGEST}


def test_lengths_are_counted_in_characters_and_not_in_bytes():
    assert found(PROFILE, "first_name", "é" * 50) == []
    assert found(PROFILE, "city", "市" * 100) == []
    assert found(PROFILE, "first_name", "é" * 51) == [Problem.TOO_LONG]


@pytest.mark.parametrize("operation", [CREATE, Operation.PASSWORD])
def test_a_password_has_at_least_six_characters(operation):
    assert found(operation, "password", "12345") == [Problem.TOO_SHORT]
    assert found(operation, "password", "123456") == []
    assert found(operation, "password", "1234567") == []
    assert found(operation, "password", "päßwör") == []


@pytest.mark.parametrize(("operation", "name"), WANT_EMAIL_FORMAT)
@pytest.mark.parametrize(
    "address",
    ["a@b.co", "ada.lovelace+mail@mail.example.com", "o'neil@x-1.example.org", "1@2.example",
     "ADA@EXAMPLE.COM", "a_b@xn--bcher-kva.example"],
)  # fmt: skip
def test_an_email_address_is_taken(operation, name, address):
    assert found(operation, name, address) == []


@pytest.mark.parametrize(("operation", "name"), WANT_EMAIL_FORMAT)
@pytest.mark.parametrize(
    "text",
    ["ada", "ada@", "@example.com", "ada@example", "ada@@example.com", "a@b@example.com",
     "ada lovelace@example.com", "ada@exam ple.com", "ada@example..com", ".ada@example.com",
     "ada.@example.com", "ada@-example.com", "ada@example-.com", "ada@example.com.", "ada@.com",
     "Ada <ada@example.com>", "ada@example.com,bob@example.com", "ada@192.0.2.1", '"a"@b.co'],
)  # fmt: skip
def test_what_is_no_email_address_is_refused(operation, name, text):
    assert found(operation, name, text) == [Problem.NOT_EMAIL]


@pytest.mark.parametrize("text", ["a@" + "a." * 5000, "a@a." + "a-" * 5000, "a." * 5000 + "@"])
def test_a_hostile_text_is_judged_at_once(text):
    assert Problem.NOT_EMAIL in found(Operation.EMAIL, "email", text)


def test_a_new_customers_username_needs_no_email_format():
    assert found(CREATE, "username", "ada") == []
    assert found(CREATE, "username", "ada lovelace") == []


@pytest.mark.parametrize(
    "name",
    ["ada@sendgrid.com", "ada@SendGrid.COM", "ada@mail.sendgrid.com", "ada@sendgrid.com.example",
     "ada@notsendgrid.com"],
)  # fmt: skip
def test_a_new_username_must_not_lie_in_the_providers_domain(name):
    assert found(Operation.USERNAME, "username", name) == [Problem.PROVIDER_DOMAIN]
    # The contract says it of updates alone, and of the domain alone.
    assert found(CREATE, "username", name) == []
    assert not in_provider_domain("sendgrid.com@example.com")
    assert found(Operation.USERNAME, "username", "sendgrid.com@example.com") == []


LOOKALIKES = {
    "a Cyrillic a": "\u0430da@example.com",
    "full-width letters": "\uff41da@example.com",
    "a dotless i": "ad\u0131@example.com",
    "a Greek omicron": "ad\u03bf@example.com",
    "a letter and a combining mark": "ade\u0301@example.com",
    "a mark on a sign": "ada\u0338@example.com",
    "the Kelvin sign": "\u212aada@example.com",
    "a ligature": "\ufb01da@example.com",
    "a no-break space": "ada\u00a0@example.com",
    "a full stop of another script": "ada@example\u3002com",
    "an unassigned character": "ada\u0378@example.com",
}
INVISIBLE = {
    "a zero-width joiner": "ad\u200da",
    "a zero-width space": "ad\u200ba",
    "a byte order mark": "\ufeffada",
    "a soft hyphen": "ad\u00ada",
    "a right-to-left override": "\u202eada",
    "NUL": "ad\x00a",
    "a bell": "ad\x07a",
    "delete": "ad\x7fa",
    "a C1 control": "ad\x85a",
    "CR and LF": "ada\r\nBcc: eve@example.com",
    "a tab": "ada\tlovelace",
    "a line separator": "ad\u2028a",
    "a private character": "ad\ue000a",
    "a lone surrogate": "ad\ud800a",
    "what stands for bytes that were no text": "ad\ufffda",
}


@pytest.mark.parametrize("username", LOOKALIKES.values(), ids=LOOKALIKES)
def test_a_username_that_could_pass_for_another_is_refused(username):
    for operation, name in NAMES:
        assert Problem.LOOKALIKE in found(operation, name, username)


def test_letters_with_accents_are_no_lookalikes():
    assert found(CREATE, "username", "zoë müller") == []


@pytest.mark.parametrize("text", INVISIBLE.values(), ids=INVISIBLE)
@pytest.mark.parametrize(
    ("operation", "name"),
    [*((operation, name) for operation, name, _longest in LONGEST),
     (CREATE, "password"), (Operation.PASSWORD, "password"), (Operation.PASSWORD, "user")],
)  # fmt: skip
def test_invisible_characters_and_line_breaks_are_refused_everywhere(operation, name, text):
    assert Problem.CONTROL in found(operation, name, text)


@pytest.mark.parametrize(
    ("today", "last"),
    [
        (date(2026, 2, 28), date(2026, 3, 28)),
        (date(2026, 1, 31), date(2026, 2, 28)),
        (date(2026, 1, 28), date(2026, 2, 28)),
        (date(2028, 1, 31), date(2028, 2, 29)),
        (date(2028, 2, 29), date(2028, 3, 29)),
        (date(2100, 1, 30), date(2100, 2, 28)),
        (date(2026, 3, 31), date(2026, 4, 30)),
        (date(2026, 11, 30), date(2026, 12, 30)),
        (date(2026, 12, 31), date(2027, 1, 31)),
        (date(2026, 12, 1), date(2027, 1, 1)),
    ],
)
def test_a_billing_cycle_ends_a_month_later_clamped_to_the_month(today, last):
    assert latest_billing_date(today) == last


def test_the_website_may_come_back_with_a_scheme():
    assert same_website("example.com", "example.com")
    assert same_website("example.com", "http://example.com")
    assert same_website("http://example.com", "http://example.com")
    assert not same_website("example.com", "https://example.com")
    assert not same_website("example.com", "http://example.org")
    assert not same_website("http://example.com", "example.com")


def test_names_are_compared_case_folded():
    assert fold("ADA@Example.com") == fold("ada@example.COM")
    assert fold("STRASSE") == fold("straße")
    assert fold("Zoe\u0308") == fold("ZOË")
    assert fold("ada@example.com") != fold("ada@example.org")
