"""What the dashboard knows, in words, with the addresses of the lists behind its figures."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases import display
from reports import counting, forecast, pressing
from reports.forecast import Verdict
from reports.scope import USUAL

# In the order of the house: what has gone wrong is red, what may is orange, a forecast never red.
LOOKS = {
    pressing.LATE: ("danger", "octagon"),
    pressing.COMING: ("warn", "triangle"),
    pressing.HANDOFFS: ("warn", "triangle"),
    pressing.PROMISES: ("danger", "flag"),
    pressing.TIMERS: ("warn", "slashed"),
    pressing.LOAD: ("warn", "triangle"),
}


class Addresses:
    """Where each figure leads: the same team and period, and what it counts."""

    def __init__(self, scope):
        self.said = {"team": scope.team.pk} if scope.team else {}
        if scope.days != USUAL:
            self.said["days"] = scope.days

    def _with(self, address, **more):
        query = urlencode({**self.said, **{name: value for name, value in more.items() if value != ""}})
        return f"{address}?{query}" if query else address

    @property
    def query(self):
        return self._with("")

    @property
    def sheet(self):
        return self._with(reverse("dashboard-csv"))

    @property
    def board(self):
        return self._with(reverse("dashboard"))

    @property
    def load(self):
        return self.now(pressing.LOAD)

    def period(self, days):
        query = urlencode({**self.said, "days": days})
        return f"{reverse('dashboard')}?{query}"

    def now(self, kind):
        return self._with(reverse("dashboard-now", args=[kind]))

    def happened(self, kind, detail="", day="", of=""):
        return self._with(reverse("dashboard-happened", args=[kind]), detail=detail, day=day, of=of)


@dataclass(frozen=True)
class Tile:
    """A figure of what needs a decision. Where there is none, it is grey: nothing shouts."""

    name: str
    value: str
    note: str
    href: str
    look: str = ""
    icon: str = ""


def tiles(board, here):
    return [_tile(kind, board.numbers[kind], here) for kind in pressing.TITLES]


def _tile(kind, number, here):
    look, icon = LOOKS[kind] if number else ("", "")
    name, note = pressing.TITLES[kind], pressing.NOTES[kind]
    return Tile(name, pressing.glance(number), note, here.now(kind), look, icon)


# --- The forecast ---

WIDTH = 160


@dataclass(frozen=True)
class Row:
    """One queue. The bar is WIDTH wide: `fits` of the work, `over` what does not, `mark` the time left."""

    holder: object
    name: str
    pill: display.Pill
    note: str
    work: str
    left: str
    fits: float
    over: float
    mark: float


def row(holder, scope, load):
    """The Row of a workload.Holder; bars of one table share their scale."""
    found = holder.forecast
    longest = max((max(h.forecast.work, h.forecast.left) for h in load.holders + load.unowned), default=0)
    scale = WIDTH / longest if longest else 0
    return Row(
        holder=holder,
        name=holder.name or _("Nobody yet, no team"),
        pill=_pill(found, scope),
        note=_note(found),
        work=display.duration(found.work),
        left=display.duration(found.left),
        fits=round(min(found.work, found.left) * scale, 1),
        over=round(max(0, found.work - found.left) * scale, 1),
        mark=round(found.left * scale, 1),
    )


def _pill(found, scope):
    if found.verdict == Verdict.OVER:
        first = display.moment(found.late[0].owed.due_at, scope.now, "short")
        said = ngettext(
            "%(number)d will be late, %(time)s", "%(number)d will be late, from %(time)s", len(found.late)
        )
        return display.Pill(said % {"number": len(found.late), "time": first}, "warn", "triangle")
    if found.verdict == Verdict.UNKNOWN:
        return display.Pill(_("Too few to say"), "dashed", "help")
    if found.verdict == Verdict.TIGHT:
        spare = display.duration(found.spare)
        return display.Pill(_("Tight, %(time)s to spare") % {"time": spare}, "plain", "clock")
    return display.Pill(_("On time"), "plain", "clock")


def _note(found):
    """What else is to be known of a queue: what is late already, and what has no estimate."""
    said = []
    if found.late_already:
        late = ngettext("%(number)d is late already", "%(number)d are late already", found.late_already)
        said.append(late % {"number": found.late_already})
    if found.unknown and found.verdict != Verdict.UNKNOWN:
        unknown = ngettext("%(number)d without estimate", "%(number)d without estimate", found.unknown)
        said.append(unknown % {"number": found.unknown})
    return " · ".join(said)


@dataclass(frozen=True)
class Basis:
    """How the forecast was worked out: an estimate for each team, and how far it reaches."""

    teams: list  # (team, what one takes, of how many)
    until: str
    is_all_overdue: bool


def basis(load, scope):
    teams = [
        (
            name,
            display.duration(pace.seconds, "spoken") if pace.seconds is not None else _("too few to say"),
            pace.sample,
        )
        for name, pace in load.paces.values()
    ]
    until = display.moment(load.until, scope.now, "day") if load.until else ""
    return Basis(teams, until, load.is_all_overdue)


# --- Numbers ---


def number(value):
    """1,318."""
    return formats.number_format(value, use_l10n=True, force_grouping=True)


def percent(value):
    """93.8 %; a whole number where it is one."""
    if value is None:
        return "–"
    rounded = round(value, 1)
    shown = formats.number_format(int(rounded) if rounded == int(rounded) else rounded)
    return _("%(number)s %%") % {"number": shown}


def time_taken(seconds):
    return "–" if seconds is None else display.duration(seconds)


def was(value):
    """Beside a figure: what it was in the period before."""
    return _("was %(value)s") % {"value": value}


def zone():
    """The name of the zone in which days are counted."""
    return str(counting.zone())


FEWEST = forecast.FEWEST
