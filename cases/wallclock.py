"""Times of day and what they mean as instants, exact also where the clocks of a zone change."""

from datetime import time, timedelta

ONE_DAY = timedelta(days=1)
ONE_SECOND = timedelta(seconds=1)
# In the whole time zone database no offset comes back sooner than 3.98 days after it was left
# (Freetown, 1939), so looking every third day misses no change.
LOOK_EVERY = timedelta(days=3)


def time_of_day(value, *, closing=False):
    """The time since midnight as a timedelta, from a `time`, a timedelta or "HH:MM[:SS]".

    "24:00" is the end of the day. A `time` cannot say that, so as a closing 00:00 means it: a period that
    closes as the day begins would be no period. Raises ValueError for anything that is no time of day.
    """
    if isinstance(value, time):
        if value.tzinfo is not None:
            raise ValueError(f"a time of day carries no zone of its own: {value!r}")
        since = timedelta(
            hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond
        )
        return ONE_DAY if closing and not since else since
    if isinstance(value, str):
        parts = value.split(":")
        if len(parts) not in (2, 3) or not all(len(part) == 2 and part.isdecimal() for part in parts):
            raise ValueError(f"a time of day is written HH:MM, not {value!r}")
        hours, minutes, seconds = (*map(int, parts), 0)[:3]
        if minutes > 59 or seconds > 59:
            raise ValueError(f"no such time of day: {value!r}")
        value = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if not isinstance(value, timedelta):
        raise ValueError(f"not a time of day: {value!r}")
    if not timedelta(0) <= value <= ONE_DAY:
        raise ValueError(f"a time of day lies between 00:00 and 24:00, not at {value}")
    return value


def union(periods):
    """The same time as `periods`, in order, none empty, none touching another."""
    merged = []
    for opens, closes in sorted(periods):
        if opens >= closes:
            continue
        if merged and opens <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], closes))
        else:
            merged.append((opens, closes))
    return tuple(merged)


def without(periods, removed):
    """What is left of `periods` when `removed` is taken out; both as `union` returns them."""
    for cut_from, cut_to in removed:
        left = []
        for opens, closes in periods:
            left.append((opens, min(closes, cut_from)))
            left.append((max(opens, cut_to), closes))
        periods = union(left)
    return periods


def regimes(zone, since, until):
    """The stretches of [since, until) in which `zone` keeps one offset: (from, to, offset), in UTC, in order.

    `since` and `until` are whole seconds in UTC, as every change of an offset is.
    """
    found = []
    begun = at = since
    offset = _offset(zone, since)
    while at < until:
        ahead = min(at + LOOK_EVERY, until)
        if _offset(zone, ahead) == offset:
            at = ahead
            continue
        before, after = at, ahead
        while after - before > ONE_SECOND:
            middle = before + (after - before) // (2 * ONE_SECOND) * ONE_SECOND
            if _offset(zone, middle) == offset:
                before = middle
            else:
                after = middle
        if after < until:
            found.append((begun, after, offset))
            begun, offset = after, _offset(zone, after)
        at = after
    found.append((begun, until, offset))
    return found


def _offset(zone, instant):
    return instant.astimezone(zone).utcoffset()
