"""The database takes no more connections, or its disk is full: pages say so, and work goes on."""

import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import psycopg
import pytest
import requests

from customers.sandbox.server import Sandbox
from reseller.processes import Group
from tests import services
from tests.installation import Seen, Visitor, eventually, fresh_database, installation
from tests.worker.steps import a_choice, a_name, a_person, commands, is_settled, twice

AWAY = "We cannot save anything at the moment"
MEGABYTES = 160
MOST = 20  # forms that may still find a place on the full disk


@pytest.fixture(scope="module")
def disk():
    """A small one of its own, where somebody may mount one."""
    # Not pytest's own folder: PostgreSQL may not look into that.
    with tempfile.TemporaryDirectory(prefix="small-disk-") as name:
        folder = Path(name)
        options = f"size={MEGABYTES}m,mode=0711"
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", name]
        mounted = subprocess.run(command, check=False, capture_output=True).returncode == 0
        yield folder if mounted else None
        if mounted:
            subprocess.run(["umount", "--lazy", name], check=True)


@pytest.fixture(scope="module")
def server(disk, tmp_path_factory):
    """A PostgreSQL of its own, with few connections."""
    binaries = services.postgres_binaries()
    if not binaries:
        pytest.skip(services.NO_POSTGRES)
    with ExitStack() as stack:
        elsewhere = stack.enter_context(tempfile.TemporaryDirectory(prefix="postgres-"))
        folder, group = disk or Path(elsewhere), Group()
        stack.callback(group.stop)
        url = services.postgres(group, folder, binaries, crashes=True, small=True)
        yield url, group.children[-1]


@pytest.fixture(scope="module")
def distributor():
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="module", params=["postgresql", "sqlite"])
def installed(request, disk, distributor, tmp_path_factory):
    with ExitStack() as stack:
        folder, database = tmp_path_factory.mktemp(request.param), ""
        if request.param == "postgresql":
            url, child = request.getfixturevalue("server")
            database = stack.enter_context(fresh_database(url))
        elif disk:
            folder, child = disk, None
        else:
            pytest.skip("no disk can be mounted here")
        running = stack.enter_context(
            installation(
                folder,
                database=database,
                DISTRIBUTOR_URL=distributor.url,
                DISTRIBUTOR_USER="sandbox",
                DISTRIBUTOR_KEY="sandbox",
                # What a look has shown may find no place; its lease goes ten seconds beyond it.
                DISTRIBUTOR_LOOK_DEADLINE="10",
            )
        )
        running.distributor = distributor.url.removesuffix("/api")
        running.database = child
        yield running


@pytest.fixture(scope="module")
def manager(installed):
    return Visitor(installed.url).sign_in(installed.password)


class Form:
    """One for a new customer, as it was filled in before anything went wrong."""

    def __init__(self, manager):
        self.manager, self.name = manager, a_name()
        page = manager.open("/customers/new/")
        target, said = page.form()
        self.url = urljoin(page.url, target)
        self.said = said | a_person(self.name) | twice("typed-before-it-broke") | a_choice()

    def send(self):
        headers = {"Referer": self.url}
        return Seen(self.manager.session.post(self.url, self.said, headers=headers, timeout=60))


@contextmanager
def no_connection_left(url):
    """Every one that the server has to give is ours, those of the others are ended."""
    url = urlsplit(url)._replace(path="/postgres").geturl()
    with ExitStack() as stack:
        ours = [stack.enter_context(psycopg.connect(url, autocommit=True))]
        while True:
            pids = [it.info.backend_pid for it in ours]
            others = "backend_type = 'client backend' AND pid <> ALL(%s)"
            end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"
            ended = len(ours[0].execute(end, [pids]).fetchall())
            with suppress(psycopg.OperationalError):
                while True:
                    ours.append(stack.enter_context(psycopg.connect(url, autocommit=True)))
            if len(ours) == services.SLOTS and not ended:
                break
        yield


@pytest.mark.parametrize("installed", ["postgresql"], indirect=True, scope="module")
def test_without_a_connection_pages_say_so_and_workers_wait(installed, manager, server):
    url, child = server
    called, late = Form(manager), Form(manager)
    installed.faults("slow", operation="create")
    page = called.send()
    eventually(lambda: installed.calls(called.name), "the call is under way")
    pids, refused_before = installed.pids(), child.log.read_text().count("too many clients")

    with no_connection_left(url):
        answer = late.send()
        assert (answer.status, AWAY in answer.words) == (503, True)
        health = requests.get(f"{installed.url}/health", timeout=30)
        assert (health.status_code, health.json()) == (503, {"database": "away"})
        time.sleep(8)
        assert installed.pids() == pids

    tried = child.log.read_text().count("too many clients") - refused_before
    # Each of the two workers, the poller, the forms; not one after the other without a pause.
    assert 3 <= tried < 40
    again = late.send()
    for it in (page, again):
        is_settled(manager, it.pk)
    assert installed.pids() == pids
    assert commands(installed, called.name) == commands(installed, late.name) == ["create"]
    assert "too many clients" in (installed.var / "log/web.log").read_text()


@contextmanager
def full(disk):
    """Not a byte goes there any more, but into what stands there already."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        for size in (1 << 20, 1 << 10, 1):
            with suppress(OSError):
                while True:
                    file.write(b"x" * size)
    try:
        yield
    finally:
        filler.unlink()


def test_on_a_full_disk_nothing_is_half_done_and_with_space_it_goes_on(installed, manager, disk):
    if not disk:
        pytest.skip("no disk can be mounted here")
    forms = [Form(manager) for _ in range(MOST)]
    pids = installed.pids()
    installed.faults("slow", operation="create")
    answers = [forms[0].send()]
    eventually(lambda: installed.calls(forms[0].name), "the call is under way")
    with full(disk):
        while answers[-1].status != 503:
            answers.append(forms[len(answers)].send())
        assert AWAY in answers[-1].words
        time.sleep(6)  # The call ends, and worker and poller have found it.

    if (child := installed.database) and child.code is not None:
        child.launch()  # As whatever watches over it does.
        eventually(child.ready, "PostgreSQL is back")
    for form, page in zip(forms, answers, strict=False):
        taken = form.send() if page.status == 503 else page
        assert "/new/" not in taken.url, taken.words
        is_settled(manager, taken.pk)
        assert commands(installed, form.name) == ["create"]
        assert len(installed.accounts(form.name)) == 1
    assert installed.pids() == pids
