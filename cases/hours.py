"""Working hours: a week, exceptions and holidays in a time zone; calendars that change from an instant on.

    hours = WorkingHours.from_dict({"calendar": {"mon": [["09:00", "17:00"]]}, "tz": "Europe/Madrid"})
    hours.add(start, 4 * 3600)

What may be asked of them, and how boundaries count, is in `opentime`. Periods are [opens, closes) by the
clock on the wall: of a period that meets a change of the clocks, exactly the time that exists counts, and
time that comes twice counts twice. Which hours a date has, the first that applies: its exception (the most
particular statement, so it also opens a holiday), a holiday (none), its weekday. Breaks are then taken out.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cases.hours_problems import Problem, problems_of
from cases.layout import (
    ALWAYS,
    EARLIEST,
    FIRST_DAY,
    LAST_DAY,
    LATEST,
    NEVER,
    HoursError,
    NaiveTime,
    NoOpenHours,
    OutOfRange,
    ReversedPause,
    midnight,
)
from cases.opentime import OpenTime, utc
from cases.wallclock import ONE_DAY, regimes, time_of_day, union, without

__all__ = [
    "WEEKDAYS",
    "HoursError",
    "InvalidHours",
    "NaiveTime",
    "NoOpenHours",
    "OutOfRange",
    "Problem",
    "ReversedPause",
    "Segment",
    "SplicedHours",
    "Stretch",
    "WorkingHours",
]

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class InvalidHours(HoursError):
    """What describes a calendar cannot be read."""


class Stretch(StrEnum):
    """What a stretch of time is to a calendar."""

    OPEN = "open"
    OFF_HOURS = "off_hours"  # before, between or after the hours of a date that has some
    CLOSED = "closed"  # a weekday without hours
    HOLIDAY = "holiday"
    EXCEPTION = "exception"  # a date closed by an exception


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of time within one local date; `name` is that of its holiday or exception, if it has one."""

    kind: Stretch
    on: date
    starts_at: datetime
    ends_at: datetime
    name: str = ""


