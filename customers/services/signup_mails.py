"""A mail is asked for: its row is written, and a worker told once that is committed."""

import logging

from django.db import transaction
from kombu.exceptions import OperationalError as BrokerError

from customers import tasks
from customers.models import Mail, Signup, clock

logger = logging.getLogger(__name__)

Kind = Mail.Kind


def post(signup: Signup, kind: Kind) -> Mail:
    mail = Mail.objects.create(signup=signup, kind=kind, asked_at=clock.now())
    # A lambda, since Django logs a hook's __qualname__.
    transaction.on_commit(lambda: _hint(mail.pk), robust=True)
    return mail


def _hint(mail: int) -> None:
    try:
        tasks.send_mail.delay(mail)
    except BrokerError as error:
        logger.warning("no worker was told of mail %s, the next round finds it: %s", mail, error)
