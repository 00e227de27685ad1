"""How far a refresh has come, told while it runs: on a terminal in one line, else line by line."""

import threading
from types import TracebackType
from typing import Self

from django.core.management.base import OutputWrapper
from django.db import Error, connection

from customers.models import Refresh, clock
from customers.views.progress import spelled

# Seconds from one look to the next.
ON_A_TERMINAL, IN_A_LOG = 0.5, 5.0
CLEAR = "\r\x1b[K"


class Watching:
    """From another thread, with a connection of its own, by the row that the reading keeps."""

    def __init__(self, output: OutputWrapper) -> None:
        self._output, self._on_a_terminal = output, output.isatty()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True, name="watching")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()
        if self._on_a_terminal:
            self._say(CLEAR)

    def _watch(self) -> None:
        try:
            while not self._over.wait(ON_A_TERMINAL if self._on_a_terminal else IN_A_LOG):
                reading = running()
                if reading and self._on_a_terminal:
                    self._say(f"{CLEAR}{progress(reading)}")
                elif reading:
                    self._say(f"{progress(reading)}\n")
        except Error:
            pass  # The refresh itself will tell.
        finally:
            connection.close()

    def _say(self, words: str) -> None:
        self._output.write(words, style_func=str, ending="")
        self._output.flush()


def running() -> Refresh | None:
    return Refresh.objects.filter(verdict=Refresh.Verdict.RUNNING).first()


def progress(reading: Refresh) -> str:
    """In words: rows so far, the time they took, and how long it took the last time."""
    so_far = f"{reading.listed:,} rows read"
    if reading.phase == Refresh.Phase.CHECKING:
        so_far += ", checking them"
    elif reading.phase == Refresh.Phase.MERGING:
        so_far += f", {reading.merged:,} compared"
    words = f"{so_far}, {spelled(clock.now() - reading.started_at)} so far"
    last = reading.before()
    if last and last.finished_at:
        words += f"; the last one took {spelled(last.finished_at - last.started_at)}"
        words += f" for {last.listed:,} rows"
    return f"{words}."
