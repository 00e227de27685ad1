"""The words on the wire: what is sent, what a reply means, what a list holds."""

import html
import json
import time
import urllib.parse
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customers.distributor import lists, wire
from customers.distributor.errors import Denied, DistributorError, NoAnswer, Rejected, Throttled
from customers.distributor.rules import CALLS, OPTIONAL_ROW_FIELDS, ROW_FIELDS, Operation

KEY = "k3y-of-ours"
MASK = wire.masking([KEY])
ADA = {name: f"Ada's {name} <ä & ż>" for name in ROW_FIELDS} | {"active": "true"}
BOB = dict.fromkeys(ROW_FIELDS, "") | {"username": "bob", "active": "false"}

JSON_SUCCESS = b'{"message": "success"}'
XML_SUCCESS = (
    b'<?xml version="1.0" encoding="ISO-8859-1"?>\n<result>\n <message>success</message>\n</result>'
)
SUCCESSES = [("json", JSON_SUCCESS), ("xml", XML_SUCCESS)]


def said(body, form="json", status=200):
    return wire.verdict(wire.Reply(status, body), form, MASK)


def form_of(operation, params):
    body = wire.encode("us", KEY, operation, params).decode()
    return urllib.parse.parse_qsl(body, keep_blank_values=True, strict_parsing=True)


# What is sent


@pytest.mark.parametrize("operation", Operation)
def test_a_call_carries_the_credentials_the_fixed_parameters_and_its_own(operation):
    call = CALLS[operation]
    params = {p.name: ["ä", "b"] if p.many else f"{p.name} & +%=" for p in call.params}
    expected = [("api_user", "us"), ("api_key", KEY), *call.fixed.items()]
    for param in call.params:
        if param.many:
            expected += [(f"{param.name}[]", "ä"), (f"{param.name}[]", "b")]
        else:
            expected.append((param.name, f"{param.name} & +%="))

    assert form_of(operation, params) == expected


def test_an_empty_value_is_sent_and_an_absent_one_is_not():
    sent = form_of(Operation.PROFILE, {"user": "ada", "company": ""})

    assert sent[-2:] == [("user", "ada"), ("company", "")]


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"user": "s3cret", "api_key": "s3cret"}, "api_key"),
        ({"user": "s3cret", "method": "s3cret"}, "method"),
        ({"user": ["s3cret"]}, "user"),
        ({"user": "s3cret\ud800"}, "delete"),
    ],
)
def test_a_call_that_does_not_exist_is_an_error_that_shows_no_value(params, named):
    with pytest.raises(ValueError, match=named) as raised:
        wire.encode("us", KEY, Operation.DELETE, params)

    assert "s3cret" not in str(raised.value)
    assert raised.value.__context__ is None


# What a reply means


@pytest.mark.parametrize(("form", "body"), SUCCESSES)
@pytest.mark.parametrize("status", [200, 201, 202])
def test_success_is_the_message_success(form, body, status):
    assert said(body, form, status).status == status


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("json", JSON_SUCCESS),
        ("xml", XML_SUCCESS),
        ("xml", b"<result><message>success</message></result>"),
    ],
)
def test_a_success_cut_at_any_byte_is_no_answer(form, body):
    for length in range(len(body)):
        with pytest.raises(NoAnswer):
            said(body[:length], form)


XML_ERRORS = "<result><message>error</message><errors>%s</errors></result>"
REFUSALS = [
    ("json", '{"message":"error","errors":["Taken ä","Too short"]}', ["Taken ä", "Too short"]),
    ("json", '{"errors":["Taken"],"message":"error"}', ["Taken"]),
    ("json", '{"message":"User not found"}', ["User not found"]),
    ("json", '{"message":"error"}', ["error"]),
    ("json", '{"error":{"code":400,"message":"Nope"}}', ["Nope"]),
    ("json", '{"error":"Nope"}', ["Nope"]),
    ("json", '{"error":"\\u00e4\\ud83d\\ude00"}', ["ä😀"]),
    ("xml", XML_ERRORS % "<error>a &amp; b</error> <error>&#380;</error>", ["a & b", "ż"]),
    ("xml", "<result><message>User not found</message></result>", ["User not found"]),
    ("xml", "<error><code>400</code><message>Nope</message></error>", ["Nope"]),
]


