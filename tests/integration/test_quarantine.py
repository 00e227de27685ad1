"""A list that was put aside keeps its rows and its reasons until somebody has decided."""

import pytest

from customers.models import Alert, Customer, Listed, Refresh, Username
from customers.sandbox import replies
from customers.services import merge, mirror, staging
from tests.integration.steps import ADAS, GRACE, again, everything, list_again, listed, rows

pytestmark = pytest.mark.django_db
Verdict = Refresh.Verdict


@pytest.fixture
def short(sandbox, clock):
    """A quarantined reading: 8 of 20 are gone, and one has moved."""
    listed(sandbox, 20)
    for n in range(8):
        sandbox.remove(f"c{n}@navy.example")
    sandbox.change("c9@navy.example", city="Paris")
    clock.forward(120)
    return mirror.refresh()


def test_it_says_why_by_which_numbers_and_because_of_whom(short):
    gone = [f"c{n}@navy.example" for n in range(8)]
    kept = again(short)
    assert (kept.verdict, kept.cause) == (Verdict.QUARANTINED, Refresh.Cause.SHORT)
    assert (kept.listed, kept.live, kept.absent, kept.sample) == (12, 20, 8, gone)
    assert "8 of 20" in kept.problem


def test_readings_agree_if_the_same_names_speak_against_them(sandbox, short, clock):
    clock.forward(60)
    same = mirror.refresh()
    sandbox.remove("c8@navy.example")
    another = mirror.refresh()
    assert len(short.digest) == 64
    assert (same.cause, same.digest) == (short.cause, short.digest)
    assert another.digest != short.digest


def test_of_many_names_some_are_kept(sandbox, clock):
    listed(sandbox, 30)
    sandbox.faults.append("empty")
    reading = mirror.refresh()
    assert (reading.cause, reading.absent, len(reading.sample)) == (Refresh.Cause.EMPTY, 30, 20)


def test_each_cause_has_its_name(sandbox, settings, clock, monkeypatch):
    settings.DISTRIBUTOR_CONTROL = GRACE
    reading = mirror.refresh()
    assert (reading.cause, reading.sample) == (Refresh.Cause.NO_CONTROL, [GRACE])
    sandbox.add_account(username=GRACE)
    doubled(monkeypatch, GRACE)
    reading = mirror.refresh()
    assert (reading.cause, reading.sample) == (Refresh.Cause.TWICE, [GRACE])
    assert reading.would_adopt == 0, "a name that stands in it twice is not believed"


def test_applied_it_is_merged_as_any_other(short, clock):
    assert short.staged.count() == 12
    clock.forward(3600)

    applied = mirror.apply(short.pk)

    assert (applied.verdict, applied.problem, applied.cause) == (Verdict.OK, "", "SHORT")
    assert (applied.updated, applied.equal, applied.adopted, applied.merged) == (1, 11, 0, 12)
    assert Customer.objects.get(username="c9@navy.example").city == "Paris"
    noted = Customer.objects.exclude(missing_since=None)
    assert {it.missing_since for it in noted} == {short.started_at}
    assert len(noted) == 8
    assert not Listed.objects.exists()
    assert not Alert.objects.filter(over_at=None).exists()


def test_what_was_touched_meanwhile_is_left(short, clock):
    touched = Customer.objects.filter(username__in=["c0@navy.example", "c9@navy.example"])
    touched.update(touched_at=clock())
    before = rows(touched)
    applied = mirror.apply(short.pk)
    assert (applied.updated, applied.left) == (0, 1)
    assert rows(touched) == before
    assert Customer.objects.exclude(missing_since=None).count() == 7


def test_a_failed_reading_takes_nothing_from_it(sandbox, short):
    sandbox.faults.append("500")
    assert mirror.refresh().verdict == Verdict.FAILED
    assert mirror.apply(short.pk).verdict == Verdict.OK


def test_overtaken_by_another_it_cannot_be_applied(sandbox, short, clock):
    clock.forward(60)
    mirror.refresh()
    assert short.staged.count() == 0
    before = everything()
    with pytest.raises(mirror.Superseded):
        mirror.apply(short.pk)
    assert everything() == before
    assert again(short).verdict == Verdict.QUARANTINED


def test_a_good_reading_overtakes_it(sandbox, short, clock):
    for n in range(4):
        list_again(sandbox, f"c{n}@navy.example")
    clock.forward(60)
    assert mirror.refresh().verdict == Verdict.OK
    assert not Listed.objects.exists()
    with pytest.raises(mirror.Superseded):
        mirror.apply(short.pk)


def test_decided_already_it_cannot_be_applied(short):
    mirror.apply(short.pk)
    with pytest.raises(mirror.Superseded):
        mirror.apply(short.pk)


def test_it_waits_while_another_reading_runs(short, clock):
    running = Refresh.objects.create(started_at=clock())
    with pytest.raises(mirror.AlreadyRunning):
        mirror.apply(short.pk)
    running.delete()
    assert mirror.apply(short.pk).verdict == Verdict.OK


def test_staged_rows_that_a_crash_has_taken_cannot_be_applied(short):
    short.staged.first().delete()
    with pytest.raises(mirror.Superseded):
        mirror.apply(short.pk)
    assert again(short).verdict == Verdict.QUARANTINED


def test_discarded_its_rows_go(short):
    Refresh.objects.filter(pk=short.pk).update(verdict=Verdict.DISCARDED)
    staging.clear(short)
    assert not Listed.objects.exists()


def test_a_bug_of_ours_while_it_is_applied_surfaces(short, monkeypatch):
    monkeypatch.setattr(merge, "merge", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        mirror.apply(short.pk)
    assert again(short).verdict == Verdict.FAILED


def test_of_names_that_stand_twice_neither_row_is_believed(sandbox, clock, monkeypatch):
    listed(sandbox, 2)
    sandbox.add_account(username=ADAS)
    sandbox.change("c0@navy.example", city="Paris")
    sandbox.change("c1@navy.example", city="Rome")
    doubled(monkeypatch, "c0@navy.example", ADAS)

    applied = mirror.apply(mirror.refresh().pk)

    cities = list(Customer.objects.order_by("username").values_list("city", "missing_since"))
    assert cities == [("London", None), ("Rome", None)]
    assert not Username.objects.filter(key=ADAS).exists()
    assert (applied.updated, applied.left) == (1, 4)


def doubled(monkeypatch, *names):
    """The distributor lists these accounts once more, in capitals."""
    real = replies.listing

    def twice(batches, *args, **options):
        (batch,) = batches
        again = [
            it | {"username": it["username"].upper()} for it in batch if it["username"] in names
        ]
        return real(iter([[*batch, *again]]), *args, **options)

    monkeypatch.setattr(replies, "listing", twice)
