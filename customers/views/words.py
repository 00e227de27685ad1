"""What pages promise, warn of and tell of an operation. One home for the words."""

from django.utils.translation import gettext_lazy as _

from customers.distributor.rules import Operation
from customers.models import Attempt, Change, Refresh, Verification

Outcome = Attempt.Outcome
Cause = Refresh.Cause

# What is promised when a change was asked for: nothing has happened over there yet.
PROMISES = {
    Operation.PROFILE: _("The profile of %s will change in a moment."),
    Operation.EMAIL: _("The e-mail address of %s will change in a moment."),
    Operation.USERNAME: _("%s will get the new username in a moment."),
    Operation.PASSWORD: _("The password of %s will change in a moment."),
    Operation.ENABLE: _("%s will be able to send in a moment."),
    Operation.DISABLE: _("%s will stop sending in a moment."),
    Operation.WEBSITE_ENABLE: _("%s will have website access in a moment."),
    Operation.WEBSITE_DISABLE: _("%s will lose website access in a moment."),
    Operation.DELETE: _("%s will be deleted in a moment."),
}
# What a switch does, told before it is pressed.
EFFECTS = {
    Operation.ENABLE: _("The customer can send again at once, with the same login."),
    Operation.DISABLE: _(
        "All mail of the customer stops at once, until sending is switched on again. Website "
        "access stays as it is."
    ),
    Operation.WEBSITE_ENABLE: _(
        "The customer can sign in to the distributor's website. Sending stays as it is."
    ),
    Operation.WEBSITE_DISABLE: _(
        "The customer cannot sign in to the distributor's website any more. Sending goes on."
    ),
}
WARNINGS = {
    Operation.USERNAME: _(
        "The customer's SMTP login breaks the moment the username changes: every program that "
        "sends with the old one stops until it is told the new one. The old name stays "
        "searchable here."
    ),
    Operation.PASSWORD: _(
        "The customer's SMTP login breaks the moment the password changes: every program that "
        "sends with the old one stops until it is told the new one."
    ),
    Operation.DISABLE: EFFECTS[Operation.DISABLE],
    Operation.WEBSITE_DISABLE: EFFECTS[Operation.WEBSITE_DISABLE],
    Operation.DELETE: _(
        "The account is closed for good, and the customer's SMTP login and website access end that "
        "moment. It cannot be undone, and the username can never be used again, by anybody."
    ),
}
STORIES = {
    Change.State.WAITING: _("It waits, and nothing is lost."),
    Change.State.SENDING: _("It is being sent to the distributor right now."),
    Change.State.IN_DOUBT: _(
        "It went out, but no usable answer came back: it may have been executed or not. Nothing "
        "is sent twice blindly."
    ),
    Change.State.BLOCKED: _(
        "Nothing goes on by itself. Only this customer waits; everybody else's changes go on."
    ),
    Change.State.DONE: _("The distributor has confirmed it."),
    Change.State.REJECTED: _("The distributor refused it. Nothing was changed."),
    Change.State.WITHDRAWN: _("It was withdrawn before it went out. Nothing was changed."),
}
OVERRULED = {
    Change.State.DONE: _("A person decided that it is done over there."),
    Change.State.REJECTED: _("A person decided that it was not done and shall not be."),
}
# What a call means for the change, besides what it says itself.
MEANINGS = {
    Outcome.SUCCESS: _("The distributor confirmed it."),
    Outcome.NOT_SENT: _("Nothing was executed: it is tried again."),
    Outcome.THROTTLED: _("Nothing was executed: it is tried again."),
    Outcome.DENIED: _("Nothing was executed: everything waits until our credentials are taken."),
    Outcome.UNKNOWN: _("It may have been executed or not: looks tell."),
    Outcome.LOST: _("It may have been executed or not: looks tell."),
}
# Why a list was put aside.
CAUSES = {
    Cause.TWICE: _(
        "The same username stands in the list more than once. The distributor never has two "
        "accounts of one name, so the list is not what it seems."
    ),
    Cause.NO_CONTROL: _(
        "The control account is not in the list. Every honest list shows it, so this one is broken "
        "or somebody else's."
    ),
    Cause.EMPTY: _("The list is empty, although customers are live."),
    Cause.SHORT: _(
        "More of the live customers are not in the list than go at once: it may be cut short, or "
        "somebody else's."
    ),
}
# What a look at one customer has shown.
LOOKED = {
    Verification.Outcome.EQUAL: _("Verified: the distributor shows the account as it stands here."),
    Verification.Outcome.DIFFERED: _(
        "Differed: %(fields)s. What the distributor has is shown here now."
    ),
    Verification.Outcome.ABSENT: _(
        "Not found under this username, while another account was. The customer is missing once a "
        "refresh says so too."
    ),
    Verification.Outcome.NO_CONTROL: _(
        "Not found, but neither was an account that must be there: this reading cannot be trusted, "
        "and nothing was changed."
    ),
    Verification.Outcome.NO_ANSWER: _("No usable answer, so nothing is known anew: %(why)s"),
    Verification.Outcome.NOT_NOW: _("Not now: %(why)s"),
}
