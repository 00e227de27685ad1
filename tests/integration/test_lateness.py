"""Changes are due, and nobody delivers them: whoever still runs says so, once, until it is over."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from customers import tasks
from customers.distributor.rules import Operation
from customers.models import Alert, Change, Gate
from customers.models import clock as database_clock
from customers.services import changes, claims, lateness
from tests.installation import eventually
from tests.integration.joined import process
from tests.integration.pages import Page, signed_in
from tests.integration.steps import NEW_NAME, create, decide, deliver_all, live, withdraw

pytestmark = pytest.mark.django_db
LIMIT = 15 * 60


def open_alerts():
    return list(Alert.objects.filter(kind=Alert.Kind.LATE, over_at=None))


def test_health_says_since_when_the_oldest_waits_and_raises_the_alert_once(
    clock, settings, django_capture_on_commit_callbacks
):
    settings.ADMINS = [("Grace", "grace@example.com")]
    change = create()
    clock.forward(LIMIT - 5)
    assert Client().get("/health").json()["delivery"] == "ok"

    clock.forward(10)
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(2):
            answer = Client().get("/health")

    assert answer.status_code == 200
    assert answer.json()["delivery"] == "late"
    assert answer.json()["oldest_due"] == change.due_at.isoformat(timespec="milliseconds").replace(
        "+00:00", "Z"
    )
    (alert,) = open_alerts()
    assert f"waits since {change.due_at:%Y-%m-%d %H:%M} UTC. Do worker" in alert.text
    assert [it.subject for it in mail.outbox] == ["[Django] Changes are not delivered"]
    assert "Changes are not delivered" in Page(signed_in("Managers").get("/")).words


def test_it_is_over_when_they_are_delivered(sandbox, clock):
    create()
    clock.forward(LIMIT + 5)
    assert lateness.check()

    deliver_all()

    assert lateness.check() is None
    assert open_alerts() == []
    assert Alert.objects.get(kind=Alert.Kind.LATE).over_at


def test_while_all_is_well_nothing_is_written():
    with CaptureQueriesContext(connection) as said:
        assert Client().get("/health").json()["delivery"] == "ok"
    assert {it["sql"].split()[0] for it in said} == {"SELECT"}


def test_a_worker_that_only_ticks_raises_it_with_the_reason(sandbox, clock):
    create()
    clock.forward(LIMIT + 5)
    Gate.objects.create(
        failures=5, since=clock(), why="No such host.", shut_until=clock() + timedelta(minutes=1)
    )

    tasks.deliver_due()

    assert "No calls go out: No such host." in open_alerts()[0].text


def test_what_stood_behind_an_earlier_one_is_not_late_when_its_turn_comes(sandbox, clock):
    customer = live()
    first = changes.ask(customer, Operation.DISABLE)
    behind = changes.ask(customer, Operation.EMAIL, {"email": NEW_NAME})
    Change.objects.filter(pk=first.pk).update(state="BLOCKED")
    clock.forward(LIMIT + 5)
    assert lateness.check() is None, "it waits for a person, not for a worker"
    assert decide(first, "REJECTED")

    assert lateness.check() is None
    clock.forward(LIMIT + 5)
    assert lateness.check() == behind


@pytest.mark.parametrize("held_by", ["a lease", "a pause", "the settle time", "nobody any more"])
def test_what_may_not_go_out_is_not_late(sandbox, clock, held_by):
    change = create()
    clock.forward(LIMIT + 5)
    soon = clock() + timedelta(seconds=20)
    match held_by:
        case "a lease":
            claims.claim()
        case "a pause":
            Change.objects.update(due_at=soon)
        case "the settle time":
            change.customer.quiet_until = soon
            change.customer.save()
        case _:
            withdraw(change)
    assert lateness.check() is None


@pytest.mark.django_db(transaction=True)
def test_a_poller_raises_it_as_well(sandbox):
    create()
    Change.objects.update(due_at=database_clock.now() - timedelta(hours=1))
    until = database_clock.now() + timedelta(minutes=5)
    Gate.objects.create(failures=5, since=until, why="No such host.", shut_until=until)
    with process("manage.py", "deliver", "--forever"):
        eventually(open_alerts, "the alert is raised")
