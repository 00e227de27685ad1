"""A broker may double, reorder, garble or refuse: messages are hints, the rows are the promise."""

import json
import os
import signal
from contextlib import contextmanager, suppress

import pytest
import redis

from reseller.celery import app
from tests.installation import eventually
from tests.leaks import broker_keys
from tests.worker.steps import a_name, commands, is_settled, shows

pytestmark = [
    pytest.mark.usefixtures("undisturbed"),
    # The database has no part in it.
    pytest.mark.parametrize("installed", ["sqlite"], indirect=True, scope="module"),
]


@pytest.fixture
def broker(installed):
    with redis.from_url(installed.settings()["REDIS_URL"]) as client:
        yield client


@pytest.fixture
def send(installed):
    """Send a task as anybody could who reaches the broker."""
    with app.connection_for_write(installed.settings()["REDIS_URL"]) as connection:

        def message(name, *args):
            app.send_task(name, args=args, connection=connection)

        yield message


def is_drained(broker):
    eventually(lambda: broker.llen("celery") == 0, "the workers took all messages")


def test_a_hundred_messages_for_one_change_are_one_call(installed, manager, create, broker, send):
    page = create(name := a_name())
    is_settled(manager, page.pk)
    with installed.frozen("worker"), installed.frozen("poller"):
        manager.submit(f"/customers/{page.pk}/disable/")
        manager.submit(f"/customers/{page.pk}/enable/")
        for _ in range(100):
            send("deliver", page.pk)
    is_settled(manager, page.pk)
    is_drained(broker)
    send("deliver", page.pk)  # Very late.
    is_drained(broker)
    assert commands(installed, name) == ["create", "disable", "enable"]


@pytest.mark.parametrize(
    "message",
    [("deliver", "nobody"), ("deliver", 10**30), ("deliver", None), ("deliver",), ("deliver", 1, 2),
     ("look", "x", 1), ("refresh", "nobody"), ("no_such_task", 1)],
    ids=str,
)  # fmt: skip
def test_a_message_that_says_nothing_sensible_does_nothing(
    installed, manager, create, broker, send, message
):
    send(*message)
    page = create(name := a_name())
    is_settled(manager, page.pk)
    is_drained(broker)
    assert commands(installed, name) == ["create"]


@pytest.mark.parametrize(
    "garbage",
    [b"\xff\x00", b"{", b"[]", b"null", json.dumps({"body": "x"}).encode(),
     json.dumps({"body": "gASVAAAA", "content-encoding": "binary",
                 "content-type": "application/x-python-serialize",
                 "headers": {"task": "deliver", "id": "1"},
                 "properties": {"delivery_info": {}, "delivery_tag": "1"}}).encode()],
    ids=repr,
)  # fmt: skip
def test_garbage_in_the_queue_stops_no_worker(installed, manager, create, broker, garbage):
    worker = installed.pids()["worker"]
    broker.rpush("celery", garbage)
    page = create(a_name())
    is_settled(manager, page.pk)
    is_drained(broker)
    assert installed.pids()["worker"] == worker
    # Also by a message, not by the poller alone.
    with installed.frozen("poller"):
        manager.submit(f"/customers/{page.pk}/disable/")
        is_settled(manager, page.pk)


@contextmanager
def full(broker):
    """It takes nothing any more, as with `maxmemory` reached."""
    broker.config_set("maxmemory", "1")
    try:
        yield
    finally:
        broker.config_set("maxmemory", "0")


def test_a_full_broker_costs_nobody_anything(installed, manager, create, broker):
    with full(broker):
        with pytest.raises(redis.ResponseError):
            broker.rpush("celery", "anything")
        page = create(name := a_name())
        assert page.seconds < 1.2
        is_settled(manager, page.pk)
        said = manager.submit("/customers/refreshes/")
        assert "The workers cannot be reached, so nothing was asked for." in said.words
        shows(manager, "/", "used memory > 'maxmemory'")
    eventually(
        lambda: "The broker takes no messages" not in manager.open("/").words,
        "the alert is over once it takes some",
    )
    assert commands(installed, name) == ["create"]


def test_an_emptied_broker_loses_nothing(installed, manager, create, broker):
    with installed.frozen("worker"), installed.frozen("poller"):
        pages = [create(a_name()) for _ in range(5)]
        broker.flushall()
    for page in pages:
        is_settled(manager, page.pk)


@pytest.mark.parametrize("numbers", [("SIGTERM",), ("SIGQUIT",), ("SIGINT", "SIGINT")], ids=str)
def test_a_worker_that_is_told_to_end_loses_no_call(installed, manager, create, numbers):
    installed.faults("slow", operation="create")
    page = create(name := a_name())
    eventually(lambda: installed.calls(name), "the call is under way")
    with installed.frozen("poller"):
        # The one before may still be ending.
        family = eventually(lambda: installed.pids().get("worker"), "a worker runs")
        for number in numbers:
            with suppress(ProcessLookupError):
                os.killpg(family, signal.Signals[number])
    is_settled(manager, page.pk)
    shows(manager, f"/customers/{page.pk}/", "Live")
    assert commands(installed, name) == ["create"]


def test_one_that_was_just_killed_is_awaited_by_whoever_looks_into_it(installed):
    """The chaos run ends whenever all is delivered, and that needs no broker."""
    installed.send(signal.SIGKILL, "broker")
    eventually(lambda: "broker" not in installed.pids(), "the broker is gone")
    assert isinstance(broker_keys(installed), bytes)
