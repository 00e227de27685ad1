"""Processes that join a test: on its database, and with its distributor."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

ROOT = Path(settings.BASE_DIR)


def environment(**more):
    return os.environ | {
        "DATABASE_URL": database_url(),
        "DISTRIBUTOR_URL": settings.DISTRIBUTOR_URL,
        **more,
    }


def database_url():
    """Of the test's own database, which is not the one that the settings name."""
    where = connection.settings_dict
    if connection.vendor != "postgresql":
        return f"sqlite:///{where['NAME']}"
    return f"postgres://{where['USER']}@{where['HOST']}:{where['PORT']}/{where['NAME']}"


@contextmanager
def process(*command, **more):
    """It runs inside, and is killed at the end if it still does."""
    running = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


def ended(running, seconds=120):
    """What it said, after its end."""
    said, _none = running.communicate(timeout=seconds)
    return said
