"""Many who are missing take turns at being looked for, and no look counts without a control."""

import pytest

from customers.models import Alert, Customer, Refresh
from customers.services import mirror, missing
from tests.integration.steps import GRACE, listed

pytestmark = pytest.mark.django_db
Status = Customer.Status


@pytest.fixture
def gone(sandbox, clock):
    """Ten of a hundred, noted by a first good reading."""
    listed(sandbox, 100)
    names = [f"c{n}@navy.example" for n in range(10)]
    for name in names:
        sandbox.remove(name)
    clock.forward(60)
    assert mirror.refresh().absent == 10
    clock.forward(60)
    return Customer.objects.filter(username__in=names)


def test_all_of_them_are_looked_for_with_a_control_beside_so_many(sandbox, gone, monkeypatch):
    monkeypatch.setattr(missing, "BESIDE_A_CONTROL", 4)
    before = len(sandbox.calls)
    mirror.refresh()
    # The list, ten looks, and a control after the fourth, the eighth and the last.
    assert len(sandbox.calls) - before == 1 + 10 + 3
    assert set(gone.values_list("status", flat=True)) == {Status.MISSING}


def test_of_very_many_some_are_looked_for_and_the_others_wait(sandbox, gone, monkeypatch):
    monkeypatch.setattr(missing, "LOOKS", 3)
    for found in (3, 6, 9, 10):
        mirror.refresh()
        assert gone.filter(status=Status.MISSING).count() == found


def test_nobody_is_missing_if_the_control_is_not_found_either(sandbox, gone, settings, monkeypatch):
    real = missing.control_name
    monkeypatch.setattr(missing, "control_name", lambda _: "somebody@nowhere.example")
    mirror.refresh()
    assert set(gone.values_list("status", flat=True)) == {Status.LIVE}
    assert Alert.objects.get(over_at=None).kind == Alert.Kind.CONTROL

    monkeypatch.setattr(missing, "control_name", real)
    mirror.refresh()
    assert set(gone.values_list("status", flat=True)) == {Status.MISSING}
    assert not Alert.objects.filter(over_at=None).exists()


def test_what_began_while_they_were_looked_for_is_no_absence(sandbox, gone, clock, monkeypatch):
    real = missing.seen

    def meanwhile(name, *args):
        gone.filter(username=name).update(touched_at=clock())
        return real(name, *args)

    monkeypatch.setattr(missing, "seen", meanwhile)
    mirror.refresh()
    assert set(gone.values_list("status", flat=True)) == {Status.LIVE}


def test_absence_is_noted_in_batches(sandbox, clock, monkeypatch):
    monkeypatch.setattr(missing, "BATCH", 2)
    listed(sandbox, 10)
    for n in range(5):
        sandbox.remove(f"c{n}@navy.example")
    sandbox.add_account(username=GRACE)
    clock.forward(60)
    reading = mirror.refresh()
    assert (reading.verdict, reading.absent) == (Refresh.Verdict.OK, 5)
    assert Customer.objects.filter(missing_since=reading.started_at).count() == 5
