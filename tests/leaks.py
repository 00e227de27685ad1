"""Where a secret could have got to, and how it could be spelled there."""

import html
import json
import threading
from base64 import b64encode
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote, quote_plus

import psycopg
import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from tests.installation import Installation, Visitor

PAGES = ("/", "/customers/", "/customers/changes/", "/customers/refreshes/", "/signup/")
ADMIN = ("change", "attempt", "customer", "decision", "alert", "username", "signup", "gate", "mail")


def spellings(secret: str) -> set[bytes]:
    """As it may stand in a log, a form body, a document, a page, a token or a raw file."""
    plain = secret.encode()
    texts = {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(json.dumps(secret)[1:-1])[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        html.escape(secret),
        repr(secret)[1:-1],
        html.escape(repr(secret)[1:-1]),
        repr(plain)[2:-1],
        plain.hex(),
        plain.hex().upper(),
    }
    # Both ends of a base64 text depend on the neighbours.
    wrapped = {b64encode(b"x" * shift + plain)[4:-4] for shift in range(3)}
    safe = {it.replace(b"+", b"-").replace(b"/", b"_") for it in wrapped}
    encodings = ("utf-16-le", "utf-16-be", "latin-1")
    return {it.encode() for it in texts} | wrapped | safe | {secret.encode(e) for e in encodings}


def places(sinks: dict[str, bytes], secrets: list[str]) -> set[str]:
    wanted = [spelled for secret in secrets for spelled in spellings(secret)]
    return {place for place, content in sinks.items() if any(it in content for it in wanted)}


def kept(installed: Installation) -> dict[str, bytes]:
    """Whatever the installation has written: its files, its database, its broker."""
    return {
        **files(installed.var),
        "the database": database_rows(installed),
        "the database's own files": database_files(installed),
        "the broker": broker_keys(installed),
    }


def files(folder: Path) -> dict[str, bytes]:
    """Logs of all processes, and SQLite with its journal."""
    found = {}
    for file in folder.rglob("*"):
        # Only the distributor may know a password. A journal may be gone by now.
        if not file.name.startswith("sandbox.sqlite3"):
            with suppress(FileNotFoundError, IsADirectoryError, OSError):
                found[str(file.relative_to(folder))] = file.read_bytes()
    return found


def shown(manager: Visitor, admin: Visitor, customers: list[int]) -> dict[str, bytes]:
    """Pages of the console and of Django admin, down to each change and call."""
    found = {path: manager.html(path) for path in PAGES}
    for pk in customers:
        page = manager.open(f"/customers/{pk}/")
        for link in [page.url, *page.links(r"/customers/changes/[0-9a-f-]+/")]:
            found[link] = manager.html(link)
    for table in ADMIN:
        page = admin.open(f"/admin/customers/{table}/")
        for link in [page.url, *page.links(rf"/admin/customers/{table}/[^/]+/change/.*")]:
            found[link] = admin.html(link)
    return found


def broker_keys(installed: Installation) -> bytes:
    # One that was killed a moment ago is started again by the launcher, after its pause.
    patience = Retry(ConstantBackoff(0.2), 100)
    with redis.from_url(installed.settings()["REDIS_URL"], retry=patience) as broker:
        broker.config_set("rdbcompression", "no")
        return b"".join(broker.dump(key) or b"" for key in broker.scan_iter())


def database_rows(installed: Installation) -> bytes:
    """Of PostgreSQL: SQLite is a file like any other."""
    url = installed.settings()["DATABASE_URL"]
    if not url.startswith("postgres"):
        return b""
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    with psycopg.connect(url) as database:
        names = [name for (name,) in database.execute(tables)]
        rows = [
            text
            for name in names
            for (text,) in database.execute(f'SELECT t::text FROM "{name}" t')
        ]
    return "\n".join(rows).encode()


def database_files(installed: Installation) -> bytes:
    """Tables, indexes and the write-ahead log as they lie on the disk."""
    url = installed.settings()["DATABASE_URL"]
    if not url.startswith("postgres"):
        return b""
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("CHECKPOINT")
        (folder,) = database.execute("SHOW data_directory").fetchone()
        (number,) = database.execute(
            "SELECT oid FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    cluster = Path(folder)
    return b"".join(
        content
        for part in (cluster / "base" / str(number), cluster / "pg_wal")
        for content in files(part).values()
    )


@contextmanager
def listening(installed: Installation):
    """Every command that the broker is told meanwhile, as MONITOR shows it."""
    heard: list[bytes] = []
    client = redis.from_url(installed.settings()["REDIS_URL"])
    with client.monitor() as monitor:

        def listen() -> None:
            with suppress(redis.RedisError, OSError, ValueError, AttributeError):
                heard.extend(it["command"].encode() for it in monitor.listen())

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield heard
    client.close()
