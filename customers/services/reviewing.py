"""A person decides about a signup, and it is kept who, when, why, and what they had seen."""

from django.contrib.auth.models import User
from django.db import transaction

from customers.models import Review, Signup, clock
from customers.services import reviews

Choice = Review.Choice
State = Signup.State
# What a person can still say, by where it stands.
CHOICES = {
    State.REVIEW: (Choice.APPROVED, Choice.CORRECTION, Choice.REFUSED),
    State.CORRECTION: (Choice.APPROVED, Choice.REFUSED),
    State.REFUSED: (Choice.REOPENED,),
}
# What an applicant can correct in place. Their e-mail address is confirmed, so it stays.
CORRECTABLE = (
    "username", "first_name", "last_name", "company", "website", "phone", "address", "zip", "city",
    "state", "country", "package", "whitelabel",
)  # fmt: skip


def mark(signup: Signup) -> str:
    """Of what a page shows: it is another one as soon as anything was decided or corrected."""
    times = (signup.decided_at, signup.stepped_at)
    return " ".join([signup.state, *(f"{it:%Y%m%d%H%M%S.%f}" if it else "-" for it in times)])


def decide(
    signup: Signup, choice: Choice, *, seen: str, by: User, reason: str = "", field: str = "",
    mailed: str = "",
) -> bool:  # fmt: skip
    """Do what a person chose on a page of that mark; False if it stands otherwise by now.

    `mailed` is what the applicant reads, if it is more than the reason.
    """
    with transaction.atomic():
        row = Signup.objects.select_for_update().get(pk=signup.pk)
        if mark(row) != seen or choice not in CHOICES.get(State(row.state), ()):
            return False
        signals = list(row.signals)
        if not _follow(row, choice, by, mailed or reason):
            return False
        Review.objects.create(
            signup=row, choice=choice, field=field, by=str(by), reason=reason, signals=signals,
            at=clock.now(),
        )  # fmt: skip
    return True


def _follow(signup: Signup, choice: Choice, by: User, reason: str) -> bool:
    match choice:
        case Choice.APPROVED:
            return reviews.approve(signup, by=by)
        case Choice.REFUSED:
            return reviews.refuse(signup, by=by, reason=reason)
        case Choice.CORRECTION:
            return reviews.ask_correction(signup, by=by, reason=reason)
        case Choice.REOPENED:
            return reviews.reopen(signup, by=by)
