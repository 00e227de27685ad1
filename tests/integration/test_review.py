"""Signups that wait for a person: the queue, what is beside each, and what a person says."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Change, Mail, Review, Signup, Username, clock
from customers.services import delivery, reviewing, signups
from tests.integration.pages import Page, a_customer, everything, person, signed_in
from tests.integration.signing_up import PARAMS, confirmed, sent, started
from tests.integration.steps import PASSWORD, at_once

pytestmark = pytest.mark.django_db
QUEUE = "/customers/signups/"
REASON = "The phone number does not ring."


@pytest.fixture
def console(db, settings):
    settings.SIGNUP_REVIEW = "all"
    return signed_in("Managers")


def url(signup, page=""):
    return f"{QUEUE}{signup.pk}/{page}"


def waiting(name="ada", domain="analytical.example", **params):
    """One in the queue."""
    signup = sent(f"{name}@{domain}", **params)
    assert signup.state == "REVIEW"
    return signup


def say(console, signup, choice, **fields):
    """What a browser would send from the page as it stands now."""
    shown = Page(console.get(url(signup))).sends
    return console.post(url(signup, "review/"), shown | {"choice": choice} | fields, follow=True)


def fresh(signup):
    return Signup.objects.get(pk=signup.pk)


def creation(signup):
    return Change.objects.filter(customer=signup.customer_id, operation="create").latest("seq")


def mails(signup):
    return list(signup.mails.order_by("pk").values_list("kind", flat=True))


# --- The queue ------------------------------------------------------------------------------------
def test_the_queue_shows_first_who_waits_longest(console):
    for n, name in enumerate(("second", "first", "third")):
        signup = waiting(name, last_name=name.title())
        ago = clock.now() - timedelta(hours=[2, 3, 1][n])
        Signup.objects.filter(pk=signup.pk).update(submitted_at=ago)
    confirmed("busy@analytical.example")
    words = Page(console.get(QUEUE)).words
    assert words.index("Ada First") < words.index("Ada Second") < words.index("Ada Third")
    assert "busy@" not in words
    assert "3 in all" in words


def test_every_signal_stands_there_in_words(console):
    signup = waiting("ada", "mailinator.com")
    assert "Disposable mail" in Page(console.get(QUEUE)).words
    assert "forgets its mail after minutes" in Page(console.get(url(signup))).words


def test_an_empty_queue_says_what_would_stand_there(console):
    assert "No signup waits for you" in Page(console.get(QUEUE)).words
    assert "Nobody was asked for a correction" in Page(console.get(f"{QUEUE}?tab=correction")).words
    assert "Nobody has signed up yet" in Page(console.get(f"{QUEUE}?tab=all")).words


def test_the_menu_counts_those_that_wait_for_those_who_may_review(console):
    waiting()
    assert "Signups 1 need a person" in Page(console.get("/customers/")).words
    looker = signed_in(username="looker", is_superuser=False)
    assert looker.get(QUEUE).status_code == 403
    assert looker.get("/customers/signups/funnel/").status_code == 403


@pytest.mark.parametrize(("words", "found"), [
    ("lovelace", 0), ("Łovelace", 1), ("ADA@analytical", 1), ("nobody", 0), ("7946", 1), ("", 2),
    ("\x00", 2), ("x" * 5000, 0), ("%", 0), ("state", 0),
])  # fmt: skip
def test_past_and_present_ones_are_searched(console, words, found):
    waiting()
    started("grace@navy.example")
    page = console.get(QUEUE, {"tab": "all", "q": words})
    assert page.status_code == 200
    assert page.context["page"].paginator.count == found


def test_a_reference_finds_its_signup_and_a_state_all_of_that_state(console):
    signup, other = waiting(), started("grace@navy.example")
    for query, found in (({"q": str(signup.pk)}, signup), ({"state": "STARTED"}, other)):
        assert list(console.get(QUEUE, {"tab": "all"} | query).context["page"]) == [found]
    assert console.get(QUEUE, {"tab": "all", "state": "NONE"}).status_code == 200


def test_the_pages_cost_the_same_however_many_there_are(console):
    first = waiting("first")
    paths = [QUEUE, f"{QUEUE}?tab=all", f"{QUEUE}?tab=correction", url(first), f"{QUEUE}funnel/"]
    counts = []
    for more in (3, 4):
        for n in range(more):
            signup = waiting(f"more{n}{more}")
            who = person("Managers", username=f"m{n}{more}")
            mark = reviewing.mark(fresh(signup))
            if n % 2:
                choice = Review.Choice.CORRECTION
                assert reviewing.decide(signup, choice, seen=mark, by=who, reason="x")
        Signup.objects.filter(state="CORRECTION").update(signals=["busy_network"])
        counts.append([])
        for path in paths:
            with CaptureQueriesContext(connection) as ran:
                console.get(path)
            counts[-1].append(len(ran))
    assert all(later <= before <= 30 for before, later in zip(*counts, strict=True)), counts


# --- One of them ----------------------------------------------------------------------------------
def test_possible_duplicates_stand_beside_it(console):
    twin = a_customer("twin@analytical.example", phone=PARAMS["phone"].replace(" ", ""))
    a_customer("adalovelace@analytical.example", last_name="Byron", phone="1")
    other = waiting("ada", username="first@analytical.example", phone="2", last_name="First")
    signup = waiting("ada", username="adalove1ace@analytical.example")
    page = Page(console.get(url(signup)))
    assert f"/customers/{twin.pk}/" in page.links()
    assert "same phone" in page.words
    assert "adalovelace@analytical.example username looks like this one" in page.words
    assert f"{QUEUE}{other.pk}/" in page.links()


def test_what_was_typed_stands_there_and_nothing_secret(console):
    signup = waiting()
    page = console.get(url(signup))
    words = Page(page).words
    for value in ("Łovelace", "SW1Y 4JH", "Analytical Engines Ltd", "Gold", "192.0.2.7"):
        assert value in words
    change = creation(signup)
    for secret in (PASSWORD, change.sealed_password):
        assert secret.encode() not in page.content


def test_one_that_was_erased_is_not_made_up(console):
    signup = started()
    signups.signup_ends.erase(signup)
    words = Page(console.get(url(signup))).words
    assert "everything personal is erased" in words
    assert "analytical" not in words


def test_one_that_is_not_sent_yet_has_nothing_to_decide(console):
    signup = confirmed()
    page = Page(console.get(url(signup)))
    assert "It is judged when it is sent." in page.words
    assert "choice" not in {said.get("name") for _tag, said in page.tags}


# --- What a person says ---------------------------------------------------------------------------
def test_what_is_approved_goes_to_the_distributor_and_what_waits_does_not(console, sandbox):
    signup, other = waiting(), waiting("grace")
    delivery.deliver_due()
    assert sandbox.operations() == []
    page = say(console, signup, "APPROVED")
    assert "Approved." in Page(page).words
    delivery.deliver_due()
    assert sandbox.operations() == ["create"]
    assert fresh(signup).customer.status == "LIVE"
    assert fresh(other).state == "REVIEW"


def test_a_refusal_is_mailed_with_its_reason_and_erases_the_password(console):
    signup = waiting()
    say(console, signup, "REFUSED", reason=REASON)
    signup = fresh(signup)
    assert (signup.state, signup.reason) == ("REFUSED", REASON)
    assert mails(signup)[-1] == Mail.Kind.REFUSED
    change = creation(signup)
    assert (change.state, change.sealed_password) == ("WITHDRAWN", None)
    assert Username.objects.get(key="ada@analytical.example").state == "RELEASED"


def test_a_refusal_is_undone_and_the_applicant_sets_a_new_password(console):
    signup = waiting()
    say(console, signup, "REFUSED", reason=REASON)
    assert "asked by mail for a new one" in Page(console.get(url(signup))).words
    say(console, signup, "REOPENED", reason="It was the wrong number.")
    signup = fresh(signup)
    assert signup.state == "CORRECTION"
    assert mails(signup)[-1] == Mail.Kind.CORRECTION
    assert signups.needs_password(signup)
    signup = signups.correct(signup, params=PARAMS, password="another-engine")
    assert (signup.state, creation(signup).is_held) == ("SUBMITTED", False)


def test_a_correction_names_the_field_comes_back_and_is_decided_anew(console):
    signup = waiting()
    say(console, signup, "CORRECTION", field="phone", reason="It does not ring.")
    signup = fresh(signup)
    assert (signup.state, signup.reason) == ("CORRECTION", "Phone: It does not ring.")
    assert "Ada Łovelace" not in Page(console.get(QUEUE)).words
    assert "Ada Łovelace" in Page(console.get(f"{QUEUE}?tab=correction")).words
    signups.correct(signup, params=PARAMS | {"phone": "+44 20 7946 2222"}, password="")
    assert fresh(signup).state == "REVIEW"
    assert "+44 20 7946 2222" in Page(console.get(url(signup))).words
    assert creation(signup).sealed_password


def test_the_applicant_reads_in_their_language_what_to_correct(console):
    signup = waiting()
    Signup.objects.filter(pk=signup.pk).update(language="de")
    say(console, signup, "CORRECTION", field="phone", reason="Sie läutet nicht.")
    assert fresh(signup).reason == "Telefon: Sie läutet nicht."
    assert Review.objects.get().reason == "Sie läutet nicht."


def test_a_correction_is_judged_anew_by_what_it_holds(console):
    signup = waiting(phone="+44 20 7946 1111")
    assert signup.signals == []
    a_customer("twin@analytical.example", phone="+44 20 7946 3333")
    say(console, signup, "CORRECTION", reason="Which number?")
    signups.correct(fresh(signup), params=PARAMS | {"phone": "+44 20 79463333"}, password="")
    assert fresh(signup).signals == ["same_phone"]


def test_who_decided_when_why_and_on_what_is_kept_though_they_leave(console):
    signup = waiting("ada", "mailinator.com")
    say(console, signup, "REFUSED", reason=REASON)
    say(console, signup, "REOPENED")
    signup.refresh_from_db()
    signup.decided_by.delete()
    told = list(Review.objects.order_by("at").values_list("choice", "by", "reason", "signals"))
    assert told == [
        ("REFUSED", "grace", REASON, ["disposable_mail"]),
        ("REOPENED", "grace", "", ["disposable_mail"]),
    ]
    words = Page(signed_in("Leads", username="lead").get(url(signup))).words
    assert f"Refused by grace “{REASON}” Then stood there: Disposable mail" in words


@pytest.mark.parametrize(("fields", "wrong"), [
    ({"choice": "REFUSED"}, "reason"), ({"choice": "CORRECTION", "field": "phone"}, "reason"),
    ({"choice": ""}, "choice"), ({"choice": "REOPENED"}, None), ({"choice": "SOMETHING"}, "choice"),
    ({"choice": "APPROVED", "reason": "x" * 2001}, "reason"),
    ({"choice": "CORRECTION", "reason": "x", "field": "email"}, "field"),
])  # fmt: skip
def test_what_makes_no_decision_is_told_and_changes_nothing(console, fields, wrong):
    signup = waiting()
    shown = Page(console.get(url(signup))).sends
    before = everything()
    page = console.post(url(signup, "review/"), shown | fields)
    after = everything()
    if wrong:
        assert wrong in page.context["form"].errors
        assert after == before
    else:
        assert after["customers.Signup"] == before["customers.Signup"]


def test_of_two_who_decide_the_second_is_told(console):
    signup = waiting()
    shown = Page(console.get(url(signup))).sends
    other = signed_in("Leads", username="lead")
    say(other, signup, "REFUSED", reason=REASON)
    late = console.post(url(signup, "review/"), shown | {"choice": "APPROVED"}, follow=True)
    assert "Somebody decided meanwhile" in Page(late).words
    assert fresh(signup).state == "REFUSED"
    assert Review.objects.count() == 1


def test_who_saw_it_before_it_was_corrected_does_not_decide_about_what_came_after(console):
    signup = waiting()
    shown = Page(console.get(url(signup))).sends
    say(console, signup, "CORRECTION", reason="Which number?")
    signups.correct(fresh(signup), params=PARAMS | {"phone": "+1 1"}, password="")
    late = console.post(url(signup, "review/"), shown | {"choice": "APPROVED"}, follow=True)
    assert "Somebody decided meanwhile" in Page(late).words
    assert fresh(signup).state == "REVIEW"


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_decides(settings):
    settings.SIGNUP_REVIEW = "all"
    signup = sent()
    people = [person("Managers", username=f"m{n}") for n in range(4)]
    mark, choices = (
        reviewing.mark(fresh(signup)),
        [Review.Choice.APPROVED, Review.Choice.REFUSED] * 2,
    )
    done = at_once(*[
        lambda it=it, who=who: reviewing.decide(signup, it, seen=mark, by=who, reason="x")
        for it, who in zip(choices, people, strict=True)
    ])  # fmt: skip
    assert sorted(done) == [False, False, False, True]
    assert Review.objects.count() == 1


def test_admin_shows_signups_and_reviews_without_secrets_and_writes_neither(console):
    signup = waiting()
    say(console, signup, "REFUSED", reason=REASON)
    boss = signed_in(username="boss", is_staff=True, is_superuser=True)
    started("grace@navy.example")
    Signup.objects.update(code_hash="c0de", link_hash="l1nk")
    for path in (f"signup/{signup.pk}/change/", f"review/{Review.objects.get().pk}/change/"):
        page = boss.get(f"/admin/customers/{path}")
        assert page.status_code == 200
        for secret in (b"c0de", b"l1nk", PASSWORD.encode()):
            assert secret not in page.content
        assert boss.post(f"/admin/customers/{path}", {"reason": "y"}).status_code == 403
