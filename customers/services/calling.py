"""The distributor as the settings describe it."""

from django.conf import settings

from customers.distributor.client import Distributor


def distributor(
    *, look_deadline: float | None = None, list_deadline: float | None = None
) -> Distributor:
    return Distributor(
        settings.DISTRIBUTOR_URL,
        settings.DISTRIBUTOR_USER,
        settings.DISTRIBUTOR_KEY,
        format=settings.DISTRIBUTOR_FORMAT,
        deadline=settings.DISTRIBUTOR_DEADLINE,
        look_deadline=look_deadline or settings.DISTRIBUTOR_LOOK_DEADLINE,
        list_deadline=list_deadline or settings.DISTRIBUTOR_LIST_DEADLINE,
    )
