"""A year of a calendar, day by day: open, closed, holiday or exception, and where the clocks change. Drawn by
the server; the same is said in words and in a table beside."""

import calendar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils.dates import MONTHS, WEEKDAYS_ABBR
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from cases import durations
from cases.hours import Stretch

FIRST_YEAR, LAST_YEAR = 1990, 2100
# Of a day's box, of a month with its heading, and how many months stand in a row.
BOX, HEAD, GAP, IN_A_ROW = 24, 44, 24, 4
WEEKS = 6
WIDE, TALL = 7 * BOX, HEAD + WEEKS * BOX
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Day:
    """One date. `seconds` it is open; `shift`: by how many minutes the clocks go on (below zero: back)."""

    on: date
    look: str  # "open", "closed", "holiday", "exception", "other": open at other hours
    name: str
    seconds: int
    hours: str
    shift: int = 0
    x: int = 0
    y: int = 0

    @property
    def middle(self):
        return self.x + BOX // 2

    @property
    def base(self):
        return self.y + 16

    @property
    def words(self):
        """ "Fri 1 May 2026: holiday, Labour Day"."""
        said = [_looks()[self.look], self.name, self.hours, shift_words(self.shift)]
        return f"{date_format(self.on, 'D j M Y')}: {', '.join(word for word in said if word)}"

    @property
    def is_particular(self):
        return self.look in ("holiday", "exception", "other") or bool(self.shift)


@dataclass(frozen=True)
class Month:
    name: str
    x: int
    y: int
    days: list
    weekdays: list  # (x, y, word)

    @property
    def open_days(self):
        return sum(day.seconds > 0 for day in self.days)

    @property
    def open_hours(self):
        return durations.word(sum(day.seconds for day in self.days)) if self.open_days else "–"

    @property
    def holidays(self):
        return sum(day.look == "holiday" for day in self.days)


@dataclass(frozen=True)
class Year:
    number: int
    months: list
    width: int
    height: int

    @property
    def days(self):
        return [day for month in self.months for day in month.days]

    @property
    def particular(self):
        """What is not like its weekday, in order."""
        return [day for day in self.days if day.is_particular]

    @property
    def open_days(self):
        return sum(day.seconds > 0 for day in self.days)

    @property
    def open_hours(self):
        seconds = sum(day.seconds for day in self.days)
        return durations.word(seconds) if seconds else _("never")


def _looks():
    return {
        "open": pgettext("a day of a calendar", "open"),
        "closed": pgettext("a day of a calendar", "closed"),
        "holiday": _("holiday"),
        "exception": _("closed as an exception"),
        "other": _("open at other hours"),
    }


def shift_words(minutes):
    if not minutes:
        return ""
    length = durations.word(abs(minutes) * 60)
    words = _("clocks go forward %(length)s") if minutes > 0 else _("clocks go back %(length)s")
    return words % {"length": length}


def draw(hours, year):
    """The Year of a WorkingHours, in its own zone."""
    first = datetime(year, 1, 1, tzinfo=hours.tz)
    lengths = {}
    for opens, closes in hours.open_intervals(first, datetime(year + 1, 1, 1, tzinfo=hours.tz)):
        # An interval may go on over midnight: each date has its own part.
        at = opens.astimezone(hours.tz)
        while at < closes:
            tomorrow = datetime.combine(at.date() + ONE_DAY, time(), hours.tz)
            ends = min(tomorrow, closes.astimezone(hours.tz), key=lambda moment: moment.timestamp())
            lengths[at.date()] = lengths.get(at.date(), 0) + round(ends.timestamp() - at.timestamp())
            at = ends
    months = [_month(hours, year, number, lengths) for number in range(1, 13)]
    rows = 12 // IN_A_ROW
    return Year(year, months, IN_A_ROW * WIDE + (IN_A_ROW - 1) * GAP, rows * TALL + (rows - 1) * GAP)


def _month(hours, year, number, lengths):
    x = (number - 1) % IN_A_ROW * (WIDE + GAP)
    y = (number - 1) // IN_A_ROW * (TALL + GAP)
    days = []
    for week, row in enumerate(calendar.Calendar().monthdatescalendar(year, number)):
        for place, on in enumerate(row):
            if on.month == number:
                days.append(_day(hours, on, lengths.get(on, 0), x + place * BOX, y + HEAD + week * BOX))
    weekdays = [
        (x + place * BOX + BOX // 2, y + HEAD - 8, str(WEEKDAYS_ABBR[place])[:2]) for place in range(7)
    ]
    return Month(str(MONTHS[number]), x, y, days, weekdays)


def _day(hours, on, seconds, x, y):
    periods = hours.periods_on(on)
    kind, name = hours.why_closed(on)
    if not periods:
        look = {Stretch.HOLIDAY: "holiday", Stretch.EXCEPTION: "exception"}.get(kind, "closed")
    else:
        is_usual = periods == hours.weekly[on.weekday()]
        look, name = ("open", "") if is_usual else ("other", hours.exception_names.get(on, ""))
    return Day(on, look, name, seconds, _spans(periods), _shift(hours.tz, on), x, y)


def _spans(periods):
    return ", ".join(f"{_clock(opens)}–{_clock(closes)}" for opens, closes in periods)


def _clock(since_midnight):
    minutes = since_midnight // timedelta(minutes=1)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _shift(zone, on):
    """By how many minutes the clocks of `zone` go on in the course of a date."""
    starts, ends = (datetime.combine(day, time(), zone).utcoffset() for day in (on, on + ONE_DAY))
    return (ends - starts) // timedelta(minutes=1)
