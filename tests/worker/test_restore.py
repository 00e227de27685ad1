"""A copy of the database from before, and a distributor that went on: the drill of the docs."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from customers.sandbox.server import Sandbox
from reseller.ports import free_port
from reseller.processes import Child, Group
from reseller.run import serves
from tests.installation import ROOT, Installation, Visitor, eventually, fresh_database, installation
from tests.services import postgres_binaries
from tests.worker.steps import a_choice, a_person, is_settled, twice

NAMES = [f"{name}@restored.example" for name in ("stays", "renamed", "edited", "deleted", "off")]


@pytest.fixture
def database():
    server = os.environ["DATABASE_URL"]
    if not server.startswith("postgres") or not postgres_binaries():
        pytest.skip("the test session has no PostgreSQL, or none of its programs")
    with fresh_database(server) as url:
        yield url


def dump(database: str, copy: Path) -> None:
    into = ["--format=custom", f"--file={copy}", database]
    subprocess.run([postgres_binaries() / "pg_dump", *into], check=True)


def restore(database: str, copy: Path) -> None:
    how = ["--clean", "--if-exists", f"--dbname={database}", copy]
    subprocess.run([postgres_binaries() / "pg_restore", *how], check=True)


def create(manager: Visitor, name: str):
    typed = a_person(name) | twice("before-the-flood") | a_choice()
    page = manager.submit("/customers/new/", **typed)
    assert "/new/" not in page.url, page.words
    return page


def an_hour_at_work(running: Installation, keep) -> None:
    """Five customers, a copy while two changes wait, and then everything goes on."""
    manager = Visitor(running.url).sign_in(running.password)
    pages = {name.split("@")[0]: create(manager, name) for name in NAMES}
    for page in pages.values():
        is_settled(manager, page.pk)
    with running.without("worker"), running.without("poller"):
        manager.submit(f"{pages['off'].url}disable/")
        late = create(manager, "late@restored.example")
        keep()
    manager.submit(
        f"{pages['renamed'].url}username/", username="new-name@restored.example", known="on"
    )
    manager.submit(f"{pages['edited'].url}profile/", phone="+44 20 7946 0999")
    manager.submit(f"{pages['deleted'].url}delete/", username="deleted@restored.example")
    newer = create(manager, "newer@restored.example")
    for page in (*pages.values(), late, newer):
        eventually(
            lambda page=page: "On its way" not in manager.open(page.url).words, "all is settled"
        )


@contextmanager
def web_alone(folder, url_of_sandbox: str, left: dict[str, str]):
    """Neither worker nor poller: nothing goes out. The yield runs `manage.py` and the site."""
    env = os.environ | left | {"DISTRIBUTOR_URL": url_of_sandbox, "SETTLE_TIME": "0"}
    env |= {"VAR_DIR": str(folder / "var"), "DISTRIBUTOR_USER": "sandbox"}
    env |= {"DISTRIBUTOR_KEY": "sandbox", "DEBUG": "true"}
    port, group = free_port(), Group()
    command = [sys.executable, "-m", "gunicorn", "reseller.wsgi", "--no-control-socket"]
    command += ["--bind", f"127.0.0.1:{port}"]
    group.start(
        Child("web", command, folder / "web.log", env, ready=lambda: serves(port)), patience=60
    )

    def manage(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=90,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    try:
        yield Visitor(f"http://127.0.0.1:{port}").sign_in(left["DEMO_PASSWORD"]), manage
    finally:
        group.stop()


def withdraw_what_waits(manager: Visitor) -> int:
    waiting = manager.open("/customers/changes/?state=WAITING").links(r"/customers/changes/.+/")
    for change in set(waiting):
        manager.submit(change, "withdraw")
    return len(set(waiting))


def test_a_copy_from_before_is_reconciled_and_nobody_is_deleted(database, tmp_path):
    copy = tmp_path / "reseller.dump"
    with installation(tmp_path, database=database) as running:
        an_hour_at_work(running, lambda: dump(database, copy))
        left = running.settings()
    restore(database, copy)

    with Sandbox(data=tmp_path / "var" / "sandbox.sqlite3") as sandbox:
        with web_alone(tmp_path, sandbox.url, left) as (manager, manage):
            assert withdraw_what_waits(manager) == 2
            said = manage("refresh")
            drift = manager.open("/customers/drift/?tab=told").words
            inbox = manager.open("/customers/drift/").words
            (deleted,) = manager.open("/customers/?q=deleted@restored").links(r"/customers/\d+/.*")
            known = manager.open(deleted).words
        assert {call.operation for call in sandbox.calls} == {"retrieve"}

    assert "Live" in known
    assert "Closed" not in known
    # What the distributor has and the copy does not know; and what it knows and is not listed.
    assert "3 adopted as new customers" in " ".join(said.split())
    assert "2 live customers are not in it" in " ".join(said.split())
    assert "+44 20 7946 0999" in drift
    assert "new-name@restored.example" in inbox
