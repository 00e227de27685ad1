"""Workers that end in the middle of their work, or are overtaken there."""

from contextlib import contextmanager

import pytest

from customers.distributor.client import Distributor


class Killed(BaseException):
    """Nothing of the worker runs any more, no handler either."""


def die(*_args, **_options):
    raise Killed


@contextmanager
def killed_at(module, name):
    """The worker that comes to this line ends there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, name, die)
        with pytest.raises(Killed):
            yield


def during_the_call(monkeypatch, happens):
    """Once, after the attempt was begun and before its request goes out."""
    real = Distributor.send

    def send(self, *args, **options):
        monkeypatch.setattr(Distributor, "send", real)
        happens()
        return real(self, *args, **options)

    monkeypatch.setattr(Distributor, "send", send)
