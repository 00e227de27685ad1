"""Something of ours breaks in the middle of a call, or of asking: what reports show of it."""

import sqlite3
from contextlib import contextmanager
from email import message_from_bytes
from urllib.parse import urljoin, urlsplit

import psycopg

from tests.installation import Installation, Visitor, eventually
from tests.worker.steps import a_choice, a_person, twice

SAYS = "something of ours is broken"
# Between two mails in one file.
LINE = b"-" * 79 + b"\n"
# As a process does that mails every error to ADMINS, with all that Django has to say about it.
MAILING = """
import logging
from django.utils.log import AdminEmailHandler
from customers.services.delivery import deliver_due
logging.getLogger().addHandler(AdminEmailHandler(include_html=True))
try:
    deliver_due()
except Exception:
    logging.exception("reported")
"""


@contextmanager
def a_bug(installed: Installation, event: str, table: str):
    """Whoever does that to the table fails, with whatever they hold in their hands."""
    url = installed.settings()["DATABASE_URL"]
    if not url.startswith("postgres"):
        broken = f"BEFORE {event} ON {table} BEGIN SELECT RAISE(ABORT, '{SAYS}'); END"
        with sqlite3.connect(urlsplit(url).path, timeout=30) as file:
            file.execute(f"CREATE TRIGGER bug {broken}")
            file.commit()
            yield
            file.execute("DROP TRIGGER bug")
        file.close()
        return
    raising = f"BEGIN RAISE '{SAYS}' USING ERRCODE = 'check_violation'; END"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE FUNCTION bug() RETURNS trigger LANGUAGE plpgsql AS $$ {raising} $$")
        server.execute(
            f"CREATE TRIGGER bug BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION bug()"
        )
        yield
        server.execute("DROP FUNCTION bug CASCADE")


def worker_fails(installed: Installation, manager: Visitor, pk: int, password: str) -> None:
    """The log of whoever took the call has the report."""
    with a_bug(installed, "UPDATE", "customers_attempt"):
        manager.submit(f"/customers/{pk}/password/", **twice(password))
        logs = [installed.var / "log" / f"{name}.log" for name in ("worker", "poller")]
        eventually(lambda: any(SAYS in log.read_text() for log in logs), "the bug is reported")


def mailed(installed: Installation, manager: Visitor, pk: int, password: str) -> bytes:
    """The same in a process that mails its errors."""
    folder = installed.var / "mails"
    with (
        installed.frozen("worker"),
        installed.frozen("poller"),
        a_bug(installed, "UPDATE", "customers_attempt"),
    ):
        manager.submit(f"/customers/{pk}/password/", **twice(password))
        mails = {"EMAIL_URL": f"filemail:///{folder}", "ADMINS": "admin@navy.example"}
        said = installed.manage("shell", "-c", MAILING, **mails)
    assert SAYS in said.stderr, said
    return b"".join(read(mail.read_bytes()) for mail in folder.iterdir())


def read(mails: bytes) -> bytes:
    """Their texts as a mail program shows them."""
    parts = [part for mail in mails.split(LINE) for part in message_from_bytes(mail).walk()]
    return b"\n".join(part.get_payload(decode=True) or b"" for part in parts)


def page_fails(installed: Installation, manager: Visitor, password: str) -> bytes:
    """With DEBUG the page itself is a report."""
    page = manager.open("/customers/new/")
    target, said = page.form()
    said |= a_person("broken@navy.example") | twice(password) | a_choice()
    url = urljoin(page.url, target)
    with a_bug(installed, "INSERT", "customers_change"):
        reply = manager.session.post(url, said, headers={"Referer": page.url}, timeout=30)
    assert reply.status_code == 500
    assert SAYS in reply.text
    return reply.content
