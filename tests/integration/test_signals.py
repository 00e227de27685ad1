"""What speaks for a person's look at a signup, and who it is like."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Signup, Username, clock
from customers.models.likeness import Digits, Skeleton
from customers.services import alike, signals, signups
from customers.services.signals import MANY, SIGNALS, Known, judge
from tests.integration.pages import a_customer, a_name
from tests.integration.signing_up import PARAMS, confirmed, sent
from tests.integration.steps import PASSWORD

pytestmark = pytest.mark.django_db
SAID = PARAMS | {"username": "adalove@analytical.example", "email": "adalove@analytical.example"}
STATE = Username.State


# --- Pure -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(("word", "said", "known"), [
    ("disposable_mail", {"email": "a@mailinator.com"}, {}),
    ("odd_mail_domain", {"email": "root@localhost"}, {}),
    ("odd_mail_domain", {"email": "root@[192.0.2.1]"}, {}),
    ("odd_mail_domain", {"email": "root@192.0.2.1"}, {}),
    ("refused_phone", {}, {"refused_phone": True}),
    ("burnt_username", {}, {"names": (STATE.BURNT,)}),
    ("lookalike_username", {}, {"names": (STATE.LIVE,)}),
    ("lookalike_username", {}, {"names": (STATE.PENDING,)}),
    ("busy_network", {}, {"from_network": MANY}),
    ("same_person", {}, {"same": frozenset({"person"})}),
    ("same_phone", {}, {"same": frozenset({"phone"})}),
    ("same_email", {}, {"same": frozenset({"email"})}),
    ("captcha_away", {}, {"carried": ("captcha_away",)}),
])  # fmt: skip
def test_each_fact_is_one_word(word, said, known):
    assert judge(SAID | said, Known(**known)) == [word]


def test_every_word_of_the_table_is_shown_above():
    marks = test_each_fact_is_one_word.pytestmark[0].args[1]
    assert {word for word, _said, _known in marks} == SIGNALS.keys()


def test_an_ordinary_signup_has_none():
    assert judge(SAID, Known()) == []
    assert judge(SAID, Known(from_network=MANY - 1, carried=("busy_network",))) == []


def test_one_of_a_refused_phone_is_not_told_twice():
    known = Known(refused_phone=True, same=frozenset({"phone"}))
    assert judge(SAID, known) == ["refused_phone"]


def test_words_are_explained_in_the_order_of_the_table_and_unknown_ones_left_out():
    said = signals.explained(["same_email", "of a later release", "disposable_mail"])
    assert [it.short for it in said] == ["Disposable mail", "Same e-mail"]


@pytest.mark.parametrize(("review", "words", "held"), [
    ("none", ["disposable_mail"], False), ("risky", ["disposable_mail"], True),
    ("risky", ["same_email"], False), ("risky", [], False), ("all", [], True),
    ("risky", ["of a later release"], True),
])  # fmt: skip
def test_the_setting_says_which_are_held(settings, review, words, held):
    settings.SIGNUP_REVIEW = review
    assert signals.needs_review(Signup(signals=words)) is held


@pytest.mark.parametrize(("one", "other"), [
    ("admin@example.com", "adm1n@example.com"), ("boss@example.com", "b0ss@example.com"),
    ("morning@example.com", "moming@example.com"), ("paula@example.com", "раula@example.com"),
    ("wwwave@example.com", "vvwwave@example.com"), ("bill@example.com", "b1i1@example.com"),
])  # fmt: skip
def test_names_that_look_alike_have_the_same_skeleton(one, other):
    assert Skeleton.of(one) == Skeleton.of(other)


def test_phones_are_the_same_however_they_are_written():
    assert Digits.of("+44 (20) 7946-0001") == Digits.of("44.20.7946/0001")


# --- Read from the tables -------------------------------------------------------------------------
def like(name):
    return [it.name for it in alike.names(name)]


@pytest.mark.parametrize("name", [
    "adalov3@example.com", "ada1ove@example.com", "adaloves@example.com", "adalve@example.com",
    "adaolve@example.com", "adalovx@example.com", "xadalove@example.com", "ADALOV3@example.com",
])  # fmt: skip
def test_a_name_that_differs_by_a_letter_or_looks_the_same_is_found(name):
    a_customer("adalove@example.com")
    assert like(name) == ["adalove@example.com"]


@pytest.mark.parametrize("name", [
    "adalove@example.com", "adalove@example.org", "adaloxes@example.com", "evolada@example.com",
])  # fmt: skip
def test_others_are_not(name):
    a_customer("adalove@example.com")
    assert like(name) == []


def test_short_names_are_neighbours_of_too_many_strangers():
    a_customer("anna@example.com")
    assert like("hanna@example.com") == []
    assert like("4nna@example.com") == []
    a_customer("b0b@example.com")
    assert like("bob@example.com") == ["b0b@example.com"]


def test_every_neighbour_differs_by_one_letter_and_none_is_missing():
    near = set(alike.neighbouring("abcdef@x.example"))
    assert "abcdef@x.example" not in near - {"abcdef@x.example"}
    swapped, added, left_out, other = 5, 7 * 40, 6, 6 * 39
    # Some come about in two ways: a letter added beside its like.
    assert swapped + added + left_out + other - 7 <= len(near) <= swapped + added + left_out + other
    assert list(alike.neighbouring("abc@x.example")) == []
    assert list(alike.neighbouring("x" * 41)) == []


def test_a_released_name_is_no_danger_and_a_burnt_one_is():
    a_name("adalove@example.com", "RELEASED")
    assert like("adalov3@example.com") == []
    a_name("gracehop@example.com", "BURNT")
    signup = confirmed()
    assert signals.found(signup, SAID | {"username": "gracehopp@example.com"}) == ["burnt_username"]


def test_who_holds_the_name_is_not_like_themselves():
    ada = a_customer("adalove@example.com")
    assert alike.names("adalov3@example.com", ada.pk) == []


def test_customers_with_the_same_details_are_found_whatever_their_case():
    ada = a_customer(
        "other@example.com", email="ADA@analytical.example", phone="+44-20-79460001",
        first_name="ADA", last_name="Łovelace", address="12 ST JAMES'S SQUARE", city="LONDON",
    )  # fmt: skip
    a_customer("stranger@example.com", phone="1")
    (found,) = alike.customers(PARAMS)
    assert (found.customer, found.why) == (ada, ["email", "phone", "person"])
    assert alike.customers(PARAMS, ada.pk) == []


def test_a_number_too_short_to_be_one_is_like_nobodys():
    a_customer("stranger@example.com", phone="1")
    assert alike.customers(PARAMS | {"phone": "1"}) == []


def plan(query):
    return query.explain(**({"analyze": False} if connection.vendor == "postgresql" else {}))


@pytest.mark.parametrize(
    ("why", "index"),
    [("email", "customer_by_email"), ("phone", "customer_phone"), ("person", "customer_by_name")],
)
def test_who_is_like_whom_is_read_by_an_index(why, index):
    query = alike._same(PARAMS)[why]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
    assert index in plan(query.order_by())


def test_names_that_look_alike_are_read_by_an_index():
    query = Username.objects.alias(bones=Skeleton("key")).filter(bones=Skeleton.of("boss"))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
    assert "username_skeleton" in plan(query.order_by())


def test_the_readings_do_not_grow_with_the_rows():
    signup = confirmed()
    counts = []
    for batch in (1, 5):
        for n in range(batch):
            a_customer(f"adalov{n}{batch}@analytical.example", **{
                k: v for k, v in PARAMS.items() if k in {"phone", "last_name", "first_name"}
            })  # fmt: skip
        with CaptureQueriesContext(connection) as ran:
            signals.found(signup, SAID)
        counts.append(len(ran))
    assert counts[0] >= counts[1]
    assert counts[1] <= 8


# --- At the moment of sending ---------------------------------------------------------------------
def test_a_signup_with_a_signal_is_held_and_carries_it(settings):
    settings.SIGNUP_REVIEW = "risky"
    signup = sent("ada@mailinator.com")
    assert (signup.state, signup.signals) == ("REVIEW", ["disposable_mail"])


def test_one_without_goes_on_by_itself(settings):
    settings.SIGNUP_REVIEW = "risky"
    signup = sent()
    assert (signup.state, signup.signals) == ("SUBMITTED", [])


def test_what_the_form_noticed_is_carried_to_the_end(settings):
    settings.SIGNUP_REVIEW = "risky"
    signup = signups.start(
        "ada@analytical.example", address="192.0.2.7", language="en", noticed=["captcha_away"]
    )
    signup = signups._confirmed(signup)
    signup = signups.submit(signup, params=PARAMS, password=PASSWORD)
    assert (signup.state, signup.signals) == ("REVIEW", ["captcha_away"])


def test_the_fifth_of_a_network_within_a_day_is_told(settings, clock):
    settings.SIGNUP_REVIEW = "risky"
    for n in range(MANY - 1):
        confirmed(f"p{n}@example.com")
    assert sent(phone="+44 20 7946 9999").signals == ["busy_network"]


def test_those_who_never_confirmed_make_no_network_busy(settings):
    for n in range(MANY):
        signups.start(f"p{n}@example.com", address="192.0.2.7", language="en")
    assert signals.found(confirmed(), SAID) == []


def test_the_phone_of_a_refused_signup_is_told_to_the_next(settings):
    settings.SIGNUP_REVIEW = "all"
    first = sent()
    Signup.objects.filter(pk=first.pk).update(state="REFUSED", decided_at=clock.now())
    other = {"last_name": "Byron", "phone": "0044" + PARAMS["phone"].removeprefix("+44")}
    assert signals.found(confirmed("b@example.com"), SAID | other) == []
    other["phone"] = PARAMS["phone"].replace(" ", "-")
    assert signals.found(confirmed("c@example.com"), SAID | other) == ["refused_phone"]


def test_the_same_person_once_more_is_told(settings):
    settings.SIGNUP_REVIEW = "none"
    sent()
    again = confirmed("b@example.com")
    said = SAID | {"username": "b@example.com", "email": "b@example.com"}
    assert signals.found(again, said) == ["same_person", "same_phone"]