@pytest.mark.parametrize(("form", "body", "words"), REFUSALS)
@pytest.mark.parametrize("status", [200, 400, 404])
def test_a_refusal_of_a_listed_shape_is_definite_and_in_their_words(form, body, words, status):
    with pytest.raises(Rejected) as raised:
        said(body.encode(), form, status)

    assert raised.value.words == words
    assert raised.value.status == status


@pytest.mark.parametrize(("form", "body", "words"), REFUSALS)
def test_a_refusal_cut_at_any_byte_is_no_answer(form, body, words):
    body = body.encode()
    for length in range(len(body)):
        with pytest.raises(NoAnswer):
            said(body[:length], form)


def test_a_prolog_decides_the_encoding():
    body = '<?xml version="1.0" encoding="ISO-8859-1"?><result><message>ungültig</message></result>'

    with pytest.raises(Rejected) as raised:
        said(body.encode("latin-1"), "xml")

    assert raised.value.words == ["ungültig"]


NASTY = [
    b"",
    b" ",
    b"success",
    b'"success"',
    b'["success"]',
    b"null",
    b"[]",
    b"{}",
    b'{"message":"Success"}',
    b'{"message":" success"}',
    b'{"message":"SUCCESS."}',
    b'{"message":["success"]}',
    b'{"message":true}',
    b'{"message":null}',
    b'{"message":""}',
    b'{"message":"  "}',
    b'{"result":"success"}',
    b'{"error":"success"}',
    b'{"error":{"code":200,"message":"success"}}',
    b'{"message":{"message":"success"}}',
    b'{"message":"success","errors":[]}',
    b'{"message":"success","errors":["no"]}',
    b'{"message":"success","extra":1}',
    b'{"message":"success"}{"message":"success"}',
    b'{"message":"success"} x',
    b'{"message":"error","message":"success"}',
    b'{"message":"success","message":"success"}',
    b'{"error":{"code":1,"message":"a","message":"b"}}',
    b'{"message":"error","errors":[]}',
    b'{"message":"error","errors":"no"}',
    b'{"message":"error","errors":[1]}',
    b'{"message":"error","errors":["no",""]}',
    b'{"message":"error","errors":["success"]}',
    b'{"message":"error","errors":["no"],"x":NaN}',
    b'{"error":{"code":true,"message":"no"}}',
    b'{"error":{"code":"400","message":"no"}}',
    b'{"error":{"code":NaN,"message":"no"}}',
    b'{"error":{"code":Infinity,"message":"no"}}',
    b'{"error":{"code":400,"message":"no","x":1}}',
    b'{"error":{"message":"no"}}',
    b'{"error":{"code":' + b"9" * 5000 + b',"message":"no"}}',
    b'\xef\xbb\xbf{"message":"success"}',
    '{"message":"success"}'.encode("utf-16"),
    b'{"message":"ung\xfcltig"}',
    b"[" * 100_000,
    b'{"message":' * 100_000,
    b'{"message":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b"<html><body>success</body></html>",
    b"<result><message>success</message></result>",
    b"\x1f\x8b\x08\x00" + bytes(100),
]


@pytest.mark.parametrize("body", NASTY, ids=lambda body: repr(body[:60]))
@pytest.mark.parametrize("status", [200, 400])
def test_a_document_of_no_listed_shape_is_no_answer(body, status):
    with pytest.raises(NoAnswer):
        said(body, status=status)


