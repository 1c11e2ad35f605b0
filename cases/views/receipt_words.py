"""A clock's receipt in words: one line for what counted, one for what did not and why."""

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases import display, law_words
from cases.hours import HoursError, NoOpenHours, Stretch
from cases.operations import clocks as clock_operations
from cases.operations import statutes
from cases.receipts import LineKind, Pause, receipt
from cases.terms import Term


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
    # Of a law: which article, where it is to be read, and who answers for what it says.
    law: str = ""
    address: str = ""
    certainty: str = ""


def worded(clock, pauses, hours, now, confirmed=None):
    """The receipt of `clock`, or None where its calendar has no answer. `confirmed`: packs.confirmations(),
    for the clocks of laws."""
    if clock.rule:
        return _by_law(clock, pauses, hours, confirmed or {})
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


def _by_law(clock, pauses, hours, confirmed):
    """The receipt of a law's term: its days one run after the other, from the day of the event."""
    heeded = clock_operations.stopping(clock, pauses)
    if clock.due_at is None:
        return None
    term, since = Term.read(clock.rule), statutes.begins_at(clock, heeded)
    try:
        due = term.due(since, hours)
        runs = term.runs(due, hours)
    except HoursError:
        return None
    zone = ZoneInfo(term.zone)
    whole = law_words.amount(term.amount, term.unit)
    shown = clock.due_at.astimezone(zone)
    return WordedReceipt(
        title=_("Why %(time)s?") % {"time": display.clock_time(clock.due_at)},
        term=whole,
        rows=[_beginning(clock, term, due, since.astimezone(zone)), *map(_run, runs)],
        total_label=_("Due"),
        total_at=f"{date_format(shown, 'D j M, H:i')} {display.zone_city(term.zone)}",
        total=whole,
        source=_law_source(clock, term),
        law=clock.statute.source,
        address=clock.statute.fact.url if clock.statute.fact else "",
        certainty=certainty(clock.statute, confirmed),
    )


def _beginning(clock, term, due, since):
    words = {"time": date_format(since, "H:i")}
    what = _("received %(time)s") if since == clock.started_at else _("completed %(time)s, begins anew")
    if due.began_on is None:
        return WordedLine(
            date_format(since, "D j M"), what % words, law_words.amount(term.amount, term.unit), True
        )
    if not term.first_day_counts:
        what = _("%(what)s, day zero") % {"what": what % words}
        return WordedLine(date_format(due.began_on, "D j M"), what, _("none"), False)
    return WordedLine(date_format(due.began_on, "D j M"), what % words, "", False)


def _run(run):
    day = date_format(run.first_on, "D j M")
    if run.last_on != run.first_on:
        day = f"{date_format(run.first_on, 'D j')} – {date_format(run.last_on, 'D j M')}"
    if run.counted:
        return WordedLine(
            day, _("counted"), ngettext("%(n)d day", "%(n)d days", run.counted) % {"n": run.counted}, True
        )
    what = {
        Stretch.HOLIDAY: _("holiday, %(name)s") % {"name": run.name} if run.name else _("holiday"),
        Stretch.EXCEPTION: run.name or _("closed on this date"),
    }.get(run.kind, _("no business day"))
    return WordedLine(day, what, _("none"), False)


def _law_source(clock, term):
    parts = [law_words.counting(term), _("calendar %(name)s") % {"name": clock.calendar}]
    return " · ".join(part for part in parts if part)


def certainty(statute, confirmed):
    """How certain a PackTerm is: read in the law, confirmed by name, or to be confirmed."""
    if statute.is_certain:
        return _("Certainty A: read in the law")
    row = confirmed.get((statute.key, statute.says))
    if row is None:
        return _("To be confirmed: nobody has read this in the law yet")
    words = {"who": row.confirmed_by, "when": date_format(row.confirmed_at, "j M Y"), "note": row.note}
    return _("Confirmed by %(who)s on %(when)s: %(note)s") % words


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
