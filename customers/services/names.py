"""Who may have a username, and what becomes of it. Call these inside a transaction."""

from datetime import timedelta

from customers.distributor.rules import fold
from customers.models import Attempt, Change, Customer, Signup, Username, clock

# A late copy of a call that we gave up on still carries the old name: it must meet nobody.
HOLD = timedelta(days=1)

LIVE = Username.State.LIVE


class NameTaken(Exception):
    """`state` says why: LIVE, PENDING, RELEASED (held until `until`) or BURNT."""

    def __init__(self, username: Username) -> None:
        super().__init__(username.state)
        self.state = username.state
        self.until = username.until


def judge(name: str, customer: Customer | None = None, signup: Signup | None = None) -> None:
    """Raise NameTaken unless this customer (None: a new one) may ask for the name now.

    `signup` is an open one that may hold it itself.
    """
    taken = Username.objects.filter(key=fold(name)).first()
    if taken is None or (signup and taken.signup_id == signup.pk):
        return
    if not taken.free_for(customer.pk if customer else None, clock.now()):
        raise NameTaken(taken)


def hold(name: str, signup: Signup) -> None:
    """Nobody else gets the name while the signup is open; one that it held before is free."""
    now = clock.now()
    Username.objects.select_for_update().filter(signup=signup).exclude(key=fold(name)).update(
        signup=None, state=Username.State.RELEASED, until=now, since=now
    )
    held, _new = Username.objects.select_for_update().get_or_create(
        key=fold(name),
        defaults={
            "name": name,
            "signup": signup,
            "state": Username.State.PENDING,
            "until": signup.expires_at,
            "since": now,
        },
    )
    if held.signup_id != signup.pk and not held.free_for(None, now):
        raise NameTaken(held)
    held.name, held.signup, held.customer = name, signup, None
    held.state, held.until = Username.State.PENDING, signup.expires_at
    held.save()


def let_go(signup: Signup) -> None:
    """Whatever the signup holds is free: it is over, or its name is now its customer's."""
    now = clock.now()
    Username.objects.filter(signup=signup).update(
        signup=None, state=Username.State.RELEASED, until=now, since=now
    )


def reserve(name: str, customer: Customer) -> None:
    """The name is on its way to this customer: nobody else gets it meanwhile."""
    now = clock.now()
    held, _new = Username.objects.select_for_update().get_or_create(
        key=fold(name),
        defaults={
            "name": name,
            "customer": customer,
            "state": Username.State.PENDING,
            "since": now,
        },
    )
    if not held.free_for(customer.pk, now):
        raise NameTaken(held)
    if held.state != LIVE:
        held.name, held.customer, held.state = name, customer, Username.State.PENDING
        held.signup, held.until, held.since = None, None, now
        held.save()


def take(name: str, customer: Customer) -> None:
    """The distributor has confirmed the name; the one it replaces is held for a while."""
    for former in Username.objects.filter(customer=customer, state=LIVE):
        if former.key != fold(name):
            _give_back(former)
    Username.objects.update_or_create(
        key=fold(name),
        defaults={
            "name": name,
            "customer": customer,
            "signup": None,
            "state": LIVE,
            "until": None,
            "since": clock.now(),
        },
    )


def release(name: str, customer: Customer) -> None:
    """The name was not had after all."""
    pending = Username.objects.filter(
        key=fold(name), customer=customer, state=Username.State.PENDING
    ).first()
    if pending:
        _give_back(pending)


def burn(name: str, customer: Customer | None) -> None:
    """Deleted, or somebody else's (None): the distributor never gives it out again."""
    if Username.objects.filter(key=fold(name), state=LIVE).exclude(customer=customer).exists():
        return  # That somebody is a customer of ours.
    Username.objects.update_or_create(
        key=fold(name),
        defaults={
            "name": name,
            "customer": customer,
            "signup": None,
            "state": Username.State.BURNT,
            "until": None,
            "since": clock.now(),
        },
    )


def _give_back(username: Username) -> None:
    now = clock.now()
    still_asked = (
        Change.objects.open()
        .filter(customer=username.customer, params__has_key="username")
        .values_list("params__username", flat=True)
    )
    if username.key in map(fold, still_asked):
        username.state, username.until = Username.State.PENDING, None
    else:
        username.state = Username.State.RELEASED
        username.until = now + HOLD if _was_sent(username) else now
    username.since = now
    username.save()


def _was_sent(username: Username) -> bool:
    """Whether any call has carried the name: a late copy of that one would meet its next owner."""
    sends = Attempt.objects.sends().filter(change__customer=username.customer)
    requests = sends.values_list("request", flat=True)
    return any(
        username.key == fold(request[field])
        for request in requests
        for field in ("user", "username")
        if field in request
    )