NASTY_XML = [
    b"",
    JSON_SUCCESS,
    b"<message>success</message>",
    b"<result>success</result>",
    b"<result><message>Success</message></result>",
    b"<result><message> success </message></result>",
    b"<result><message/></result>",
    b"<result><message><b>success</b></message></result>",
    b'<result><message type="x">success</message></result>',
    b"<result><message>success</message><message>success</message></result>",
    b"<result><message>success</message><errors/></result>",
    b"<result><message>success</message><errors><error>no</error></errors></result>",
    b"<result><message>success</message></result>x",
    b"<result>x<message>success</message></result>",
    b"<result><message>error</message><errors>no</errors></result>",
    b"<result><message>error</message><errors><error/></errors></result>",
    b"<result><message>error</message><errors><x>no</x></errors></result>",
    b"<error><code>4x</code><message>no</message></error>",
    b"<error><message>no</message></error>",
    b"<!DOCTYPE result><result><message>success</message></result>",
    b'<!DOCTYPE r [<!ENTITY s "success">]><result><message>&s;</message></result>',
    b'<!DOCTYPE r [<!ENTITY s SYSTEM "file:///etc/hostname">]><r>&s;</r>',
    b"<result><message>&nope;</message></result>",
    b"<result><message>ung\xfcltig</message></result>",
    b'<?xml version="1.0" encoding="none"?><result><message>success</message></result>',
    b'<?xml version="1.0" encoding="shift_jis"?><result><message>success</message></result>',
    b"<a>" * 100_000,
    b"<users/>",
]


@pytest.mark.parametrize("body", NASTY_XML, ids=lambda body: repr(body[:60]))
def test_an_xml_document_of_no_listed_shape_is_no_answer(body):
    with pytest.raises(NoAnswer):
        said(body, "xml")


@settings(deadline=None)
@given(st.binary() | st.sampled_from(NASTY + NASTY_XML), st.sampled_from(["json", "xml"]))
def test_no_garbage_reads_as_a_success_or_escapes_as_another_error(body, form):
    try:
        said(body, form)
    except DistributorError:
        return
    if form == "json":
        assert json.loads(body) == {"message": "success"}
    else:
        assert b"<message>success</message>" in body


@pytest.mark.parametrize(("form", "body"), SUCCESSES)
@pytest.mark.parametrize("status", [100, 301, 302, 307, 308, 400, 404, 500, 502, 503, 504, 999])
def test_a_success_under_a_status_that_denies_it_is_no_answer(form, body, status):
    with pytest.raises(NoAnswer) as raised:
        said(body, form, status)

    assert raised.value.status == status


@pytest.mark.parametrize("status", [302, 500, 503])
def test_a_refusal_under_a_redirect_or_a_server_error_is_no_answer(status):
    with pytest.raises(NoAnswer):
        said(b'{"error":"Nope"}', status=status)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("body", [b"", JSON_SUCCESS, b"<html>"])
def test_401_and_403_speak_of_our_credentials_whatever_comes_with_them(status, body):
    with pytest.raises(Denied):
        said(body, status=status)


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("json", b'{"error":"Bad username / password"}'),
        ("json", b'{"message":"BAD USERNAME / PASSWORD"}'),
        ("json", b'{"message":"error","errors":["Permission denied, wrong credentials"]}'),
        ("json", b'{"error":{"code":401,"message":"permission denied, x"}}'),
        ("xml", b"<result><message>Bad username / password</message></result>"),
        ("xml", b"<error><code>401</code><message>Permission denied, x</message></error>"),
        ("xml", (XML_ERRORS % "<error>Bad username / password</error>").encode()),
    ],
)
@pytest.mark.parametrize("status", [200, 400])
def test_the_words_for_wrong_credentials_count_in_any_document(form, body, status):
    with pytest.raises(Denied):
        said(body, form, status)


def test_trouble_with_the_body_is_no_answer_but_a_429_is_one_without_it():
    with pytest.raises(NoAnswer, match="The answer was cut"):
        wire.verdict(wire.Reply(200, JSON_SUCCESS, trouble="The answer was cut."), "json", MASK)
    with pytest.raises(Throttled):
        wire.verdict(wire.Reply(429, trouble="The answer was cut."), "json", MASK)


