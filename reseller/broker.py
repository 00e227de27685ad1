"""Redis as Celery knows it, but garbage in a queue is thrown away and ends no worker."""

import logging
from queue import Empty
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis

logger = logging.getLogger(__name__)

# What reading one raises: no UTF-8, no JSON, no object, or one that lacks a message's parts.
GARBAGE = (ValueError, TypeError, KeyError, AttributeError)


class Channel(redis.Channel):
    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[misc]
        except GARBAGE as error:
            logger.error(
                "something in a queue was no message and is thrown away: %s", type(error).__name__
            )
        raise Empty


class Transport(redis.Transport):
    Channel = Channel


def install() -> None:
    """By the schemes of the URL: named as a transport, `rediss` would lose its TLS."""
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:Transport"
