"""`manage.py refresh` says what it does while it does it, what came of it, and what would."""

import io
import re

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError

from customers.distributor.rules import Operation
from customers.management import watching
from customers.models import Alert, Change, Customer, Drift, Listed, Refresh
from customers.services import changes, mirror
from tests.integration.steps import GRACE, deliver_all, everything, listed, live

COUNTS = ("listed", "adopted", "updated", "equal", "left", "absent")


def run(*words):
    out = io.StringIO()
    call_command("refresh", *words, stdout=out, stderr=io.StringIO())
    return re.sub(r" +", " ", out.getvalue())


@pytest.fixture
def altered(sandbox, clock):
    """Seven customers and a stranger: one of them was edited over there, one is spelled otherwise,
    one is gone for the second time, one gone, one in flight."""
    listed(sandbox, 6)
    sandbox.change("c1@navy.example", email="ä@navy.example")
    mirror.refresh()
    customer = live()
    clock.forward(120)
    sandbox.add_account(username=GRACE)
    sandbox.change("c0@navy.example", city="Paris", phone="1")
    sandbox.store.change("c1@navy.example", {"email": "Ä@NAVY.EXAMPLE"})
    sandbox.remove("c2@navy.example")
    sandbox.remove("c3@navy.example")
    Customer.objects.filter(username="c2@navy.example").update(missing_since=clock())
    sandbox.faults.append("lost")
    changes.ask(customer, Operation.DISABLE)
    sandbox.faults.add("503", times=3, operation="retrieve")
    deliver_all()
    sandbox.faults.clear()
    clock.forward(120)
    return sandbox


def tables():
    rows = [list(it.objects.order_by("pk").values()) for it in (Drift, Alert, Refresh, Listed)]
    return [everything(), rows]


@pytest.mark.django_db
def test_it_says_what_came_of_it(altered):
    said = run()
    assert re.match(r"6 accounts listed, in \d+ s\.\n", said)
    assert " 1 adopted as new customers\n 1 updated\n 3 found equal\n 1 left" in said
    assert " 2 live customers are not in it" in said


@pytest.mark.django_db
def test_a_dry_run_foretells_what_a_refresh_does_and_changes_nothing(altered):
    before = tables()

    said = run("--dry-run")

    assert tables() == before
    assert "Nothing was changed. A refresh would\n 1 adopt as new customers" in said
    assert " 1 update (city 1, phone 1)\n" in said or " 1 update (phone 1, city 1)\n" in said
    assert " 2 miss, of whom it would look for 1 by name" in said
    foretold = mirror.rehearse().reading
    done = mirror.refresh()
    assert [getattr(foretold, it) for it in COUNTS] == [getattr(done, it) for it in COUNTS]


@pytest.mark.django_db
def test_a_dry_run_tells_that_the_list_would_be_put_aside(altered):
    before = tables()
    altered.faults.append("empty")
    with pytest.raises(CommandError, match=r"would be put aside, .* It is empty"):
        run("--dry-run")
    assert tables() == before


@pytest.mark.django_db
@pytest.mark.parametrize("words", [(), ("--dry-run",)])
@pytest.mark.parametrize(
    ("fault", "why"),
    [("503", r"The list was not read.*: .+"), ("cut", r"The list was not read.*: .+")],
)
def test_a_list_that_was_not_read_is_told_in_words(altered, words, fault, why):
    altered.faults.append(fault)
    with pytest.raises(CommandError, match=why):
        run(*words)
    assert not Refresh.objects.filter(verdict=Refresh.Verdict.RUNNING).exists()
    assert not Listed.objects.exists()


@pytest.mark.django_db
def test_a_list_that_was_put_aside_is_told_in_words(altered):
    altered.faults.append("empty")
    with pytest.raises(CommandError, match="put aside, and nothing was changed: It is empty"):
        run()


@pytest.mark.django_db
@pytest.mark.parametrize("words", [(), ("--dry-run",)])
def test_another_one_that_runs_is_told_in_words(sandbox, clock, words):
    Refresh.objects.create(started_at=clock(), alive_at=clock(), listed=1200)
    with pytest.raises(CommandError, match="Another refresh is running: 1,200 rows read, "):
        run(*words)
    assert sandbox.operations() == []
    assert Refresh.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("phase", "words"),
    [
        ("READING", "1,200 rows read, 1 min 5 s so far"),
        ("CHECKING", "1,200 rows read, checking them, 1 min 5 s so far"),
        ("MERGING", "1,200 rows read, 700 compared, 1 min 5 s so far"),
    ],
)
def test_how_far_it_has_come_is_told_beside_the_last_one(sandbox, clock, phase, words):
    assert mirror.refresh().verdict == Refresh.Verdict.OK
    Refresh.objects.update(listed=9000, finished_at=clock())
    began = clock()
    reading = Refresh(started_at=began, phase=phase, listed=1200, merged=700)
    clock.forward(65)
    said = watching.progress(reading)
    assert said.startswith(f"{words}; the last one took ")
    assert said.endswith(" s for 9,000 rows.")


@pytest.mark.django_db
def test_one_that_ended_while_it_was_told_is_not_its_own_last_one(sandbox):
    """Its row was read a moment before it ended."""
    reading = mirror.refresh()
    assert reading.verdict == Refresh.Verdict.OK
    assert watching.progress(reading).endswith(" so far.")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("on_a_terminal", [True, False])
def test_it_tells_while_it_runs(sandbox, monkeypatch, on_a_terminal):
    sandbox.add_account()
    sandbox.faults.add("slow", seconds=1.0)
    monkeypatch.setattr(watching, "ON_A_TERMINAL", 0.1)
    monkeypatch.setattr(watching, "IN_A_LOG", 0.1)
    said = io.StringIO()
    said.isatty = lambda: on_a_terminal

    call_command("refresh", stdout=io.StringIO(), stderr=said)

    assert said.getvalue().count("0 rows read, ") > 1
    assert said.getvalue().endswith(watching.CLEAR if on_a_terminal else "so far.\n")
    assert ("\n" in said.getvalue()) is not on_a_terminal
    assert Change.objects.count() == 0


@pytest.mark.django_db
def test_a_misspelt_policy_is_told_before_anything_is_read(sandbox, settings):
    settings.DRIFT_ASK = ["citty"]
    with pytest.raises(SystemCheckError, match="citty"):
        call_command("refresh", skip_checks=False)
    assert not Refresh.objects.exists()
