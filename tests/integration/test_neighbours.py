"""The customers before and after one in the list that one came from, and the way back."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.distributor.rules import Operation
from customers.models import Customer
from customers.services import changes
from customers.views import list_pages
from tests.integration.pages import (
    Page,
    a_customer,
    fill_catalogue,
    many_customers,
    person,
    settle,
    signed_in,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def console(db):
    return signed_in("Managers")


def ways(answer):
    """Where the page's links lead: `prev`, `next`, and back to the list."""
    tags = [said for tag, said in Page(answer).tags if tag == "a"]
    found = {said["rel"]: said for said in tags if said.get("rel") in {"prev", "next"}}
    back = next(said for said in tags if "crumb" in said.get("class", "").split())
    return found | {"back": back}


def test_one_goes_through_a_list_from_its_first_row_to_its_last(console, monkeypatch):
    monkeypatch.setattr(list_pages, "PAGE", 3)
    many_customers(8)
    a_customer("closed@example.com", status="CLOSED", first_name="C4x")
    query = "status=LIVE&sort=-name"
    expected = sorted((f"c{n}@example.com" for n in range(8)), reverse=True)
    address = first_row(console.get(f"/customers/?{query}"))
    met = []
    while address:
        answer = console.get(address)
        met.append(answer.context["customer"].username)
        there = ways(answer)
        assert there["back"]["href"] == f"/customers/?{query}"
        if len(met) > 1:
            before = console.get(there["prev"]["href"]).context["customer"].username
            assert before == met[-2]
        else:
            assert "prev" not in there
        address = there.get("next", {}).get("href")
    assert met == expected
    assert there["prev"]["data-key"] == "k"


def first_row(answer):
    return next(
        said["href"]
        for tag, said in Page(answer).tags
        if tag == "a" and "from=" in said.get("href", "")
    )


def test_the_way_back_leads_to_that_very_page_of_the_list(console, monkeypatch):
    monkeypatch.setattr(list_pages, "PAGE", 3)
    many_customers(8)
    first = console.get("/customers/?q=example&city=&columns=city&sort=username")
    on = next(said["href"] for tag, said in Page(first).tags if said.get("rel") == "next")
    second = console.get(f"/customers/{on}")
    back = ways(console.get(first_row(second)))["back"]["href"]
    assert back == f"/customers/{on}"
    assert console.get(back).context["page"].object_list == second.context["page"].object_list
    assert parse_qs(urlsplit(back).query)["columns"] == ["name,city"]


def test_who_left_the_list_meanwhile_still_has_a_place_between_the_others(console):
    a, b, c = many_customers(3)
    Customer.objects.filter(pk=b.pk).update(status="CLOSED")
    there = ways(console.get(f"/customers/{b.pk}/?from=status%3DLIVE%26sort%3Dname"))
    assert there["prev"]["href"].startswith(a.get_absolute_url())
    assert there["next"]["href"].startswith(c.get_absolute_url())
    assert "C2" in Page(console.get(f"/customers/{b.pk}/?from=status%3DLIVE%26sort%3Dname")).words


def test_my_list_is_mine(console):
    many_customers(3)
    ada = a_customer(account_manager=person(username="ana"))
    assert set(ways(console.get(f"/customers/{ada.pk}/?from=manager%3Dmine"))) == {"back"}


@pytest.mark.parametrize(
    "odd", ["%00", "x" * 3000, "sort%3Dnonsense", "q%3D%2500", "status%3DNO", "after%3Dzzz",
            "%ED%A0%80", "https%3A%2F%2Fevil.example%2F", "javascript%3Aalert(1)",
            "%22%3E%3Cscript%3E"]
)  # fmt: skip
def test_an_odd_list_breaks_nothing_and_leads_nowhere_else(console, odd):
    ada = a_customer()
    answer = console.get(f"/customers/{ada.pk}/?from={odd}")
    assert answer.status_code == 200
    assert ways(answer)["back"]["href"].startswith("/customers/?")
    assert console.get(ways(answer)["back"]["href"]).status_code == 200
    assert b"<script>" not in answer.content.split(b"</head>")[1]


def test_without_a_list_there_are_no_neighbours_and_nothing_more_is_asked(console):
    many_customers(3)
    ada = a_customer()
    for query in ("", f"?from={'x' * 5000}"):
        assert ways(console.get(f"/customers/{ada.pk}/{query}"))["back"]["href"] == "/customers/"
    with CaptureQueriesContext(connection) as alone:
        console.get(f"/customers/{ada.pk}/")
    with CaptureQueriesContext(connection) as among:
        console.get(f"/customers/{ada.pk}/?from=")
    assert len(alone) < len(among) <= len(alone) + 8


def test_the_part_that_lives_keeps_the_list_and_asks_for_no_neighbours(console):
    many_customers(3)
    ada = a_customer()
    changes.ask(ada, "profile", {"phone": "1"})
    address = f"/customers/{ada.pk}/?from=sort%3Dname"
    page = Page(console.get(address))
    asks = address
    assert asks in {said.get("hx-get") for _tag, said in page.tags}
    with CaptureQueriesContext(connection) as with_list:
        piece = console.get(asks, headers={"HX-Request": "true"})
    with CaptureQueriesContext(connection) as without:
        console.get(f"/customers/{ada.pk}/", headers={"HX-Request": "true"})
    assert asks in {said.get("hx-get") for _tag, said in Page(piece).tags}
    assert len(with_list) == len(without)


@pytest.mark.parametrize("status", ["LIVE", "MISSING", "REQUESTED", "REFUSED", "CLOSED"])
def test_whatever_leads_back_to_the_customer_carries_the_list_along(console, status):
    fill_catalogue()
    ada = a_customer()
    settle(changes.ask(ada, Operation.PROFILE, {"city": "Rome"}), "REJECTED", "Invalid city")
    Customer.objects.update(status=status)
    came = "?from=city%3DParis"

    page = Page(console.get(f"{ada.get_absolute_url()}{came}"))
    ways = [said.get("href") or said.get("action", "") for _tag, said in page.tags]
    there = [way for way in ways if way.startswith(ada.get_absolute_url())]
    assert there
    assert [way for way in there if "from=city%3DParis" not in way] == []
    for way in there:
        answer = console.get(way)
        if answer.status_code == 200:
            back = f"{ada.get_absolute_url()}{came}"
            assert any(link.startswith(back) for link in Page(answer).links())
