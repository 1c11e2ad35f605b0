"""Arithmetic on open time: what may be asked of any calendar, however its hours come about.

The open intervals are laid out once, some years at a time, as sorted columns of instants with the open
time up to each closing beside them. A question is then two binary searches and a subtraction: a year costs
what a week costs. Instants stay datetimes in UTC throughout, which compare and subtract exactly and in C,
so that nothing has to be converted and no microsecond is lost.
"""

from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, time, timedelta

from cases.layout import NOTHING, LaidOut, NaiveTime, OutOfRange, ReversedPause
from cases.wallclock import union


class OpenTime(LaidOut):
    """Working time as a number line. Instants are aware datetimes, answers are in UTC.

    An interval holds its opening and not its closing instant. A result that lands exactly on a closing (or,
    going back, an opening) instant stays there; a length of zero rolls to the next open instant (going back,
    to where the calendar was last open). Business days are local dates with any open time at all.

    Every method raises NaiveTime, OutOfRange or NoOpenHours where there is no answer.
    """

    def zone_at(self, instant):
        """The time zone in which the calendar is read at `instant`."""
        raise NotImplementedError

    # Seconds.

    def add(self, start, seconds):
        """The instant at which `seconds` of open time have passed since `start`."""
        return self._after(utc(start), _span(seconds))

    def subtract(self, start, seconds):
        """The instant from which `seconds` of open time lead up to `start`."""
        return self._before(utc(start), _span(seconds))

    def between(self, start, end):
        """The seconds of open time from `start` to `end`; negative if `end` comes first."""
        return self._open_time(utc(start), utc(end)).total_seconds()

    def due(self, start, seconds, pauses=()):
        """The instant at which `seconds` of open time have passed since `start`, without the `pauses`.

        `pauses` are (from, to) pairs, half-open, in any order, overlapping or not.
        """
        at, left = utc(start), _span(seconds)
        if left < NOTHING:
            raise OutOfRange(f"A term of {seconds} s would be due before it starts.")
        for paused_from, paused_to in _union_of(pauses):
            if paused_to <= at:
                continue
            if paused_from > at:
                available = self._open_time(at, paused_from)
                if available and available >= left:
                    return self._after(at, left)
                left -= available
            at = paused_to
        return self._after(at, left)

    def late_after(self, due_at, pauses=()):
        """The last instant that is on time for `due_at`: the first open, unpaused one at or after it."""
        return self.due(due_at, 0, pauses)

    def elapsed(self, start, end, pauses=()):
        """The seconds of open time from `start` to `end`, without the `pauses`; negative if reversed."""
        start, end = utc(start), utc(end)
        if end < start:
            return -self.elapsed(end, start, pauses)
        spent = self._open_time(start, end)
        for paused_from, paused_to in _union_of(pauses):
            paused_from, paused_to = max(paused_from, start), min(paused_to, end)
            if paused_from < paused_to:
                spent -= self._open_time(paused_from, paused_to)
        return spent.total_seconds()

    # Open or not.

    def is_open(self, at):
        at = utc(at)
        layout = self._covering(at)
        return at < layout.closes[bisect_right(layout.opens, at) - 1]

    def next_open(self, at):
        """The first open instant at or after `at`."""
        at = utc(at)
        while True:
            layout = self._covering(at)
            row = bisect_right(layout.closes, at)
            if row < len(layout.closes):
                return max(at, layout.opens[row])
            self._look_later(layout, at)

    def previous_close(self, at):
        """The last instant at or before `at` up to which the calendar was open: `at` itself in open time."""
        at = utc(at)
        while True:
            layout = self._covering(at)
            row = bisect_left(layout.opens, at) - 1
            if row > 0:
                return min(at, layout.closes[row])
            self._look_earlier(layout, at)

    def open_periods(self, start, count):
        """The next `count` open periods as (opens, closes), the first cut at `start`; midnight parts them."""
        start, found = utc(start), []
        while len(found) < count:
            layout = self._covering(start)
            row = bisect_right(layout.closes, start)
            ahead = slice(row, row + count)
            found = list(zip(layout.opens[ahead], layout.closes[ahead], strict=True))
            if len(found) < count:
                self._look_later(layout, start)
        return [(max(start, opens), closes) for opens, closes in found]

    def open_intervals(self, start, end):
        """The open stretches of [start, end), in order, as (opens, closes)."""
        start, end = utc(start), utc(end)
        if end <= start:
            return []
        self._covering(start)
        layout = self._covering(end)
        rows = slice(bisect_right(layout.closes, start), bisect_left(layout.opens, end))
        return [
            (max(opens, start), min(closes, end))
            for opens, closes in zip(layout.opens[rows], layout.closes[rows], strict=True)
        ]

    # Business days.

    def is_business_day(self, day):
        days = self._covering_day(day).days
        row = bisect_left(days, day.toordinal())
        return row < len(days) and days[row] == day.toordinal()

    def add_business_days(self, day, count):
        """The date `count` business days after `day` (before, if negative).

        Zero is `day` itself, or the next business day if it is none.
        """
        while True:
            layout = self._covering_day(day)
            days, ordinal = layout.days, day.toordinal()
            # Ahead, the first row after the day counts one; back, the last row before it.
            row = (bisect_right(days, ordinal) - 1 if count > 0 else bisect_left(days, ordinal)) + count
            if 0 <= row < len(days):
                return date.fromordinal(days[row])
            look = self._look_earlier if row < 0 else self._look_later
            look(layout, datetime.combine(day, time(12), UTC))

    def add_business_days_time(self, at, count):
        """The same local time `count` business days away, rolled to open time (back, if `count` is negative).

        Zero keeps the date even of a day that is no business day, so that it rolls to that morning's opening.
        """
        at = utc(at)
        if not count:
            return self.next_open(at)
        local = at.astimezone(self.zone_at(at))
        moved = datetime.combine(self.add_business_days(local.date(), count), local.timetz())
        return self.next_open(moved) if count > 0 else self.previous_close(moved)

    def count_business_days(self, first, last):
        """How many business days there are from `first` to `last`, both included; negative if reversed."""
        if last < first:
            return -self.count_business_days(last, first)
        self._covering_day(first)
        days = self._covering_day(last).days
        return bisect_right(days, last.toordinal()) - bisect_left(days, first.toordinal())

    # The same in timedeltas, start and end already in UTC.

    def _open_time(self, start, end):
        layout = self._layout
        if not (layout.first <= start < layout.last and layout.first <= end < layout.last):
            self._covering(start)
            layout = self._covering(end)
        opens, closes, total = layout.opens, layout.closes, layout.total
        row = bisect_right(opens, end) - 1
        close, spent = closes[row], total[row]
        if end < close:
            spent -= close - end
        row = bisect_right(opens, start) - 1
        close = closes[row]
        spent -= total[row]
        if start < close:
            spent += close - start
        return spent

    def _after(self, start, span):
        if span <= NOTHING:
            return self._before(start, -span) if span else self.next_open(start)
        layout = self._layout
        if not layout.first <= start < layout.last:
            layout = self._covering(start)
        total, closes = layout.total, layout.closes
        row = bisect_right(layout.opens, start) - 1
        close = closes[row]
        goal = total[row] + span
        if start < close:
            goal -= close - start
        row = bisect_left(total, goal, row)
        if row < len(total):
            return closes[row] - (total[row] - goal)
        self._look_later(layout, start)
        return self._after(start, span)

    def _before(self, start, span):
        if span <= NOTHING:
            return self._after(start, -span) if span else self.previous_close(start)
        layout = self._covering(start)
        opens, total = layout.opens, layout.total
        row = bisect_right(opens, start) - 1
        goal = total[row] - span
        if start < layout.closes[row]:
            goal -= layout.closes[row] - start
        if goal >= NOTHING:
            row = bisect_right(total, goal)
            return opens[row] + (goal - total[row - 1])
        self._look_earlier(layout, start)
        return self._before(start, span)

    def _covering_day(self, day):
        return self._covering(datetime.combine(day, time(12), UTC))


def utc(instant):
    """`instant` in UTC. Raises NaiveTime or OutOfRange."""
    if instant.tzinfo is UTC:
        return instant
    if instant.tzinfo is None:
        raise NaiveTime(f"A calendar needs a time with its zone, not {instant!r}.")
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise OutOfRange(f"{instant} lies outside the years that can be told in UTC.") from None


def _span(seconds):
    try:
        return timedelta(0, seconds)
    except OverflowError:
        raise OutOfRange(f"{seconds} s is longer than calendars are read for.") from None


def _union_of(pauses):
    """The time that `pauses` cover, in UTC: disjoint (from, to) pairs in order. Raises ReversedPause."""
    pauses = [(utc(paused_from), utc(paused_to)) for paused_from, paused_to in pauses]
    for paused_from, paused_to in pauses:
        if paused_to < paused_from:
            raise ReversedPause(f"A pause from {paused_from} to {paused_to} ends before it begins.")
    return union(pauses)
