"""What a person decides about a change: the only way out of BLOCKED, and back before the start."""

import logging

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from customers.distributor.rules import Operation
from customers.models import Alert, Change, Customer, Decision, clock
from customers.services import names
from customers.services.alerts import over
from customers.services.claims import FencedOffError, bring_forward, lock_customer, mine
from customers.services.doorbell import ring
from customers.services.sealing import seal
from customers.services.settling import done, turned_down, withdraw_followers

logger = logging.getLogger(__name__)

State = Change.State
Choice = Decision.Choice


def decide(
    change: Change, choice: Choice, *, claim: int, by: User, reason: str, password: str = ""
) -> bool:
    """End a BLOCKED change as a person saw it, or send it out again; False if it is that no more.

    `claim` is the number that the person's page showed: every transition raises it. `password`
    goes out instead of the one that was sealed.
    """
    if change.state != State.BLOCKED:
        return False
    change.claim = claim
    try:
        with transaction.atomic():
            lock_customer(change)
            _follow(change, choice, password)
            _note(change, choice, by, reason)
            for kind in (Alert.Kind.BLOCKED, Alert.Kind.SEAL):
                over(kind, subject=str(change.pk))
            ring(change.customer_id)
    except FencedOffError:
        return False
    logger.info("change %s is decided as %s by user %s", change.pk, choice, by.pk)
    return True


def _follow(change: Change, choice: Choice, password: str) -> None:
    raised = change.claim + 1
    match choice:
        case Choice.DONE:
            done(change, claim=raised)
        case Choice.REJECTED:
            turned_down(change, _("A person decided that it shall not be."), claim=raised)
        case _:
            # A password that has gone out holds if that was executed: first a look, then a new one.
            owes_look = change.owes_look
            takes = password and not owes_look
            sealed = {"sealed_password": seal(password, change.pk)} if takes else {}
            mine(
                change,
                state=State.IN_DOUBT if owes_look else State.WAITING,
                claim=raised,
                lost=0,
                rounds=0,
                due_at=clock.now(),
                **sealed,
            )


def withdraw(change: Change, *, by: User) -> bool:
    """Take back what was never attempted; False if it is too late for that."""
    with transaction.atomic():
        customer = Customer.objects.select_for_update().get(pk=change.customer_id)
        gone = Change.objects.filter(
            pk=change.pk, state=State.WAITING, attempts=0, lease_until=None
        ).update(
            state=State.WITHDRAWN,
            claim=F("claim") + 1,
            settled_at=clock.now(),
            sealed_password=None,
        )
        if gone:
            bring_forward(change.customer_id)
            _note(change, Choice.WITHDRAWN, by)
        if gone and "username" in change.params:
            names.release(change.params["username"], customer)
        if gone and change.operation == Operation.CREATE:
            Customer.objects.filter(pk=customer.pk).update(status=Customer.Status.REFUSED)
            withdraw_followers(change, _("The creation was withdrawn."))
    return bool(gone)


def _note(change: Change, choice: Choice, by: User, reason: str = "") -> None:
    Decision.objects.create(change=change, choice=choice, by=str(by), reason=reason, at=clock.now())
