"""Why a due time is what it is: the stretches, closed days and pauses of a clock as lines that add up.

Only facts; pages and mails word them. Instants are in UTC, each line with the zone its calendar then had;
lengths are timedeltas, so that the column adds up to the microsecond.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from cases.hours import NoOpenHours, ReversedPause, Stretch
from cases.opentime import utc

NOTHING = timedelta(0)


class LineKind(StrEnum):
    CARRIED = "carried"  # time used before this run of the clock; it has no dates
    SEGMENT = "segment"  # open time that counted
    CLOSED = "closed"  # weekdays without hours
    HOLIDAY = "holiday"
    EXCEPTION = "exception"  # dates closed by an exception
    PAUSED = "paused"
    CHANGED = "changed"  # from here another version of the calendar rules


class Pause(NamedTuple):
    starts_at: datetime
    ends_at: datetime | None = None  # still open
    reason: object = ""  # whatever the page needs to word it; receipts hand it on untouched


@dataclass(frozen=True, slots=True)
class Line:
    """`on` and `last_on` are dates in `zone`. `withheld` is the open time that a pause kept from counting.

    The line of a pause that still stands has no `ends_at`.
    """

    kind: LineKind
    counted: timedelta = NOTHING
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    zone: ZoneInfo | None = None
    on: date | None = None
    last_on: date | None = None
    name: str = ""
    withheld: timedelta = NOTHING
    pauses: Sequence[Pause] = ()

    @property
    def seconds(self):
        """The length that counted, in seconds."""
        return self.counted.total_seconds()

    @property
    def dates(self):
        """Every date of the line, in order."""
        days = (self.last_on - self.on).days if self.on else -1
        return [self.on + timedelta(days=n) for n in range(days + 1)]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a clock has counted, line by line, up to its due time, the pause it stands in, or a given instant.

    `due_at` is None while a pause stands that began before the term was used up, and where the calendar has
    not enough hours for the term. `late_after` is the last
    instant that is on time; None where there is no due time, where a pause stands before it, or where the
    calendar never opens again.
    """

    lines: Sequence[Line]
    term: timedelta
    total: timedelta
    due_at: datetime | None
    late_after: datetime | None
    zone: ZoneInfo

    @property
    def left(self):
        """Of the term, what is not used; below zero if more than the term is."""
        return self.term - self.total


def receipt(*, hours, started_at, term_seconds, pauses=(), used_seconds=0, until=None):
    """The Receipt of a clock that started at `started_at` on the calendar `hours`.

    pauses        Pause, or tuples like it: (from, to or None, reason), in any order, overlapping or not
    used_seconds  open time that counted before `started_at`, as of a reopened case
    until         read the clock at this instant (it ended then, or so far), not at its due time

    Raises what `hours` raises; NoOpenHours only where the lines should lead to a due time that never comes.
    """
    started_at, until = utc(started_at), until and utc(until)
    term, used = timedelta(0, term_seconds), timedelta(0, used_seconds)
    blocks = _blocks(Pause(*pause) for pause in pauses)
    try:
        due_at, late_after = _due(hours, started_at, max(term - used, NOTHING), blocks)
    except NoOpenHours:
        if until is None:
            raise
        due_at = late_after = None
    ends_at = until or due_at or max(started_at, blocks[-1].starts_at)

    lines = _stretches(hours, started_at, ends_at, blocks)
    changes = [at for at in hours.changes(started_at, ends_at) if at < ends_at]
    lines = _with_changes(_joined(lines, changes), hours.zone_at, changes)
    if used:
        lines.insert(0, Line(LineKind.CARRIED, used))
    return Receipt(
        lines=tuple(lines),
        term=term,
        total=sum((line.counted for line in lines), NOTHING),
        due_at=due_at,
        late_after=late_after,
        zone=hours.zone_at(ends_at),
    )


class _Block(NamedTuple):
    """Pauses that overlap, as one interval in UTC."""

    starts_at: datetime
    ends_at: datetime | None
    pauses: tuple


