"""`manage.py demo`: makes a fresh database worth looking at, and leaves any other as it is."""

import os
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand
from django.db import transaction

from customers.models import Customer, IpAddress, IpGroup, Package, WhitelabelDomain

# The packages are those of the sandbox's customers, and the last one is nobody's yet.
CATALOGUE = [
    Package(name="Free", is_free=True, offered_at_signup=True),
    Package(name="Bronze - 40,000 e-mails", offered_at_signup=True),
    Package(name="Silver - 100,000 e-mails", offered_at_signup=True),
    Package(name="Gold - 300,000 e-mails", allows_ips=True, offered_at_signup=True),
    Package(name="Platinum - dedicated", allows_ips=True),
    IpGroup(name="Marketing"),
    IpGroup(name="Newsletters"),
    IpGroup(name="Transactional"),
    *[IpAddress(address=f"192.0.2.{host}") for host in range(10, 26)],
    WhitelabelDomain(domain="mail.example.com"),
    WhitelabelDomain(domain="news.example.com"),
    WhitelabelDomain(domain="mail.example.org"),
]


class Command(BaseCommand):
    help = (
        "Fills an empty catalogue, makes the users manager and admin with the password in "
        "DEMO_PASSWORD, and reads the distributor's list into an empty mirror."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        password = os.environ.get("DEMO_PASSWORD")
        if not password:
            raise CommandError("Set DEMO_PASSWORD: manager and admin will sign in with it.")
        with transaction.atomic():
            fill_catalogue()
            make_people(password)
        if not Customer.objects.exists():
            self.read_list()

    def read_list(self) -> None:
        """A distributor that does not answer now is no reason not to start."""
        try:
            call_command("refresh")
        except (CommandError, SystemExit) as failure:
            self.stderr.write(f"The distributor's list was not read: {failure}")


def fill_catalogue() -> None:
    for model in (Package, IpGroup, IpAddress, WhitelabelDomain):
        rows: list[Any] = [row for row in CATALOGUE if isinstance(row, model)]
        if not model.objects.exists():
            model.objects.bulk_create(rows)


def make_people(password: str) -> None:
    users = get_user_model().objects
    if not users.filter(username="manager").exists():
        manager = users.create_user("manager", "manager@example.com", password)
        manager.groups.set(Group.objects.filter(name__in=("Managers", "Leads")))
    if not users.filter(username="admin").exists():
        users.create_superuser("admin", "admin@example.com", password)
