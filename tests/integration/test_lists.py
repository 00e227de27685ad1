"""The list of customers: narrowed down, in order, page by page; all of it in its address."""

import re
from datetime import UTC, date, datetime, timedelta
from itertools import product

import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Func, TextField, Value
from django.db.models.functions import Cast
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from customers.models import Change, Customer, Drift, Package, Refresh, clock, keyset
from customers.models.keyset import Order, Place, Reading
from customers.models.orders import ORDERS
from customers.tables import COLUMNS, DEFAULT
from customers.views import list_pages
from customers.views.listing import Listing
from tests.installation import eventually
from tests.integration.pages import Page, a_customer, a_name, many_customers, person, signed_in

pytestmark = pytest.mark.django_db

LIST = "/customers/"
NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def console(db):
    return signed_in("Managers")


def shown(console, query=""):
    """The usernames in the order of the page."""
    return [customer.username for customer in console.get(f"{LIST}?{query}").context["page"]]


def page(console, query=""):
    return Page(console.get(f"{LIST}?{query}"))


# --- Orders and pages --------------------------------------------------------------------------

NAMES = [("Ada", "Łovelace"), ("ada", "Lovelace"), ("", ""), ("Åsa", "Öberg"), ("伟", "王"),
         ("محمد", "علي"), ("Bob", "hope"), ("Bob", "Hope")]  # fmt: skip
COMPANIES = [None, "", "Engines", "engines", "Zeta", "\u00e9toile"]
STATUSES = ["LIVE", "LIVE", "CLOSED"]


@pytest.fixture
def crowd(db):
    """Forty of whom many have the same name, the same company or none."""
    for n in range(40):
        first, last = NAMES[n % len(NAMES)]
        Customer.objects.create(
            username=f"{'abc'[n % 3]}{n}@example.com", email=f"{n % 4}@example.com",
            first_name=first, last_name=last, company=COMPANIES[n % len(COMPANIES)],
            status=STATUSES[n % 3], active=n % 2 == 0, package=COMPANIES[n % 5],
        )  # fmt: skip