# How long a 429 asks to wait


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        (" 30 ", 30),
        ("1000000000", 3600),
        ("9" * 5000, 3600),
        ("-5", None),
        ("", None),
        ("soon", None),
        ("1e3", None),
        ("٣", None),
        ("nan", None),
        ("5, 6", None),
        ("Wed, 99 Xxx 2015 99:99:99 GMT", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Wed, 21 Oct 2015 07:28:00 -0000", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600),
    ],
)
def test_retry_after_is_seconds_or_a_date_an_hour_at_most(header, seconds):
    assert wire.retry_after(header) == seconds


def test_a_date_counts_from_now():
    in_a_minute = datetime.now(UTC) + timedelta(seconds=60)

    assert 55 < wire.retry_after(format_datetime(in_a_minute, usegmt=True)) <= 60


@settings(deadline=None)
@given(st.text())
def test_no_header_is_too_odd(header):
    seconds = wire.retry_after(header)

    assert seconds is None or 0 <= seconds <= 3600


# What is shown of a reply

PASSWORD = "pä'ss w/<&>\"+😀"


@pytest.mark.parametrize(
    "spelling",
    [
        str,
        urllib.parse.quote,
        lambda text: urllib.parse.quote(text, safe=""),
        lambda text: urllib.parse.quote(text, safe="").lower(),
        urllib.parse.quote_plus,
        lambda text: json.dumps(text)[1:-1],
        lambda text: json.dumps(text)[1:-1].replace("/", "\\/").replace("\\u00e4", "\\u00E4"),
        lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
        html.escape,
        lambda text: html.escape(text, quote=False),
        lambda text: html.escape(text).replace("&#x27;", "&apos;").replace("ä", "&auml;"),
        lambda text: html.escape(text).encode("ascii", "xmlcharrefreplace").decode(),
        lambda text: "".join(f"&#x{ord(c):X};" for c in text),
        lambda text: text.encode().decode("latin-1"),
    ],
)
def test_a_secret_is_masked_in_every_spelling(spelling):
    hidden = wire.secrets(KEY, Operation.PASSWORD, {"user": "ada", "password": PASSWORD})
    mask = wire.masking(hidden)

    shown = mask(f"password={spelling(PASSWORD)}&api_key={spelling(KEY)}.")

    assert shown == "password=•••&api_key=•••."


def test_the_words_and_the_reply_of_a_refusal_are_masked():
    body = json.dumps({"message": "error", "errors": [f"{KEY} is wrong"]}).encode()

    with pytest.raises(Rejected) as raised:
        said(body)

    assert raised.value.words == ["••• is wrong"]
    assert KEY not in raised.value.reply
    assert KEY not in str(raised.value)


def test_a_secret_across_the_cut_leaves_no_piece_of_itself():
    shown = MASK("x" * 1995 + KEY)

    assert shown == "x" * 1995 + "•••"


def test_the_reply_is_cut_and_its_control_characters_can_be_seen():
    with pytest.raises(NoAnswer) as raised:
        said(b"a\x00\x1b[2J\r\nb\xff" + "\u202e".encode() + b"x" * 5000)

    assert raised.value.reply.startswith("a\\u0000\\u001b[2J b�\\u202ex")
    assert len(raised.value.reply) == 2000


def test_masking_a_mebibyte_takes_no_time():
    started = time.monotonic()
    for text in ("�" * 2**20, "k3y-of-our" * 10**5, "&#0" * 3 * 10**5, KEY * 10**5):
        wire.masking([KEY, "ä" * 60, "&" * 60])(text)

    assert time.monotonic() - started < 5


# What a list holds


def json_list(*rows):
    return json.dumps(rows).encode()


def bare(*rows):
    return json_list(*rows)[1:-1]


