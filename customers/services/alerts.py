"""An alert: a line in the log, a mail to ADMINS, a line on the dashboard. Once."""

import logging

from django.core.mail import mail_admins
from django.db import IntegrityError, transaction

from customers.models import Alert, clock

logger = logging.getLogger(__name__)


def alert(kind: Alert.Kind, text: str, *, subject: str = "") -> None:
    """Say it unless it was said and is not over yet. `text` must hold no secret."""
    if Alert.objects.filter(kind=kind, subject=subject[:255], over_at=None).exists():
        return
    try:
        with transaction.atomic():
            Alert.objects.create(kind=kind, subject=subject[:255], text=text, raised_at=clock.now())
    except IntegrityError:
        return
    logger.error("%s %s: %s", kind, subject, text)
    transaction.on_commit(lambda: mail_admins(kind.label, text), robust=True)


def over(kind: Alert.Kind, *, subject: str = "") -> None:
    """Nothing is written, and no lock waited for, while there is no such alert."""
    raised = Alert.objects.filter(kind=kind, subject=subject[:255], over_at=None)
    if raised.exists():
        raised.update(over_at=clock.now())
