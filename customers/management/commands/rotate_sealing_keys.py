"""`manage.py rotate_sealing_keys`: what waits is sealed with the first of SEALING_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from customers.services.passwords import rotate


class Command(BaseCommand):
    help = "Seal all waiting passwords with the first of SEALING_KEYS. Workers may go on."

    def handle(self, **options: Any) -> None:
        told = rotate()
        self.stdout.write(f"{told.anew} passwords are sealed with the first key.")
        if told.unopened:
            changes = ", ".join(map(str, told.unopened[:10]))
            raise CommandError(
                f"{len(told.unopened)} passwords open with none of SEALING_KEYS: put the removed "
                f"key back at the end. Changes: {changes}"
            )
        self.stdout.write("The other keys can be removed once all processes know the first.")
