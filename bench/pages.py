"""What the pages of customers cost with a thousand and with a million of them, on PostgreSQL.

Server time through Django's own handler, with every middleware and no network. Both databases are
there at once and take turns, so that whatever else the machine does slows both down.
"""

import argparse
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from itertools import islice
from typing import Any
from unittest.mock import patch

from bench.surroundings import surroundings
from bench.tables import milliseconds, percentile, print_table
from tests.installation import fresh_database

SMALL, LARGE = 1_000, 1_000_000
GOAL = 1.5
BLOCK = 10
HOST = "console.example.com"
DEEP = 0.6

LISTS = {
    "list": "",
    "list, all columns": "columns={all}",
    "filtered: status, 1 in 100": "status=CLOSED",
    "filtered: sending off, 3 in 100": "active=off",
    "filtered: city": "city=Köln",
    "filtered: country": "country=pol",
    "filtered: country and sending": "country=Poland&active=off",
    "filtered: package, free": "package=Gold&free_user=no",
    "filtered: mine": "manager=mine",
    "filtered: nobody's": "manager=nobody",
    "filtered: something on its way": "changes=open",
    "filtered: refused changes": "changes=refused",
    "filtered: drift": "drift=open",
    "filtered: not verified today": "seen_before={today}",
    "filtered: nothing matches": "zip=00000-nothing",
    "search: a part of every name": "q=.example",
    "search: one in four": "q=info",
    "search: a last name": "q=Müller",
    "search: two words": "q=jürgen köln",
    "search: one customer": "q={email}",
    "search: a domain": "q={domain}",
    "search: a former name": "q={former}",
    "search: nothing": "q=qqzzqq",
    "search: a phone number": "q={phone}",
    "search: two letters": "q=li",
    "search: two letters, nothing": "q=qz",
    "search: one letter": "q=z",
    "search: two signs of Chinese": "q=大学",
    "search: a sign of its own": "q=%25",
    "sorted by name": "sort=name",
    "sorted by company": "sort=company",
    "sorted by company, falling": "sort=-company",
    "sorted by e-mail": "sort=email",
    "sorted by status": "sort=status",
    "sorted by package": "sort=package",
    "search, sorted by name": "q=Weiß&sort=name",
    "filtered, sorted by name": "city=Umeå&sort=-name",
}
# The orders in which a page far from both ends is read.
ORDERS = ("-known", "name", "company", "status")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", type=int, default=LARGE)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--only", default="", help="pages with this in their name")
    options = parser.parse_args()
    # A server of so many customers is given some memory; its default is of another century.
    os.environ.setdefault("SHARED_BUFFERS", "1GB")
    with surroundings("postgresql"):
        from django.test.utils import override_settings

        plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
        files = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
        with override_settings(STORAGES={"default": files, "staticfiles": plain}):
            measure(options)


def measure(options: argparse.Namespace) -> None:
    from django.db import connections

    small = connections["default"]
    with second_database() as large:
        sides = []
        for wrapper, number in ((small, SMALL), (large, options.large)):
            begun = time.perf_counter()
            with using(wrapper):
                sides.append((wrapper, *filled(number)))
            print(f"{number:,} customers made in {time.perf_counter() - begun:.0f} s", flush=True)
        rows = []
        for name in sides[0][2]:
            if options.only in name:
                spent, shown = timed(name, sides, options.rounds)
                rows.append(row(name, shown, spent))
                print(*rows[-1], sep="  ", flush=True)
    head = [
        "page",
        "rows",
        "1 k p50",
        "p95",
        f"{options.large:,} p50",
        "p95",
        "ratio",
        f"goal {GOAL}",
    ]
    print_table("server time of a page", head, rows)


@contextmanager
def second_database() -> Iterator[Any]:
    from django.core.management import call_command
    from django.db import connection, connections

    settings = connection.settings_dict
    url = "postgres://{USER}@{HOST}:{PORT}/{NAME}".format(**settings)
    with fresh_database(url) as other:
        connections.settings["large"] = {**settings, "NAME": other.rpartition("/")[2]}
        large = connections["large"]
        large.alias = "default"
        with using(large):
            call_command("migrate", verbosity=0)
        try:
            yield large
        finally:
            large.close()


