"""The lateness of the last 24 hours as bars, drawn by the server."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log10

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases import display, watchdog
from cases.views.watchdog_words import lag, many

# Three five-minute slots to a bar: a quarter of an hour.
TOGETHER = 3
BARS = watchdog.SLOTS // TOGETHER
WIDTH, HEIGHT = 10, 160  # of a bar with its gap; of the plot
LOWEST, HIGHEST = 0.001, 3600 * 10  # seconds at the bottom and at the top; between them tens
LINES = (0.01, 0.1, 1, 10, 60, 3600)
# What people notice: above this a firing is late, above the backlog's limit it is broken.
NOTICED = 10


@dataclass(frozen=True)
class Bar:
    x: int
    y: float
    height: float
    look: str  # plain, warn or danger


@dataclass(frozen=True)
class Row:
    """One hour of the table that says the same."""

    starts_at: datetime
    fired: str
    median: str
    p95: str
    worst: str


@dataclass(frozen=True)
class Chart:
    bars: list
    lines: list  # (percent from the top, label)
    times: list  # labels below, from left to right
    rows: list
    words: str
    width: int = BARS * WIDTH
    height: int = HEIGHT


def _height(seconds):
    """How high a lateness stands, 0 to 1; each tenth of a second to a second as high as a second to ten."""
    inside = min(max(seconds, LOWEST), HIGHEST)
    return log10(inside / LOWEST) / log10(HIGHEST / LOWEST)


def chart(found):
    """The chart of a watchdog.State, or None where nothing fired for a day."""
    day = found.lateness_of_last(1440)
    if not day.fired:
        return None
    return Chart(
        bars=list(_bars(found.slots)),
        lines=[(round(100 * (1 - _height(seconds)), 2), lag_of_line(seconds)) for seconds in LINES],
        times=[display.clock_time(found.now - timedelta(hours=hours)) for hours in (24, 18, 12, 6)]
        + [_("now")],
        rows=list(_rows(found)),
        words=_words(day),
    )


def lag_of_line(seconds):
    if seconds < 1:
        return _("%(number)s ms") % {"number": round(seconds * 1000)}
    if seconds < display.MINUTE:
        return _("%(number)s s") % {"number": seconds}
    if seconds < display.HOUR:
        return _("%(number)s min") % {"number": seconds // display.MINUTE}
    return _("%(number)s h") % {"number": seconds // display.HOUR}


def _bars(slots):
    for index in range(BARS):
        part = watchdog.together(slots[index * TOGETHER : (index + 1) * TOGETHER])
        if not part.fired:
            continue
        tall = max(2.0, round(_height(part.p95) * HEIGHT, 1))
        look = "plain" if part.p95 <= NOTICED else "warn"
        if part.p95 > settings.BACKLOG_LATE_AFTER.total_seconds():
            look = "danger"
        yield Bar((BARS - 1 - index) * WIDTH, HEIGHT - tall, tall, look)


def _rows(found):
    for hour in range(24):
        part = watchdog.together(found.slots[hour * 12 : (hour + 1) * 12])
        if part.fired:
            yield Row(
                found.now - timedelta(hours=hour + 1),
                many(part.fired, part.fired),
                lag(part.median),
                lag(part.p95),
                lag(part.worst),
            )


def _words(day):
    number = ngettext(
        "%(number)s timer fired in the last 24 hours.",
        "%(number)s timers fired in the last 24 hours.",
        day.fired,
    ) % {"number": many(day.fired, day.fired)}
    late = _("Half within %(median)s, 95 of 100 within %(p95)s, the latest %(worst)s late.") % {
        "median": lag(day.median),
        "p95": lag(day.p95),
        "worst": lag(day.worst),
    }
    return f"{number} {late}"
