"""Believable customers, the same ones every time; their domains belong to nobody."""

import random
import re
import string
import unicodedata
from dataclasses import dataclass
from functools import cache

from customers.sandbox.store import NEW, Account

SEED = 8025

ADA: Account = {
    "username": "ada@analytical.example",
    "password": "difference-engine",
    "email": "ada@analytical.example",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "address": "12 St James's Square",
    "city": "London",
    "state": "England",
    "zip": "SW1Y 4JH",
    "country": "United Kingdom",
    "phone": "+44 20 7946 0001",
    "website": "http://www.analytical.example",
    "company": "Analytical Engines Ltd",
    "package": "Bronze - 40,000 e-mails",
    "whitelabel": "mail.analytical.example",
}


@dataclass(frozen=True)
class Country:
    """`#` stands for a digit, `@` for a capital letter, `*` for a last name."""

    name: str
    first_names: str
    last_names: str
    # City and state.
    cities: tuple[tuple[str, str], ...]
    address: str
    zip: str
    phone: str
    company: str


COUNTRIES = (
    Country(
        "United States",
        "James Mary Robert Patricia Linda Michael Denise Tyrone Emily Carlos Ashley Wei",
        "Smith Johnson Williams Brown Garcia Miller Nguyen Washington O'Brien Kowalski Lee Ortiz",
        (("Denver", "CO"), ("Austin", "TX"), ("Portland", "OR"), ("Chicago", "IL")),
        "#### * Avenue",
        "8####",
        "+1 303 555 01##",
        "* & Sons Inc.",
    ),
    Country(
        "United Kingdom",
        "Oliver Amelia Harry Isla George Priya Callum Siobhan Rhys Zara Alfie Imogen",
        "Taylor Davies Evans Patel Wright Khan MacLeod O'Connor Hughes Ashworth Begum Clarke",
        (("London", "England"), ("Leeds", "England"), ("Cardiff", "Wales"), ("Perth", "Scotland")),
        "## * Road",
        "@@# #@@",
        "+44 1632 960###",
        "* Trading Ltd",
    ),
    Country(
        "Germany",
        "Jürgen Sabine Lukas Anna-Lena Björn Käthe Mehmet Heike Jörg Ursula Felix Greta",
        "Müller Schäfer Weiß Krüger Özdemir Hoffmann Köhler Großmann Vogel Brandt Lang Jäger",
        (("Köln", "Nordrhein-Westfalen"), ("München", "Bayern"), ("Leipzig", "Sachsen")),
        "*straße ##",
        "5####",
        "+49 30 23125 ###",
        "* GmbH",
    ),
    Country(
        "France",
        "Chloé Théo Inès Gaël Camille Zoé Jérôme Noémie François Aïcha Benoît Lucie",
        "Martin Lefèvre Dubois Béranger Garnier Noël Chevalier Diallo Rousseau Hérault Petit",
        (("Lyon", "Rhône"), ("Nîmes", "Gard"), ("Orléans", "Loiret"), ("Paris", "Paris")),
        "## rue *",
        "6####",
        "+33 1 99 00 ## ##",
        "* et Fils SARL",
    ),
    Country(
        "Spain",
        "Lucía Martín Sofía Íñigo Begoña Álvaro Núria Javier Ainhoa Jesús Carmen Óscar",
        "García Núñez Ibáñez López Muñoz Etxeberria Peña Ruiz Castaño Vidal Domínguez",
        (("Málaga", "Andalucía"), ("A Coruña", "Galicia"), ("Bilbao", "Bizkaia")),
        "Calle * ##",
        "2####",
        "+34 910 55# ###",
        "* y Asociados S.L.",
    ),
    Country(
        "Poland",
        "Łukasz Małgorzata Paweł Zofia Michał Żaneta Stanisław Kinga Grażyna Wojciech Ewa",
        "Nowak Wiśniewski Wójcik Dąbrowski Łuczak Żak Śliwiński Zając Gołąb Lis Kaczmarek",
        (("Łódź", "łódzkie"), ("Kraków", "małopolskie"), ("Gdańsk", "pomorskie")),
        "ul. * ##",
        "9#-###",
        "+48 22 55# ## ##",
        "* Sp. z o.o.",
    ),
    Country(
        "Sweden",
        "Åsa Björn Elsa Göran Malin Sven Ingrid Håkan Märta Lars Freja Örjan",
        "Åkesson Lindström Sjöberg Öberg Nyström Hägg Bergqvist Dahl Ekman Sandström Forsberg",
        (("Malmö", "Skåne"), ("Göteborg", "Västra Götaland"), ("Umeå", "Västerbotten")),
        "*gatan ##",
        "2## ##",
        "+46 8 465 004 ##",
        "* Bygg AB",
    ),
    Country(
        "Brazil",
        "João Conceição Luís Márcia Antônio Thaís César Beatriz Otávio Iara Flávia Davi",
        "Silva Araújo Gonçalves Assunção Nóbrega Brandão Souza Magalhães Leão Prado Simões",
        (("São Paulo", "SP"), ("Belém", "PA"), ("Florianópolis", "SC")),
        "Rua *, ###",
        "0####-###",
        "+55 11 5550-####",
        "* Comércio Ltda.",
    ),
)
PACKAGES = ("Free", "Bronze - 40,000 e-mails", "Silver - 100,000 e-mails", "Gold - 300,000 e-mails")
MAILBOXES = ("{first}.{last}{number}", "{last}{number}", "info{number}", "mail.{first}{number}")
DRAWN = {"#": string.digits, "@": string.ascii_uppercase}
TRADES = ("studio", "shop", "media", "logistics", "garden", "books", "travel", "bakery")