MANY = {"MOST_COUNTED": 0}
WAYS: dict[str, dict[str, int]] = {
    "as it comes": {},
    "near": MANY | {"WINDOW": 30},
    "near, not at once": MANY | {"WINDOW": 30, "BESIDE": 4, "GLANCE": 4},
    "near, then far": MANY | {"WINDOW": 8, "BESIDE": 2, "GLANCE": 2},
    "walked": MANY | {"WINDOW": 1, "BESIDE": 1, "GLANCE": 1, "MOST_COLLECTED": 0},
    "far, among few": MANY | {"WINDOW": 1, "BESIDE": 1, "GLANCE": 1, "SOME": 5},
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("order", [f"{sign}{name}" for name, sign in product(ORDERS, ["", "-"])])
def test_page_after_page_shows_everybody_once_and_back_again(crowd, monkeypatch, order, way):
    for name, value in WAYS[way].items():
        monkeypatch.setattr(keyset, name, value)
    by = Order.named(order)
    some = Customer.objects.filter(active=True)
    everybody = [
        (customer.sort_key, customer.pk)
        for customer in some.annotate(sort_key=by.key).order_by(*by.by(backwards=False))
    ]
    assert len(everybody) == 20

    there = walked(Reading(some, by), everybody, backwards=False)
    back = walked(Reading(some, by), everybody, backwards=True)

    assert there == [pk for _key, pk in everybody]
    assert back == there[::-1]
    assert stepped(Reading(some, by), everybody, backwards=False) == there[1:]
    assert stepped(Reading(some, by), everybody, backwards=True) == there[:-1]


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite expects nothing")
@pytest.mark.parametrize(("order", "among"), [("-known", [4, 8]), ("username", [2])])
def test_an_order_that_goes_along_with_the_search_is_soon_given_up(
    crowd, monkeypatch, order, among
):
    for name, value in (MANY | {"WINDOW": 8, "BESIDE": 4, "GLANCE": 2}).items():
        monkeypatch.setattr(keyset, name, value)
    near, looked, done = Reading._near, [], []

    def looked_among(reading, place, limit, number, *meanwhile, **way):
        looked.append(number)
        return near(reading, place, limit, number, *meanwhile, **way)

    monkeypatch.setattr(Reading, "_near", looked_among)
    last = Customer.objects.filter(username__startswith="c")

    reading = Reading(last, Order.named(order))
    reading.meanwhile = lambda: done.append(True)
    assert len(reading.keys(None, 3)) == 3
    assert looked == among
    # Beside the second look, or while all are collected; the first look is short.
    assert done == [True]


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite collects nothing")
@pytest.mark.parametrize("order", ["name", "-email"])
@pytest.mark.parametrize("is_far", [False, True])
def test_of_many_who_are_nowhere_near_only_those_are_read_who_may_be_on_the_page(
    crowd, monkeypatch, order, is_far
):
    """Any five of them tell that nobody behind the fourth can be."""
    for name, value in (WAYS["far, among few"]).items():
        monkeypatch.setattr(keyset, name, value)
    by = Order.named(order)
    some = Customer.objects.filter(active=True)
    rows = list(some.annotate(sort_key=by.key).order_by(*by.by(backwards=False)))
    first = 6 if is_far else 0
    place = Place(rows[5].sort_key, rows[5].pk) if is_far else None
    few = {customer.pk for customer in rows[first:]}
    with CaptureQueriesContext(connection) as ran:
        keys = Reading(some, by).keys(place, 3)
    assert keys == [customer.pk for customer in rows[first : first + 3]]
    told, read = (it["sql"] for it in ran.captured_queries[-2:])
    assert "LIMIT 5" in told
    with connection.cursor() as cursor:
        cursor.execute(told)
        _, _, last = cursor.fetchall()[3]
        cursor.execute(read.replace("LIMIT 3", ""))
        among = [pk for (pk,) in cursor.fetchall()]
    assert last in few
    assert among == [it.pk for it in rows[first : [it.pk for it in rows].index(last)]]
    assert len(among) < len(few)


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite collects nothing")
def test_whoever_is_altered_after_the_bound_was_told_leaves_no_gap(crowd, monkeypatch):
    for name, value in (WAYS["far, among few"] | {"SOME": 19}).items():
        monkeypatch.setattr(keyset, name, value)
    fetch = keyset._fetch

    def altered_then(sql, *more):
        found = fetch(sql, *more)
        if "LIMIT 19" in sql:
            Customer.objects.filter(pk__in=before[:2]).update(active=False)
        return found

    by = Order.named("name")
    some = Customer.objects.filter(active=True)
    before = list(some.order_by(*by.by(backwards=False)).values_list("pk", flat=True))
    monkeypatch.setattr(keyset, "_fetch", altered_then)
    assert Reading(some, by).keys(None, 3) == before[2:5]


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite collects nothing")
def test_while_postgresql_collects_something_else_is_done(crowd):
    """It sleeps over the one whom it finds, and is seen to be at it."""
    slept = Cast(Func(Value(1.0), function="pg_sleep", output_field=TextField()), TextField())
    ada = Customer.objects.get(username="a0@example.com")
    those = Customer.objects.filter(pk=ada.pk).alias(slept=slept).filter(slept="")
    reading = Reading(those, Order.named("name"))
    params = connection.get_connection_params()
    where = {name: params[name] for name in ("host", "port", "dbname", "user")}
    question = (
        "SELECT wait_event IS NOT DISTINCT FROM 'PgSleep' FROM pg_stat_activity "
        f"WHERE pid = {connection.connection.info.backend_pid}"
    )
    seen = []

    def meanwhile():
        with psycopg.connect(**where, autocommit=True) as other:
            seen.append(eventually(lambda: other.execute(question).fetchone()[0], "at it", 0.8))

    reading.meanwhile = meanwhile
    assert reading.keys(None, 3) == [ada.pk]
    assert seen == [True]


def test_the_packages_of_the_catalogue_are_offered_where_one_narrows_down_by_package(console):
    Package.objects.create(name="Platinum")
    content = console.get(LIST).content.decode()
    field = re.search(r'<input[^>]* name="package"[^>]*>', content)[0]
    offered = re.search(r' list="(\w+)"', field)[1]
    assert '<option value="Platinum">' in content.partition(f'<datalist id="{offered}">')[2]


def test_the_form_that_is_drawn_meanwhile_asks_the_database_nothing(django_assert_num_queries):
    request = RequestFactory().get(f"{LIST}?q=ada&city=York")
    request.user = person("Managers")
    listing = Listing(request.GET, request)
    assert listing.reading
    with django_assert_num_queries(0):
        assert 'value="ada"' in listing.drawn["narrow_down"]


def stepped(reading, everybody, *, backwards):
    """The neighbours of each, on one side."""
    beside = [reading.next(Place(*it), backwards=backwards) for it in everybody]
    assert beside.pop(0 if backwards else -1) == []
    return [key for keys in beside for key in keys]


def walked(reading, everybody, *, backwards):
    key_of = {pk: key for key, pk in everybody}
    found, place = [], None
    while keys := reading.keys(place, 3, backwards=backwards):
        found += keys
        # As it comes back from an address.
        place = Place.read(str(Place(key_of[keys[-1]], keys[-1])), reading.order)
    return found


def test_one_goes_on_and_back_and_to_both_ends(console, monkeypatch):
    monkeypatch.setattr(list_pages, "PAGE", 10)
    many_customers(35)
    everybody = sorted(f"c{n}@example.com" for n in range(35))
    query, answers = "q=C&sort=username", []
    while query:
        answers.append(console.get(f"{LIST}?{query}"))
        query = links(answers[-1]).get("next")
    pages = [[it.username for it in answer.context["page"]] for answer in answers]
    assert pages == [everybody[:10], everybody[10:20], everybody[20:30], everybody[30:]]
    assert "prev" not in links(answers[0])
    for answer, before in zip(answers[1:], pages, strict=False):
        assert shown(console, links(answer)["prev"]) == before

    last = console.get(f"{LIST}?q=C&sort=username&before=end")
    assert [it.username for it in last.context["page"]] == everybody[25:]
    assert "next" not in links(last)
    back = console.get(f"{LIST}?{links(last)['prev']}")
    assert shown(console, links(back)["prev"]) == everybody[5:15]
    # Less than a page is left before it: that is the first page, and shown in full.
    assert (
        shown(console, links(console.get(f"{LIST}?{links(back)['prev']}"))["prev"])
        == everybody[:10]
    )


def test_where_a_last_page_has_nobody_left_the_page_before_it_is_shown(console, monkeypatch):
    """They no longer meet the filter: what was to be done about them is done."""
    monkeypatch.setattr(list_pages, "PAGE", 10)
    many_customers(21)
    Customer.objects.update(company="Engines")
    there = "company=Engines&sort=-username"
    for _page in range(2):
        there = links(console.get(f"{LIST}?{there}"))["next"]
    (alone,) = shown(console, there)
    Customer.objects.filter(username=alone).update(company="Looms")

    left = Customer.objects.filter(company="Engines").order_by("-username")
    assert shown(console, there) == list(left.values_list("username", flat=True)[10:])
    assert list(links(console.get(f"{LIST}?{there}"))) == ["prev"]
    Customer.objects.update(company="Looms")
    assert shown(console, there) == []
    assert "No customer matches" in page(console, there).words


def links(answer):
    """The query strings that lead on and back."""
    return {
        said["rel"]: said["href"].lstrip("?")
        for tag, said in Page(answer).tags
        if tag == "a" and said.get("rel") in {"prev", "next"}
    }


@pytest.mark.parametrize(
    "cursor",
    ["abc", "%00", "é", "W10", "WzEsMl0", "WyJhIiwiYiJd", "WyJhIiwtMV0", "e30", "bnVsbA",
     "x" * 9000, "WyJhXHUwMDAwIiwxXQ", "WyJcdWQ4MDAiLDFd", "WyJhIiw5OTk5OTk5OTk5OTk5OTk5OTk5OTld",
     "W1sxXSwxXQ"],
)  # fmt: skip
@pytest.mark.parametrize("way", ["after", "before"])
def test_a_place_that_is_none_leads_to_the_first_page_which_says_so(console, cursor, way):
    a_customer()
    answer = console.get(f"{LIST}?sort=name&{way}={cursor}")
    assert answer.status_code == 200
    assert [it.username for it in answer.context["page"]] == ["ada@example.com"]
    assert "That page cannot be found any more. This is the first one." in Page(answer).words


def test_a_place_of_another_order_is_none(console):
    ada = a_customer()
    assert "cannot be found" in page(console, f"after={Place('lovelace ada', ada.pk)}").words
    assert "cannot be found" in page(console, f"sort=name&after={Place(ada.pk, ada.pk)}").words


def test_an_order_that_is_none_is_the_usual_one(console):
    many_customers(3)
    for odd in ("", "nonsense", "--name", "-", "password", "pk"):
        assert shown(console, f"sort={odd}") == [
            "c2@example.com",
            "c1@example.com",
            "c0@example.com",
        ]


def test_a_heading_says_how_the_list_is_ordered_and_turns_it_round(console):
    a_customer()
    said = re.compile(r'aria-sort="(\w+)"><a href="\?([^"]*)"')
    html = console.get(f"{LIST}?status=LIVE&sort=company").content.decode()
    assert said.findall(html) == [("ascending", "status=LIVE&amp;sort=-company")]
    html = console.get(f"{LIST}?sort=-company").content.decode()
    assert said.findall(html) == [("descending", "sort=company")]
    assert said.findall(console.get(LIST).content.decode()) == []


def test_the_unknown_companies_come_last(console):
    for name, company in (("a", None), ("b", "Zeta"), ("c", ""), ("d", "alpha")):
        a_customer(f"{name}@example.com", company=company)
    assert shown(console, "sort=company") == [
        "d@example.com", "b@example.com", "a@example.com", "c@example.com"
    ]  # fmt: skip


# --- Filters -----------------------------------------------------------------------------------

BOB = {
    "email": "bob@navy.example", "first_name": "Bob", "last_name": "Hopper", "address": "Rua 1",
    "city": "Łódź", "state": "Bahia", "country": "Brazil", "zip": "40-100", "phone": "+55 11 5550",
    "website": "navy.example", "company": "Navy 100%", "package": "Silver",
    "whitelabel": "m.navy.example", "billing_date": date(2026, 3, 1),
    "ip_group": ["Group 1"], "ip": ["192.0.2.7"], "free_user": True,
    "active": False, "website_access": None, "status": "CLOSED", "origin": "signup",
}  # fmt: skip


@pytest.mark.parametrize(
    "query",
    ["username=BOB", "email=navy", "active=off", "first_name=bob", "last_name=hop", "address=rua",
     "city=ódź", "city=Łódź", "state=bah", "country=brazil", "zip=40-1", "phone=5550",
     "website=navy", "company=navy", "company=100%25", "package=silver", "whitelabel=m.navy",
     "ip_group=group+1", "ip=192.0.2", "free_user=yes", "billing_from=2026-03-01",
     "billing_to=2026-03-01", "website_access=unknown", "status=CLOSED", "origin=signup",
     "q=192.0.2.7", "q=m.navy",
     "city=Łódź&status=CLOSED&q=bob", "manager=nobody"],
)  # fmt: skip
def test_a_filter_of_each_field_finds_those_who_have_it(console, query):
    a_customer(free_user=False, ip=[], origin="console", account_manager=person(username="ana"))
    a_customer("bob@example.com", **BOB)
    assert shown(console, query) == ["bob@example.com"]


@pytest.mark.parametrize(
    "query", ["active=unknown", "city=%25", "company=_", "ip=9.9.9.9", "free_user=unknown",
              "billing_from=2026-03-02", "billing_to=2026-02-28", "status=MISSING",
              "email=zz&city=Ł"],
)  # fmt: skip
def test_a_filter_that_nobody_meets_finds_nobody_and_says_what_to_do(console, query):
    a_customer("bob@example.com", **BOB | {"company": "Navy"})
    words = page(console, query).words
    assert "No customer matches." in words
    assert "Take a filter away" in words


def test_who_looks_after_a_customer_is_chosen_by_name(console):
    ana = person(username="ana", first_name="Ana", last_name="García")
    a_customer(account_manager=ana)
    a_customer("bob@example.com", account_manager=User.objects.get(username="grace"))
    a_customer("eve@example.com")
    assert shown(console, f"manager={ana.pk}") == ["ada@example.com"]
    assert shown(console, "manager=mine") == ["bob@example.com"]
    assert shown(console, "manager=nobody") == ["eve@example.com"]
    assert "Account manager: ana (Ana García)" in page(console, f"manager={ana.pk}").words


def test_the_customers_of_somebody_who_has_left_are_found_to_be_given_away(console):
    ana = person(username="ana", is_active=False)
    bea = person(username="bea", is_active=False)
    a_customer(account_manager=ana)
    a_customer("bob@example.com")
    assert shown(console, f"manager={ana.pk}") == ["ada@example.com"]
    found = page(console, f"manager={ana.pk}")
    assert "Account manager: ana, no longer active" in found.words
    assert f'value="{bea.pk}"' not in console.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("which", "those"), [("open", {"a", "b"}), ("blocked", {"b"}), ("refused", {"c"})]
)
def test_changes_of_that_kind_are_found(console, which, those):
    for name, state in zip("abcd", ("WAITING", "BLOCKED", "REJECTED", "DONE"), strict=True):
        whose, ended = a_customer(name), None if state in {"WAITING", "BLOCKED"} else NOW
        for seq in (1, 2):
            Change.objects.create(
                customer=whose, seq=seq, operation="enable", state=state, due_at=NOW, asked_at=NOW,
                settled_at=ended,
            )  # fmt: skip
    assert sorted(shown(console, f"changes={which}")) == sorted(those)


