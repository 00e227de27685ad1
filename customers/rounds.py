"""Rounds: tasks that ask, and so lie above what is asked. They take no parameters at all."""

from celery import shared_task

from customers.services import pushing_back


@shared_task(name="push_back")
def push_back() -> None:
    pushing_back.push_back_due()
