"""What a person has to correct in working hours before they are used; the arithmetic does without."""

from dataclasses import dataclass, field
from datetime import timedelta

WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def gettext_noop(sentence):
    """Marks a sentence for the catalogues; whoever shows it translates it."""
    return sentence


REVERSED = gettext_noop("%(day)s: a period has to close after it opens, but %(period)s does not.")
OVERLAP = gettext_noop("%(day)s: %(period)s overlaps %(other)s. Join them or move one.")
HOLIDAY_REVERSED = gettext_noop("The holiday “%(name)s” ends on %(last)s, before it begins on %(day)s.")
NO_WEEKLY_HOURS = gettext_noop("Only single dates have hours: give at least one weekday an open period.")
NO_OPEN_HOUR = gettext_noop("This calendar is never open: give at least one weekday an open period.")


@dataclass(frozen=True)
class Problem:
    """A code, a sentence with placeholders, and what fills them (in the shape of Django's ValidationError).

    `params["day"]` and `params["last"]` are a weekday (0 Monday to 6 Sunday) or a date, which whoever shows
    the sentence words in the reader's language; the others are words already. As text it is in English.
    """

    code: str
    sentence: str
    params: dict = field(default_factory=dict)

    def __str__(self):
        return self.sentence % {key: _worded(value) for key, value in self.params.items()}


def problems_of(hours):
    """The list of Problem of a WorkingHours: periods first, day by day, then holidays, then the whole."""
    problems = []
    for written in (hours.written["weekly"], hours.written["exceptions"]):
        for day, periods in sorted(written.items()):
            problems += _reversed(day, periods)
            problems += _overlapping(day, periods)
    for day, periods in sorted(hours.written["breaks"].items()):
        problems += _reversed(day, periods)
    for first, last, name in hours.holidays:
        if last < first:
            params = {"name": name, "day": first, "last": last}
            problems.append(Problem("holiday_reversed", HOLIDAY_REVERSED, params))
    if not any(hours.weekly):
        some = any(hours.periods_on(day) for day in hours.exceptions)
        problems.append(
            Problem("no_weekly_hours", NO_WEEKLY_HOURS) if some else Problem("no_open_hour", NO_OPEN_HOUR)
        )
    return problems


def _reversed(day, periods):
    return [
        Problem("period_reversed", REVERSED, {"day": day, "period": _clock(period)})
        for period in periods
        if period[1] <= period[0]
    ]


def _overlapping(day, periods):
    """Each period that begins before an earlier one has closed."""
    problems, latest = [], None
    for period in sorted(period for period in periods if period[0] < period[1]):
        if latest and period[0] < latest[1]:
            params = {"day": day, "period": _clock(latest), "other": _clock(period)}
            problems.append(Problem("periods_overlap", OVERLAP, params))
        latest = max(latest or period, period, key=lambda known: known[1])
    return problems


def _clock(period):
    """09:00–17:00"""
    return "–".join(
        f"{at // timedelta(hours=1):02}:{at % timedelta(hours=1) // timedelta(minutes=1):02}" for at in period
    )


def _worded(value):
    return WEEKDAY_NAMES[value] if isinstance(value, int) else value
