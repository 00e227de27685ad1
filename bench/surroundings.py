"""A database and a broker of their own for one measurement; they end with it."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import django
from django.core.management import call_command

from tests import services
from tests.installation import fresh_database
from tests.production import throw_away

ENGINES = ("postgresql", "sqlite")


@contextmanager
def surroundings(engine: str, **environment: str) -> Iterator[None]:
    """Django runs as in production, on an empty database of that engine.

    Once a process: settings are read once. Nothing of a developer's .env counts.
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
        here = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}
        account = {"DISTRIBUTOR_USER": "sandbox", "DISTRIBUTOR_KEY": "sandbox"}
        os.environ.update(throw_away() | account | here | environment)
        django.setup()
        call_command("migrate", verbosity=0)
        yield
