from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from customers.sandbox.command import add_arguments, run

OPTIONS = ("host", "port", "data", "accounts", "user", "key", "record")


class Command(BaseCommand):
    help = "Serve the distributor's stand-in."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        add_arguments(parser, data=settings.VAR / "sandbox.sqlite3")

    def handle(self, **options: Any) -> None:
        run(**{name: options[name] for name in OPTIONS})
