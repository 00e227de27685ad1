"""Machines whose clocks are an hour off: time is the database's, nothing is early or twice."""

import os
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from customers.models import Attempt, Change, clock
from customers.services import claims, delivery
from tests.integration.crashes import killed_at
from tests.integration.joined import ended, process
from tests.integration.steps import CONTROL, again, create, deliver_all

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
MISSING = "NOT TESTED WITH OTHER CLOCKS: there is no libfaketime (apt-get install libfaketime)"
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="SQLite's clock is the machine's: there is one"
    ),
    pytest.mark.skipif(not (FAKETIME or os.environ.get("REQUIRE_FAKETIME")), reason=MISSING),
]
LONG = timedelta(minutes=10)
State = Change.State


def worker(ahead, *words):
    """One by itself, whose clock on the wall is so far ahead; how long a second is it knows."""
    assert FAKETIME, MISSING
    clock_of_its_own = {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME": ahead,
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    return process("-m", "tests.elsewhen", "deliver", *words, **clock_of_its_own)


def named(name):
    return create(f"{name}@navy.example")


@pytest.mark.parametrize("ahead", ["+1h", "-1h"])
def test_a_worker_takes_what_is_due_and_nothing_else(sandbox, control, ahead):
    had = named("had")
    claims.claim()
    Change.objects.filter(pk=had.pk).update(lease_until=clock.now() + LONG)
    abandoned = named("abandoned")
    with killed_at(delivery, "_begin"):
        deliver_all()
    Change.objects.filter(pk=abandoned.pk).update(lease_until=clock.now())
    paused, quiet, due = named("paused"), named("quiet"), named("due")
    Change.objects.filter(pk=paused.pk).update(due_at=clock.now() + LONG)
    quiet.customer.quiet_until = clock.now() + LONG
    quiet.customer.save()
    begun = clock.now()

    with worker(ahead) as running:
        said = ended(running)

    assert running.returncode == 0, said
    assert {again(change).state for change in (due, abandoned)} == {State.DONE}
    assert {again(change).state for change in (had, paused, quiet)} == {State.WAITING}
    assert (again(had).claim, again(abandoned).lost) == (1, 1)
    for attempt in Attempt.objects.all():
        assert begun <= attempt.begun_at <= attempt.ended_at <= clock.now()
        assert attempt.deadline == attempt.begun_at + timedelta(seconds=20)


def test_two_workers_two_hours_apart_never_have_the_same_change(sandbox, control):
    number = 10
    sandbox.faults.add("slow", times=number, operation="create", seconds=0.3)
    for n in range(number):
        named(f"c{n}")

    with ExitStack() as stack:
        workers = [stack.enter_context(worker(ahead, "--wait", "60")) for ahead in ("+1h", "-1h")]
        said = [ended(it) for it in workers]

    assert [it.returncode for it in workers] == [0, 0], said
    assert sandbox.operations() == ["create"] * number
    assert (
        list(Change.objects.values_list("state", "claim", "attempts", "lost"))
        == [(State.DONE, 1, 1, 0)] * number
    )
    assert len({it["username"] for it in sandbox.accounts()}) == number + len([CONTROL])