class WorkingHours(OpenTime):
    """One version of a calendar, never changed once made. Two with the same content are equal.

    weekly      {0..6 (Monday is 0): ((opens, closes), ...)}
    exceptions  {date: ((opens, closes), ...)}; without a period, closed on that date
    holidays    ((first, last, name), ...), both dates included; of two on one date the later begun names it
    breaks      {date: ((from, to), ...)}
    exception_names  {date: words for a receipt}

    Times of day as `time_of_day` reads them: a `time`, where a closing 00:00 is the end of the day, "HH:MM"
    up to "24:00", or a timedelta since midnight. Raises InvalidHours for what cannot be read; what can be
    read and should still not be used, `problems` lists.
    """

    def __init__(self, *, tz, weekly=None, exceptions=None, holidays=(), breaks=None, exception_names=None):
        super().__init__()
        self.tz = _zone(tz)
        self.written = {
            "weekly": _read(weekly),
            "exceptions": _read(exceptions),
            "breaks": _read(breaks),
        }
        if not set(self.written["weekly"]) <= set(range(7)):
            raise InvalidHours(f"Weekdays are 0 (Monday) to 6, not {list(self.written['weekly'])}.")
        self.weekly = tuple(union(self.written["weekly"].get(weekday, ())) for weekday in range(7))
        self.exceptions = {day: union(periods) for day, periods in self.written["exceptions"].items()}
        self.breaks = {day: union(periods) for day, periods in self.written["breaks"].items()}
        self.holidays = tuple(sorted((first, last, str(name)) for first, last, name in holidays))
        self.exception_names = {day: str(name) for day, name in (exception_names or {}).items() if name}
        self._holiday_names = {
            day: name
            for first, last, name in self.holidays
            for day in range(max(first.toordinal(), FIRST_DAY), min(last.toordinal(), LAST_DAY) + 1)
        }
        self._particular = self._particular_days()
        named = (self.exceptions, self.breaks, self.exception_names)
        self._content = (self.tz.key, self.weekly, self.holidays, *(frozenset(one.items()) for one in named))

    @classmethod
    def from_dict(cls, described):
        """From the neutral form: calendar {"mon": [["09:00", "17:00"]]}, tz, holidays, overrides, breaks.

        Each key is optional; without `tz` it is UTC. In this form holidays are dates that *are* closed: an
        override on one of them has no effect.
        """
        calendar = described.get("calendar") or {}
        if not set(calendar) <= set(WEEKDAYS):
            raise InvalidHours(f"Weekdays are written {', '.join(WEEKDAYS)}, not {list(calendar)}.")
        holidays = {_date(day) for day in described.get("holidays") or ()}
        overrides = {_date(day): periods for day, periods in (described.get("overrides") or {}).items()}
        return cls(
            tz=described.get("tz") or "UTC",
            weekly={WEEKDAYS.index(weekday): periods for weekday, periods in calendar.items()},
            exceptions={day: periods for day, periods in overrides.items() if day not in holidays},
            holidays=[(day, day, "") for day in holidays],
            breaks={_date(day): periods for day, periods in (described.get("breaks") or {}).items()},
        )

    @classmethod
    def always(cls, tz="UTC"):
        """Open day and night."""
        return cls(tz=tz, weekly=dict.fromkeys(range(7), [("00:00", "24:00")]))

    @staticmethod
    def spliced(versions):
        """The calendar of versions [(None, hours), (effective_at, hours), ...], each ruling to the next."""
        versions = tuple(versions)
        if len(versions) == 1 and versions[0][0] is None:
            return versions[0][1]
        return SplicedHours(versions)

    def __eq__(self, other):
        return self._content == other._content if isinstance(other, WorkingHours) else NotImplemented

    def __hash__(self):
        return hash(self._content)

    def zone_at(self, instant):
        return self.tz

    def changes(self, start, end):
        """The instants in (start, end] from which another version of the calendar rules: here none."""
        return []

    def segments(self, start, end):
        """What [start, end) consists of: Segments in order, without a gap, cut at local midnights."""
        at, end = utc(start), utc(end)
        found = []
        for opens, closes in [*self.open_intervals(at, end), (end, end)]:
            found.extend(self._closed_segments(at, opens))
            if opens < closes:
                on = opens.astimezone(self.tz).date()
                found.append(Segment(Stretch.OPEN, on, opens, closes, self.exception_names.get(on, "")))
            at = closes
        return found

    def _closed_segments(self, at, until):
        while at < until:
            on = at.astimezone(self.tz).date()
            tomorrow = datetime.combine(on + ONE_DAY, time(), self.tz)
            if tomorrow <= at:  # the clocks went back over midnight
                tomorrow = tomorrow.replace(fold=1)
            ends = min(utc(tomorrow), until)
            kind, name = self.why_closed(on)
            yield Segment(kind, on, at, ends, name)
            at = ends

    def why_closed(self, on):
        """What kind of closed date `on` is (Stretch), and its name; of one with open hours OFF_HOURS."""
        if self.periods_on(on):
            return Stretch.OFF_HOURS, ""
        holiday = self._holiday_names.get(on.toordinal())
        if on in self.exceptions and (holiday is None or on in self.exception_names):
            return Stretch.EXCEPTION, self.exception_names.get(on, "")
        if holiday is not None:
            return Stretch.HOLIDAY, holiday
        return Stretch.CLOSED, ""

    def problems(self):
        """What a person has to correct before this calendar is used: a list of Problem."""
        return problems_of(self)

    def periods_on(self, day):
        """The open periods of a date, as (opens, closes) since midnight by the clock on the wall."""
        return self._particular.get(day.toordinal(), self.weekly[day.weekday()])

    # The open intervals.

    def _particular_days(self):
        """{day: periods} for the days that are not like their weekday."""
        particular = dict.fromkeys(self._holiday_names, ())
        for day, periods in self.exceptions.items():
            particular[day.toordinal()] = periods
        for day, cut in self.breaks.items():
            periods = particular.get(day.toordinal(), self.weekly[day.weekday()])
            particular[day.toordinal()] = without(periods, cut)
        return particular

    def _extent(self):
        if any(self.weekly):
            return ALWAYS
        days = [day.toordinal() for day, periods in self.exceptions.items() if periods]
        return (min(days), max(days)) if days else NEVER

    def _pieces(self, first_day, last_day):
        extent = self._extent()
        first_day, last_day = max(first_day, extent[0]), min(last_day, extent[1])
        if last_day < first_day:
            return []
        particular, weekly, pieces = self._particular, self.weekly, []
        for begins, ends, offset in regimes(self.tz, midnight(first_day - 1), midnight(last_day + 2)):
            first = max(first_day, (begins + offset).toordinal())
            last = min(last_day, (ends + offset).toordinal())
            begun = midnight(first) - offset
            for day in range(first, last + 1):
                for opens, closes in particular.get(day, weekly[(day + 6) % 7]):
                    opens, closes = max(begun + opens, begins), min(begun + closes, ends)
                    if opens < closes:
                        if opens == begins and pieces and pieces[-1][1:] == (begins, day):
                            opens = pieces.pop()[0]  # the clocks changed within the period, which went on
                        pieces.append((opens, closes, day))
                begun += ONE_DAY
        return pieces


