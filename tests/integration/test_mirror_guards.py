"""A list that is broken, short or late changes nothing, and nobody is missing for it."""

import pytest

from customers.models import Alert, Change, Customer, Listed, Refresh, Username
from customers.sandbox import operations, replies
from customers.services import guard, merge, mirror
from tests.integration.steps import (
    ADAS,
    GRACE,
    again,
    both_formats,
    everything,
    list_again,
    listed,
    live,
)

pytestmark = pytest.mark.django_db
State = Change.State
Verdict = Refresh.Verdict


@pytest.fixture
def customer(sandbox, clock):
    """A customer of ours of whom a list may speak: all is settled, and for a while."""
    customer = live()
    clock.forward(120)
    return customer


def answer_with(monkeypatch, body):
    monkeypatch.setattr(
        replies, "listing", lambda *_, **__: replies.Reply(body, content_type="text/plain")
    )


@both_formats
@pytest.mark.parametrize(
    "fault", ["cut", "garbage", "html", "500", "503", "429", "dropped", "lost", "credentials"]
)
def test_what_is_no_whole_list_changes_nothing(sandbox, settings, clock, customer, fault, written):
    settings.DISTRIBUTOR_FORMAT = written
    sandbox.add_account(username=GRACE)
    sandbox.change(ADAS, city="Paris")
    before = everything()
    sandbox.faults.append(fault)

    reading = mirror.refresh()

    assert (reading.verdict, bool(reading.problem)) == (Verdict.FAILED, True)
    assert everything() == before
    assert not Listed.objects.exists()
    assert Alert.objects.filter(kind=Alert.Kind.REFRESH, over_at=None).count() == 1

    sandbox.faults.clear()
    clock.forward(120)  # What the gate may have been told is over by then.
    assert mirror.refresh().verdict == Verdict.OK
    assert not Alert.objects.filter(kind=Alert.Kind.REFRESH, over_at=None).exists()


@both_formats
def test_an_empty_body_is_no_list(sandbox, settings, customer, monkeypatch, written):
    settings.DISTRIBUTOR_FORMAT = written
    before = everything()
    answer_with(monkeypatch, b"")
    assert mirror.refresh().verdict == Verdict.FAILED
    assert everything() == before


@both_formats
def test_an_error_document_is_no_list(sandbox, settings, customer, monkeypatch, written):
    settings.DISTRIBUTOR_FORMAT = written
    before = everything()
    monkeypatch.setattr(operations, "perform", lambda *_: operations.refused("Come back later"))
    reading = mirror.refresh()
    assert (reading.verdict, reading.problem) == (Verdict.FAILED, "Come back later")
    assert everything() == before


@pytest.mark.parametrize(
    ("there", "gone", "verdict"),
    [(20, 5, "OK"), (20, 6, "QUARANTINED"), (100, 10, "OK"), (100, 11, "QUARANTINED")],
)
def test_a_list_that_lacks_too_many_is_put_aside(sandbox, clock, there, gone, verdict):
    listed(sandbox, there)
    before = everything()
    for n in range(gone):
        sandbox.remove(f"c{n}@navy.example")

    reading = mirror.refresh()

    assert (reading.verdict, reading.absent) == (verdict, gone)
    noted = Customer.objects.exclude(missing_since=None).count()
    assert noted == (gone if verdict == "OK" else 0)
    assert (everything() == before) is (verdict != "OK")


@pytest.mark.parametrize("fault", ["empty", "short"])
def test_a_short_list_is_put_aside(sandbox, clock, fault):
    listed(sandbox, 12)
    sandbox.change("c0@navy.example", city="Paris")
    sandbox.faults.append(fault)
    before = everything()
    assert mirror.refresh().verdict == Verdict.QUARANTINED
    assert everything() == before
    assert Alert.objects.get().kind == Alert.Kind.REFRESH


def test_a_list_that_names_somebody_twice_is_put_aside(sandbox, customer, monkeypatch):
    real = replies.listing

    def twice(batches, *args, **options):
        (batch,) = batches
        return real(iter([[*batch, batch[0] | {"username": ADAS.upper()}]]), *args, **options)

    monkeypatch.setattr(replies, "listing", twice)
    sandbox.change(ADAS, city="Paris")

    reading = mirror.refresh()

    assert (reading.verdict, again(customer).city) == (Verdict.QUARANTINED, "London")
    assert ADAS in reading.problem


def test_a_list_without_the_control_account_is_put_aside(sandbox, settings, customer):
    settings.DISTRIBUTOR_CONTROL = GRACE
    assert mirror.refresh().verdict == Verdict.QUARANTINED
    sandbox.add_account(username=GRACE.upper())
    assert mirror.refresh().verdict == Verdict.OK


