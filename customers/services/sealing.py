"""Passwords that wait: sealed for one change, opened for its call, erased when it settles."""

import json
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class SealBroken(Exception):
    """The seal does not open with our keys, or belongs to another change."""


def _box() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.SEALING_KEYS])


def seal(password: str, change_id: UUID) -> str:
    return _box().encrypt(json.dumps([str(change_id), password]).encode()).decode()


def unseal(sealed: str, change_id: UUID) -> str:
    try:
        owner, password = json.loads(_box().decrypt(sealed.encode()))
    except InvalidToken:
        owner = None
    if owner != str(change_id):
        raise SealBroken
    return str(password)
