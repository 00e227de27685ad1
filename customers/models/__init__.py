"""Columns, constraints and query sets. No HTTP, no Celery."""

from customers.models.attempt import Attempt
from customers.models.catalogue import IpAddress, IpGroup, Package, WhitelabelDomain
from customers.models.change import Change
from customers.models.customer import Customer
from customers.models.decision import Decision
from customers.models.drift import Drift
from customers.models.listed import Listed
from customers.models.mail import Mail
from customers.models.note import Note
from customers.models.refresh import Refresh
from customers.models.review import Review
from customers.models.sample import Sample, Tally
from customers.models.saved_view import SavedView
from customers.models.signup import Signup
from customers.models.standing import Alert, Gate
from customers.models.usage import Usage
from customers.models.username import Username
from customers.models.verification import Verification

__all__ = [
    "Alert",
    "Attempt",
    "Change",
    "Customer",
    "Decision",
    "Drift",
    "Gate",
    "IpAddress",
    "IpGroup",
    "Listed",
    "Mail",
    "Note",
    "Package",
    "Refresh",
    "Review",
    "Sample",
    "SavedView",
    "Signup",
    "Tally",
    "Usage",
    "Username",
    "Verification",
    "WhitelabelDomain",
]
