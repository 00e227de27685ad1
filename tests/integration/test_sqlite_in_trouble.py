"""SQLite is a file: somebody else holds it, or dies while writing to it."""

import signal
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import OperationalError, close_old_connections, connection

from customers.models import Change
from tests.integration import oracle
from tests.integration.crashes import during_the_call
from tests.integration.joined import ended, process
from tests.integration.pages import ADA, Page, fill_catalogue, signed_in
from tests.integration.steps import (
    ADAS,
    again,
    create,
    deliver_all,
    deliver_until_settled,
)

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL is no file"),
]
PAGE = 4096


class Writer:
    """Somebody else who writes, and takes their time."""

    def __enter__(self):
        self.file = sqlite3.connect(connection.settings_dict["NAME"], check_same_thread=False)
        self.file.isolation_level = None
        return self

    def __exit__(self, *_error):
        self.file.close()

    def begin(self):
        self.file.execute("BEGIN IMMEDIATE")

    def end(self):
        self.file.execute("ROLLBACK")


@pytest.fixture
def writer():
    with Writer() as somebody:
        yield somebody


@pytest.fixture
def impatient():
    """Nobody waits for a lock for longer than a moment."""
    options = connection.settings_dict["OPTIONS"]
    patience = options["timeout"]
    connection.close()
    options["timeout"] = 0.1
    yield
    connection.close()
    options["timeout"] = patience


@contextmanager
def held_for(writer, seconds):
    writer.begin()
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(lambda: (time.sleep(seconds), writer.end()))
        yield
        done.result()


def test_a_writer_of_half_a_minute_is_waited_for_and_a_form_says_what_is_true(sandbox, writer):
    fill_catalogue()
    change = create()
    console = signed_in(is_superuser=True)
    said = Page(console.get("/customers/new/")).sends | ADA
    with process("manage.py", "deliver", "--forever") as poller:
        with held_for(writer, 30):
            answer = console.post("/customers/new/", said)
            assert answer.status_code == 503
            assert "We cannot save anything at the moment" in Page(answer).words
            assert poller.poll() is None
        assert Change.objects.count() == 1

        assert console.post("/customers/new/", said).status_code == 302

        end = time.monotonic() + 60
        while Change.objects.unfinished().exists() and time.monotonic() < end:
            time.sleep(0.2)
        assert poller.poll() is None
    assert list(Change.objects.values_list("state", flat=True)) == [Change.State.DONE] * 2
    assert again(change).attempts == 1
    assert sandbox.operations().count("create") == 2


@pytest.mark.parametrize("fault", ["", "lost", "dropped"])
def test_a_call_whose_end_cannot_be_written_down_is_looked_up(
    sandbox, control, clock, monkeypatch, writer, impatient, fault
):
    change = create()
    if fault:
        sandbox.faults.add(fault, operation="create")
    during_the_call(monkeypatch, writer.begin)
    with pytest.raises(OperationalError, match="locked"):
        deliver_all()
    close_old_connections()
    writer.end()
    assert again(change).state == Change.State.SENDING

    deliver_until_settled(clock, seconds=31)

    oracle.assert_over(change)
    oracle.assert_sent_as_often_as_allowed(sandbox, change)
    oracle.assert_mirrored(sandbox, change.customer)
    assert sandbox.account(ADAS)


@pytest.mark.parametrize("pages", [0, 1, 5])
def test_who_dies_in_the_middle_of_a_checkpoint_has_lost_nothing(sandbox, pages):
    number = 40
    file = Path(connection.settings_dict["NAME"])
    for words in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
        connection.cursor().execute(words)
    connection.close()  # The next one to open it finds what a dead process has left.
    size = file.stat().st_size

    words = ("-m", "tests.integration.dies_in_checkpoint", str(number), str(pages * PAGE))
    with process(*words) as dying:
        told = ended(dying).split()

    assert dying.returncode == -signal.SIGXFSZ, told
    assert len(told) == number
    assert file.stat().st_size == size + pages * PAGE
    assert file.with_name(f"{file.name}-wal").stat().st_size > pages * PAGE
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    call_command("deliver", wait=60)
    done = Change.objects.filter(state=Change.State.DONE)
    assert {str(pk) for pk in done.values_list("pk", flat=True)} == set(told)
    assert len(sandbox.accounts()) == number
