"""Statutory terms: the last instant at which what the law sets has been done in time. Pure.

    Term.read("15 business_days Europe/Madrid").due(filed_at, hours)

A term of minutes or hours runs from the very instant. All longer ones are counted in whole local days and
last until the end of the last of them. How they count is each law's own (cases/packs says it with its
source): whether the day of the event is day zero (not counted) or day one; whether a last day that is no
business day stays or gives way to the next one. Months end on the same day number, or on the month's last
day where it has none of that number.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from cases.hours import Stretch
from cases.opentime import utc

ONE_DAY = timedelta(days=1)
# A day is over at midnight: the last instant before is still in time, and is shown as 23:59.
LAST_SECOND, LAST_INSTANT = timedelta(seconds=1), timedelta(microseconds=1)


class Unit(StrEnum):
    MINUTES = "minutes"
    HOURS = "hours"
    BUSINESS_DAYS = "business_days"
    CALENDAR_DAYS = "calendar_days"
    WEEKS = "weeks"
    MONTHS = "months"


OF_THE_INSTANT = {Unit.MINUTES: timedelta(minutes=1), Unit.HOURS: timedelta(hours=1)}
# What may be said of a term behind its amount, unit and zone.
FIRST_DAY_COUNTS, GIVES_WAY, RESTARTS = "first_day_counts", "gives_way", "restarts_at_cure"


class TermError(ValueError):
    """What describes a term cannot be read."""


@dataclass(frozen=True, slots=True)
class Due:
    """`due_at` is what is shown, `late_after` the last instant in time; both in UTC.

    Of a term in days, `first_on` is day one, `last_on` the last day and `began_on` the day of the event;
    `gave_way` is the last day that was none for business and gave way, or None. Of others they are None.
    """

    due_at: datetime
    late_after: datetime
    began_on: date | None = None
    first_on: date | None = None
    last_on: date | None = None
    gave_way: date | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring days of one kind in a term; `counted` of them count. `name`: that of a holiday."""

    first_on: date
    last_on: date
    kind: Stretch
    counted: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """So many `unit`s from an event, in the days of `zone` (the name of the jurisdiction's time zone).

    first_day_counts   the day of the event is day one, not day zero
    gives_way          a last day that is no business day gives way to the next one
    restarts_at_cure   it begins anew when the customer has completed what was incomplete

    Raises TermError for what is no term.
    """

    amount: int
    unit: Unit
    zone: str
    first_day_counts: bool = False
    gives_way: bool = False
    restarts_at_cure: bool = False

    def __post_init__(self):
        if type(self.amount) is not int or self.amount < 1:
            raise TermError(f"A term is a whole number of units above zero, not {self.amount!r}.")
        try:
            object.__setattr__(self, "unit", Unit(self.unit))
            ZoneInfo(self.zone)
        except (ValueError, OSError) as error:  # no such zone is a KeyError
            raise TermError(str(error)) from error
        except (KeyError, TypeError):
            raise TermError(f"There is no time zone {self.zone!r}.") from None
        if self.unit in OF_THE_INSTANT and (self.first_day_counts or self.gives_way):
            raise TermError("A term of hours or minutes has no first day and no last.")

    @classmethod
    def read(cls, text):
        """The term that `str(term)` wrote. Raises TermError."""
        amount, unit, zone, *said = [*text.split(), "", "", ""][: max(len(text.split()), 3)]
        unknown = set(said) - {FIRST_DAY_COUNTS, GIVES_WAY, RESTARTS}
        if not amount.isdecimal() or unknown:
            raise TermError(f"This is no term: {text!r}.")
        return cls(int(amount), unit, zone, FIRST_DAY_COUNTS in said, GIVES_WAY in said, RESTARTS in said)

    def __str__(self):
        said = {
            FIRST_DAY_COUNTS: self.first_day_counts,
            GIVES_WAY: self.gives_way,
            RESTARTS: self.restarts_at_cure,
        }
        return " ".join(
            [str(self.amount), self.unit, self.zone, *(word for word, holds in said.items() if holds)]
        )

    def due(self, at, hours):
        """The Due of this term of an event at `at` (aware).

        `hours` (OpenTime) says which dates are business days: those with any open time at all. Raises what
        it raises, NoOpenHours where there are not enough business days.
        """
        at = utc(at)
        if self.unit in OF_THE_INSTANT:
            ends_at = at + self.amount * OF_THE_INSTANT[self.unit]
            return Due(ends_at, ends_at)
        began_on = at.astimezone(ZoneInfo(self.zone)).date()
        last_on, gave_way = self._last_day(began_on, hours), None
        if self.gives_way and not hours.is_business_day(last_on):
            last_on, gave_way = hours.add_business_days(last_on, 0), last_on
        over = utc(datetime.combine(last_on + ONE_DAY, time(), ZoneInfo(self.zone)))
        return Due(
            due_at=over - LAST_SECOND,
            late_after=over - LAST_INSTANT,
            began_on=began_on,
            first_on=began_on if self.first_day_counts else began_on + ONE_DAY,
            last_on=last_on,
            gave_way=gave_way,
        )

    def _last_day(self, began_on, hours):
        if self.unit == Unit.BUSINESS_DAYS:
            if self.first_day_counts:  # the first business day from the event's own on is day one
                return hours.add_business_days(hours.add_business_days(began_on, 0), self.amount - 1)
            return hours.add_business_days(began_on, self.amount)
        last_on = self._same_day_later(began_on)
        return last_on - ONE_DAY if self.first_day_counts else last_on

    def _same_day_later(self, on):
        if self.unit == Unit.CALENDAR_DAYS:
            return on + self.amount * ONE_DAY
        if self.unit == Unit.WEEKS:
            return on + 7 * self.amount * ONE_DAY
        years, month = divmod(on.month - 1 + self.amount, 12)
        year, month = on.year + years, month + 1
        return date(year, month, min(on.day, monthrange(year, month)[1]))

    def runs(self, due, hours):
        """The days of `due` (of this term) from day one to the last, as Runs that add up to the amount.

        Only of business days does a calendar leave any out; nothing for a term of hours or minutes.
        """
        if due.first_on is None:
            return []
        if self.unit != Unit.BUSINESS_DAYS:
            return self._whole(due, hours)
        why = _reasons(due, hours)
        runs, on = [], due.first_on
        while on <= due.last_on:
            counts = hours.is_business_day(on)
            kind, name = (Stretch.OPEN, "") if counts else why.get(on, (Stretch.CLOSED, ""))
            last = runs[-1] if runs else None
            if last and (last.kind, last.name) == (kind, name):
                runs[-1] = Run(last.first_on, on, kind, last.counted + counts, name)
            else:
                runs.append(Run(on, on, kind, int(counts), name))
            on += ONE_DAY
        return runs

    def _whole(self, due, hours):
        """All days count; those of a last day that gave way are said apart."""
        last_on = due.gave_way or due.last_on
        runs = [Run(due.first_on, last_on, Stretch.OPEN, (last_on - due.first_on).days + 1)]
        if due.gave_way:
            runs.append(Run(last_on + ONE_DAY, due.last_on, Stretch.CLOSED, 0))
        return runs


def _reasons(due, hours):
    """{date: (kind, name)} of the dates without open time in a term, by the calendar's own clock."""
    start = datetime.combine(due.first_on - ONE_DAY, time(12), ZoneInfo("UTC"))
    end = datetime.combine(due.last_on + ONE_DAY, time(12), ZoneInfo("UTC"))
    return {
        segment.on: (segment.kind, segment.name)
        for segment in hours.segments(start, end)
        if segment.kind not in (Stretch.OPEN, Stretch.OFF_HOURS)
    }