def test_drift_that_needs_a_person_is_found(console):
    for name, decided in (("a", None), ("b", NOW)):
        Drift.objects.create(
            customer=a_customer(name), field="city", agreed="x", ours="x", theirs="y", seen_at=NOW,
            state="IGNORED" if decided else "OPEN", decided_at=decided,
        )  # fmt: skip
    assert shown(console, "drift=open") == ["a"]


@pytest.mark.parametrize("read_at", [None, NOW - timedelta(days=9), NOW + timedelta(days=1)])
def test_not_verified_since_means_what_the_page_shows_as_verified(console, read_at):
    """Whatever the index is asked, the answer is that of `verified_at`."""
    if read_at:
        Refresh.objects.create(started_at=read_at, verdict="OK", finished_at=read_at)
    days = (None, -20, -5, 0, 5)
    each = product(days, ("LIVE", "CLOSED"), (None, NOW), (False, True))
    for n, (seen, status, missing, left) in enumerate(each):
        seen_at = None if seen is None else NOW + timedelta(days=seen)
        a_customer(
            f"c{n}", status=status, missing_since=missing, is_unverified=left, seen_at=seen_at
        )
    Customer.objects.filter(pk__gt=Customer.objects.earliest("pk").pk).update(
        created_at=NOW - timedelta(days=100)
    )
    day = NOW - timedelta(days=1)
    expected = {
        it.username
        for it in Customer.objects.with_verified_at()
        if it.verified_at is None or it.verified_at < day
    }
    assert len(expected) > 0
    assert set(shown(console, f"seen_before={day:%Y-%m-%d}")) == expected


