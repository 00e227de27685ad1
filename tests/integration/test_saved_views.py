"""Lists of customers under a name: one's own, and what others share."""

import pytest

from customers.models import SavedView
from tests.integration.pages import Page, a_customer, person, signed_in

pytestmark = pytest.mark.django_db
VIEWS = "/customers/views/"


@pytest.fixture
def grace(db):
    return signed_in("Managers")


@pytest.fixture
def ada(db):
    return signed_in("Managers", username="ada")


def save(client, name="London", query="q=london&sort=name", **said):
    return client.post(VIEWS, {"name": name, "query": query, **said})


def test_a_list_is_saved_and_found_above_the_list_again(grace):
    a_customer(city="London")
    saved = save(grace)
    assert saved["Location"] == "/customers/?q=london&sort=name"
    page = grace.get(saved["Location"])
    assert "Saved as “London”" in Page(page).words
    assert page.context["views"].shown.name == "London"
    assert grace.get("/customers/").context["views"].shown is None


def test_the_same_name_in_whatever_case_is_replaced(grace):
    save(grace)
    said = grace.post(VIEWS, {"name": "LONDON", "query": "q=paris"}, follow=True)
    assert "“LONDON” shows this from now on" in Page(said).words
    view = SavedView.objects.get()
    assert (view.name, view.query, view.is_shared) == ("LONDON", "q=paris", False)


def test_what_is_shared_stays_so_when_it_is_made_to_show_something_else(grace, ada):
    save(grace, is_shared="on")
    save(grace, query="q=paris")
    (shared,) = ada.get("/customers/").context["views"].offered
    assert shared.query == "q=paris"


def test_what_is_not_of_the_list_is_not_saved(grace):
    save(grace, query="sort=name&q=london&page=7&after=zzz&from=q%3Dx&evil=1")
    assert SavedView.objects.get().query == "q=london&sort=name"


def test_others_see_what_is_shared_and_alter_nothing_of_it(grace, ada):
    save(grace, name="Mine alone")
    save(grace, name="Ours", is_shared="on")
    seen = {view.name for view in ada.get("/customers/").context["views"].offered}
    assert seen == {"Ours"}
    ours = SavedView.objects.get(name="Ours")
    for path in (f"{VIEWS}{ours.pk}/", f"{VIEWS}{ours.pk}/delete/"):
        assert ada.post(path, {"name": "Theirs"}).status_code == 404
    assert f"/customers/views/{ours.pk}/" not in Page(ada.get(VIEWS)).links()
    save(ada, name="Ours", query="q=ada")
    assert SavedView.objects.filter(name="Ours").count() == 2


def test_a_view_is_renamed_shared_and_deleted_by_its_owner(grace):
    save(grace)
    save(grace, name="Paris", query="q=paris")
    view = SavedView.objects.get(name="London")
    page = f"{VIEWS}{view.pk}/"
    taken = grace.post(page, {"name": "paris", "is_shared": "on"})
    assert "You have another view of that name" in Page(taken).words
    grace.post(page, {"name": "Capital", "is_shared": "on"})
    view.refresh_from_db()
    assert (view.name, view.is_shared, view.query) == ("Capital", True, "q=london&sort=name")
    gone = grace.post(f"{page}delete/", follow=True)
    assert "is gone. No customer was touched" in Page(gone).words
    assert [view.name for view in SavedView.objects.all()] == ["Paris"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "Give the view a name"),
        (" ", "Give the view a name"),
        ("x" * 61, "at most 60 characters; these are 61"),
        ("a\x00b", "Null characters are not allowed"),
    ],
)
def test_a_bad_name_is_told_and_what_was_shown_is_not_lost(grace, name, words):
    said = save(grace, name=name)
    assert words in Page(said).words
    assert said.context["form"]["query"].value() == "q=london&sort=name"
    assert not SavedView.objects.exists()


def test_a_view_goes_with_its_owner(grace):
    save(grace, is_shared="on")
    SavedView.objects.get().owner.delete()
    assert not SavedView.objects.exists()


def test_who_may_not_see_customers_saves_no_view(db):
    nobody = signed_in(username="nobody")
    assert save(nobody).status_code == 403
    assert person("Managers", username="else").saved_views.count() == 0
