"""How often: one question for all pages of the signup, answered by what the database counts."""

from django.http import HttpRequest

from customers.models import Signup
from customers.services.limits import Purpose, TooMany, spend

PURPOSES = {
    "start": Purpose.START,
    "resend": Purpose.RESEND,
    "code": Purpose.GUESS,
    "availability": Purpose.LOOKUP,
}


def allowed(
    request: HttpRequest, what: str, signup: Signup | None = None, *, email: str = ""
) -> bool:
    """Whether this may be done now, and counts: start, resend, code or availability.

    The same for an address that we know and for one that we do not.
    """
    email = email or (signup.email if signup else "")
    try:
        spend(PURPOSES[what], address=request.META["REMOTE_ADDR"], email=email)
    except TooMany:
        return False
    return True