@pytest.mark.parametrize(
    "query",
    ["billing_from=tomorrow", "seen_before=0001-01-01", "seen_before=2026-13-40", "status=NONSENSE",
     "manager=99999999999999999999", "manager=x", "active=2", "changes=all", "drift=1",
     "origin=moon", "free_user=perhaps", "city=" + "x" * 256, "city=%00",
     "billing_to=9999999-01-01"],
)  # fmt: skip
def test_what_a_filter_cannot_mean_is_marked_at_its_field_and_left_out(console, query):
    a_customer()
    answer = console.get(f"{LIST}?{query}")
    assert answer.status_code == 200
    assert [it.username for it in answer.context["page"]] == ["ada@example.com"]
    read, name = Page(answer), query.partition("=")[0]
    assert "was left out" in read.words
    assert "is-invalid" in read.named(name)["class"]
    assert {"href": f"#id_{name}"} in [said for tag, said in read.tags if tag == "a"]


def test_filters_in_force_stand_there_and_each_can_be_taken_away(console):
    a_customer("bob@example.com", **BOB)
    query = "q=bob&status=CLOSED&city=Ł&sort=name&after=x&page=3&nonsense=1"
    read = page(console, query)
    for words in ("Search: bob", "Status: Closed", "City: Ł"):
        assert words in read.words
    # fmt: off
    assert {"?status=CLOSED&city=%C5%81&sort=name", "?q=bob&city=%C5%81&sort=name",
            "?q=bob&status=CLOSED&sort=name", "/customers/"} <= read.links()
    # fmt: on


