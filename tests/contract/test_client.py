"""The client against real servers on real sockets: what it sends, and what it makes of anything."""

import datetime as dt
import ipaddress
import json
import re
import socket
import ssl
import threading
import time
import traceback
import tracemalloc
import urllib.parse
from contextlib import closing, contextmanager, suppress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from customers.distributor import errors, line
from customers.distributor.client import Distributor
from customers.distributor.rules import ROW_FIELDS, Operation

USER, KEY, PASSWORD = "reseller", "the-k3y/ä", "hunter2 & co"
SUCCESS = b'{"message":"success"}'
ADA = {name: f"Ada {name}" for name in ROW_FIELDS} | {"active": "true"}
BOB = ADA | {"username": "bob", "active": "false"}
D = 0.6


class Server:
    """Reads one request a connection, then does what the test says. Forgets nothing."""

    def __init__(self, behave, tls=None):
        self.behave, self.tls = behave, tls
        self.requests = []
        self.connections = 0
        self.errors = []
        self.gone = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/api"
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.connections += 1
                with connection, suppress(OSError):
                    self.answer(connection)
                self.gone.set()

    def answer(self, connection):
        if self.tls:
            connection = self.tls.wrap_socket(connection, server_side=True)
        request = read_request(connection)
        if request:
            self.requests.append(request)
            self.behave(connection)

    def close(self):
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def read_request(connection):
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            return received
        received += piece
    length = int(re.search(rb"Content-Length: (\d+)", received)[1])
    while len(received.partition(b"\r\n\r\n")[2]) < length:
        received += connection.recv(65536)
    return received


@contextmanager
def serving(behave, tls=None, **options):
    with closing(Server(behave, tls)) as server:
        server.distributor = Distributor(
            server.url, USER, KEY, **{"deadline": D, "look_deadline": D, "idle": D} | options
        )
        yield server


def http(body=SUCCESS, status="200 OK", *headers, framed=True):
    head = [f"HTTP/1.1 {status}", *headers]
    if framed:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*head, "", ""]).encode() + body


def chunked(body, size=5):
    pieces = [body[i : i + size] for i in range(0, len(body), size)]
    framed = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return http(framed + b"0\r\n\r\n", "200 OK", "Transfer-Encoding: chunked", framed=False)


def saying(answer):
    return lambda connection: connection.sendall(answer)


def change_password(distributor, **options):
    params = {"user": "ada", "password": PASSWORD, "confirm_password": PASSWORD}
    return distributor.send(Operation.PASSWORD, params, **options)


def outcome(behave, **options):
    """What a password change ends in: its Answer, or its error without a secret in it."""
    with serving(behave, **options) as server:
        try:
            return change_password(server.distributor)
        except errors.DistributorError as error:
            assert_no_secrets(error)
            return error


def assert_no_secrets(error):
    shown = [repr(traceback.format_exception(error)), repr(vars(error))]
    assert error.__cause__ is None
    assert error.__context__ is None
    for secret in (KEY, PASSWORD):
        for form in (secret, urllib.parse.quote(secret, safe=""), urllib.parse.quote_plus(secret)):
            assert form not in "".join(shown)


# What is sent


def test_a_call_is_one_post_with_everything_in_its_body():
    with serving(saying(http())) as server:
        params = {"username": "ada@example.com", "ip": ["192.0.2.1", "192.0.2.2"], "city": "Łódź"}
        answer = server.distributor.send(Operation.CREATE, params)

    assert (answer.status, answer.reply) == (200, SUCCESS.decode())
    [request] = server.requests
    head, _, body = request.decode().partition("\r\n\r\n")
    assert head.startswith("POST /api/distributor.add.json HTTP/1.1\r\n")
    assert "Accept-Encoding: identity" in head
    assert "Content-Type: application/x-www-form-urlencoded" in head
    assert "Authorization" not in head
    assert urllib.parse.parse_qsl(body) == [
        ("api_user", USER),
        ("api_key", KEY),
        ("username", "ada@example.com"),
        ("city", "Łódź"),
        ("ip[]", "192.0.2.1"),
        ("ip[]", "192.0.2.2"),
    ]


def test_a_call_in_xml_asks_for_xml_and_expects_it():
    body = b"<result><message>success</message></result>"

    assert outcome(saying(http(body)), format="xml").status == 200
    assert isinstance(outcome(saying(http(SUCCESS)), format="xml"), errors.NoAnswer)
    assert isinstance(outcome(saying(http(body)), format="json"), errors.NoAnswer)