def test_missing_takes_two_readings_and_a_look_and_ends_when_it_is_listed_again(
    sandbox, customer, clock
):
    sandbox.add_account(username=GRACE)
    sandbox.change(ADAS, closed=True)
    first = mirror.refresh()
    noted = again(customer)
    assert (noted.status, noted.missing_since) == ("LIVE", first.started_at)

    clock.forward(60)
    mirror.refresh()
    assert again(customer).status == Customer.Status.MISSING
    # The list, the look by name, and the control.
    assert sandbox.operations()[-3:] == ["retrieve"] * 3
    assert [call.params.get("username") for call in sandbox.calls[-2:]] == [ADAS, GRACE]
    assert Username.objects.get(customer=customer).state == Username.State.LIVE

    list_again(sandbox, ADAS)
    assert mirror.refresh().updated == 1
    back = again(customer)
    assert (back.status, back.missing_since) == ("LIVE", None)


def test_who_is_found_by_name_is_not_missing(sandbox, customer, clock):
    grace = live(GRACE)
    clock.forward(120)
    Customer.objects.filter(pk=grace.pk).update(missing_since=grace.created_at)
    sandbox.faults.append("short")
    assert mirror.refresh().absent == 1
    assert again(grace).status == Customer.Status.LIVE


def test_an_empty_list_is_put_aside_however_few_customers_there_are(sandbox, customer, clock):
    sandbox.faults.add("empty", times=4)
    for _ in range(2):
        before = everything()
        reading = mirror.refresh()
        assert (reading.verdict, reading.absent) == (Verdict.QUARANTINED, 1)
        assert everything() == before
        clock.forward(120)
    assert Alert.objects.get().kind == Alert.Kind.REFRESH


def test_an_empty_list_is_right_where_nobody_is_live(sandbox):
    assert mirror.refresh().verdict == Verdict.OK


def test_a_look_that_gets_no_answer_proves_nothing_and_holds_up_no_news(sandbox, clock):
    listed(sandbox, 3)
    first, second, _still_there = Customer.objects.order_by("username")
    Customer.objects.filter(pk=first.pk).update(missing_since=clock())
    sandbox.remove("c0@navy.example")
    sandbox.remove("c1@navy.example")
    sandbox.faults.append("bare")
    sandbox.faults.add("503", operation="retrieve")

    assert mirror.refresh().verdict == Verdict.OK

    assert again(first).status == Customer.Status.LIVE
    assert again(second).missing_since


def test_one_reading_at_a_time(sandbox, clock):
    running = Refresh.objects.create(started_at=clock())
    with pytest.raises(mirror.AlreadyRunning):
        mirror.refresh()

    clock.forward(3601)
    assert mirror.refresh().verdict == Verdict.OK
    assert again(running).verdict == Verdict.FAILED


def test_a_reading_that_was_given_up_for_lost_writes_nothing_any_more(
    sandbox, customer, clock, monkeypatch
):
    """It slept after it had read the list, and its rows are gone: nobody is missing for that."""
    real = guard.suspicion

    def asleep(reading):
        problem = real(reading)
        clock.forward(3601)
        monkeypatch.setattr(guard, "suspicion", real)
        assert mirror.refresh().verdict == Verdict.OK
        return problem

    monkeypatch.setattr(guard, "suspicion", asleep)

    with pytest.raises(mirror.GivenUp):
        mirror.refresh()

    assert again(customer).missing_since is None
    verdicts = Refresh.objects.order_by("pk").values_list("verdict", flat=True)
    assert list(verdicts) == [Verdict.FAILED, Verdict.OK]
    assert Refresh.objects.earliest("pk").problem == "Its worker did not come back."


def test_a_bug_of_ours_ends_the_reading_and_surfaces(sandbox, customer, monkeypatch):
    sandbox.change(ADAS, city="Paris")
    monkeypatch.setattr(merge, "merge", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        mirror.refresh()
    assert Refresh.objects.get().verdict == Verdict.FAILED


def test_a_reading_without_a_sign_of_life_does_not_hold_up_the_next_for_long(sandbox, clock):
    now = clock()
    Refresh.objects.create(started_at=now, alive_at=now)
    with pytest.raises(mirror.AlreadyRunning):
        mirror.refresh()
    clock.forward(mirror.LOST_AFTER.total_seconds() + 1)

    assert mirror.refresh().verdict == Verdict.OK
    assert Refresh.objects.earliest("pk").verdict == Verdict.FAILED
