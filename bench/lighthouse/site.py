"""An installation with its sample data, and beside its web server one as in production."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from customers.distributor.rules import PROFILE_FIELDS
from reseller.ports import free_port
from tests.installation import ROOT, SHORT, Installation, Visitor, eventually, installation

GRACE = "grace.hopper@compilers.example"


@dataclass
class Site:
    """Where it answers by TLS, what runs behind it, and the path of a customer's page."""

    url: str
    running: Installation
    certificate: Path
    customer: str

    def stranger(self) -> Visitor:
        session = requests.Session()
        session.verify, session.trust_env = str(self.certificate), False
        return Visitor(self.url, session)

    def manager(self) -> Visitor:
        visitor = self.stranger()
        password = self.running.password
        visitor.submit("/accounts/login/", username="manager", password=password)
        assert "__Host-sessionid" in visitor.session.cookies
        return visitor


@contextmanager
def site(folder: Path) -> Iterator[Site]:
    with installation(folder) as running:
        customer = a_customer(running)
        certificate = self_signed(folder)
        with in_production(running, certificate) as url:
            yield Site(url, running, certificate, customer)


def a_customer(running: Installation) -> str:
    """Live, with a change that is done: nothing on the page is under way."""
    manager = Visitor(running.url).sign_in(running.password)
    somebody = dict.fromkeys(PROFILE_FIELDS, "Grace") | {"username": GRACE, "email": GRACE}
    secret = dict.fromkeys(("password", "confirm_password"), "nanoseconds-of-wire")
    chosen = {"package": "Free", "whitelabel": "mail.example.com"}
    page = manager.submit("/customers/new/", **somebody, **secret, **chosen)
    manager.submit(f"{page.url}profile/", city="Arlington")
    eventually(lambda: "On its way" not in manager.open(page.url).words, "it is settled")
    return page.url.removeprefix(running.url)


@contextmanager
def in_production(running: Installation, certificate: Path) -> Iterator[str]:
    """The same database behind gunicorn with DEBUG off and TLS, and static files as collected."""
    port = free_port()
    # A signup is walked through faster than a person types.
    environment = os.environ | SHORT | running.settings()
    environment |= {"DEBUG": "false", "ALLOWED_HOSTS": "localhost"}
    environment |= {"DISTRIBUTOR_USER": "sandbox", "DISTRIBUTOR_KEY": "sandbox"}
    manage = [sys.executable, "manage.py", "collectstatic", "--noinput", "--clear", "-v", "0"]
    subprocess.run(manage, cwd=ROOT, env=environment, check=True)
    files = ["--certfile", str(certificate), "--keyfile", str(certificate)]
    where = ["--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4"]
    with (certificate.parent / "production.log").open("wb") as log:
        web = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "reseller.wsgi", *where, *files],
            cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    url = f"https://localhost:{port}"
    try:
        eventually(lambda: answers(url, certificate), "production answers")
        yield url
    finally:
        web.terminate()
        web.wait(30)


def answers(url: str, certificate: Path) -> bool:
    with suppress(requests.ConnectionError):
        return requests.get(f"{url}/health", verify=str(certificate), timeout=10).ok
    return False


def self_signed(folder: Path) -> Path:
    """A key and its certificate for localhost, for a day, in one file."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / "localhost.pem"
    file.touch(mode=0o600)
    file.write_bytes(secret + made.public_bytes(pem))
    return file
