"""A worker is told that something of a customer is due. A hint: the rows are the promise."""

import logging

from django.db import transaction
from kombu.exceptions import OperationalError as BrokerError
from redis import ResponseError

from customers import tasks
from customers.models import Alert
from customers.services.alerts import alert

logger = logging.getLogger(__name__)


def ring(customer: int) -> None:
    """Once what was written is committed; without a broker the next round finds the row."""
    # A lambda, since Django logs a hook's __qualname__.
    transaction.on_commit(lambda: _hint(customer), robust=True)


def _hint(customer: int) -> None:
    try:
        tasks.deliver.delay(customer)
    except BrokerError as error:
        logger.warning(
            "no worker was told of customer %s, the next round finds it: %s", customer, error
        )
        if isinstance(error.__cause__, ResponseError):  # It is there, and refuses.
            alert(
                Alert.Kind.BROKER,
                f"The broker takes no messages: {error.__cause__}. The poller delivers every "
                "change, nothing is lost, but readings on request do not begin.",
            )
