"""Any operation, asked for and judged in one way: whatever happens, it ends as asked."""

from uuid import uuid4

from customers.distributor.rules import SWITCHES, Operation
from customers.models import Change, Customer, Username
from customers.models import clock as database_clock
from customers.services import changes
from tests.integration import oracle
from tests.integration.steps import ADA, PASSWORD

State = Change.State
# Each of these must differ from what the customer begins with.
FIELDS = {
    Operation.PROFILE: {"city": "Zürich", "company": "Engines AG", "website": "engines.example"},
    Operation.EMAIL: {"email": "new@analytical.example"},
}
NEW_PASSWORD = "another-engine"
OPERATIONS = [op for op in Operation if op != Operation.RETRIEVE]


def account_of(sandbox, name, **columns):
    """A customer who is live here and over there."""
    fields = ADA | {"username": name, "website": "http://www.analytical.example"}
    switches = {"active": True, "website_access": True} | columns
    sandbox.add_account(**fields | switches | {"free_user": False, "password": PASSWORD})
    customer = Customer.objects.create(
        status=Customer.Status.LIVE, **fields | switches | {"free_user": False}
    )
    Username.objects.create(
        key=name, name=name, customer=customer, state="LIVE", since=database_clock.now()
    )
    return customer


def ask(operation, number, change_id=None):
    """The same wish for another customer each time, so that no run has to be cleared away."""
    name = f"c{number}@navy.example"
    change_id = change_id or uuid4()
    if operation == Operation.CREATE:
        params = ADA | {"username": name}
        return changes.create(params=params, password=PASSWORD, change_id=change_id)
    return changes.ask(
        Customer.objects.get(usernames__key=name),
        operation,
        fields_of(operation, number),
        password=NEW_PASSWORD if operation == Operation.PASSWORD else "",
        change_id=change_id,
    )


def fields_of(operation, number):
    if operation == Operation.USERNAME:
        return {"username": f"new{number}@navy.example"}
    return FIELDS.get(operation, {})


def before(sandbox, operation, number):
    """Whom it is asked for, with each switch the other way round."""
    column, on = SWITCHES.get(operation, ("active", False))
    if operation != Operation.CREATE:
        account_of(sandbox, f"c{number}@navy.example", **{column: not on})


def expected_account(operation, number):
    account = {"password": PASSWORD} | fields_of(operation, number)
    if operation == Operation.PASSWORD:
        account["password"] = NEW_PASSWORD
    if operation in SWITCHES:
        account |= dict([SWITCHES[operation]])
    if "website" in account:
        account["website"] = f"http://{account['website']}"
    return account


def check(sandbox, change, operation, number):
    change.refresh_from_db()
    oracle.assert_over(change)
    assert change.state == State.DONE
    oracle.assert_sent_as_often_as_allowed(sandbox, change)
    oracle.assert_mirrored(sandbox, change.customer)
    account = sandbox.account(Customer.objects.get(pk=change.customer_id).username)
    assert account | expected_account(operation, number) == account
    oracle.assert_no_person_was_asked()
    # The names that it had and has; one account and no more.
    names = [f"c{number}@navy.example", f"new{number}@navy.example"]
    there = [account for name in names if (account := sandbox.account(name))]
    assert len(there) == 1
