"""What holds for every page: reading changes nothing, and costs the same however much there is."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Alert, Attempt, Change, Customer, Drift, Refresh, SavedView, clock
from customers.services import changes
from tests.integration.addresses import address, names, populate
from tests.integration.pages import (
    ADA,
    Page,
    a_customer,
    a_name,
    everything,
    many_customers,
    person,
    post_raw,
    refusals,
    settle,
    signed_in,
    url,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def console(db):
    return signed_in("Managers")


def queries(client, path):
    with CaptureQueriesContext(connection) as ran:
        client.get(path)
    return len(ran)


def fill(customer, count):
    """Rows of each kind that the pages list, asked for by different people."""
    now = clock.now()
    others = many_customers(count)
    for n, other in enumerate(others):
        who = person(username=f"asker{n}-{customer.changes.count()}")
        Customer.objects.filter(username=f"c{n}@example.com").update(account_manager=who)
        change = changes.ask(customer, "disable", asked_by=who)
        Attempt.objects.create(
            change=Change.objects.earliest("seq"), n=100 + change.seq, begun_at=now, deadline=now
        )
        refused = changes.ask(customer, "enable", asked_by=who)
        settle(refused, "REJECTED", "no")
        Refresh.objects.create(started_at=now, verdict="OK", finished_at=now, asked_by=who)
        Alert.objects.create(kind="blocked", subject=str(change.pk), text="look", raised_at=now)
        Drift.objects.create(
            customer=other, field="city", agreed="a", ours="a", theirs="b", seen_at=now,
            state="PUSHED", change=change, decided_by=who, decided_at=now,
        )  # fmt: skip
        Drift.objects.create(
            customer=other, field="city", agreed="a", ours="a", theirs="b", seen_at=now
        )  # fmt: skip
        SavedView.objects.create(owner=who, name="Ours", is_shared=True)
        a_name(f"old{change.seq}@example.com", "RELEASED", customer=customer)


@pytest.mark.parametrize("kind", ["", "admin:customers"])
def test_the_number_of_queries_does_not_grow_with_the_rows(kind):
    ada = populate()
    boss = signed_in(username="boss", is_staff=True, is_superuser=True)
    ours = [
        name
        for name in names()
        if (kind and name.startswith(kind) and name.endswith(("_changelist", "_change")))
        or (not kind and not name.startswith("admin:"))
    ]
    paths = [*map(address, ours), "/customers/?q=example", "/customers/changes/?state=WAITING",
             "/customers/drift/?tab=decided"]  # fmt: skip
    fill(ada, 2)
    before = {path: queries(boss, path) for path in paths}
    fill(ada, 5)
    for path in paths:
        assert queries(boss, path) <= before[path] <= 32, path


@pytest.mark.parametrize(
    "path",
    ["/customers/999999/", "/customers/999999/profile/", "/customers/999999/delete/",
     f"/customers/{'9' * 30}/", f"/customers/{'9' * 5000}/", "/customers/abc/", "/customers/-1/",
     "/customers/changes/1/", "/customers/changes/6f1e3a52-0d55-4a65-9d1c-3f3b6a1f0a11/",
     "/customers/1%00/", "/customers/%ff/", "/nowhere", "/static/nowhere.css",
     "/signup/6f1e3a52-0d55-4a65-9d1c-3f3b6a1f0a11/"],
)  # fmt: skip
def test_what_does_not_exist_is_not_found(console, path):
    for response in (console.get(path), console.post(path, ADA)):
        assert response.status_code in {404, 405}
    assert console.get(path).status_code == 404
    assert "There is no such page" in Page(console.get(path)).words


@pytest.mark.parametrize("method", ["get", "head"])
def test_reading_never_changes_anything(method):
    populate()
    boss = signed_in(username="boss", is_staff=True, is_superuser=True)
    before = everything()
    for name in names():
        response = getattr(boss, method)(address(name))
        assert response.status_code < 500, name
    assert everything() == before


ONLY_READ = ["dashboard", "standing", "customers:list", "customers:detail", "customers:changes",
             "customers:change", "customers:drift", "customers:refresh", "customers:attestations",
             "signup-status", "health", "signup-mailed", "signup-availability", "brand-style",
             "brand-logo", "mails"]  # fmt: skip
BY_POST = ["customers:drift-ticked", "customers:drift-alike", "customers:drift-rename",
           "customers:withdraw", "customers:resolve", "customers:look", "customers:verify",
           "customers:decide-refresh", "customers:note", "customers:assign",
           "customers:delete-view", "signup-resend", "signup-fresh-link",
           "signup-language"]  # fmt: skip


def test_other_methods_than_a_page_knows_are_refused():
    populate()
    boss = signed_in("Leads", username="boss", is_staff=True, is_superuser=True)
    before = everything()
    for name in names():
        if name.startswith(("admin:", "login", "logout", "password")):
            continue
        for method in ("put", "patch", "delete", "post", "get", "options"):
            if method == "post" and name not in ONLY_READ:
                continue
            if method == "get" and name not in BY_POST:
                continue
            assert getattr(boss, method)(address(name)).status_code == 405, (name, method)
    assert boss.get("/accounts/logout/").status_code == 405
    assert everything() == before


def test_htmx_gets_the_living_part_alone(console):
    ada = a_customer()
    change = changes.ask(ada, "disable")
    for path in (f"/customers/{ada.pk}/", change.get_absolute_url()):
        response = console.get(path, headers={"HX-Request": "true"})
        assert response.content.strip().startswith(b'<div id="live"')
        assert "HX-Request" in response["Vary"]


def test_a_body_too_large_or_of_another_kind_is_refused_and_nothing_is_written(console):
    ada = a_customer()
    before = everything()
    too_many = {f"f{n}": "x" for n in range(1001)}
    assert console.post(url(ada, "profile"), too_many).status_code == 400
    huge = console.post(url(ada, "profile"), b"phone=" + b"1" * 3_000_000, "text/plain")
    assert huge.status_code in {200, 400}
    assert post_raw(console, url(ada, "profile"), {"phone": "1" * 3_000_000}).status_code == 400
    json = console.post(url(ada, "profile"), {"phone": "1"}, "application/json")
    assert "__all__" in refusals(json)
    broken = console.post(url(ada, "profile"), b"--x", "multipart/form-data; boundary=\xff")
    assert broken.status_code == 400
    assert everything() == before


def test_times_are_told_in_utc_and_for_machines(console):
    change = changes.ask(a_customer(), "disable")
    Change.objects.update(asked_at=clock.now() - timedelta(days=3))
    tags = Page(console.get(change.get_absolute_url())).tags
    assert any(tag == "time" and said["datetime"].endswith("Z") for tag, said in tags)
