"""Doorbells: a name, one line, an id at most. Due times and results live in the rows."""

import logging
from uuid import UUID

from celery import shared_task

from customers.models import Alert
from customers.services import (
    asked_look,
    delivery,
    lateness,
    limits,
    mails,
    mirror,
    sampling,
    signup_ends,
    verify,
)
from customers.services.alerts import over

logger = logging.getLogger(__name__)


@shared_task(name="deliver")
def deliver(customer: int) -> None:
    delivery.deliver_due(first=customer)


@shared_task(name="deliver_due")
def deliver_due() -> None:
    over(Alert.Kind.BROKER)  # This very message came through it.
    delivery.deliver_due()
    lateness.check()
    limits.forget()


@shared_task(name="look")
def look(change: str, by: int) -> None:
    asked_look.look_at(UUID(change), by)


@shared_task(name="verify")
def verify_customer(customer: int, by: int) -> None:
    verify.verify(customer, by)


@shared_task(name="sample")
def sample() -> None:
    sampling.sample()


WEEK = 7 * 24 * 3600


# Reading the list takes as long as it takes; what a lost worker leaves is closed by the next.
@shared_task(name="refresh", acks_late=False, time_limit=WEEK)
def refresh(asked_by: int | None = None) -> None:
    try:
        mirror.refresh(asked_by)
    except mirror.AlreadyRunning:
        logger.info("another refresh is running")


@shared_task(name="apply_refresh", acks_late=False, time_limit=WEEK)
def apply_refresh(pk: int) -> None:
    try:
        mirror.apply(pk)
    except mirror.AlreadyRunning:
        logger.info("refresh %s is not applied now: another one is running", pk)
    except mirror.Superseded:
        logger.info("refresh %s cannot be applied any more", pk)


@shared_task(name="send_mail")
def send_mail(mail: int) -> None:
    mails.send(mail)


@shared_task(name="signups_due")
def signups_due() -> None:
    signup_ends.notice()
    mails.send_due()


@shared_task(name="erase_signups")
def erase_signups() -> None:
    signup_ends.erase_old()