def _blocks(pauses):
    """The union of `pauses`, in order; those that only touch stay apart, to have a line each."""
    blocks = []
    for pause in sorted(pauses, key=lambda pause: pause.starts_at):
        starts_at, ends_at = utc(pause.starts_at), pause.ends_at and utc(pause.ends_at)
        if ends_at and ends_at < starts_at:
            raise ReversedPause(f"A pause from {starts_at} to {ends_at} ends before it begins.")
        if blocks and (blocks[-1].ends_at is None or starts_at < blocks[-1].ends_at):
            last = blocks.pop()
            ends_at = last.ends_at and ends_at and max(last.ends_at, ends_at)
            blocks.append(_Block(last.starts_at, ends_at, (*last.pauses, pause)))
        else:
            blocks.append(_Block(starts_at, ends_at, (pause,)))
    return blocks


def _due(hours, started_at, left, blocks):
    """(due_at, late_after), each None where a pause that still stands comes first."""
    over = [block[:2] for block in blocks if block.ends_at]
    stands_from = next((block.starts_at for block in blocks if block.ends_at is None), None)
    if stands_from is not None:
        # Blocks are disjoint, so whatever is over was over before this one began.
        spent = hours.elapsed(started_at, max(started_at, stands_from), over)
        if timedelta(0, spent) < left or not spent:
            return None, None
    due_at = hours.due(started_at, left.total_seconds(), over)
    try:
        late_after = hours.late_after(due_at, over)
    except NoOpenHours:
        late_after = None
    if stands_from is not None and late_after is not None and late_after >= stands_from:
        late_after = None
    return due_at, late_after


def _stretches(hours, start, end, blocks):
    lines, at = [], start
    for block in blocks:
        starts_at, stops_at = max(block.starts_at, start), min(block.ends_at or end, end)
        if stops_at < starts_at or (block.ends_at and stops_at == starts_at):
            continue
        lines += _worked(hours, at, starts_at)
        lines.append(_paused(hours, block, starts_at, stops_at))
        at = stops_at
    return lines + _worked(hours, at, end)


def _worked(hours, start, end):
    lines = []
    for segment in hours.segments(start, end):
        if segment.kind == Stretch.OFF_HOURS:
            continue
        length = segment.ends_at - segment.starts_at
        lines.append(
            Line(
                kind=LineKind.SEGMENT if segment.kind == Stretch.OPEN else LineKind(segment.kind),
                counted=length if segment.kind == Stretch.OPEN else NOTHING,
                starts_at=segment.starts_at,
                ends_at=segment.ends_at,
                zone=hours.zone_at(segment.starts_at),
                on=segment.on,
                last_on=segment.on,
                name=segment.name,
            )
        )
    return lines


def _paused(hours, block, starts_at, stops_at):
    zone = hours.zone_at(starts_at)
    return Line(
        kind=LineKind.PAUSED,
        starts_at=starts_at,
        ends_at=stops_at if block.ends_at else None,
        zone=zone,
        on=starts_at.astimezone(zone).date(),
        last_on=stops_at.astimezone(zone).date(),
        withheld=timedelta(0, hours.between(starts_at, stops_at)),
        pauses=block.pauses,
    )


def _joined(lines, changes):
    """The lines, made one where a reader would read one: "Sat 7, Sun 8", open time over midnight."""
    joined = []
    for line in lines:
        last = joined[-1] if joined else None
        if last and _continues(last, line, changes):
            joined[-1] = replace(
                last, counted=last.counted + line.counted, ends_at=line.ends_at, last_on=line.last_on
            )
        else:
            joined.append(line)
    return joined


def _continues(last, line, changes):
    if LineKind.PAUSED in (last.kind, line.kind) or (last.kind, last.name) != (line.kind, line.name):
        return False
    return last.ends_at == line.starts_at and line.starts_at not in changes


def _with_changes(lines, zone_at, changes):
    marks = []
    for at in changes:
        on = at.astimezone(zone_at(at)).date()
        marks.append(Line(LineKind.CHANGED, starts_at=at, ends_at=at, zone=zone_at(at), on=on, last_on=on))
    # Where both begin at once, the change comes first: the line after it is read by the new version.
    return sorted([*marks, *lines], key=lambda line: line.starts_at)
