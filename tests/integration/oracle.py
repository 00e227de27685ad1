"""What must be true of a change and its customer when all is over, whatever happened meanwhile."""

from customers.distributor.rules import NOT_REPEATABLE, ROW_FIELDS, fold, same_website
from customers.models import Alert, Attempt, Change, Customer, Username
from tests.integration.steps import again

ENDED = (Change.State.DONE, Change.State.REJECTED, Change.State.WITHDRAWN)


def assert_over(change):
    """Nothing of it is left to do, and nothing of it is left lying about."""
    change = again(change)
    assert change.state in ENDED
    assert change.sealed_password is None
    assert (change.lease_until, change.settled_at is None) == (None, False)
    assert not Attempt.objects.filter(change=change, outcome="").exists()


def assert_sent_as_often_as_allowed(sandbox, change):
    """By the distributor's own notes: once where a copy would do harm, else always the same."""
    request = change.sends.first().request
    name = fold(request.get("user", request.get("username")))
    executed = [
        call
        for call in sandbox.calls
        if call.executed and (call.operation, fold(call.user)) == (change.operation, name)
    ]
    if change.operation in NOT_REPEATABLE:
        assert len(executed) == 1
    assert executed
    assert all(call.params == executed[0].params for call in executed)


def assert_mirrored(sandbox, customer):
    """What we show of a customer is what the distributor has, in all that both of them know."""
    customer = again(customer)
    account = sandbox.account(customer.username)
    assert account["closed"] is (customer.status == Customer.Status.CLOSED)
    shown = {field: getattr(customer, field) for field in ROW_FIELDS if field != "website"}
    for field, ours in shown.items():
        assert account[field] == ours, field
    assert same_website(customer.website, account["website"])
    for field in ("active", "website_access", "company", "package", "whitelabel"):
        assert account[field] == getattr(customer, field), field
    assert_named(customer)


def assert_named(customer):
    """Its name is live, or burnt once it is closed; no other name of it is either."""
    closed = customer.status == Customer.Status.CLOSED
    held = Username.objects.exclude(state=Username.State.RELEASED)
    assert list(held.filter(customer=customer).values_list("key", "state")) == [
        (fold(customer.username), "BURNT" if closed else "LIVE")
    ]


def assert_no_person_was_asked():
    assert not Alert.objects.exists()
    assert not Change.objects.filter(state=Change.State.BLOCKED).exists()
