"""A worker is told that something of a customer is due. A hint: the rows are the promise."""

import logging

from django.db import transaction
from kombu.exceptions import OperationalError as BrokerError

from customers import tasks

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