# --- Columns, views, density -------------------------------------------------------------------


def test_columns_are_chosen_by_the_address(console):
    a_customer(city="Turin")
    heads = headings(console, "")
    assert heads[:4] == ["Customer", "Username", "Company", "Package"]
    assert len(heads) == len(DEFAULT)
    assert headings(console, "columns=city&columns=email") == ["Customer", "E-mail", "City"]
    assert headings(console, "columns=city,email,nonsense") == ["Customer", "E-mail", "City"]
    for nothing in ("columns=", "columns=nonsense", "columns=,,"):
        assert headings(console, nothing) == heads
    assert "Turin" in page(console, "columns=city").words
    assert len(headings(console, "columns=" + ",".join(COLUMNS))) == len(COLUMNS)


def headings(console, query):
    html = console.get(f"{LIST}?{query}").content.decode()
    cells = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', html, re.DOTALL)
    return [re.sub("<[^>]*>", "", cell).strip() for cell in cells]


@pytest.mark.parametrize(
    ("query", "canonical"),
    [("", ""), ("after=x&before=y&count=exact&from=z&density=compact&page=2", ""),
     ("sort=-known", ""), ("sort=nonsense", ""), ("status=&q=+&city=", ""),
     ("sort=name&status=LIVE&q=+a+b+", "q=a%20b&status=LIVE&sort=name"),
     ("columns=email&columns=city&status=NONSENSE", "columns=name,email,city"),
     ("columns=" + ",".join(DEFAULT), ""),
     ("city=Ł%26b&manager=mine", "manager=mine&city=%C5%81%26b")],
)  # fmt: skip
def test_a_view_is_written_in_one_way_only(db, query, canonical):
    request = RequestFactory().get(f"{LIST}?{query}")
    request.user = person()
    assert Listing(request.GET, request).view_query == canonical
    again = RequestFactory().get(f"{LIST}?{canonical}")
    again.user = request.user
    assert Listing(again.GET, again).view_query == canonical