@contextmanager
def using(wrapper: Any) -> Iterator[None]:
    """That connection is everybody's for a while."""
    from django.db import connections

    before = connections["default"]
    connections["default"] = wrapper
    try:
        yield
    finally:
        connections["default"] = before


def filled(number: int) -> tuple[Any, dict[str, str]]:
    """Somebody who is signed in, and the address of each page."""
    from django.contrib.auth.models import User
    from django.test import Client

    from bench import people

    me = User.objects.create_superuser("manager")
    people.fill(number, me.pk)
    client = Client(HTTP_HOST=HOST)
    client.force_login(me)
    return client, addresses()


def addresses() -> dict[str, str]:
    from urllib.parse import quote

    from customers.models import Customer, Username, clock
    from customers.models.keyset import Order, Place
    from customers.tables import COLUMNS

    deep = Customer.objects.order_by("pk")[int(Customer.objects.count() * DEEP)]
    said = {
        "all": ",".join(COLUMNS),
        "today": clock.now().date().isoformat(),
        "email": deep.email,
        "domain": deep.email.partition("@")[2],
        "former": Username.objects.filter(state="RELEASED").earliest("pk").name,
        "phone": "".join(deep.phone.split()[1:]),
    }
    pages = {name: f"/customers/?{query.format(**said)}" for name, query in LISTS.items()}
    for text in ORDERS:
        order = Order.named(text)
        key = Customer.objects.annotate(sort_key=order.key).get(pk=deep.pk).sort_key
        pages[f"deep page, sort={text}"] = f"/customers/?sort={text}&after={Place(key, deep.pk)}"
    pages["last page, sort=name"] = "/customers/?sort=name&before=end"
    one = f"/customers/{deep.pk}/"
    pages["customer"] = one
    for query in ("", "sort=name", "status=LIVE"):
        pages[f"customer, of the list {query}"] = f"{one}?from={quote(query)}"
    found = Customer.objects.filter(last_name="Müller").order_by("pk")
    pages["customer, of a search by name"] = (
        f"/customers/{found[found.count() // 2].pk}/?from={quote('q=Müller&sort=name')}"
    )
    return pages


def timed(name: str, sides: list[Any], rounds: int) -> tuple[list[list[float]], list[int]]:
    """The seconds of each request, on both sides, in turns; and the rows that either has to show.

    A row costs the same to draw however many customers there are, so that both draw as many as the
    side with fewer of them. What is found, put in order and counted before stays whole.
    """
    shown = []
    for wrapper, client, pages in sides:
        with using(wrapper):
            shown.append(client.get(pages[name], secure=True).content.count(b"<tr data-row>"))
    spent: list[list[float]] = [[] for _ in sides]
    with drawing(max(1, min(shown))):
        for _ in range(max(1, rounds // BLOCK)):
            for n, (wrapper, client, pages) in enumerate(sides):
                with using(wrapper):
                    client.get(pages[name], secure=True)
                    for _ in range(BLOCK):
                        begun = time.perf_counter()
                        answer = client.get(pages[name], secure=True)
                        spent[n].append(time.perf_counter() - begun)
                        assert answer.status_code == HTTPStatus.OK, (name, answer)
    return spent, shown


@contextmanager
def drawing(most: int) -> Iterator[None]:
    """No page of the list draws more rows; it reads the keys of all that it would."""
    from customers.views import list_pages

    every = list_pages.rows

    def first(keys: Any, order: Any) -> Any:
        return every(islice(keys, most), order)

    with patch.object(list_pages, "rows", first):
        yield


def row(name: str, shown: list[int], spent: list[list[float]]) -> list[str]:
    halves = [percentile(times, 0.5) for times in spent]
    ratio = halves[1] / halves[0]
    cells = [milliseconds(percentile(times, part)) for times in spent for part in (0.5, 0.95)]
    return [
        name,
        "/".join(map(str, shown)),
        *cells,
        f"{ratio:.2f}",
        "met" if ratio <= GOAL else "missed",
    ]


if __name__ == "__main__":
    main()
