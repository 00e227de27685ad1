"""Asks for customers, says which, and dies while SQLite carries them over into its main file.

The kernel kills it at the first page that lies beyond the size that the file may have: so many
bytes more than it has before.
"""

import os
import resource
import signal
import sys
from pathlib import Path

import django


def main(number: int, more: int) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "reseller.settings"
    django.setup()
    from django.db import connection

    from customers.services.changes import create
    from tests.integration.steps import ADA, PASSWORD

    connection.cursor().execute("PRAGMA wal_autocheckpoint = 0")
    for n in range(number):
        change = create(params=ADA | {"username": f"c{n}@navy.example"}, password=PASSWORD)
        print(change.pk, flush=True)  # noqa: T201
    size = Path(connection.settings_dict["NAME"]).stat().st_size
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + more, size + more))
    connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