def xml_list(*rows, prolog="", encoding="utf-8"):
    users = "".join(
        f"<user>{''.join(f'<{k}>{html.escape(v)}</{k}>' for k, v in row.items())}</user>\n"
        for row in rows
    )
    return f"{prolog}<users>\n{users}</users>\n".encode(encoding, "xmlcharrefreplace")


LATIN_1 = '<?xml version="1.0" encoding="ISO-8859-1"?>\n'
UTF_8 = '<?xml version="1.0" encoding="UTF-8"?>\n'
LISTS = [
    ("json", json_list(ADA, BOB)),
    ("json", b"\n " + json.dumps([ADA, BOB], indent=2, ensure_ascii=False).encode() + b"\n"),
    ("json", bare(ADA, BOB)),
    ("json", b" \n" + bare(ADA) + b",\n" + bare(BOB) + b"\n"),
    ("xml", xml_list(ADA, BOB)),
    ("xml", xml_list(ADA, BOB, prolog=UTF_8)),
    ("xml", xml_list(ADA, BOB, prolog=LATIN_1, encoding="latin-1")),
]


def read(body, form, size=7):
    return list(lists.rows((body[i : i + size] for i in range(0, len(body), size)), form))


@pytest.mark.parametrize("size", [1, 7, 65536])
@pytest.mark.parametrize(("form", "body"), LISTS)
def test_a_list_is_read_in_every_form_and_in_pieces_of_any_size(form, body, size):
    assert read(body, form, size) == [ADA, BOB]


@pytest.mark.parametrize(
    ("form", "body"),
    [("json", b"[]"), ("json", b" [ ]\n"), ("xml", b"<users/>"), ("xml", b"<users>\n</users>")],
)
def test_nobody_is_a_list_too(form, body):
    assert read(body, form) == []


@pytest.mark.parametrize("size", [7, 65536])
@pytest.mark.parametrize(("form", "body"), LISTS)
def test_a_list_cut_at_any_byte_is_an_error(form, body, size):
    """But for the bare form cut between two objects: there only the framing can tell."""
    for length in range(len(body.rstrip())):
        if body[:length].strip() != bare(ADA):
            with pytest.raises(lists.Foreign):
                read(body[:length], form, size)


def test_optional_fields_come_as_text_and_unknown_ones_are_dropped():
    row = ADA | {"address2": "", "website_access": True, "id": 12, "package": "P", "x": None}

    assert read(json_list(row), "json") == [
        ADA | {"address2": "", "website_access": "true", "id": "12"}
    ]
    assert read(json_list(ADA | dict.fromkeys(OPTIONAL_ROW_FIELDS)), "json") == [ADA]


def test_an_optional_field_and_a_foreign_one_in_xml():
    assert read(xml_list(ADA | {"id": "7", "package": "P"}), "xml") == [ADA | {"id": "7"}]


