"""The open intervals of a calendar, laid out as sorted columns some years at a time."""

from datetime import UTC, datetime, timedelta
from itertools import accumulate
from threading import Lock

NOTHING = timedelta(0)
# Calendars are read for these four centuries (one whole cycle of the Gregorian calendar), not for all time:
# a mistyped year is refused instead of laying out thousands of years.
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(2300, 1, 1, tzinfo=UTC)
# A local day begins at most 15 h from the same day in UTC, so the outermost day laid out on either side
# may lack a neighbour's hours and is not answered from.
FIRST_DAY = EARLIEST.toordinal() - 2
LAST_DAY = LATEST.toordinal() + 2
ALWAYS, NEVER = (FIRST_DAY, LAST_DAY), (LAST_DAY, FIRST_DAY)
YEAR = 366


class HoursError(ValueError):
    """A calendar cannot answer, or cannot be made; the message says why."""


class NoOpenHours(HoursError):
    """The calendar does not open again in the direction asked, or not for long enough."""


class OutOfRange(HoursError):
    """A time given, or the answer, lies outside the years that calendars are read for."""


class NaiveTime(HoursError):
    """A time without a zone: nobody can say which instant that is."""


class ReversedPause(HoursError):
    """A pause that ends before it begins."""


def midnight(day):
    """The beginning, in UTC, of the day with that ordinal."""
    return datetime.fromordinal(day).replace(tzinfo=UTC)


class Layout:
    """The open intervals of the days first_day to last_day, in order; never changed once made.

    It answers for [first, last), which no other day's hours reach into. Row 0 is an empty interval at
    `first`, so that every instant covered has a row that opened at or before it.
    """

    __slots__ = ("first", "last", "first_day", "last_day", "pieces", "opens", "closes", "total", "days")

    def __init__(self, first_day, last_day, pieces):
        self.first_day, self.last_day, self.pieces = first_day, last_day, pieces
        self.first = midnight(first_day + 1)
        self.last = max(self.first, midnight(last_day))
        rows = [(max(piece[0], self.first), piece[1]) for piece in pieces if piece[1] > self.first]
        while rows and rows[-1][0] >= self.last:
            rows.pop()
        self.opens = [self.first, *(row[0] for row in rows)]
        self.closes = [self.first, *(row[1] for row in rows)]
        # Open time from the beginning up to each closing.
        self.total = list(accumulate((closes - opens for opens, closes in rows), initial=NOTHING))
        self.days = sorted({piece[2] for piece in pieces})


# Covers no instant, so that the first question lays out the years around it.
NOTHING_YET = Layout(FIRST_DAY, FIRST_DAY, [])


class LaidOut:
    """Something with open intervals, laid out as far as questions have gone. Any thread may ask.

    What a kind of calendar must say: `_pieces` and `_extent`.
    """

    def __init__(self):
        self._layout = NOTHING_YET
        self._growing = Lock()

    def _pieces(self, first_day, last_day):
        """The open intervals of those local days (ordinals), as (opens, closes, day), any order, disjoint."""
        raise NotImplementedError

    def _extent(self):
        """(first, last) local day that can have hours, as ordinals; ALWAYS where they recur without end."""
        raise NotImplementedError

    def _covering(self, at):
        """A layout that answers for `at`. Raises OutOfRange outside the years that calendars are read for."""
        layout = self._layout
        if layout.first <= at < layout.last:
            return layout
        if not EARLIEST <= at < LATEST:
            raise OutOfRange(f"{at} lies outside the years {EARLIEST.year} to {LATEST.year - 1}.")
        day = at.toordinal()
        return self._grow(day - YEAR, day + 3 * YEAR)

    def _look_later(self, layout, start):
        """Lay out twice as many years as `layout` has, or say that the hours after `start` do not suffice."""
        over = self._extent()[1] < layout.last_day - 1
        if over or layout.last_day >= LAST_DAY:
            if over or start >= layout.closes[-1]:
                raise NoOpenHours(f"The calendar does not open again, or not for long enough, after {start}.")
            raise OutOfRange(f"There are not that many open hours after {start} until {LATEST.year - 1}.")
        self._grow(layout.first_day, layout.last_day + max(4 * YEAR, layout.last_day - layout.first_day))

    def _look_earlier(self, layout, start):
        """The same for the hours before `start`."""
        over = self._extent()[0] > layout.first_day + 1
        if over or layout.first_day <= FIRST_DAY:
            if over or len(layout.opens) == 1 or start <= layout.opens[1]:
                raise NoOpenHours(f"The calendar was not open, or not for long enough, before {start}.")
            raise OutOfRange(f"There are not that many open hours before {start} since {EARLIEST.year}.")
        self._grow(layout.first_day - max(4 * YEAR, layout.last_day - layout.first_day), layout.last_day)

    def _grow(self, first_day, last_day):
        """Lay out at least those days, without a gap to what is there. Readers keep the layout they hold."""
        with self._growing:
            old = self._layout
            first_day, last_day = max(first_day, FIRST_DAY), min(last_day, LAST_DAY)
            if old is NOTHING_YET:
                pieces = self._pieces(first_day, last_day)
            else:
                first_day, last_day = min(first_day, old.first_day), max(last_day, old.last_day)
                if (first_day, last_day) == (old.first_day, old.last_day):
                    return old
                pieces = self._pieces(first_day, old.first_day - 1) + old.pieces
                pieces += self._pieces(old.last_day + 1, last_day)
            # Days need not follow one another cleanly where clocks go back over midnight.
            self._layout = Layout(first_day, last_day, sorted(pieces))
            return self._layout
