"""The trends as charts, drawn by the server: lines and bars in SVG, the same numbers beside them in words."""

from dataclasses import dataclass

from django.utils import formats
from django.utils.translation import gettext as _

from cases.states import Metric
from reports.models import DailyCount, Happened
from reports.views import board_words as words

WIDTH, HEIGHT = 600, 100
LONG = 200  # of a bar that lies


@dataclass(frozen=True)
class Figure:
    """A number with its line: `path` in a box of WIDTH by HEIGHT, its highest value written beside."""

    name: str
    value: str
    note: str
    href: str
    path: str = ""
    top: str = ""
    marks: tuple = ()
    second: str = ""
    second_href: str = ""


@dataclass(frozen=True)
class Bar:
    """One that lies, LONG at most."""

    name: str
    value: str
    note: str
    href: str
    length: float


@dataclass(frozen=True)
class Upright:
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Flow:
    """Received as bars, resolved as a line, on one scale."""

    bars: list
    path: str
    top: str
    received: Figure
    resolved: Figure


def _path(numbers, top):
    """A line through the numbers; where there is None, it breaks. A number alone is a dot."""
    if not top:
        top = 1
    step = WIDTH / max(1, len(numbers))
    said, is_drawing = [], False
    for index, number in enumerate(numbers):
        if number is None:
            is_drawing = False
            continue
        x, y = round(step * (index + 0.5), 1), round(HEIGHT * (1 - number / top), 1)
        said.append(f"L{x} {y}" if is_drawing else f"M{x} {y}h0")
        is_drawing = True
    return "".join(said)


def _bars(numbers, top):
    step = WIDTH / max(1, len(numbers))
    for index, number in enumerate(numbers):
        if number:
            height = max(1.0, round(HEIGHT * number / top, 1))
            x, width = round(step * (index + 0.15), 1), round(step * 0.7, 1)
            yield Upright(x, round(HEIGHT - height, 1), width, height)


def flow(trend, here):
    received, resolved = trend.received, trend.resolved
    top = max([*received.numbers, *resolved.numbers, 1])
    return Flow(
        bars=list(_bars(received.numbers, top)),
        path=_path(resolved.numbers, top),
        top=words.number(top),
        received=_counted(_("Received"), received, here.happened(Happened.RECEIVED)),
        resolved=_counted(_("Resolved"), resolved, here.happened(Happened.RESOLVED)),
    )


def _counted(name, line, href, **more):
    return Figure(name, words.number(line.total), words.was(words.number(line.before)), href, **more)


def in_time(trend, here):
    """A Figure for each metric that ended anything: its share in time, and how many were late."""
    return [
        Figure(
            name=Metric(one.metric).label,
            value=words.percent(one.share),
            note=words.was(words.percent(one.share_before)),
            href=here.happened(Happened.MET, detail=one.metric),
            path=_path(one.daily, 100),
            top=words.percent(100),
            second=_("%(late)s late of %(all)s")
            % {"late": words.number(one.missed), "all": words.number(one.met + one.missed)},
            second_href=here.happened(Happened.MISSED, detail=one.metric),
        )
        for one in trend.in_time
    ]


def breaches(trend, here):
    most = max((row[2] for row in trend.breaches), default=0)
    return [
        Bar(
            name if team != DailyCount.NO_TEAM else _("No team"),
            words.number(number),
            words.was(words.number(before)),
            here.happened(Happened.BREACHED, of=team),
            _length(number, most),
        )
        for team, name, number, before in trend.breaches
    ]


def levels(trend, here):
    most = max((row[1] for row in trend.levels), default=0)
    return [
        Bar(
            _("Level %(level)d") % {"level": level} if level else _("Fallback holder"),
            words.number(number),
            words.was(words.number(before)),
            here.happened(Happened.LEVEL, detail=level) if level else here.happened(Happened.FALLBACK),
            _length(number, most),
        )
        for level, number, before in trend.levels
    ]


def _length(number, most):
    return round(LONG * number / most, 1) if most else 0


def acknowledged(trend, here):
    """The median and what 95 of 100 stayed within; None where nothing was acknowledged."""
    if not trend.acknowledged.total and not trend.acknowledged.before:
        return None
    top = max((seconds for seconds in trend.p50_daily if seconds is not None), default=0)
    return Figure(
        name=_("Time to acknowledge"),
        value=words.time_taken(trend.p50),
        note=_("median, was %(value)s") % {"value": words.time_taken(trend.p50_before)},
        href=here.happened(Happened.ACKNOWLEDGED),
        path=_path(trend.p50_daily, top),
        top=words.time_taken(top),
        second=_("95 of 100 within %(time)s, was %(before)s; of %(number)s")
        % {
            "time": words.time_taken(trend.p95),
            "before": words.time_taken(trend.p95_before),
            "number": words.number(trend.acknowledged.total),
        },
    )


def reopened(trend, here):
    top = max([*trend.reopened.numbers, 1])
    bars = tuple(_bars(trend.reopened.numbers, top))
    href = here.happened(Happened.REOPENED)
    return _counted(_("Reopened"), trend.reopened, href, marks=bars, top=words.number(top))


@dataclass(frozen=True)
class Cell:
    text: str
    href: str = ""


@dataclass(frozen=True)
class Days:
    """The table that says the same, the latest day first."""

    heads: list
    rows: list  # (the day in words, [Cell])


def days(trend, here):
    lines = (
        (_("Received"), Happened.RECEIVED, trend.received),
        (_("Resolved"), Happened.RESOLVED, trend.resolved),
        (_("Reopened"), Happened.REOPENED, trend.reopened),
    )
    shares = [_("In time: %(metric)s") % {"metric": Metric(one.metric).label} for one in trend.in_time]
    rows = []
    for index, day in reversed(list(enumerate(trend.days))):
        cells = [_cell(line.numbers[index], kind, day, here) for _name, kind, line in lines]
        cells += [Cell(words.percent(one.daily[index])) for one in trend.in_time]
        cells.append(Cell(words.time_taken(trend.p50_daily[index])))
        rows.append((formats.date_format(day, "D j M"), cells))
    return Days([*(line[0] for line in lines), *shares, _("Acknowledged, median")], rows)


def _cell(number, kind, day, here):
    return Cell(words.number(number), here.happened(kind, day=day.isoformat()) if number else "")