def test_a_proxy_or_a_netrc_in_the_environment_changes_nothing(monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("default login proxy password proxy\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with closing(Server(saying(http()))) as proxy, serving(saying(http())) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)

        change_password(server.distributor)

        assert proxy.connections == 0
        assert b"Authorization" not in server.requests[0]


def test_an_unknown_parameter_never_reaches_the_wire():
    with serving(saying(http())) as server:
        with pytest.raises(ValueError, match="nickname"):
            server.distributor.send(Operation.DELETE, {"user": "ada", "nickname": "x"})
        with pytest.raises(ValueError, match="nickname"):
            server.distributor.look(nickname="x")

        assert server.connections == 0


@pytest.mark.parametrize(("url", "form"), [("ftp://x", "json"), ("x", "json"), ("http://x", "csv")])
def test_a_distributor_that_cannot_be_is_refused_at_once(url, form):
    with pytest.raises(ValueError, match="URL"):
        Distributor(url, USER, KEY, format=form)


# Surely not sent


def unsent(url, **options):
    with pytest.raises(errors.NotSent) as raised:
        change_password(Distributor(url, USER, KEY, **{"deadline": D} | options))
    assert_no_secrets(raised.value)
    return raised.value.reason


def test_a_refused_connection_is_not_sent():
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]

    assert unsent(f"http://127.0.0.1:{port}") == "The connection was refused."


def test_a_host_without_an_address_is_not_sent():
    assert unsent("http://nowhere.invalid") == "The name of the host was not found."
    assert unsent("http://" + "x" * 70 + ".invalid") == "No connection could be made."
    assert unsent("http://[::") == "No connection could be made."


def test_a_host_that_takes_no_connection_is_not_sent_in_time():
    with closing(socket.create_server(("127.0.0.1", 0), backlog=0)) as listener:
        port = listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(3)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))
        started = time.monotonic()

        assert unsent(f"http://127.0.0.1:{port}") == "No connection within 0.6 s."
        assert time.monotonic() - started < D + 5
        for each in waiting:
            each.close()


def test_past_its_deadline_nothing_is_sent():
    with serving(saying(http())) as server:
        with pytest.raises(errors.NotSent):
            change_password(server.distributor, deadline_at=time.monotonic() - 1)

        assert server.connections == 0


@pytest.mark.parametrize("step", ["getaddrinfo", "create_connection"])
def test_a_deadline_that_passes_while_connecting_lets_nothing_go_out(monkeypatch, step):
    original = getattr(socket, step)

    def slowly(*args, **kwargs):
        time.sleep(D + 0.1)
        return original(*args, **kwargs)

    with serving(saying(http())) as server:
        monkeypatch.setattr(socket, step, slowly)
        with pytest.raises(errors.NotSent):
            change_password(server.distributor)

        assert server.requests == []


