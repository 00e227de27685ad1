"""What is asked for gets done whichever process dies meanwhile. Everything here is real."""

import os
import signal
from uuid import uuid4

import pytest

from tests.installation import eventually
from tests.leaks import kept, places
from tests.signing_up import confirmed, sign_up
from tests.worker.steps import a_name, is_settled, operations, shows, twice

pytestmark = pytest.mark.usefixtures("undisturbed")

# Far more than it ever takes without a broker, and far less than a worker's patience.
AT_ONCE = 5


def test_a_worker_killed_in_the_middle_of_a_call_leaves_one_account(installed, manager, create):
    never_came, came = a_name(), a_name()
    installed.faults("hang", operation="create")  # nothing is done
    installed.faults("slow", operation="create")  # done, and its answer meets nobody
    pages = [create(never_came)]
    eventually(lambda: installed.calls(never_came), "the first call hangs")
    pages.append(create(came))
    eventually(lambda: installed.accounts(came), "the second is executed")

    installed.send(signal.SIGKILL, "worker")

    for page in pages:
        is_settled(manager, page.pk)
    assert len(installed.accounts(never_came)) == len(installed.accounts(came)) == 1
    assert operations(installed, never_came).count("create") == 2
    assert operations(installed, came).count("create") == 1


def test_a_child_of_the_pool_killed_in_the_middle_of_a_call_costs_no_other_call(
    installed, manager, create
):
    with installed.frozen("poller"):
        worker = installed.pids()["worker"]
        installed.faults("hang", operation="create")
        page = create(name := a_name())
        eventually(lambda: installed.calls(name), "the call hangs")

        os.kill(installed.caller("worker"), signal.SIGKILL)

        is_settled(manager, page.pk)
        assert installed.pids()["worker"] == worker
    assert operations(installed, name).count("create") == 2
    assert len(installed.accounts(name)) == 1


def test_without_a_worker_forms_work_and_say_waiting_and_the_order_is_kept(
    installed, manager, create
):
    name, renamed = a_name(), a_name()
    with installed.without("worker"), installed.without("poller"):
        page = create(name)
        assert "Being set up" in page.words
        manager.submit(f"/customers/{page.pk}/profile/", phone="+1 212 555 0177")
        manager.submit(f"/customers/{page.pk}/email/", email="post@example.com")
        manager.submit(f"/customers/{page.pk}/username/", username=renamed, known="on")
        waiting = manager.submit(f"/customers/{page.pk}/disable/")
        assert waiting.words.count("Waiting") >= 5
        assert "will stop sending in a moment" in waiting.words
        assert not installed.accounts(name)

    is_settled(manager, page.pk)
    assert operations(installed, name) == ["create", "profile", "email", "username"]
    assert operations(installed, renamed) == ["disable"]
    account = installed.account(renamed)
    told = (account["phone"], account["email"], account["active"])
    assert told == ("+1 212 555 0177", "post@example.com", False)


@pytest.mark.parametrize("trouble", ["without", "frozen"])
def test_without_a_broker_a_form_answers_at_once_and_the_poller_delivers(
    installed, manager, create, trouble
):
    with getattr(installed, trouble)("broker"):
        page = create(name := a_name())
        assert page.seconds < AT_ONCE
        assert "will be set up in a moment" in page.words
        health = manager.session.get(f"{installed.url}/health", timeout=30)
        assert (health.status_code, health.json()["broker"]) == (200, "away")
        is_settled(manager, page.pk)

    assert operations(installed, name) == ["create"]


def test_without_the_distributor_everything_waits_and_a_banner_says_so(installed, manager, create):
    names = [a_name(), a_name()]
    pages = [create(name) for name in names]
    for page in pages:
        is_settled(manager, page.pk)

    with installed.without("sandbox"):
        for page in pages:
            manager.submit(f"/customers/{page.pk}/website-disable/")
        shows(manager, "/", "The distributor cannot be reached")
        assert "2 changes wait, nothing is lost." in manager.open("/").words
        new = create(name := a_name())
        assert "Being set up" in manager.open(new.url).words

    for page in [*pages, new]:
        is_settled(manager, page.pk)
    assert "The distributor cannot be reached" not in manager.open("/").words
    assert [installed.account(it)["website_access"] for it in [*names, name]] == [
        False,
        False,
        True,
    ]


def test_deliver_needs_neither_broker_nor_worker(installed, manager, create):
    with installed.without("worker"), installed.without("poller"), installed.without("broker"):
        page = create(name := a_name())

        done = installed.manage("deliver", "--wait", "60")

        assert done.returncode == 0, done.stderr
        assert len(installed.accounts(name)) == 1
        assert "Live" in manager.open(page.url).words


def test_no_password_lies_in_any_file_or_in_the_broker(installed, manager, create, typed):
    with installed.without("worker"), installed.without("poller"):
        page = create(name := a_name())
        typed.append(f"typed-{uuid4().hex}")
        manager.submit(f"/customers/{page.pk}/password/", **twice(typed[-1]))
        # Refused, and shown again without what was typed.
        typed.append(f"typed-{uuid4().hex}")
        refused = manager.submit("/customers/new/", **twice(typed[-1]))
        assert "There is a problem" in refused.words
        assert places(kept(installed), typed) == set()
        assert places(kept(installed), [name]), "the search finds what is there"

    is_settled(manager, page.pk)
    assert places(kept(installed), typed) == set()


def test_a_signup_goes_on_where_its_worker_was_stopped(installed):
    visitor = confirmed(installed, email := a_name())
    installed.faults("slow", operation="create")
    with installed.without("poller"):
        page = sign_up(installed, email, "nanoseconds-of-wire", visitor)
        eventually(lambda: installed.calls(email), "the call is under way")
        with installed.without("worker"):
            assert "Your account is live." not in visitor.open(page.url).words
    shows(visitor, page.url, "Your account is live.", 120)
    assert len(installed.accounts(email)) == 1
