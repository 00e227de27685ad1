"""A database and a broker of their own for one measurement; they end with it."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import django
from django.core.management import call_command

from tests import services
from tests.installation import fresh_database

ENGINES = ("postgresql", "sqlite")


@contextmanager
def surroundings(engine: str, **environment: str) -> Iterator[None]:
    """Django runs on an empty database of that engine; nothing of a developer's .env counts.

    Once a process: settings are read once.
    """
    for name in [name for name in os.environ if name.startswith("DISTRIBUTOR_")]:
        del os.environ[name]
    os.environ.pop("DATABASE_URL", None)
    os.environ.pop("REDIS_URL", None)
    os.environ["ENGINE"] = engine
    with ExitStack() as stack:
        os.environ.update(services.start(stack))
        if not os.environ["DATABASE_URL"].startswith(engine[:6]):
            raise SystemExit(services.NO_POSTGRES)
        if engine == "postgresql":
            empty = fresh_database(os.environ["DATABASE_URL"])
            os.environ["DATABASE_URL"] = stack.enter_context(empty)
        os.environ.update(
            DJANGO_SETTINGS_MODULE="reseller.settings",
            DEBUG="true",
            DISTRIBUTOR_URL="http://127.0.0.1:1/api",
            DISTRIBUTOR_USER="sandbox",
            DISTRIBUTOR_KEY="sandbox",
            DISTRIBUTOR_CONTROL="",
        )
        os.environ.update(environment)
        django.setup()
        call_command("migrate", verbosity=0)
        yield
