"""All that was said, put together: what the distributor gets, and what looks odd about it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import phonenumbers
from django.utils.translation import gettext as _

from customers.distributor.rules import PROFILE_FIELDS, is_email
from customers.forms.fields import LABELS
from customers.forms.signup import places
from customers.forms.signup.person import parsed_phone
from customers.forms.signup.steps import STEPS
from customers.models import Package, Signup
from customers.models.signup import Step

# What the distributor gets as the website of somebody who has none.
NO_WEBSITE = "none"


def first_open(signup: Signup) -> Step:
    """The first page whose answers are missing, or are not right any more; CHECK if none."""
    said = signup.answers
    for step, form in STEPS.items():
        moved = step == Step.ADDRESS and said.get("address_in") != said["country"]
        if moved or not form(said, signup=signup, answers=said).is_valid():
            return step
    return Step.CHECK


def params(signup: Signup) -> dict[str, Any]:
    """The contract's parameters, less the password; only once no page is open any more."""
    said = signup.answers
    package = Package.objects.get(name=said["package"])
    name = f"{said['first_name']} {said['last_name']}"
    asked = {field: said.get(field) or places.NOTHING for field in PROFILE_FIELDS}
    asked |= {
        "username": said["username"],
        "email": signup.email,
        "country": places.sent_country(said["country"]),
        "company": said.get("company") or name,
        "website": said.get("website") or NO_WEBSITE,
        "package": package.name,
        "whitelabel": said["whitelabel"],
        "free_user": "true" if package.is_free else "false",
    }
    if said.get("ip"):
        asked["ip"] = said["ip"]
    return asked


@dataclass(frozen=True)
class Line:
    """One line to be checked: what was said, what is sent instead, what looks odd."""

    step: Step
    label: str
    value: str
    note: str = ""
    hint: str = ""


def lines(signup: Signup) -> Iterator[Line]:
    """What stands on the page on which everything is checked."""
    said, hints = signup.answers, hints_of(signup)
    place = places.place(said["country"])
    labels = {"zip": place.code_label, "state": place.area_label}
    for step, form in STEPS.items():
        for field in form(signup=signup, answers=said).fields:
            if field.startswith("no_") or (field == "ip" and not said.get("ip")):
                continue
            value = said.get(field, "")
            value = ", ".join(value) if isinstance(value, list) else str(value)
            if field == "country":
                value = places.country_name(value)
            elif field == "state":
                value = dict(place.areas).get(value, value)
            yield Line(
                step,
                str(labels.get(field, LABELS[field])),
                value,
                note=_instead(field, value, said),
                hint=hints.get(field, ""),
            )


def _instead(field: str, value: str, said: Mapping[str, Any]) -> str:
    """What is sent where nothing was said, since the distributor takes no empty field."""
    if value:
        return ""
    match field:
        case "company":
            name = f"{said['first_name']} {said['last_name']}"
            return _("None. “%s” is sent instead.") % name
        case "website":
            return _("None. “%s” is sent instead.") % NO_WEBSITE
        case _:
            return _("None. “%s” is sent instead.") % places.NOTHING


def hints_of(signup: Signup) -> dict[str, str]:
    """What may be right and is unusual: nobody is kept from it."""
    said, found = signup.answers, {}
    number = parsed_phone(said.get("phone", ""), said.get("country", ""))
    if number and not phonenumbers.is_valid_number(number):
        found["phone"] = _("No such number is given out as far as we know. Is it right?")
    code, area = said.get("zip", ""), said.get("state", "")
    if code and area and not places.code_fits_area(code, said["country"], area):
        name = dict(places.place(said["country"]).areas).get(area, area)
        found["zip"] = _("It seems to lie elsewhere than %s. Is it right?") % name
    if said.get("username") and not is_email(said["username"]):
        found["username"] = _(
            "It is no e-mail address. That is fine for sending; to pause your account one day, it "
            "has to be changed first."
        )
    return found
