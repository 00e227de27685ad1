"""What people write down about a customer: kept with their name, altered by nobody."""

from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from customers.models import Customer, Note, clock
from customers.services import notes
from customers.services.errors import AlreadySent, NotPossible
from tests.integration.pages import a_customer, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(db):
    return a_customer()


@pytest.fixture
def ana(db):
    return person(username="ana")


def test_a_note_is_kept_with_its_author_and_time(ada, ana):
    note = notes.write(ada, "She rang.", by=ana)
    assert (note.customer, note.text, note.author, note.by) == (ada, "She rang.", ana, "ana")
    assert (clock.now() - note.at).total_seconds() < 60


def test_the_authors_name_stays_when_the_account_goes(ada, ana):
    note = notes.write(ada, "She rang.", by=ana)
    ana.delete()
    note.refresh_from_db()
    assert (note.author, note.by) == (None, "ana")


def test_a_note_sent_twice_is_one(ada, ana):
    form = uuid4()
    once = notes.write(ada, "She rang.", by=ana, sent_as=form)
    assert notes.write(ada, "She rang.", by=ana, sent_as=form) == once
    assert Note.objects.count() == 1


def test_another_note_under_the_same_id_is_told_not_dropped(ada, ana):
    form = uuid4()
    notes.write(ada, "She rang.", by=ana, sent_as=form)
    with pytest.raises(AlreadySent):
        notes.write(ada, "She rang twice.", by=ana, sent_as=form)
    with pytest.raises(AlreadySent):
        notes.write(a_customer("bob@example.com"), "She rang.", by=ana, sent_as=form)
    assert Note.objects.count() == 1


def test_a_customer_who_was_united_with_another_takes_no_note(ada, ana):
    ada.usernames.all().delete()
    Customer.objects.all().delete()
    with pytest.raises(NotPossible):
        notes.write(ada, "She rang.", by=ana)
    with pytest.raises(NotPossible):
        notes.assign(ada, ana, by=ana)


def test_a_note_says_something(ada):
    with pytest.raises(IntegrityError), transaction.atomic():
        Note.objects.create(customer=ada, text="", by="ana", at=clock.now())