@pytest.mark.parametrize("name", ROW_FIELDS)
@pytest.mark.parametrize("value", [None, 1, True, ["x"], {"x": "y"}, "a\0b", "\ud83d", ...])
def test_a_row_with_a_field_missing_or_of_another_kind_is_foreign(name, value):
    row = {**BOB, name: value}
    if value is ...:
        del row[name]
    for body in (json_list(row), bare(row), json_list(ADA, row)):
        with pytest.raises(lists.Foreign):
            read(body, "json")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  \n",
        b"null",
        b"[null]",
        b'["ada"]',
        b"[[]]",
        b"[[" + bare(ADA) + b"]]",
        b"[" + bare(ADA) + b",]",
        b"[" + bare(ADA) + b"]]",
        b"[" + bare(ADA) + b"][]",
        b"[" + bare(ADA) + b"] x",
        bare(ADA) + b",",
        bare(ADA) + b"]",
        bare(ADA) + bare(BOB),
        bare(ADA) + b",[" + bare(BOB) + b"]",
        b"," + bare(ADA),
        b"\xef\xbb\xbf" + json_list(ADA),
        json_list(ADA).replace(b'"email"', b'"username": "eve", "email"'),
        json_list(ADA).replace(b'"email"', b'"x": 1, "x": 1, "email"'),
        json_list(ADA).replace(b'"true"', b'"yes"'),
        json_list(ADA).replace(b'"true"', b'"True"'),
        json_list(ADA | {"x": 0}).replace(b": 0", b": NaN"),
        json_list(ADA | {"x": 0}).replace(b": 0", b": -Infinity"),
        json_list(ADA | {"x": []}),
        json_list(ADA | {"x": {}}),
        json_list(ADA | {"x": "\ud83d\ude00"[0], "id": "\ude00"}),
        json_list(ADA | {"x": "y"}).replace(b'"y"', b'"\n"'),
        json_list(ADA | {"id": 0}).replace(b": 0", b": " + b"9" * 5000),
        json_list(ADA | {"username": " "}),
        json.dumps([BOB | {"city": "Köln"}], ensure_ascii=False).encode("latin-1"),
        json.dumps([ADA]).encode("utf-16"),
        b"[" * 1_000_000,
        b'{"users":[' + bare(ADA) + b"]}",
        xml_list(ADA),
    ],
    ids=lambda body: repr(body[-40:]),
)
@pytest.mark.parametrize("size", [16, 65536])
def test_what_is_no_list_of_customers_in_json_is_foreign(body, size):
    with pytest.raises(lists.Foreign):
        read(body, "json", size)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n",
        LATIN_1.encode(),
        b"<user/>",
        b"<users><user/></users>",
        b"<users>ada</users>",
        b"<users/><users/>",
        b"<users><customer/></users>",
        b"<users><users/></users>",
        b'<users type="array"/>',
        b"<!DOCTYPE users><users/>",
        b'<!DOCTYPE users [<!ENTITY a "b">]><users/>',
        xml_list(ADA).replace(b"<email>", b"<username>eve</username><email>"),
        xml_list(ADA).replace(b"<email>", b"<email><b/>"),
        xml_list(ADA).replace(b"<email>", b"x<email>"),
        xml_list(ADA).replace(b"true", b"1"),
        xml_list(ADA, prolog=UTF_8, encoding="latin-1"),
        xml_list(ADA) + b"x",
        xml_list(ADA) + xml_list(BOB),
        b"<result><message>success</message></result>",
        b"<a>" * 100_000,
        json_list(ADA),
    ],
    ids=lambda body: repr(body[:60]),
)
def test_what_is_no_list_of_customers_in_xml_is_foreign(body):
    with pytest.raises(lists.Foreign):
        read(body, "xml", 16)


@pytest.mark.parametrize(("form", "body", "words"), REFUSALS)
@pytest.mark.parametrize("size", [1, 65536])
def test_an_error_document_is_kept_whole_to_be_read_as_one(form, body, words, size):
    with pytest.raises(lists.Foreign) as raised:
        read(body.encode(), form, size)

    assert wire.read(raised.value.body, form) == words


def test_an_error_document_behind_a_row_is_no_error_document():
    with pytest.raises(lists.Foreign) as raised:
        read(bare(ADA) + b',{"error":"Nope"}', "json")

    assert raised.value.body == b""


@pytest.mark.parametrize("start", [b"[", b"[{", b'[{"username":"', b" ", json_list(ADA)[:-1]])
def test_a_row_without_end_is_given_up_at_a_mebibyte(start):
    taken = 0

    def endless():
        nonlocal taken
        yield start
        while True:
            taken += 65536
            yield b" " * 65536

    with pytest.raises(lists.Foreign):
        list(lists.rows(endless(), "json"))
    assert taken < 3 * 2**20


def test_an_error_of_the_list_quotes_nothing_of_it():
    with pytest.raises(lists.Foreign) as raised:
        read(json_list(ADA)[:-1], "json", 65536)

    assert raised.value.__context__ is None
    assert str(raised.value) == "no list"
