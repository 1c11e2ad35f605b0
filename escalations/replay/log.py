"""Read an incident log and put its events in order of time, in one pass and in bounded memory. Pure.

A log is a CSV file, gzipped or not, whose rows each say what an incident looks like after one event. It may
be grouped by incident: one of its times (the mapping's `ordered_by`) never decreases down the file, and that
time is the watermark. What lies before it leaves a heap in order of time and, within an instant, of lines, so
that each incident keeps its own file order.
"""

import csv
import gzip
import heapq
import io
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from sys import intern
from typing import NamedTuple

from django.utils.translation import gettext as _

from .mapping import NEW, SAME

GZIP = b"\x1f\x8b"
# What the columns they end up in can hold.
LONGEST = {"number": 80, "team": 120, "owner": 56, "customer": 160, "category": 80}
TRUE, FALSE = ("true", "yes", "1"), ("false", "no", "0")


class LogRefused(Exception):
    """The log cannot be replayed from `line` on; `reason` is a sentence for people."""

    def __init__(self, line, reason):
        super().__init__(_("line %(line)d: %(reason)s") % {"line": line, "reason": reason})
        self.line, self.reason = line, reason


class Values(NamedTuple):
    """What an incident looks like after an event, in our words; None where the log says nothing."""

    state: str
    priority: int
    impact: int | None
    urgency: int | None
    team: str | None
    owner: str | None
    customer: str | None
    channel: str
    category: str | None


class Recorded(NamedTuple):
    """What the desk wrote down about itself: compared at the end, never acted on."""

    made_sla: bool | None
    reopened: int | None
    reassigned: int | None


@dataclass(slots=True)
class Event:
    """One row: at `at` (UTC) incident `number` looks like `values`, before it like `before` (None: new)."""

    at: datetime
    line: int
    number: str
    opened_at: datetime
    values: Values
    before: Values | None
    recorded: Recorded

    def __lt__(self, other):
        return (self.at, self.line) < (other.at, other.line)

    def fingerprint(self):
        """Bytes by which a replay recognises on restarting what it has replayed; lines may have shifted."""
        return f"{self.number}|{self.at.isoformat()}|{tuple(self.values)}|{tuple(self.recorded)}".encode()


