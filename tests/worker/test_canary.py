"""A password and an API key that sing wherever they are seen, through every operation and fault."""

import os
import secrets
from contextlib import ExitStack

import pytest

from customers.sandbox.server import Sandbox
from tests.installation import Visitor, eventually, fresh_database, installation
from tests.leaks import kept, listening, places, shown
from tests.signing_up import LINK, confirmed, mails, sign_up
from tests.worker import bugs
from tests.worker.steps import a_choice, a_person, is_settled, twice

FAULTS = ("lost", "dropped", "late", "cut", "garbage", "html", "500", "500-after", "hang",
          "429", "credentials", "401", "drip")  # fmt: skip
UPDATES = {
    "profile": {"city": "Arlington"},
    "email": {"email": "office@navy.example"},
    "disable": {},
    "enable": {},
    "website-disable": {},
    "website-enable": {},
}


def a_canary() -> str:
    """Every spelling of it differs from every other one."""
    return f"canary é&\"<'+/\\{secrets.token_hex(8)}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request):
    server = os.environ["DATABASE_URL"]
    with ExitStack() as stack:
        if request.param == "sqlite":
            yield ""
        elif not server.startswith("postgres"):
            pytest.skip("the test session has no PostgreSQL")
        else:
            yield stack.enter_context(fresh_database(server))


def test_what_sings_is_heard_nowhere(tmp_path, database):
    key, typed = a_canary(), []
    with Sandbox(key=key) as distributor, ExitStack() as stack:
        installed = stack.enter_context(
            installation(
                tmp_path,
                database=database,
                DISTRIBUTOR_URL=distributor.url,
                DISTRIBUTOR_USER="sandbox",
                DISTRIBUTOR_KEY=key,
            )
        )
        manager = Visitor(installed.url).sign_in(installed.password)
        admin = Visitor(installed.url).sign_in(installed.password, "admin")
        heard = stack.enter_context(listening(installed))
        customers = [created(manager, typed, f"{fault}@navy.example", fault, distributor)
                     for fault in FAULTS]  # fmt: skip
        signups = [signed_up(installed, typed, f"signup-{n}@navy.example") for n in range(2)]
        waiting = {**kept(installed), **shown(manager, admin, customers), **signups[0]}
        refused(manager, admin, typed)
        settle(manager, customers)
        for pk, fault in zip(customers, FAULTS, strict=True):
            distributor.faults.add(fault, operation="password")
            typed.append(a_canary())
            manager.submit(f"/customers/{pk}/password/", **twice(typed[-1]))
        for page, fields in UPDATES.items():
            manager.submit(f"/customers/{customers[0]}/{page}/", **fields)
        manager.submit(
            f"/customers/{customers[0]}/username/", username="new@navy.example", known="on"
        )
        settle(manager, customers)
        reports = reported(installed, manager, customers[2:4], typed)
        settle(manager, customers)
        manager.submit(f"/customers/{customers[1]}/delete/", username=f"{FAULTS[1]}@navy.example")
        manager.submit("/customers/refreshes/")
        eventually(lambda: distributor.account(f"{FAULTS[1]}@navy.example")["closed"], "deleted")

        assert distributor.account("new@navy.example")["password"] in typed, "it did arrive"
        sinks = {**kept(installed), **shown(manager, admin, customers), "MONITOR": b"".join(heard)}
        sinks |= {"sessions": sessions(installed), **reports, **signups[1]}
        for found in (waiting, sinks):
            assert places(found, [key, *typed]) == set()
        # What opens a signup stands in its mail, and nowhere else.
        written = [mails(installed, f"signup-{n}@navy.example")[0] for n in range(2)]
        tokens = [it.split("/")[-2] for text in written for it in LINK.findall(text)]
        found = places(sinks, tokens)
        assert found
        assert all(place.startswith("mail/") for place in found), found
        # The search finds what is there.
        assert len(places(sinks, ["hang@navy.example"])) > len(customers)
        assert b"deliver" in sinks["MONITOR"]
        assert b"_send" in sinks["a mail to ADMINS"]


def created(manager, typed, name, fault, distributor) -> int:
    distributor.faults.add(fault, operation="create")
    typed.append(a_canary())
    page = manager.submit("/customers/new/", **a_person(name), **twice(typed[-1]), **a_choice())
    assert "/new/" not in page.url, page.words
    return page.pk


def signed_up(installed, typed, email) -> dict[str, bytes]:
    """A password that is refused first, then another; what the applicant's pages show of it."""
    visitor = confirmed(installed, email)
    typed += [a_canary() + "\x01", a_canary()]
    page = sign_up(installed, email, typed[-1], visitor, refused=typed[-2])
    pages = (page.url, "/signup/", "/signup/check/", "/signup/person/")
    return {f"{email}: {path}": visitor.html(path) for path in pages}


def refused(manager, admin, typed) -> None:
    """Forms that come back: what was typed is in the request, and in nothing else."""
    typed.append(a_canary())
    bad = {"password": typed[-1], "confirm_password": typed[-1][:-1]}
    for visitor, path in (
        (manager, "/customers/new/"),
        (admin, "/admin/customers/customer/add/"),
    ):
        page = visitor.submit(path, **bad)
        assert typed[-1] not in page.words


def reported(installed, manager, customers, typed) -> dict[str, bytes]:
    """Bugs, each while a password is in somebody's hands."""
    typed += [a_canary() for _ in range(3)]
    bugs.worker_fails(installed, manager, customers[0], typed[-1])
    return {
        "a mail to ADMINS": bugs.mailed(installed, manager, customers[1], typed[-2]),
        "an error page": bugs.page_fails(installed, manager, typed[-3]),
    }


def settle(manager, customers) -> None:
    for pk in customers:
        is_settled(manager, pk)


def sessions(installed) -> bytes:
    code = (
        "from django.contrib.sessions.models import Session\n"
        "print([session.get_decoded() for session in Session.objects.all()])"
    )
    return installed.manage("shell", "-c", code).stdout.encode()
