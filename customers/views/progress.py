"""How far a reading of the list has come, and how long it may take: no more than is known."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _

from customers.models import Refresh, clock

Phase = Refresh.Phase
# A list that is longer than so many times the last one is not reckoned from that.
COMPARABLE = 2


@dataclass(frozen=True)
class Progress:
    """Rows that are `done` in this phase `of` so many; None where nobody knows.

    `left` is reckoned from the last good reading, scaled to the rows of this one.
    """

    reading: Refresh
    elapsed: timedelta
    done: int
    of: int | None
    usual: timedelta | None
    left: timedelta | None

    @property
    def phases(self) -> list[tuple[str, str]]:
        """Each with "done", "now" or nothing."""
        at = Phase.values.index(self.reading.phase)
        marks = ["done"] * at + ["now"] + [""] * len(Phase)
        return list(zip(map(str, Phase.labels), marks, strict=False))

    @property
    def times(self) -> str:
        """In words: so far, what is left, and what that is reckoned from."""
        so_far = _("%s so far") % spelled(self.elapsed)
        if self.usual is None or self.left is None:
            return _("%s. No reading before it tells how long it may take.") % so_far
        usual = _("the last good one took %s") % spelled(self.usual)
        if self.left <= timedelta(0):
            return _("%(so_far)s, longer than expected: %(usual)s.") % {
                "so_far": so_far,
                "usual": usual,
            }
        return _("%(so_far)s, about %(left)s left: %(usual)s.") % {
            "so_far": so_far,
            "left": spelled(self.left),
            "usual": usual,
        }


def progress(reading: Refresh) -> Progress:
    elapsed = clock.now() - reading.started_at
    before = reading.before()
    if before and reading.listed > COMPARABLE * before.listed:
        before = None
    expected = max(before.listed, reading.listed) if before else None
    done, of = reading.listed, expected
    if reading.phase != Phase.READING:
        expected = of = reading.listed
        done = reading.merged
    usual = left = None
    if before and before.finished_at and expected is not None:
        usual = before.finished_at - before.started_at
        left = usual * (expected / max(before.listed, 1)) - elapsed
    return Progress(reading, elapsed, done, of, usual, left)


def spelled(span: timedelta) -> str:
    """The two largest units, whole seconds at least."""
    minutes, seconds = divmod(max(round(span.total_seconds()), 1), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}
    if minutes:
        return _("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": seconds}
    return _("%d s") % seconds