class Log:
    """The log at `path`, read by `mapping`. Iterating gives its events in order and raises LogRefused."""

    def __init__(self, path, mapping):
        self.path, self.mapping = Path(path), mapping
        self.rows_moved = 0  # rows taken as of a later instant, within the mapping's slack
        self._raw, self._size = None, 1
        self._when = lru_cache(maxsize=1 << 17)(self._parse)

    @property
    def share_read(self):
        """How much of the file has been read, 0 to 1."""
        return 1.0 if self._raw is None or self._raw.closed else min(self._raw.tell() / self._size, 1.0)

    def __iter__(self):
        self.rows_moved = 0
        heap, last, water = [], {}, None
        for line, row in self._rows():
            event = self._event(line, row, last.get(intern(row["number"])))
            mark = event.opened_at if self.mapping.ordered_by == "opened_at" else event.at
            if water is not None and mark < water:
                raise LogRefused(line, _before(mark, water))
            water = mark
            while heap and heap[0].at < water:
                yield heapq.heappop(heap)
            heapq.heappush(heap, event)
            last[event.number] = event
        while heap:
            yield heapq.heappop(heap)

    def _event(self, line, row, previous):
        number = row["number"]
        if number in self.mapping.missing:
            raise LogRefused(line, _("it has no incident number"))
        opened_at, at = self._time(row, "opened_at", line), self._time(row, "at", line)
        if previous is not None and previous.opened_at != opened_at:
            raise LogRefused(line, _("%(number)s was opened at another time before") % {"number": number})
        floor = opened_at if previous is None else max(opened_at, previous.at)
        if at < floor:
            if floor - at > self.mapping.slack:
                raise LogRefused(line, _before(at, floor))
            at = floor
            self.rows_moved += 1
        before = previous.values if previous else None
        values = self._values(row, before, line)
        # Rows that change nothing share what they say with the row before.
        return Event(
            at,
            line,
            intern(number),
            opened_at,
            before if values == before else values,
            before,
            self._recorded(row, line),
        )

    def _values(self, row, before, line):
        mapping = self.mapping
        state = self._known(mapping.states, row, "state", line)
        if state == SAME:
            state = before.state if before else NEW
        return Values(
            state=state,
            priority=self._known(mapping.priorities, row, "priority", line),
            impact=self._known(mapping.weights, row, "impact", line, optional=True),
            urgency=self._known(mapping.weights, row, "urgency", line, optional=True),
            team=self._text(row, "team", line),
            owner=self._text(row, "owner", line),
            customer=self._text(row, "customer", line),
            channel=mapping.channels.get(row["channel"], "web"),
            category=self._text(row, "category", line),
        )

    def _known(self, table, row, name, line, optional=False):
        text = row[name]
        if text in table:
            return table[text]
        if optional and text in self.mapping.missing:
            return None
        raise LogRefused(
            line, _("unknown %(what)s “%(text)s”") % {"what": self.mapping.columns[name], "text": text}
        )

    def _text(self, row, name, line):
        text = row[name]
        if text in self.mapping.missing:
            return None
        if len(text) > LONGEST[name]:
            words = {"what": self.mapping.columns[name], "most": LONGEST[name]}
            raise LogRefused(line, _("%(what)s is longer than %(most)d characters") % words)
        return intern(text)

    def _time(self, row, name, line):
        try:
            return self._when(row[name])
        except (ValueError, OverflowError):
            words = {"what": self.mapping.columns[name], "text": row[name], "form": self.mapping.date_format}
            raise LogRefused(line, _("%(what)s “%(text)s” is no time of the form %(form)s") % words) from None

    def _parse(self, text):
        return (
            datetime.strptime(text, self.mapping.date_format)
            .replace(tzinfo=self.mapping.zone)
            .astimezone(UTC)
        )

    def _recorded(self, row, line):
        made, counts = row.get("made_sla"), []
        if made is not None and made.lower() not in (*TRUE, *FALSE):
            raise LogRefused(
                line,
                _("%(what)s “%(text)s” is neither true nor false")
                % {"what": self.mapping.recorded["made_sla"], "text": made},
            )
        for name in ("reopened", "reassigned"):
            text = row.get(name)
            if text is not None and not text.isdecimal():
                raise LogRefused(
                    line,
                    _("%(what)s “%(text)s” is no count")
                    % {"what": self.mapping.recorded[name], "text": text},
                )
            counts.append(None if text is None else int(text))
        return Recorded(None if made is None else made.lower() in TRUE, *counts)

    def _rows(self):
        """(line, {our name: text}) of every row."""
        wanted = {**self.mapping.columns, **self.mapping.recorded}
        line = 0
        try:
            with self.path.open("rb") as raw:
                self._raw, self._size = raw, max(self.path.stat().st_size, 1)
                reader = csv.reader(self._text_of(raw), delimiter=self.mapping.delimiter, strict=True)
                head = next(reader, None)
                if head is None:
                    raise LogRefused(1, _("the file is empty"))
                self._require_text(head, 1)
                missing = [column for column in wanted.values() if column not in head]
                if missing:
                    raise LogRefused(1, _("missing columns: %(columns)s") % {"columns": ", ".join(missing)})
                places = [(name, head.index(column)) for name, column in wanted.items()]
                for row in reader:
                    line = reader.line_num
                    self._require_text(row, line)
                    if len(row) != len(head):
                        raise LogRefused(
                            line,
                            _("%(found)d fields instead of %(wanted)d")
                            % {"found": len(row), "wanted": len(head)},
                        )
                    yield line, {name: row[place] for name, place in places}
        except (csv.Error, EOFError, zlib.error, OSError, UnicodeError) as error:
            raise LogRefused(line + 1, _("this cannot be read as CSV: %(why)s") % {"why": error}) from error

    def _require_text(self, row, line):
        """Bytes that are no text were let through as surrogates, so that the line at fault is known."""
        text = "".join(row)
        if not text.isascii() and any("\udc80" <= letter <= "\udcff" for letter in text):
            raise LogRefused(line, _("this is no text in %(encoding)s") % {"encoding": self.mapping.encoding})

    def _text_of(self, raw):
        zipped = raw.read(2) == GZIP
        raw.seek(0)
        return io.TextIOWrapper(
            gzip.open(raw) if zipped else raw,
            encoding=self.mapping.encoding,
            errors="surrogateescape",
            newline="",
        )


def _before(at, floor):
    return _("%(at)s is before the time already replayed, %(floor)s") % {
        "at": at.strftime("%Y-%m-%d %H:%M"),
        "floor": floor.strftime("%Y-%m-%d %H:%M"),
    }
