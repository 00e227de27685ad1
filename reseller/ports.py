"""TCP ports of this machine: which are free, and who answers."""

import http.client
import os
import socket
from contextlib import closing

from reseller.processes import Failed


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def chosen_port(name: str, default: int, *, or_another: bool = False) -> int:
    """The port that the environment names, or the default, if it can be used."""
    asked = os.environ.get(name, "")
    try:
        port = int(asked or default)
        with closing(socket.socket()) as probe:
            # As the servers do, or the port of a server just stopped would pass for taken.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
    except (ValueError, OverflowError):
        raise Failed(f"{name}={asked} is not a port: give a number up to 65535.") from None
    except OSError as error:
        if or_another and not asked:
            return free_port()
        reason = (error.strerror or "error").lower()
        raise Failed(f"Port {port} cannot be used: {reason}. Choose another by {name}.") from None
    return port


def answers(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def serves(port: int) -> bool:
    """Whether a page answers: gunicorn opens its port before the application is loaded."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        try:
            connection.request("GET", "/health")
            connection.getresponse()
        except (OSError, http.client.HTTPException):
            return False
    return True
