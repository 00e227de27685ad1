"""What somebody types, and whom it means."""

import pytest
from django.db import connection

from customers.models import Customer, Username, search
from tests.integration.pages import Page, a_customer, a_name, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def console(db):
    return signed_in("Managers")


def found(console, words):
    return [it.username for it in console.get("/customers/", {"q": words}).context["page"]]


WANG = {
    "first_name": "小明", "last_name": "王", "company": "北京大学出版社",
    "phone": "+86 (0)10-6275 0000",
    "city": "Łódź", "state": "", "country": "ΕΛΛΑΔΑ", "zip": "90-001", "website": "http://wang.example",
    "address": "ул. Ленина 5", "whitelabel": "w.example",
}  # fmt: skip


@pytest.mark.parametrize(
    "words",
    ["王", "小明", "大学", "王 北京", "łódź", "ŁÓDŹ", "Łódź 王", "ελλαδα", "ЛЕНИНА", "ленина 5",
     "8610", "+861062750000", "00861062750000", "010-62750000", "(0)10-6275", "6275 0000",
     "0000 6275", "010 6275 0000", "+86 10 6275 0000", "0086 (0)10 6275", "王 010 6275 0000 gold",
     "wang.example", "http://wang", "WANG@", "90-001", "w.e", "wa", "w", "http",
     "gold 王"],
)  # fmt: skip
def test_what_a_customer_has_is_found_however_it_is_written(console, words):
    a_customer(company="Engines", phone="1")
    a_customer("wang@example.com", **WANG)
    assert "wang@example.com" in found(console, words)


@pytest.mark.parametrize(
    "words",
    ["王伟", "lodz", "ng", "01234567", "861062750001", "010 6275 0001", "010 王 6275", "0001",
     "00000 王", "wang ada"],
)  # fmt: skip
def test_what_a_customer_has_not_is_not_found(console, words):
    a_customer(company="Engines", phone="1")
    a_customer("wang@example.com", **WANG)
    assert found(console, words) == []


def test_a_word_of_two_letters_is_looked_for_where_words_begin(console):
    a_customer("li@example.com", first_name="Li", last_name="Wei", city="Oslo")
    a_customer("charlie@example.com", first_name="Charlie", last_name="Olim", city="Berlin")
    assert found(console, "li") == ["li@example.com"]
    assert found(console, "lin") == ["charlie@example.com"]


@pytest.fixture(params=["named one by one", "looked up beside"])
def former_names(request, monkeypatch):
    """Few are told to the database, many are found by it."""
    if request.param == "looked up beside":
        monkeypatch.setattr(search, "MOST_FORMER", 0)


@pytest.mark.parametrize(
    "words", ["byron", "BYRON@before", "byron lovelace", "byron annabella", "by"]
)
def test_a_former_name_finds_and_is_told(console, former_names, words):
    ada = a_customer(first_name="Ada")
    a_name("Byron@before.example", "RELEASED", customer=ada)
    a_name("Annabella@before.example", "RELEASED", customer=ada)
    a_customer("bob@example.com")
    a_name("nobody-byron@before.example", "BURNT", customer=None)
    page = Page(console.get("/customers/", {"q": words}))
    assert found(console, words) == ["ada@example.com"]
    assert "was Byron@before.example" in page.words
    assert ("was Annabella" in page.words) == ("annabella" in words)


def test_a_name_that_is_asked_for_finds_and_is_told_as_such(console):
    a_name("countess@example.com", "PENDING", customer=a_customer())
    page = Page(console.get("/customers/?q=countess"))
    assert "asked for countess@example.com" in page.words
    assert "was countess" not in page.words


def test_the_name_that_one_goes_by_is_told_as_no_former_one(console):
    ada = a_customer()
    a_name("ada-old@example.com", "RELEASED", customer=ada)
    assert "was ada" not in Page(console.get("/customers/?q=ada")).words
    assert "was ada-old@example.com" in Page(console.get("/customers/?q=ada-")).words


def test_too_many_words_find_nobody(console):
    a_customer()
    assert found(console, "ada " * 12) == ["ada@example.com"]
    assert found(console, " ".join(f"{n}" for n in range(13))) == []


def test_what_is_searched_follows_the_customer(console):
    ada = a_customer(company="Engines", website="")
    Customer.objects.filter(pk=ada.pk).update(company="Looms", ip=["192.0.2.9"])
    assert found(console, "engines") == []
    assert found(console, "looms 192.0.2.9") == ["ada@example.com"]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="the indexes are PostgreSQL's")
