"""What somebody who signed up is told of how far it is."""

from django.utils.translation import gettext_lazy as _

from customers.models import Change, Customer, Signup

SIGNUP_STORIES: dict[str, object] = {
    Signup.State.REVIEW: _(
        "We have everything we need. Somebody of us looks at it before your account is set up."
    ),
    Signup.State.CORRECTION: _("Before we go on we need something from you."),
    "TURNED_DOWN": _("We have decided not to open this account."),
    Change.State.WAITING: _("We have everything we need. Your account is being set up."),
    Change.State.SENDING: _("Your account is being set up right now."),
    Change.State.IN_DOUBT: _(
        "Your account was sent off, and we are checking that it arrived. This can take a few "
        "minutes; there is nothing you need to do."
    ),
    Change.State.BLOCKED: _("Somebody of us has to look at your account. We will see to it."),
    Customer.Status.LIVE: _(
        "Your account is live. You can sign in with your username and password."
    ),
    Customer.Status.MISSING: _("Somebody of us has to look at your account. We will see to it."),
    Customer.Status.CLOSED: _("Your account was closed. Please contact us."),
    Change.State.REJECTED: _(
        "The service that sets up accounts has refused something. You can correct it, and it goes "
        "on."
    ),
    Change.State.WITHDRAWN: _("This request was withdrawn. Please contact us."),
    Customer.Status.REQUESTED: _("We have everything we need. Your account is being set up."),
    Customer.Status.REFUSED: _("This request was withdrawn. Please contact us."),
}
AWAY = _(
    "The service that sets up accounts does not answer at the moment. Your request is safe and "
    "goes on by itself as soon as it does."
)
