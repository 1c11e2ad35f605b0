"""A clock's receipt in words: one line for what counted, one for what did not and why."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _

from cases import display
from cases.hours import NoOpenHours
from cases.operations import clocks as clock_operations
from cases.receipts import LineKind, Pause, receipt


@dataclass(frozen=True)
class WordedLine:
    day: str
    what: str
    worth: str
    counts: bool


@dataclass(frozen=True)
class WordedReceipt:
    title: str
    term: str
    rows: list
    total_label: str
    total_at: str
    total: str
    source: str


def worded(clock, pauses, hours, now):
    """The receipt of `clock`, or None where its calendar has no answer."""
    spans = [Pause(p.started_at, p.ended_at, p) for p in clock_operations.stopping(clock, pauses)]
    # An ended clock shows the sum that led to its due time, pauses after its end being no part of it.
    if clock.ended_at:
        spans = [p for p in spans if p.starts_at < clock.ended_at]
    try:
        sums = receipt(
            hours=hours,
            started_at=clock.started_at,
            term_seconds=clock.term_seconds,
            pauses=spans,
            used_seconds=clock.used_seconds,
        )
    except NoOpenHours:
        return None
    due = sums.due_at
    city = display.zone_city(sums.zone.key)
    return WordedReceipt(
        title=_("Why %(time)s?") % {"time": display.clock_time(due)} if due else _("So far"),
        term=_("%(time)s of working time") % {"time": exactly(sums.term)},
        rows=[_line(line) for line in sums.lines],
        total_label=_("Due") if due else _("Left"),
        total_at=f"{date_format(due.astimezone(sums.zone), 'D j M, H:i')} {city}"
        if due
        else exactly(sums.left),
        total=exactly(sums.total),
        source=_source(clock),
    )


def _source(clock):
    calendar = _("calendar %(name)s") % {"name": clock.calendar}
    if clock.policy_version_id is None:
        return calendar
    return _("Policy %(policy)s · %(calendar)s") % {"policy": clock.policy_version, "calendar": calendar}


def exactly(length):
    """A length to the second, so that the column adds up: "0 h 20", "4 h 00", "12 min 05 s"."""
    seconds = round(length.total_seconds())
    hours, minutes, rest = seconds // 3600, seconds % 3600 // 60, seconds % 60
    words = _("%(hours)d h %(minutes)02d") % {"hours": hours, "minutes": minutes}
    return words + " " + _("%(seconds)02d s") % {"seconds": rest} if rest else words


def _line(line):
    counts = line.kind in (LineKind.SEGMENT, LineKind.CARRIED)
    worth = exactly(line.counted) if counts else "" if line.kind == LineKind.CHANGED else _("none")
    return WordedLine(_day(line), _what(line), worth, counts)


def _day(line):
    if line.on is None:
        return _("Before")
    first = date_format(line.on, "D j M")
    if line.last_on == line.on:
        return first
    between = ", " if line.last_on - line.on == timedelta(days=1) else " – "
    return f"{date_format(line.on, 'D j')}{between}{date_format(line.last_on, 'D j M')}"


def _what(line):
    if line.kind == LineKind.CARRIED:
        return _("counted before the case was resolved")
    if line.kind == LineKind.SEGMENT:
        return _span(line)
    if line.kind == LineKind.CLOSED:
        return _("closed")
    if line.kind == LineKind.HOLIDAY:
        return _("holiday, %(name)s") % {"name": line.name} if line.name else _("holiday")
    if line.kind == LineKind.EXCEPTION:
        return line.name or _("closed on this date")
    if line.kind == LineKind.CHANGED:
        return _("other hours from %(time)s") % {"time": _time(line.starts_at, line.zone)}
    reasons = ", ".join(_reason(pause.reason) for pause in line.pauses)
    return _("%(span)s, paused by %(reasons)s") % {"span": _span(line), "reasons": reasons}


def _reason(pause):
    return f"{pause.started_by}: {pause.note or pause.reason}"


def _span(line):
    start = _time(line.starts_at, line.zone)
    if line.ends_at is None:
        return _("from %(start)s") % {"start": start}
    end = _time(line.ends_at, line.zone)
    if line.last_on != line.on:
        end = f"{date_format(line.last_on, 'D')} {end}"
    return _("%(start)s to %(end)s") % {"start": start, "end": end}


def _time(at, zone):
    here = at.astimezone(zone)
    return date_format(here, "H:i:s" if here.second else "H:i")