class SplicedHours(OpenTime):
    """A calendar whose versions take effect one after the other; what was open before a change stays so."""

    def __init__(self, versions):
        super().__init__()
        self.versions = tuple((effective_at and utc(effective_at), hours) for effective_at, hours in versions)
        starts = [effective_at for effective_at, _hours in self.versions]
        if not starts or starts[0] is not None or None in starts[1:]:
            raise InvalidHours("The first version of a calendar, and no other, rules from None.")
        if any(later <= earlier for earlier, later in pairwise(starts[1:])):
            raise InvalidHours("The versions of a calendar follow one another, each from a later instant on.")
        self._starts = starts[1:]

    def __eq__(self, other):
        return self.versions == other.versions if isinstance(other, SplicedHours) else NotImplemented

    def __hash__(self):
        return hash(self.versions)

    @property
    def tz(self):
        """The zone of the newest version."""
        return self.versions[-1][1].tz

    def zone_at(self, instant):
        return self.versions[bisect_right(self._starts, utc(instant))][1].zone_at(instant)

    def changes(self, start, end):
        return self._starts[bisect_right(self._starts, utc(start)) : bisect_right(self._starts, utc(end))]

    def segments(self, start, end):
        """As of WorkingHours; a stretch that a change meets is parted there."""
        start, end = utc(start), utc(end)
        found = []
        for since, until, hours in self._reigns(start, end):
            found.extend(hours.segments(since, until))
        return found

    def _reigns(self, start, end):
        """(since, until, hours) of each version that rules some of [start, end)."""
        starts, ends = [start, *self._starts], [*self._starts, end]
        for since, until, (_effective_at, hours) in zip(starts, ends, self.versions, strict=True):
            if max(since, start) < min(until, end):
                yield max(since, start), min(until, end), hours

    def _extent(self):
        days = []
        for since, until, hours in self._reigns(EARLIEST, LATEST):
            first_day, last_day = hours._extent()
            # A local date may begin and end on the neighbouring date in UTC.
            first_day, last_day = max(first_day, since.toordinal() - 1), min(last_day, until.toordinal() + 1)
            if first_day <= last_day:
                days += [first_day, last_day]
        return (min(days), max(days)) if days else NEVER

    def _pieces(self, first_day, last_day):
        pieces = []
        for since, until, hours in self._reigns(midnight(first_day - 1), midnight(last_day + 2)):
            days = max(first_day, since.toordinal() - 1), min(last_day, until.toordinal() + 1)
            for opens, closes, day in hours._pieces(*days):
                if max(opens, since) < min(closes, until):
                    pieces.append((max(opens, since), min(closes, until), day))
        return pieces


def _zone(tz):
    if isinstance(tz, ZoneInfo) and tz.key:
        return tz
    try:
        return ZoneInfo(tz)
    except (TypeError, ValueError, OSError, ZoneInfoNotFoundError):
        raise InvalidHours(f"There is no time zone {tz!r}.") from None


def _read(by_day):
    """{day: ((opens, closes), ...)} as written, in timedeltas since midnight."""
    try:
        return {
            day: tuple((time_of_day(opens), time_of_day(closes, closing=True)) for opens, closes in periods)
            for day, periods in (by_day or {}).items()
        }
    except (TypeError, ValueError) as error:
        raise InvalidHours(f"Periods are pairs of times of day: {error}.") from error


def _date(day):
    try:
        return day if isinstance(day, date) else date.fromisoformat(day)
    except (TypeError, ValueError):
        raise InvalidHours(f"A date is written YYYY-MM-DD, not {day!r}.") from None