def test_how_close_the_rows_stand_is_remembered_by_the_browser(console):
    a_customer()
    assert "customers comfortable" in console.get(LIST).content.decode()
    assert "customers compact" in console.get(f"{LIST}?density=compact").content.decode()
    assert "customers compact" in console.get(LIST).content.decode()
    console.get(f"{LIST}?density=comfortable")
    assert "customers comfortable" in console.get(f"{LIST}?density=nonsense").content.decode()


# --- How many ----------------------------------------------------------------------------------


def test_many_are_not_counted_before_somebody_asks(console, monkeypatch):
    for module in (keyset, list_pages):
        monkeypatch.setattr(module, "MOST_COUNTED", 20)
    monkeypatch.setattr(list_pages, "PAGE", 10)
    many_customers(35)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    read = page(console, "sort=name")
    on_postgresql = connection.vendor == "postgresql"
    assert ("about 35 customers" if on_postgresql else "more than 20 customers") in read.words
    (counted,) = (link for link in read.links() if "count=exact" in link)
    assert counted == "?sort=name&count=exact"
    assert "35 customers" in page(console, counted.lstrip("?")).words
    assert "about" not in page(console, counted.lstrip("?")).words


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite expects nothing")
@pytest.mark.parametrize("way", ["nearby", "far"])
def test_of_more_than_a_few_that_are_expected_nobody_counts_one(console, monkeypatch, way):
    for module in (keyset, list_pages):
        monkeypatch.setattr(module, "MOST_COUNTED", 20)
    monkeypatch.setattr(list_pages, "PAGE", 10)
    if way == "far":
        monkeypatch.setattr(keyset, "GLANCE", 1)
        monkeypatch.setattr(keyset, "WINDOW", 1)
    many_customers(35)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    with CaptureQueriesContext(connection) as ran:
        assert "about 35 customers" in page(console, "status=LIVE&sort=name").words
    counting = re.compile(r"count\(.* from (\"customers_customer\"|hits)", re.IGNORECASE)
    assert [it["sql"] for it in ran if counting.search(it["sql"])] == []


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite expects nothing")
@pytest.mark.parametrize("order", ["name", "known"])
def test_where_many_were_expected_and_few_are_there_their_number_is_told(
    console, monkeypatch, order
):
    monkeypatch.setattr(list_pages, "PAGE", 10)
    for name in ("GLANCE", "BESIDE", "WINDOW"):
        monkeypatch.setattr(keyset, name, 1)
    monkeypatch.setattr(Reading, "expected", 15_000)
    many_customers(35)
    Customer.objects.filter(pk__in=Customer.objects.values("pk")[:15]).update(company="Engines")
    assert "15 customers" in page(console, f"company=Engines&sort={order}").words


