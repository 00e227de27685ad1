"""The rules that the pages help with: countries, codes, phones, what is sent where nothing is."""

import re

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from customers.distributor.rules import CALLS, Operation, problems
from customers.forms.signup import places
from customers.forms.signup.answers import params
from customers.forms.signup.person import AddressForm, PersonForm
from customers.models import Change, Signup, Usage
from tests.integration.applicant import ADDRESS, PAGES, PASSWORD, PERSON, SENT, Applicant, errors
from tests.integration.pages import Page, fill_catalogue, post_raw

pytestmark = pytest.mark.django_db
CREATE = CALLS[Operation.CREATE]


def person(**said):
    return PersonForm(PERSON | said, signup=Signup(), answers={"country": "US"})


def address(country, **said):
    return AddressForm(said, signup=Signup(), answers={"country": country})


# --- Postal codes ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("country", "typed", "kept"),
    [("US", "10001", "10001"), ("US", "10001-1234", "10001-1234"), ("US", "1000", None),
     ("US", "ABCDE", None), ("DE", "10115", "10115"), ("DE", "D-10115", None),
     ("GB", "sw1y 4jh", "SW1Y 4JH"), ("GB", "SW1Y 4JHX", None), ("CA", "k1a 0b1", "K1A 0B1"),
     ("JP", "１５４－００２３", "154-0023"), ("FR", "7500", None), ("NL", "1234 AB", "1234 AB"),
     ("AT", "1010", "1010"), ("CH", "10100", None)],
)  # fmt: skip
def test_a_postal_code_is_as_the_country_writes_it(country, typed, kept):
    form = address(country, address="x", city="x", zip=typed, state="")
    form.is_valid()
    assert ("zip" in form.errors) == (kept is None)
    if kept:
        assert form.cleaned_data["zip"] == kept


@pytest.mark.parametrize("country", sorted(places.NAMES["en"]))
def test_every_country_takes_the_examples_of_its_own_codes(country):
    place = places.place(country)
    for example in place.code_examples:
        assert places.code_fits(place, places.written_code(example)), example
    for value, label in place.areas:
        assert value
        assert label
        assert len(value) <= 100
        assert not problems(CREATE.param("state"), value)
    assert not problems(CREATE.param("country"), places.sent_country(country))


def test_lines_that_a_country_lacks_are_not_asked_for_and_sent_as_a_dash(db):
    fill_catalogue()
    ada = Applicant().confirm()
    ada.fill(until="address", country={"country": "HK"}, person={"phone": "+1 212 736 5000"})
    area = places.place("HK").areas[0][0]
    ada.client.post("/signup/address/", {"address": "1 Road", "state": area, "zip": "ignored"})
    ada.client.post("/signup/username/", {"username": ada.email})
    assert "“-” is sent instead." in ada.see("/signup/check/").words
    ada.send()
    sent = Change.objects.get().params
    assert (sent["zip"], sent["city"], sent["state"]) == ("-", "-", area)


def test_a_code_of_another_state_is_a_hint_and_no_error(db):
    fill_catalogue()
    ada = Applicant().confirm()
    ada.fill(address={"zip": "90210"})
    for page in ("/signup/check/", "/signup/address/"):
        assert "It seems to lie elsewhere than New York." in ada.see(page).words
    assert ada.send().status_code == 302


# --- Phones ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("country", "typed", "kept"),
    [("US", "(212) 736-5000", "+1 212-736-5000"), ("US", "212.736.5000", "+1 212-736-5000"),
     ("GB", "020 7946 0001", "+44 20 7946 0001"), ("DE", "030/123456", "+49 30 123456"),
     ("DE", "0049 30 123456", "+49 30 123456"), ("US", "+44 20 7946 0001", "+44 20 7946 0001"),
     ("EG", "٠٢ ٢٧٩٥ ٠٠٠٠", "+20 2 27950000"), ("US", "1-800-FLOWERS", "+1 800-356-9377"),
     ("US", "123", None), ("US", "phone", None), ("DE", "0" * 49, None),
     ("US", "+999 1234567", None)],
)  # fmt: skip
def test_a_phone_in_any_usual_notation_is_kept_international(country, typed, kept):
    form = PersonForm(PERSON | {"phone": typed}, signup=Signup(), answers={"country": country})
    form.is_valid()
    assert ("phone" in form.errors) == (kept is None)
    if kept:
        assert form.cleaned_data["phone"] == kept


def test_a_number_that_nobody_has_is_a_hint_and_no_error(db):
    fill_catalogue()
    ada = Applicant().confirm()
    ada.fill(person={"phone": "212 555 0100"})
    assert "No such number is given out" not in ada.see("/signup/check/").words
    ada.client.post("/signup/person/", PERSON | {"phone": "111 111 1111"})
    assert "No such number is given out" in ada.see("/signup/check/").words


# --- I have none -------------------------------------------------------------------------------


def test_who_has_no_company_and_no_website_is_told_what_is_sent_instead(db):
    fill_catalogue()
    ada = Applicant().confirm()
    none = {"company": "", "no_company": "on", "website": "", "no_website": "on"}
    ada.fill(person=none)
    words = ada.see("/signup/check/").words
    assert "None. “Ada Lovelace” is sent instead." in words
    assert "None. “none” is sent instead." in words
    ada.send()
    assert Change.objects.get().params == SENT | {"company": "Ada Lovelace", "website": "none"}


