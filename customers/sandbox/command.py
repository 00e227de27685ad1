"""The sandbox from the command line."""

import argparse
import signal
import sys
from pathlib import Path
from typing import Any

from customers.sandbox.server import Sandbox

ENDINGS = (signal.SIGTERM, signal.SIGINT)


def add_arguments(parser: argparse.ArgumentParser, *, data: Path) -> None:
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8025)
    parser.add_argument("--data", default=str(data), help="SQLite file, or :memory:")
    parser.add_argument("--accounts", type=int, default=0, help="fill up to so many customers")
    parser.add_argument("--user", default="sandbox", help="api_user")
    parser.add_argument("--key", default="sandbox", help="api_key")
    parser.add_argument("--record", action="store_true", help="keep every call in the data file")


def run(**options: Any) -> None:
    """Serve until a signal ends it; options are those of Sandbox."""
    sandbox = Sandbox(**options)
    # Blocked before any thread starts, so that none but sigwait ever gets them.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    with sandbox:
        sys.stdout.write(f"The sandbox listens on {sandbox.url}\n")
        sys.stdout.flush()
        signal.sigwait(ENDINGS)
