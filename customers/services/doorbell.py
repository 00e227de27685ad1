"""A worker is told that something is due. A hint: the rows are the promise."""

import logging

from celery import Task
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerError
from redis import ResponseError

from customers import tasks
from customers.models import Alert
from customers.services.alerts import alert

logger = logging.getLogger(__name__)


def ring(customer: int) -> None:
    """Something of that customer is due."""
    hint(tasks.deliver, customer)


def hint(task: Task, key: int) -> None:
    """Once what was written is committed; without a broker the next round finds the row."""
    # A lambda, since Django logs a hook's __qualname__.
    transaction.on_commit(lambda: _send(task, key), robust=True)


def _send(task: Task, key: int) -> None:
    try:
        task.delay(key)
    except BrokerError as error:
        logger.warning(
            "no worker was told to %s %s, the next round finds it: %s", task.name, key, error
        )
        if isinstance(error.__cause__, ResponseError):  # It is there, and refuses.
            alert(
                Alert.Kind.BROKER,
                f"The broker takes no messages: {error.__cause__}. The poller delivers every "
                "change, nothing is lost, but readings on request do not begin.",
            )
