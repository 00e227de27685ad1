"""What people write down about a customer, and who looks after them: facts of ours alone."""

from uuid import UUID, uuid4

from django.contrib.auth.models import User
from django.db import transaction

from customers.models import Customer, Note, clock
from customers.services.errors import AlreadySent, NotPossible

Kind = Note.Kind


def write(customer: Customer, text: str, *, by: User, sent_as: UUID | None = None) -> Note:
    """Keep a note. `sent_as` is minted by the form: sent twice it is one note.

    Raises AlreadySent if that stands for another note, NotPossible if the customer's row went
    when somebody accepted a rename.
    """
    with transaction.atomic():
        return _keep(_locked(customer), Kind.NOTE, text, by, sent_as)


def assign(customer: Customer, manager: User | None, *, by: User) -> Note | None:
    """Make somebody, or nobody, the account manager; None if it was so already.

    Of two at once the last one wins, and both stand in the timeline. Raises NotPossible as `write`.
    """
    with transaction.atomic():
        there = _locked(customer)
        if there.account_manager_id == (manager.pk if manager else None):
            return None
        Customer.objects.filter(pk=there.pk).update(account_manager=manager)
        return _keep(there, Kind.ASSIGNED, str(manager or ""), by)


def _locked(customer: Customer) -> Customer:
    there = Customer.objects.select_for_update().filter(pk=customer.pk).first()
    if there is None:  # Its row went, see services.renames.
        raise NotPossible("united")
    return there


def _keep(customer: Customer, kind: Kind, text: str, by: User, sent_as: UUID | None = None) -> Note:
    note, is_new = Note.objects.get_or_create(
        sent_as=sent_as or uuid4(),
        defaults={
            "customer": customer,
            "kind": kind,
            "text": text,
            "author": by,
            "by": str(by),
            "at": clock.now(),
        },
    )
    if not is_new and (note.customer_id, note.kind, note.text) != (customer.pk, kind, text):
        raise AlreadySent
    return note
