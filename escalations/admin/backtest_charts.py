"""A back-test's calls by hour and by level, drawn by the server; the same numbers stand in a table beside."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from cases.admin.recalculations import number
from escalations.backtest import counting, report

NAMES = {
    counting.REALLY: gettext_lazy("Really"),
    counting.NOW: gettext_lazy("Rules now"),
    counting.DRAFT: gettext_lazy("Draft"),
}
# The day as people live it: the morning first, the night as one stretch at the end.
HOURS = (*range(7, 24), *range(7))
STEP, BAR, PLOT = 26, 18, 120  # of an hour; of its bar; of the plot's height
ROW, THICK, LONGEST = 56, 12, 220  # of a level; of one of its bars; of the longest bar


@dataclass(frozen=True)
class Bar:
    x: int
    y: int
    width: int
    height: int
    look: str


@dataclass(frozen=True)
class Label:
    x: int
    y: int
    words: str


@dataclass(frozen=True)
class Chart:
    bars: list
    labels: list
    heads: list  # of the table
    rows: list
    words: str  # what it shows, in a sentence
    width: int
    height: int
    lines: tuple = ()  # (y, label) across the plot
    night_x: int = 0


def by_hour(counted):
    """Bars of the draft's calls at each hour by the holders' clocks, a mark where reality was."""
    draft, really, now = (
        counted[name]["by_hour"] for name in (counting.DRAFT, counting.REALLY, counting.NOW)
    )
    most = max([1, *draft, *really])
    bars, labels = [], []
    for place, hour in enumerate(HOURS):
        x, tall = place * STEP + (STEP - BAR) // 2, round(draft[hour] / most * PLOT)
        look = "night" if hour in counting.NIGHT else "day"
        if draft[hour]:
            bars.append(Bar(x, PLOT - max(tall, 2), BAR, max(tall, 2), look))
        if really[hour]:
            bars.append(Bar(x - 2, PLOT - round(really[hour] / most * PLOT) - 1, BAR + 4, 3, "really"))
        if place % 3 == 0:
            labels.append(Label(place * STEP + STEP // 2, PLOT + 16, f"{hour:02}"))
    rows = [
        (
            f"{hour:02}:00",
            number(really[hour]),
            number(now[hour]),
            number(draft[hour]),
            hour in counting.NIGHT,
        )
        for hour in HOURS
    ]
    night = counted[counting.DRAFT]["night"]
    words = ngettext(
        "The draft would have called somebody at night %(night)s time, really it was %(really)s.",
        "The draft would have called somebody at night %(night)s times, really it was %(really)s.",
        night,
    ) % {"night": number(night), "really": number(counted[counting.REALLY]["night"])}
    return Chart(
        bars=bars,
        labels=labels,
        heads=[_("Hour"), *NAMES.values()],
        rows=rows,
        words=words,
        width=len(HOURS) * STEP,
        height=PLOT + 22,
        lines=((0, number(most)), (PLOT // 2, number(round(most / 2))) if most > 1 else (PLOT // 2, "")),
        night_x=HOURS.index(22) * STEP,
    )


def level_name(level):
    if level == counting.FALLBACK:
        return _("Fallback")
    return _("Level %(level)s") % {"level": level}


def by_level(counted):
    """For each level three bars: what really happened, the rules of now, the draft."""
    counts = {name: counted[name]["by_level"] for name in counting.SCENARIOS}
    levels = list(report.in_order({level: 0 for found in counts.values() for level in found}))
    most = max([1, *(called for found in counts.values() for called in found.values())])
    bars, labels, rows = [], [], []
    for place, level in enumerate(levels):
        labels.append(Label(0, place * ROW + 25, level_name(level)))
        for line, name in enumerate(counting.SCENARIOS):
            called = counts[name].get(level, 0)
            wide = max(round(called / most * LONGEST), 2 if called else 0)
            y = place * ROW + 4 + line * (THICK + 3)
            bars.append(Bar(90, y, wide, THICK, name))
            labels.append(Label(90 + wide + 6, y + 10, number(called)))
        rows.append(
            (
                level_name(level),
                *(number(counts[name].get(level, 0)) for name in counting.SCENARIOS),
                number(counted[counting.DRAFT]["night_by_level"].get(level, 0)),
            )
        )
    words = _(
        "Handoffs at each level: really %(really)s, by the rules of now %(now)s, with the draft %(draft)s."
    )
    return Chart(
        bars=bars,
        labels=labels,
        heads=[_("Level"), *NAMES.values(), _("Draft, at night")],
        rows=rows,
        words=words % {name: number(counted[name]["calls"]) for name in counting.SCENARIOS},
        width=LONGEST + 140,
        height=max(len(levels), 1) * ROW,
    )
