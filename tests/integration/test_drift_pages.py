"""The drift inbox, and what else tells of drift: the menu, the dashboard, the customer's page."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from customers.distributor.rules import Operation
from customers.models import Change, Customer, Drift, Refresh, clock
from customers.models.drift import kind
from customers.services import changes, pushing_back
from tests.integration.pages import (
    Page,
    a_customer,
    a_name,
    everything,
    person,
    signed_in,
)
from tests.integration.steps import again

pytestmark = pytest.mark.django_db
State = Drift.State
INBOX = "/customers/drift/"


@pytest.fixture
def console(db):
    return signed_in("Managers")


@pytest.fixture
def ada(db):
    return a_customer(city="Paris", active=False)


def altered(customer, field="city", agreed="London", theirs="Paris", **columns):
    columns = {"ours": agreed, "seen_at": clock.now(), "kind": kind(agreed, theirs)} | columns
    if columns.get("state", State.OPEN) != State.OPEN:
        columns |= {"decided_at": clock.now()}
    return Drift.objects.create(
        customer=customer, field=field, agreed=agreed, theirs=theirs, **columns
    )


def many(number, **columns):
    customers = [a_customer(f"c{n}@example.com", city="Paris") for n in range(number)]
    return [altered(customer, **columns) for customer in customers]


FROZEN = {"field", "kind", "is_doubtful", "until", "count", "is_confirmed"}
CONFIRMED = {"is_confirmed": "True"}


def page(console, query=""):
    response = console.get(INBOX + query)
    assert response.status_code == 200
    return Page(response)


def ticked(console, choice, *rows, query=""):
    data = {"choice": choice, "drift": [row.pk for row in rows]}
    return Page(console.post(f"{INBOX}ticked/{query}", data, follow=True))


def shown_pattern(console, query=""):
    """What the form of the first pattern would send."""
    response = console.get(INBOX + query)
    return dict(response.context["patterns"][0].frozen)


def alike(console, choice, frozen, query=""):
    data = {"choice": choice, **frozen}
    return Page(console.post(f"{INBOX}alike/{query}", data, follow=True))


def test_an_empty_inbox_says_what_it_would_show(console):
    assert "Nothing waits for you. When somebody alters" in page(console).words
    assert "can still be pushed back" in page(console, "?tab=told").words
    assert "Nobody has decided about anything yet" in page(console, "?tab=decided").words
    assert "Nothing like that was altered" in page(console, "?field=city").words


def test_the_three_values_stand_side_by_side(console, ada):
    altered(ada, "address", "12 Main Street", "14 Main Street")
    words = page(console).words
    assert "Ada Lovelace" in words
    assert "Address 1 2 Main Street as agreed 1 4 Main Street" in words
    altered(ada, "phone", "", "1", ours="2")
    assert "Phone empty 2 on its way when seen 1" in page(console).words


def test_only_where_they_differ_is_set_apart(console, ada):
    altered(ada, "address", "12 Main Street", "14 Main Street")
    altered(ada, "city", "London", "Paris")
    altered(ada, "country", "United Kingdom", "UK")
    assert page(console).tags.count(("mark", {})) == 2


def test_a_switch_is_shown_as_one(console, ada):
    altered(ada, "active", True, False)
    assert "Sending On as agreed Off" in page(console).words


def test_links_lead_to_the_customer_the_refresh_and_the_change(console, ada):
    reading = Refresh.objects.create(started_at=clock.now(), verdict="OK")
    change = changes.ask(ada, Operation.ENABLE)
    altered(ada, refresh=reading, state=State.PUSHED, change=change)
    links = page(console, "?tab=decided").links()
    of_reading = f"/customers/refreshes/{reading.pk}/"
    assert {ada.get_absolute_url(), of_reading, change.get_absolute_url()} <= links


@pytest.mark.parametrize(
    ("query", "fields"),
    [("", {"City", "Phone", "Postal code"}), ("?field=city", {"City"}),
     ("?kind=EMPTIED", {"Phone"}), ("?doubtful=on", {"Postal code"}), ("?mine=on", {"City"}),
     ("?tab=told", {"Country"}), ("?tab=decided", {"E-mail", "Address"}),
     ("?tab=decided&state=IGNORED", {"Address"}),
     ("?customer=%d", {"Phone", "Postal code"}),
     ("?field=nonsense&customer=9999999999999999999",
     {"City", "Phone", "Postal code"}),
     ("?tab=open&state=ADOPTED", {"City", "Phone", "Postal code"})],
)  # fmt: skip
def test_the_address_says_what_is_shown(console, ada, query, fields):
    mine = a_customer("b@example.com", account_manager_id=console.session["_auth_user_id"])
    altered(mine)
    altered(ada, "phone", "1", "")
    altered(ada, "zip", "1", "2", is_doubtful=True)
    altered(ada, "country", "1", "2", state=State.TOLD)
    altered(ada, "email", "1", "2", state=State.ADOPTED)
    altered(ada, "address", "1", "2", state=State.IGNORED)
    response = console.get(INBOX + query.replace("%d", str(ada.pk)))
    assert {it.label for it in response.context["rows"]} == fields


def test_nonsense_in_the_address_is_no_error(console, ada):
    altered(ada)
    for query in ("?page=x", "?tab=x&kind=x", "?customer=-1", "?customer=x", "?field=%00"):
        assert "Paris" in page(console, query).words


def test_a_doubt_is_told_beside_the_field(console, ada):
    altered(ada, is_doubtful=True)
    assert "City Perhaps ours" in page(console).words


def test_what_is_ticked_is_adopted(console, ada):
    one, two = altered(ada), altered(ada, "phone", "1", "2")
    told = ticked(console, "ADOPTED", one)
    assert "1 adopted: theirs is right." in told.words
    assert (again(one).state, again(two).state) == (State.ADOPTED, State.OPEN)
    assert again(one).decided_by.username == "grace"
    assert not Change.objects.exists()


def test_what_is_ticked_is_pushed_back_with_a_result_for_each(console, ada):
    works, fails = altered(ada), altered(ada, "phone", "", ada.phone)
    told = ticked(console, "PUSHING", works, fails)
    assert "Pushed back: 1. The changes are on their way." in told.words
    assert "Not pushed back: 1. Beside each stands the reason." in told.words
    assert "It was empty before" in told.words
    change = again(works).change
    assert (change.operation, change.params) == ("profile", {"city": "London"})
    assert change.asked_by.username == "grace"


def test_what_is_ticked_is_ignored(console, ada):
    row = altered(ada)
    assert "1 ignored: this value is never raised again" in ticked(console, "IGNORED", row).words
    assert again(row).state == State.IGNORED


def test_the_page_stays_narrowed_down_after_a_decision(console, ada):
    row = altered(ada)
    response = console.post(
        f"{INBOX}ticked/?field=city&mine=on", {"choice": "ADOPTED", "drift": row.pk}
    )
    assert response["Location"] == f"{INBOX}?field=city&mine=on"


def test_nothing_ticked_is_said_and_nothing_is_written(console, ada):
    altered(ada)
    before = everything()
    assert "Tick what you decide about first." in ticked(console, "ADOPTED").words
    for data in ({"choice": "GONE", "drift": "1"}, {"drift": "x", "choice": "ADOPTED"},
                 {"choice": "ADOPTED", "drift": "9" * 30}, {}):  # fmt: skip
        assert console.post(f"{INBOX}ticked/", data).status_code == 302
        assert console.post(f"{INBOX}alike/", data).status_code == 302
    assert everything()["customers.Drift"] == before["customers.Drift"]


def test_who_decides_second_is_told(console, ada):
    row = altered(ada)
    ticked(console, "ADOPTED", row)
    told = ticked(signed_in("Managers", username="second"), "PUSHING", row)
    assert "somebody has decided about it meanwhile" in told.words
    assert again(row).state == State.ADOPTED
    assert not Change.objects.exists()


def test_what_looks_the_same_is_counted_and_decided_at_once(console):
    rows = many(3, field="active", agreed=True, theirs=False)
    Customer.objects.update(active=False)
    assert "3 × Sending: on → off" in page(console).words
    told = alike(console, "PUSHING", shown_pattern(console) | CONFIRMED)
    assert "Pushed back: 3." in told.words
    assert {again(row).change.operation for row in rows} == {"enable"}


def test_many_are_pushed_back_only_after_it_was_said_what_is_sent(console, settings):
    settings.DISTRIBUTOR_RATE = 0.2
    rows = many(12)
    asked = alike(console, "PUSHING", shown_pattern(console, "?field=city"), "?field=city")
    assert "Push 12 back?" in asked.words
    assert "12 changes , one for each customer, “Change profile: City”" in asked.words
    assert "At 0.2 calls a second that takes 1 min 0 s at least" in asked.words
    assert asked.words.count("Paris London") == 10
    assert "And 2 more." in asked.words
    assert {again(row).state for row in rows} == {State.OPEN}

    sent = {said["name"]: said["value"] for _tag, said in asked.tags if said.get("name") in FROZEN}
    told = alike(console, "PUSHING", sent, "?field=city")
    assert "Pushed back: 12." in told.words
    assert {again(row).state for row in rows} == {State.PUSHED}


def test_of_what_was_shown_before_pushing_back_nothing_more_is_sent(console):
    rows = many(3)
    frozen = shown_pattern(console)
    ticked(console, "IGNORED", rows[0])
    asked = alike(console, "PUSHING", frozen)
    sent = {said["name"]: said["value"] for _tag, said in asked.tags if said.get("name") in FROZEN}
    assert sent["count"] == "2"
    Drift.objects.filter(pk=rows[0].pk).update(state=State.OPEN, decided_at=None)
    assert "There are more of them by now" in alike(console, "PUSHING", sent).words
    assert {again(row).state for row in rows} == {State.OPEN}


def test_what_was_empty_before_is_not_offered_to_be_pushed_back(console):
    many(2, field="phone", agreed="", theirs="1")
    asked = alike(console, "PUSHING", shown_pattern(console))
    assert "Nothing: none of these can be pushed back. It was empty before" in asked.words
    assert not [said for _tag, said in asked.tags if said.get("value") == "PUSHING"]


def test_nothing_is_asked_where_nothing_is_left_to_push_back(console):
    rows = many(2)
    frozen = shown_pattern(console)
    ticked(console, "IGNORED", *rows)
    assert "Push" not in alike(console, "PUSHING", frozen).words


def test_a_doubt_is_a_pattern_of_its_own(console):
    plain, doubtful = many(2), None
    for n in range(2):
        doubtful = altered(a_customer(f"d{n}@example.com"), is_doubtful=True)
    assert page(console).words.count("2 × City: another value") == 2
    frozen = next(
        dict(it.frozen) for it in console.get(INBOX).context["patterns"] if not it.is_doubtful
    )
    alike(console, "ADOPTED", frozen)
    assert [again(row).state for row in (*plain, doubtful)] == ["ADOPTED", "ADOPTED", "OPEN"]


def test_what_came_after_the_page_was_shown_is_not_meant(console):
    many(2)
    frozen = shown_pattern(console)
    late = altered(a_customer("late@example.com", city="Paris"))
    assert "2 adopted" in alike(console, "ADOPTED", frozen).words
    assert again(late).state == State.OPEN


def test_one_that_was_written_before_and_seen_later_stops_it(console):
    """A row that was inserted before the page was read, and committed after."""
    rows = many(3)
    frozen = shown_pattern(console) | {"count": "2"}
    assert "There are more of them by now" in alike(console, "ADOPTED", frozen).words
    assert {again(row).state for row in rows} == {State.OPEN}


def test_who_decided_meanwhile_leaves_fewer(console):
    rows = many(3)
    frozen = shown_pattern(console)
    ticked(console, "IGNORED", rows[0])
    assert "2 adopted" in alike(console, "ADOPTED", frozen).words
    assert again(rows[0]).state == State.IGNORED


def test_all_that_look_the_same_are_those_of_the_page_alone(console):
    rows = many(4)
    Customer.objects.filter(pk__in=[row.customer_id for row in rows[:2]]).update(
        account_manager=console.session["_auth_user_id"]
    )
    frozen = shown_pattern(console, "?mine=on")
    assert frozen["count"] == "2"
    alike(console, "ADOPTED", frozen, "?mine=on")
    assert [again(row).state for row in rows] == ["ADOPTED", "ADOPTED", "OPEN", "OPEN"]


def test_a_thousand_are_pushed_back_by_rounds(console, monkeypatch):
    rows = many(3)
    monkeypatch.setattr("customers.views.drift.PATIENCE", -1.0)
    told = alike(console, "PUSHING", shown_pattern(console) | CONFIRMED)
    assert "3 more are pushed back in a moment." in told.words
    assert page(console, "?tab=decided").words.count("To be pushed back") >= 3
    pushing_back.push_back_due()
    assert {again(row).state for row in rows} == {State.PUSHED}


def test_what_was_adopted_by_rule_is_told_and_can_be_pushed_back(console, ada):
    row = altered(ada, state=State.TOLD)
    offered = [said.get("value") for _tag, said in page(console, "?tab=told").tags
               if said.get("name") == "choice"]  # fmt: skip
    assert offered == ["PUSHING", "IGNORED"]
    assert "Pushed back: 1." in ticked(console, "PUSHING", row, query="?tab=told").words
    assert again(row).state == State.PUSHED


def test_who_may_not_change_customers_sees_no_buttons(ada):
    altered(ada)
    looker = person(username="looker")
    looker.user_permissions.set(
        person("Managers", username="m").groups.get().permissions.filter(codename="view_customer")
    )
    client = Client()
    client.force_login(looker)
    seen = page(client)
    assert "Paris" in seen.words
    assert not [said for tag, said in seen.tags if said.get("name") in {"choice", "drift"}]


@pytest.fixture
def proposal(ada):
    gone = a_customer("old@example.com", missing_since=clock.now(), first_name="Eve")
    a_customer("new@example.com", origin="distributor", first_name="Eve")
    return altered(gone, "username", "old@example.com", "new@example.com")


def test_a_rename_is_proposed_above_the_table_and_accepted_with_one_click(console, proposal):
    seen = page(console)
    assert "old@example.com became new@example.com" in seen.words
    assert "It is the same account" in seen.words
    assert not [said for _tag, said in seen.tags if said.get("type") == "checkbox"
                and said.get("name") == "drift"]  # fmt: skip
    told = Page(console.post(f"{INBOX}{proposal.pk}/rename/", follow=True))
    assert "old@example.com is new@example.com from now on." in told.words
    assert again(proposal.customer).username == "new@example.com"
    assert "old@example.com is" not in page(console).words


def test_a_proposal_that_does_not_stand_any_more_is_not_accepted(console, proposal):
    Customer.objects.update(missing_since=None)
    told = Page(console.post(f"{INBOX}{proposal.pk}/rename/", follow=True))
    assert "This does not stand any more: nothing was done." in told.words
    assert again(proposal).state == State.GONE


def test_a_rename_with_an_open_change_says_what_to_wait_for(console, proposal):
    changes.ask(proposal.customer, Operation.DISABLE)
    told = Page(console.post(f"{INBOX}{proposal.pk}/rename/", follow=True))
    assert told.words.count("A change of one of the two is on its way") == 2
    assert again(proposal).state == State.OPEN


def test_two_accounts_that_look_like_a_rename_are_left_as_two(console, proposal):
    ticked(console, "IGNORED", proposal)
    assert again(proposal).state == State.IGNORED
    assert Customer.objects.filter(username="new@example.com").exists()


def test_of_many_proposed_renames_it_is_told_how_many_are_not_shown(console, monkeypatch):
    for n in range(3):
        altered(a_customer(f"old{n}@example.com"), "username", f"old{n}@example.com", "new")
    monkeypatch.setattr("customers.views.drift.RENAMES", 3)
    assert "once these are decided" not in page(console).words
    monkeypatch.setattr("customers.views.drift.RENAMES", 1)
    assert "2 more stand here once these are decided." in page(console).words


def test_only_renames_are_accepted_as_such(console, ada):
    row = altered(ada)
    assert console.post(f"{INBOX}{row.pk}/rename/").status_code == 404
    assert console.post(f"{INBOX}999999/rename/").status_code == 404


def test_the_menu_counts_what_needs_a_person(console, ada, monkeypatch):
    assert "need a person" not in page(console).words
    altered(ada)
    altered(ada, "phone", "1", "2", state=State.TOLD)
    assert "Drift 1 need a person" in Page(console.get("/")).words
    altered(ada, "zip", "1", "2")
    monkeypatch.setattr("customers.views.context.MOST_SHOWN", 1)
    assert "Drift 1+ need a person" in Page(console.get("/")).words


def test_the_dashboard_names_the_patterns(console, proposal):
    many(2, field="active", agreed=True, theirs=False)
    dashboard = Page(console.get("/"))
    assert "2 × Sending: on → off" in dashboard.words
    assert "1 × Perhaps renamed" in dashboard.words
    query = "?field=active&kind=OFF"
    assert f"{INBOX}{query}" in dashboard.links()
    assert len(console.get(INBOX + query).context["rows"]) == 2


def test_the_customers_page_marks_the_field_and_tells_it_in_the_timeline(console, ada):
    altered(ada)
    seen = Page(console.get(ada.get_absolute_url()))
    assert "Paris altered at the distributor" in seen.words
    assert ", was London Needs a person" in seen.words
    assert f"{INBOX}?customer={ada.pk}" in seen.links()
    assert "Altered at the distributor City: London became Paris" in seen.words


def test_the_timeline_is_in_the_order_of_what_happened(console, ada):
    first = changes.ask(ada, Operation.ENABLE)
    drift = altered(ada, seen_at=clock.now())
    second = changes.ask(ada, Operation.PROFILE, {"phone": "1"})
    timeline = console.get(ada.get_absolute_url()).context["timeline"]
    happened = [entry.it for entry in timeline.entries]
    assert [getattr(it, "drift", it) for it in happened] == [second, drift, first]


@pytest.mark.parametrize(
    ("columns", "is_marked"),
    [({"state": "TOLD"}, True), ({"state": "ADOPTED"}, False), ({"state": "IGNORED"}, False),
     ({"state": "TOLD", "age": 31}, False), ({"age": 31}, True), ({"theirs": "Rome"}, False)],
)  # fmt: skip
def test_a_field_is_marked_while_it_is_news(console, ada, columns, is_marked):
    age = timedelta(days=columns.pop("age", 0))
    altered(ada, **columns, seen_at=clock.now() - age)
    seen = Page(console.get(ada.get_absolute_url()))
    assert ("altered at the distributor" in seen.words) == is_marked


def test_a_switch_is_marked_too_and_so_is_a_name(console, ada):
    altered(ada, "active", True, False)
    altered(ada, "username", ada.username, "new@example.com")
    words = Page(console.get(ada.get_absolute_url())).words
    assert ", was On" in words
    assert "perhaps renamed at the distributor : new@example.com" in words


def test_of_thousands_a_page_costs_the_same(console):
    def queries(query):
        with CaptureQueriesContext(connection) as ran:
            page(console, query)
        return len(ran)

    pages = ("", "?tab=told", "?tab=decided", "?field=city&mine=on")
    altered(many(3)[0].customer, "zip", state=State.TOLD)
    few = [queries(query) for query in pages]
    customers = Customer.objects.bulk_create(
        Customer(username=f"m{n}@example.com", city="Paris") for n in range(1500)
    )
    Drift.objects.bulk_create(
        Drift(customer=customer, field=field, agreed="a", ours="a", theirs="b",
              seen_at=clock.now(), state=state, decided_at=at)
        for customer in customers
        for field, state, at in (("city", "OPEN", None), ("zip", "TOLD", clock.now()))
    )  # fmt: skip
    assert [queries(query) for query in pages] == few
    assert max(few) <= 13
    assert "1,503 × City: another value" in page(console).words


def test_what_a_rule_asked_for_names_nobody(console, ada):
    row = altered(ada, state=State.PUSHING)
    pushing_back.push_back_due()
    change = again(row).change
    assert "asked by rule" in Page(console.get(change.get_absolute_url())).words
    assert "by rule," in Page(console.get("/customers/changes/")).words


def test_a_name_of_a_drift_is_in_the_admin_and_cannot_be_written(ada):
    row = altered(ada)
    a_name("x@example.com", "RELEASED", customer=ada)
    boss = signed_in(username="boss", is_staff=True, is_superuser=True)
    address = f"/admin/customers/drift/{row.pk}/change/"
    assert "London" in Page(boss.get(address)).words
    assert boss.post(address, {"state": "GONE"}).status_code == 403
    assert again(row).state == State.OPEN
