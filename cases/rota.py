"""Turns of duty as a pattern means them, who is on duty at an instant, and where nobody is. Pure."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cases.wallclock import union, without

A_DAY = timedelta(days=1)
A_WEEK = timedelta(days=7)


def on_duty(turns, at):
    """The people on duty at `at` of `turns` of one skill, [(from, until, person id), …] in the order in which
    they are asked. The engine and every page ask this."""
    return [who for start, end, who in turns if start <= at < end]


def turn_on(day, starts, ends, zone):
    """(from, until) of the turn that begins on `day` at the wall clock's `starts` and ends at its next `ends`
    (times of day in `zone`, a name): on the next day where that is not later.

    A time that the clocks leap over is the instant an hour on; of one that they show twice, the first. So
    two turns that meet on the wall clock meet in time too, and a night is as long as it is.
    """
    tz = ZoneInfo(zone)
    last = day if ends > starts else day + A_DAY
    begins, until = datetime.combine(day, starts, tz), datetime.combine(last, ends, tz)
    return begins.astimezone(UTC), until.astimezone(UTC)


def days_of(pattern, since, until):
    """The days of [since, until] (dates) on which a turn of `pattern` begins."""
    first = max(since, pattern.first_on)
    last = min(until, pattern.last_on) if pattern.last_on else until
    week_one = pattern.first_on - A_DAY * pattern.first_on.weekday()
    day = first
    while day <= last:
        is_week = (day - week_one).days // 7 % pattern.every_weeks == 0
        if is_week and str(day.weekday()) in pattern.weekdays:
            yield day
        day += A_DAY


def turns_of(pattern, since, until):
    """[(day, from, until)] of the turns of `pattern` that begin on a day of [since, until]."""
    found = []
    for day in days_of(pattern, since, until):
        start, end = turn_on(day, pattern.starts, pattern.ends, pattern.time_zone)
        if start < end:
            found.append((day, start, end))
    return found


def gaps(turns, wanted):
    """The stretches of `wanted` [(from, until), …] in which nobody is on duty."""
    return list(without(union(wanted), union((start, end) for start, end, _who in turns)))


def overlaps(turns):
    """[(from, until, one, other)] where two people have the same place at once; `turns` of one skill as
    (from, until, person id, position)."""
    found, ordered = [], sorted(turns, key=lambda turn: (turn[3], turn[0], turn[1]))
    for number, (start, end, who, position) in enumerate(ordered):
        for other_start, other_end, other, place in ordered[number + 1 :]:
            if place != position or other_start >= end:
                break
            if other != who:
                found.append((max(start, other_start), min(end, other_end), who, other))
    return found