@pytest.mark.parametrize("name", ["company", "website"])
def test_nothing_is_not_the_same_as_none(name):
    form = person(**{name: ""})
    assert not form.is_valid()
    assert set(form.errors) == {name}
    ticked = person(**{name: "typed before", f"no_{name}": "on"})
    assert ticked.is_valid()
    assert ticked.answers()[name] == ""


@pytest.mark.parametrize(
    ("website", "taken"),
    [("example.com", True), ("www.example.com/a?b=c#d", True), ("https://example.com:8080/", True),
     ("http://bücher.example", True), ("javascript:alert(1)", False), ("data:text/html,x", False),
     ("ftp://example.com", False), ("https://user@example.com", False), ("example", False),
     ("exa mple.com", False), ("//example.com", False), ("http://" + "a." * 130 + "com", False)],
)  # fmt: skip
def test_a_website_is_a_web_address(website, taken):
    assert person(website=website).is_valid() == taken


# --- Whatever is typed -------------------------------------------------------------------------

LIMITS = {param.name: param.max_length for param in CREATE.params if param.max_length}
strange = st.sampled_from(
    ["\r\nBcc: x@example.com", "а", "ﷺ" * 10, "ß" * 50, "\u202e", "\x00", "%s{0}", "=1+1", "ŀ", "ⅷ",
     "\ud800", "İ", "e\u0301", "１", "<svg onload=alert(1)>", "🔑", "\u200b", "\ufffd"]
)  # fmt: skip
texts = st.one_of(
    st.text(max_size=80),
    strange,
    st.builds(lambda a, b: f"{a}{b}", st.text(max_size=10), strange),
    st.sampled_from(
        [n for limit in set(LIMITS.values()) for n in (limit - 1, limit, limit + 1)]
    ).map(lambda length: "x" * length),
    st.builds(lambda n: "x" * n + "@example.com", st.integers(40, 60)),
)


def said_for(names):
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, texts))


typed = st.fixed_dictionaries(
    {name: said_for([*said, "change_id", "ip"]) for name, said in PAGES.items()}
)


@given(typed=typed, country=st.sampled_from(sorted(places.NAMES["en"])), password=texts)
@settings(
    max_examples=40,
    deadline=None,
    phases=set(Phase) - {Phase.shrink},  # Nine requests an example: that would take for ever.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_is_typed_breaks_nothing_and_nothing_is_kept_that_the_contract_refuses(
    catalogue, typed, country, password
):
    ada = Applicant().confirm()
    for name, said in PAGES.items():
        if name == "country":
            said = {"country": country}  # noqa: PLW2901
        if country != "US" and name == "address":
            said = {"address": "1 Road", "city": "Town"}  # noqa: PLW2901
        evil = post_raw(ada.client, f"/signup/{name}/", PAGES[name] | typed[name])
        assert evil.status_code in {200, 302}, name
        if evil.status_code == 200:
            ada.client.post(f"/signup/{name}/", said)
    sent = post_raw(ada.client, "/signup/check/", {"password": password})
    assert sent.status_code in {200, 302}
    signup = ada.signup()
    assert "password" not in signup.answers
    for change in Change.objects.filter(customer=signup.customer_id or 0):
        for param in CREATE.params:
            value = change.params.get(param.name, "")
            for one in value if isinstance(value, list) else [value]:
                found = problems(param, one)
                assert not found or param.secret or (not one and not param.required), param.name
    for key, value in signup.answers.items():
        if key in LIMITS and isinstance(value, str):
            assert not [it for it in problems(CREATE.param(key), value) if it != "required"], key


@pytest.fixture
def catalogue(db):
    fill_catalogue()


@pytest.mark.parametrize(
    "name", sorted(LIMITS.keys() & {*PERSON, *ADDRESS} - {"phone", "zip", "state"})
)
@pytest.mark.parametrize("beyond", [0, 1])
def test_the_limits_are_those_of_the_contract(catalogue, name, beyond):
    text = "x" * (LIMITS[name] + beyond)
    if name == "website":
        text = "x" * (LIMITS[name] + beyond - 4) + ".com"
    page = "person" if name in PERSON else "address"
    ada = Applicant().confirm().fill(until=page)
    response = ada.client.post(f"/signup/{page}/", PAGES[page] | {name: text})
    assert (response.status_code == 302) == (not beyond)
    if beyond:
        assert set(errors(response)) == {name}


def test_the_longest_names_fit_where_they_stand_in_for_a_company(catalogue):
    names = {"first_name": "x" * 50, "last_name": "y" * 50, "company": "", "no_company": "on"}
    ada = Applicant().confirm().fill(person=names)
    assert not problems(CREATE.param("company"), params(ada.signup())["company"])
    assert ada.send(PASSWORD).status_code == 302


def test_no_pattern_takes_long_over_a_long_text():
    for text in ("a." * 30000, "a-" * 30000 + "!", "1" * 60000, "http://" + "a" * 60000):
        assert not person(website=text).is_valid()
    assert re.fullmatch(r"\S+", places.written_code("1" * 10))


@given(email=texts, code=texts)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_is_typed_as_an_address_or_a_code_is_answered(catalogue, email, code):
    Usage.objects.all().delete()  # Each example is a day of its own.
    ada = Applicant()
    form = Page(ada.client.get("/signup/")).sends
    begun = post_raw(ada.client, "/signup/", form | {"email": email})
    assert begun.status_code in {200, 302}
    assert Signup.objects.exists() == (begun.status_code == 302)
    for signup in Signup.objects.all():
        assert not problems(CREATE.param("email"), signup.email)
        assert post_raw(ada.client, "/signup/code/", {"code": code}).status_code == 200
        signup.delete()