@pytest.mark.parametrize(
    ("words", "index"),
    [("lovelace", "customer_searched"), ("Łódź", "customer_searched"), ("li", "customer_searched"),
     ("ada lovelace", "customer_searched"), ("+442079460000", "customer_searched"),
     ("020 7946 0958", "customer_searched"), ("030 901820", "customer_searched"),
     ("_real_", "customer_searched"), ("100%", "customer_searched"),
     ("大学", "customer_rare_signs"), ("王", "customer_rare_signs"), ("%", "customer_rare_signs"),
     ("lovelace 大学", "customer_rare_signs")],
)  # fmt: skip
def test_a_search_is_answered_by_an_index(words, index):
    a_customer()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_indexscan = off")
    plan = search.search(Customer.objects.order_by(), words).explain()
    assert index in plan
    assert "Seq Scan" not in plan


def a_crowd():
    """With a common ending, of which the database knows that it is common."""
    Customer.objects.bulk_create(
        Customer(username=f"c{n}@{n}.example", email=f"c{n}@{n}.example", status="LIVE")
        for n in range(300)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE customers_customer")


@pytest.mark.parametrize(
    ("words", "name"),
    [("info@acme.example", "acme"), ("@acme.example", "acme"), ("www.acme.example", "acme"),
     ("INFO@ACME.EXAMPLE", "acme"), ("info@acme.other", "other"), ("acme.other", "other"),
     ("INFO@łódź.example", "łódź"), ("info@acme.exampl", "acme"), ("http://www.acme.ex", "acme")],
)  # fmt: skip
def test_an_address_is_found_with_its_ending_whoever_else_has_that(console, words, name):
    a_crowd()
    for named, domain in (
        ("acme", "acme.example"),
        ("other", "acme.other"),
        ("łódź", "łódź.example"),
    ):
        a_customer(f"{named}@x.example", email=f"info@{domain}", website=f"http://www.{domain}")
    assert found(console, words) == [f"{name}@x.example"]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="the indexes are PostgreSQL's")
@pytest.mark.parametrize(
    ("word", "asked"),
    [("info@acme.example", "info@acme."), ("info@acme.other", "info@acme.other"),
     ("info@acme.ample", "info@acme.ample"), ("ab.example", "ab.example"),
     ("192.168.0.1", "192.168.0.1")],
)  # fmt: skip
def test_the_index_is_not_asked_for_an_ending_that_most_customers_have(word, asked):
    a_crowd()
    assert f"(searched ~~ '%{asked}%'::text)" in search.search(Customer.objects, word).explain()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite expects nothing")
def test_how_many_are_found_is_reckoned_from_more_values_than_a_database_keeps_unasked():
    a_crowd()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT array_length(histogram_bounds::text::text[], 1) FROM pg_stats"
            " WHERE tablename = 'customers_customer' AND attname = 'searched'"
        )
        assert cursor.fetchone()[0] > 250


@pytest.mark.skipif(connection.vendor != "postgresql", reason="the indexes are PostgreSQL's")
def test_former_names_are_found_by_an_index_that_knows_no_others():
    a_name("byron@example.com", "RELEASED", customer=a_customer())
    with connection.cursor() as cursor:
        # With so few of them as good a way.
        cursor.execute("DROP INDEX username_former")
        cursor.execute("DROP INDEX customers_username_customer_id_a54824ad")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_indexscan = off")
    names = Username.objects.filter(search.former_names(["byron"])).order_by()
    assert "username_former_key" in names.explain()
    names = Username.objects.filter(search.former_names(["大学"])).order_by()
    assert "username_former_rare_signs" in names.explain()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="the indexes are PostgreSQL's")
def test_nobody_waits_long_for_what_others_have_left_to_be_put_into_the_index():
    customer = a_customer()
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION pgstattuple")
        most = 0
        for n in range(900):
            Customer.objects.filter(pk=customer.pk).update(company=f"Looms and engines {n}")
            cursor.execute("SELECT pending_pages FROM pgstatginindex('customer_searched')")
            most = max(most, *cursor.fetchone())
    assert 0 < most * 8 <= 1100  # kB


RARE_OR_NOT = (
    "% ~ * 大 大学 ß é Ł ΕΛ ле 'a \" \\ ] [ ^ - _ & # ; < > = ? ! | { } $ ` ½ ² ° ' – € İ ſ ª"
)


@pytest.mark.parametrize("sign", RARE_OR_NOT.split())
def test_a_sign_is_found_wherever_it_stands_alone_or_between_others(console, sign):
    a_customer()
    a_customer(
        "sign@example.com", company=f"Looms{sign}Engines", website=f"http://x.example/{sign}"
    )
    a_name(f"former{sign}x@example.com", "RELEASED", customer=a_customer("was@example.com"))
    assert {"sign@example.com", "was@example.com"} <= set(found(console, sign))
