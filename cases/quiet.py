"""When somebody does not want to be woken: a time of day in their own zone, and whole weekends. Pure.

Where a zone's clocks change, a time of day may mean two instants: quiet begins at the first and ends at the
second of them, so that in doubt nobody is woken.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
SATURDAY = 5


@dataclass(frozen=True)
class QuietHours:
    """Each day from `starts` until `ends` (the next day's, where that is not later), half-open, by the wall
    clock of `zone`; Saturdays and Sundays as a whole where `weekend`. Without times, weekends alone."""

    zone: str
    starts: time | None = None
    ends: time | None = None
    weekend: bool = False

    def is_quiet(self, at):
        """Whether the aware instant `at` lies in them."""
        return self._end_of_what_covers(at) is not None

    def over(self, at):
        """The first instant from `at` (aware) on that is not quiet; `at` itself where it is not. In UTC."""
        at = at.astimezone(UTC)
        while (end := self._end_of_what_covers(at)) is not None:
            at = end
        return at

    def _end_of_what_covers(self, at):
        found = [end for start, end in self._around(at) if start <= at < end]
        return max(found, default=None)

    def _around(self, at):
        """(from, until) in UTC of the stretches that begin on the local day of `at` or on the day before."""
        today = at.astimezone(ZoneInfo(self.zone)).date()
        for day in (today - ONE_DAY, today):
            if self.weekend and day.weekday() >= SATURDAY:
                yield self._meant(day, time.min)[0], self._meant(day + ONE_DAY, time.min)[1]
            if self.starts is not None:
                last = day if self.ends > self.starts else day + ONE_DAY
                yield self._meant(day, self.starts)[0], self._meant(last, self.ends)[1]

    def _meant(self, day, at):
        """(earliest, latest) instant in UTC that a wall clock's `at` on `day` may mean: two where it comes
        twice or is left out, else the same."""
        local = datetime.combine(day, at, ZoneInfo(self.zone))
        first, second = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
        return min(first, second), max(first, second)