def certificate(folder, host, *, days=1):
    """A self-signed certificate for `host` in a file, and a server's TLS that shows it."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=9))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([host]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return file, context


OURS = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))


@pytest.fixture(autouse=True)
def no_tls_of_another_test():
    line._tls.cache_clear()
    yield
    line._tls.cache_clear()


def trust(monkeypatch, file):
    monkeypatch.setenv("SSL_CERT_FILE", str(file))


def test_tls_with_a_certificate_of_a_known_authority_works(monkeypatch, tmp_path):
    file, tls = certificate(tmp_path, OURS)
    trust(monkeypatch, file)

    assert outcome(saying(http()), tls=tls, deadline=5).status == 200


@pytest.mark.parametrize(
    ("host", "days", "trusted"),
    [(OURS, 1, False), (x509.DNSName("other.example"), 1, True), (OURS, -1, True)],
    ids=["self-signed", "of another host", "expired"],
)
def test_a_wrong_certificate_is_not_sent(monkeypatch, tmp_path, host, days, trusted):
    file, tls = certificate(tmp_path, host, days=days)
    if trusted:
        trust(monkeypatch, file)
    with serving(saying(http()), tls=tls) as server:
        assert unsent(server.url, deadline=5) == "The certificate of the host is not valid."
        assert server.requests == []


def test_tls_is_never_downgraded(monkeypatch):
    monkeypatch.setattr(Server, "answer", lambda _, connection: connection.sendall(http()))
    with serving(None) as server:
        reason = unsent(server.url.replace("http", "https"), deadline=5)

    assert reason == "No TLS connection could be made."


def test_a_tls_handshake_without_end_is_not_sent_in_time(monkeypatch):
    def drip(self, connection):
        for _ in range(100):
            connection.sendall(b"\x16")
            time.sleep(0.1)

    monkeypatch.setattr(Server, "answer", drip)
    with serving(None) as server:
        started = time.monotonic()
        unsent(server.url.replace("http", "https"))

    assert time.monotonic() - started < D + 5


# No answer


def hang_up(connection):
    connection.shutdown(socket.SHUT_RDWR)


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


@pytest.mark.parametrize(
    "behave",
    [
        hang_up,
        reset,
        saying(b"\r\n\r\n"),
        saying(b"success"),
        saying(b"HTTP/1.1"),
        saying(b"HTTP/1.1 abc OK\r\n\r\n"),
        saying(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n"),
        saying(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000),
        saying(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + SUCCESS),
        saying(http(framed=False)),
        saying(http(SUCCESS, "200 OK", "Content-Length: 20")),
        saying(http(SUCCESS, "200 OK", "Content-Length: 21")),
        saying(http(SUCCESS, "200 OK", "Content-Length: -1", framed=False)),
        saying(http(SUCCESS, "200 OK", "Content-Length: x", framed=False)),
        saying(http(SUCCESS, "200 OK", "Transfer-Encoding: gzip", framed=False)),
        saying(http(b"xyz\r\n" + SUCCESS, "200 OK", "Transfer-Encoding: chunked", framed=False)),
        saying(http(b"")),
        saying(http(b"", "204 No Content")),
        saying(http(SUCCESS, "199 ?")),
        saying(http(SUCCESS, "500 Internal Server Error")),
        saying(http(b"<html>success</html>", "503 Service Unavailable")),
    ],
)
def test_what_is_no_usable_answer_is_no_answer(behave):
    assert type(outcome(behave)) is errors.NoAnswer


@pytest.mark.parametrize("answer", [http(), chunked(SUCCESS)], ids=["length", "chunks"])
def test_an_answer_cut_at_any_byte_is_no_answer(answer):
    with serving(None, deadline=5) as server:
        for cut in range(len(answer)):
            server.behave = saying(answer[:cut])
            with pytest.raises(errors.NoAnswer):
                change_password(server.distributor)


def test_chunks_that_are_whole_are_an_answer():
    assert outcome(saying(chunked(SUCCESS))).status == 200


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "identity, gzip", "x"])
def test_a_compressed_answer_is_refused_unread(coding):
    error = outcome(saying(http(SUCCESS, "200 OK", f"Content-Encoding: {coding}")))

    assert type(error) is errors.NoAnswer
    assert error.reason == "The answer came compressed."
    assert outcome(saying(http(SUCCESS, "200 OK", "Content-Encoding: identity"))).status == 200


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status):
    with closing(Server(saying(http()))) as other:
        error = outcome(saying(http(SUCCESS, f"{status} Go", f"Location: {other.url}")))

        assert type(error) is errors.NoAnswer
        assert error.status == status
        assert other.connections == 0


def test_a_call_is_tried_once():
    with serving(hang_up) as server:
        with pytest.raises(errors.NoAnswer):
            change_password(server.distributor)
        time.sleep(0.1)

        assert server.connections == 1


# In time, and within bounds


def dripping(start, byte=b"x", pause=0.1):
    def behave(connection):
        connection.sendall(start)
        while True:
            connection.sendall(byte)
            time.sleep(pause)

    return behave


DRIPS = {
    "silence": lambda connection: time.sleep(3),
    "status line": dripping(b"HTTP/1.1 200 "),
    "headers": dripping(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
    "one header": dripping(b"HTTP/1.1 200 OK\r\nX: "),
    "continue": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body": dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"),
    "chunks": dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "chunk size": dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
    "trailers": dripping(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"
    ),
}


@pytest.mark.parametrize("behave", DRIPS.values(), ids=DRIPS)
def test_a_drip_ends_at_the_deadline(behave):
    started = time.monotonic()
    error = outcome(behave)

    assert D - 0.1 < time.monotonic() - started < D + 5
    assert type(error) is errors.NoAnswer
    assert error.reason == "No complete answer within 0.6 s."


def test_a_drip_over_tls_ends_at_the_deadline(monkeypatch, tmp_path):
    file, tls = certificate(tmp_path, OURS)
    trust(monkeypatch, file)

    def drip(connection):
        for byte in http(SUCCESS):
            connection.sendall(bytes([byte]))
            time.sleep(0.1)

    with serving(drip, tls=tls) as server:
        started = time.monotonic()
        with pytest.raises(errors.NoAnswer):
            change_password(server.distributor)

    assert time.monotonic() - started < D + 5


@pytest.mark.parametrize(
    "start",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n",
        b"HTTP/1.1 302 OK\r\nLocation: /\r\nContent-Length: 10000000000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 200 ",
    ],
)
def test_an_answer_without_end_is_cut_in_little_memory(start):
    tracemalloc.start()
    error = outcome(dripping(start, b"x" * 2**20, 0), deadline=5)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert type(error) is errors.NoAnswer
    assert peak < 16 * 2**20


@pytest.mark.parametrize("behave", [saying(http()), hang_up, saying(http(b"x" * 2**21))])
def test_after_a_call_no_thread_and_no_connection_is_left(behave):
    with serving(behave, deadline=60) as server:
        before = threading.active_count()
        with suppress(errors.NoAnswer):
            change_password(server.distributor)

        assert server.gone.wait(2)
        time.sleep(0.1)
        assert threading.active_count() <= before


# Refused


def test_401_429_and_words_are_told_apart():
    assert type(outcome(saying(http(b"", "401 Unauthorized")))) is errors.Denied
    assert type(outcome(saying(http(b'{"error":"Permission denied, x"}')))) is errors.Denied
    assert type(outcome(saying(http(b'{"message":"User not found"}')))) is errors.Rejected


def test_401_is_definite_even_if_its_body_never_ends():
    error = outcome(dripping(b"HTTP/1.1 401 No\r\nContent-Length: 99\r\n\r\n"))

    assert type(error) is errors.Denied


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(["Retry-After: 7"], 7), (["Retry-After: 1000000000"], 3600), (["Retry-After: x"], None)],
)
def test_429_waits_as_it_is_told(header, seconds):
    error = outcome(saying(http(b"slow down", "429 Too Many", *header)))

    assert type(error) is errors.Throttled
    assert error.retry_after == seconds
    assert error.reply == "slow down"
    assert outcome(saying(http(b"", "429 Too Many"))).retry_after is None


def test_a_reply_that_echoes_the_request_shows_no_secret():
    with serving(None) as server:
        server.behave = lambda connection: connection.sendall(http(server.requests[-1]))
        with pytest.raises(errors.NoAnswer) as raised:
            change_password(server.distributor)

    assert_no_secrets(raised.value)
    assert "api_key=•••&" in raised.value.reply
    assert "user=ada&password=•••&confirm_password=•••" in raised.value.reply


def test_words_that_echo_the_password_are_masked():
    words = json.dumps({"message": "error", "errors": [f"{PASSWORD} is weak"]}).encode()

    assert outcome(saying(http(words))).words == ["••• is weak"]


# Lists

ROWS = json.dumps([ADA, BOB]).encode()
LISTS = {
    "json": ("json", ROWS),
    "bare": ("json", ROWS[1:-1]),
    "xml": (
        "xml",
        b"<users>"
        + b"".join(
            b"<user>%s</user>" % b"".join(b"<%b>%b</%b>" % (n, v, n) for n, v in row)
            for row in [
                [(k.encode(), v.encode()) for k, v in person.items()] for person in (ADA, BOB)
            ]
        )
        + b"</users>",
    ),
}


@pytest.mark.parametrize("framing", [http, chunked])
@pytest.mark.parametrize(("form", "body"), LISTS.values(), ids=LISTS)
def test_a_list_is_read_whole(form, body, framing):
    with serving(saying(framing(body)), format=form) as server:
        assert server.distributor.look(city="ada", active="1") == [ADA, BOB]
        assert list(server.distributor.rows()) == [ADA, BOB]

    asked = [urllib.parse.parse_qsl(r.partition(b"\r\n\r\n")[2].decode()) for r in server.requests]
    fixed = [("api_user", USER), ("api_key", KEY), ("method", "profile"), ("task", "get")]
    assert asked == [[*fixed, ("active", "1"), ("city", "ada")], fixed]


@pytest.mark.parametrize("framing", [http, chunked])
@pytest.mark.parametrize(("form", "body"), LISTS.values(), ids=LISTS)
def test_a_list_cut_anywhere_does_not_end(form, body, framing):
    answer = framing(body, *([] if framing is http else [64]))
    borders = [found.end() for found in re.finditer(rb"[}>,]", answer)]
    with serving(None, format=form, list_deadline=5) as server:
        for cut in {*range(0, len(answer), 3), *borders} - {len(answer)}:
            server.behave = saying(answer[:cut])
            with pytest.raises(errors.NoAnswer):
                list(server.distributor.rows())


def test_the_zero_of_a_cut_chunk_size_is_not_the_end_of_a_bare_list():
    def stop(connection):
        first = json.dumps(ADA).encode()
        head = http(b"", "200 OK", "Transfer-Encoding: chunked", framed=False)
        connection.sendall(head + b"%04x\r\n%s\r\n0" % (len(first), first))

    with serving(stop) as server, pytest.raises(errors.NoAnswer):
        server.distributor.look()


@pytest.mark.parametrize(("form", "body"), LISTS.values(), ids=LISTS)
def test_a_list_that_only_ends_with_its_connection_is_no_list(form, body):
    behave = saying(http(body, framed=False))
    with serving(behave, format=form) as server, pytest.raises(errors.NoAnswer):
        server.distributor.look()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (http(b'{"error":"Nope"}'), errors.Rejected),
        (http(b'{"message":"error","errors":["No such reseller"]}'), errors.Rejected),
        (http(b'{"error":{"code":400,"message":"Nope"}}', "400 Bad"), errors.Rejected),
        (http(b'{"message":"Bad username / password"}'), errors.Denied),
        (http(ROWS, "403 Forbidden"), errors.Denied),
        (http(b"[]", "429 Too Many"), errors.Throttled),
        (http(b""), errors.NoAnswer),
        (http(SUCCESS), errors.NoAnswer),
        (http(ROWS, "206 Partial Content"), errors.NoAnswer),
        (http(SUCCESS, "201 Created"), errors.NoAnswer),
        (http(ROWS, "302 Found", "Location: /"), errors.NoAnswer),
        (http(ROWS, "500 Oops"), errors.NoAnswer),
        (http(b'{"error":"Nope"}', "500 Oops"), errors.NoAnswer),
        (http(b'[{"error":"Nope"}]'), errors.NoAnswer),
        (http(ROWS[:-1] + b',{"error":"Nope"}]'), errors.NoAnswer),
        (http(ROWS, "200 OK", "Content-Encoding: gzip"), errors.NoAnswer),
        (hang_up, errors.NoAnswer),
    ],
)
def test_what_is_no_list_never_reads_as_one(answer, kind):
    with serving(answer if callable(answer) else saying(answer)) as server:
        for read in (server.distributor.look, lambda: list(server.distributor.rows())):
            with pytest.raises(errors.DistributorError) as raised:
                read()
            assert type(raised.value) is kind
            assert_no_secrets(raised.value)


def endless_rows(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n[\r\n")
    rows = (json.dumps(ADA).encode() + b",") * 1000
    while True:
        connection.sendall(b"%x\r\n%s\r\n" % (len(rows), rows))


def test_rows_come_as_they_stream_in_and_closing_early_hangs_up():
    with serving(endless_rows, list_deadline=60) as server:
        rows = server.distributor.rows()
        tracemalloc.start()
        assert all(next(rows) == ADA for _ in range(12_000))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        rows.close()

        assert server.gone.wait(5)
        assert peak < 3 * 2**20


def test_a_list_without_end_stops_at_its_deadline():
    with serving(endless_rows, list_deadline=D) as server:
        started = time.monotonic()
        with pytest.raises(errors.NoAnswer, match=r"within 0\.6 s"):
            for _ in server.distributor.rows():
                pass

    assert time.monotonic() - started < D + 5


def test_a_look_takes_only_so_much(monkeypatch):
    """Whatever comes along beside the one that was asked for is not kept."""
    monkeypatch.setattr("customers.distributor.client.LOOK_CAP", 2**24)
    too_long = pytest.raises(errors.NoAnswer, match="too long")
    tracemalloc.start()
    with serving(endless_rows, look_deadline=60) as server, too_long:
        server.distributor.look(username="bob")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * 2**20


def test_of_a_look_by_name_the_exact_match_is_kept_in_letters_of_either_size():
    with serving(saying(http(ROWS))) as server:
        assert server.distributor.look(username="BOB") == [BOB]


def test_a_silent_list_is_given_up_after_the_idle_time():
    def stop(connection):
        connection.sendall(http(ROWS)[:-20])
        time.sleep(3)

    with serving(stop, list_deadline=60) as server:
        started = time.monotonic()
        with pytest.raises(errors.NoAnswer, match="silent"):
            list(server.distributor.rows())

    assert time.monotonic() - started < D + 5
