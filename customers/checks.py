"""What is wrong with the settings, told before anything runs."""

from typing import Any

from django.conf import settings
from django.core.checks import Error

from customers.distributor.rules import ALTERABLE

TAG = "customers"


def drift_policies(**_options: Any) -> list[Error]:
    """A misspelt field would be adopted without a word."""
    ask, push_back = set(settings.DRIFT_ASK), set(settings.DRIFT_PUSH_BACK)
    found = []
    if unknown := (ask | push_back) - set(ALTERABLE):
        found.append(
            Error(
                f"DRIFT_ASK or DRIFT_PUSH_BACK name no field of a listed row: "
                f"{', '.join(sorted(unknown))}.",
                hint=f"There are: {', '.join(ALTERABLE)}.",
                id="customers.E001",
            )
        )
    if both := ask & push_back:
        found.append(
            Error(
                f"DRIFT_ASK and DRIFT_PUSH_BACK both name {', '.join(sorted(both))}.",
                hint="A field has one policy.",
                id="customers.E002",
            )
        )
    return found