_SHARE_OF_FREE = 0.05
_SHARE_WITH_IP = 0.1
_SHARE_DISABLED = 0.03
_SHARE_WITHOUT_WEBSITE_ACCESS = 0.03
_SHARE_OF_PLAIN_NAMES = 0.02

# Letters that do not come apart into a base and an accent.
_ASCII = str.maketrans({"ł": "l", "ø": "o", "ß": "ss", "æ": "ae", "'": None, " ": "-"})


def person(number: int) -> Account:
    """The customer of that number; the username holds the number, so it is nobody else's."""
    dice = random.Random(SEED * 1_000_003 + number)  # noqa: S311 (believable, not secret)
    country = dice.choice(COUNTRIES)
    first, last = (dice.choice(n.split()) for n in (country.first_names, country.last_names))
    city, state = dice.choice(country.cities)
    domain = f"{_slug(last)}-{dice.choice(TRADES)}.example"
    names = {"first": _slug(first), "last": _slug(last), "number": number}
    mailbox = dice.choice(MAILBOXES).format(**names)
    email = f"{mailbox}@{domain}"
    free = dice.random() < _SHARE_OF_FREE
    return {
        **NEW,
        "username": mailbox if dice.random() < _SHARE_OF_PLAIN_NAMES else email,
        "password": "".join(dice.choices(string.ascii_letters + string.digits, k=12)),
        "email": email,
        "first_name": first,
        "last_name": last,
        "address": _filled(country.address, dice, dice.choice(country.last_names.split())),
        "city": city,
        "state": state,
        "zip": _filled(country.zip, dice),
        "country": country.name,
        "phone": _filled(country.phone, dice),
        "website": f"http://www.{domain}",
        "company": _filled(country.company, dice, last),
        "package": PACKAGES[0] if free else dice.choice(PACKAGES[1:]),
        "whitelabel": f"mail.{domain}",
        "ip": [f"192.0.2.{dice.randint(1, 254)}"] if dice.random() < _SHARE_WITH_IP else [],
        "free_user": free,
        "active": dice.random() >= _SHARE_DISABLED,
        "website_access": dice.random() >= _SHARE_WITHOUT_WEBSITE_ACCESS,
    }


def _filled(pattern: str, dice: random.Random, name: str = "") -> str:
    drawn = re.sub("[#@]", lambda found: dice.choice(DRAWN[found[0]]), pattern)
    return drawn.replace("*", name)


@cache
def _slug(name: str) -> str:
    base = unicodedata.normalize("NFD", name.lower().translate(_ASCII))
    return "".join(c for c in base if not unicodedata.combining(c))