def test_few_are_counted_at_once(console):
    many_customers(60)
    assert "60 customers" in page(console).words
    assert "1 customer" in page(console, "q=c17@").words
    assert "11 customers" in page(console, "q=c1").words


# --- The same work however many ----------------------------------------------------------------


def test_the_number_of_queries_is_the_same_for_one_row_and_for_sixty(console):
    everything = f"{LIST}?q=example&columns={','.join(COLUMNS)}"

    def queries():
        with CaptureQueriesContext(connection) as ran:
            answer = console.get(everything)
        assert answer.status_code == 200
        return len(ran), len(answer.context["page"])

    def with_all(customer, n):
        who = person(username=f"manager{n}")
        Customer.objects.filter(pk=customer.pk).update(account_manager=who, ip=["192.0.2.1"])
        a_name(f"was{n}@example.com", "RELEASED", customer=customer)
        for seq, state in enumerate(("BLOCKED", "WAITING"), 1):
            Change.objects.create(
                customer=customer, seq=seq, operation="create", state=state, due_at=clock.now(),
                asked_at=clock.now(),
            )  # fmt: skip

    with_all(a_customer("first@example.com"), 0)
    one = queries()
    for n in range(1, 61):
        with_all(a_customer(f"c{n}@example.com"), n)
    many = queries()
    assert (one[1], many[1]) == (1, 50)
    assert many[0] <= one[0] + 1 <= 20
    for query in ("sort=-name", "status=LIVE&sort=company", "changes=open"):
        assert console.get(f"{LIST}?{query}").status_code == 200


def test_a_query_string_that_is_none_breaks_nothing(console):
    a_customer()
    for odd in (
        "%ED%A0%80",
        "q=%ED%A0%80&city=%ff",
        "sort=%00",
        "columns=%00",
        "&&&=&=",
        "q=1&q=2",
    ):
        assert console.get(f"{LIST}?{odd}").status_code == 200


def test_of_a_very_long_value_the_list_shows_the_first_lines_and_keeps_the_rest_at_hand(console):
    a_customer(company="Ltd " * 60, package="Free")
    cells = Page(console.get("/customers/")).tags
    (long,) = [said for tag, said in cells if said.get("class") == "long"]
    assert long["title"] == "Ltd " * 60
