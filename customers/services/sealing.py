"""A password that waits: sealed for one change, opened for its call, for a week at most."""

import json
from datetime import timedelta
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from customers.models import clock

SEALED_FOR = timedelta(days=7)


class SealBroken(Exception):
    """The seal does not open with our keys, or belongs to another change."""


class SealExpired(SealBroken):
    """It was sealed too long ago."""


def _box() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.SEALING_KEYS])


def seal(password: str, change_id: UUID) -> str:
    said = json.dumps([str(change_id), password]).encode()
    return _box().encrypt_at_time(said, int(clock.now().timestamp())).decode()


def unseal(sealed: str, change_id: UUID) -> str:
    """The password. Raises SealBroken or SealExpired."""
    if has_expired(sealed):
        raise SealExpired
    owner, password = json.loads(_box().decrypt(sealed.encode()))
    if owner != str(change_id):
        raise SealBroken
    return str(password)


def has_expired(sealed: str) -> bool:
    """Whether it was sealed a week ago; sealing it anew does not count. Raises SealBroken."""
    try:
        sealed_at = _box().extract_timestamp(sealed.encode())
    except InvalidToken:
        sealed_at = None
    if sealed_at is None:
        raise SealBroken
    return clock.now().timestamp() - sealed_at >= SEALED_FOR.total_seconds()


def seal_anew(sealed: str) -> str:
    """The same with the first key. Raises SealBroken."""
    try:
        return _box().rotate(sealed.encode()).decode()
    except InvalidToken:
        pass
    raise SealBroken
