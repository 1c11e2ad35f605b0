"""What the daily counts say of a period, beside the one before it."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q, Sum

from cases.models import Team
from cases.states import Metric
from reports import counting, steps
from reports.models import Counting, DailyCount, Happened


@dataclass(frozen=True)
class Line:
    """A number for each day, in order; `total` of them, `before` of as many days before."""

    numbers: list
    total: int
    before: int


@dataclass(frozen=True)
class InTime:
    """Of one metric: how many clocks ended in time and late. Shares are percents, None where none ended;
    `daily` has one for each day."""

    metric: str
    met: int
    missed: int
    share: float | None
    share_before: float | None
    daily: list


@dataclass(frozen=True)
class Trends:
    counted_at: datetime | None  # None: never yet
    days: list
    received: Line
    resolved: Line
    reopened: Line
    in_time: list  # of InTime
    breaches: list  # [(team id or 0, name or "", number, before)], most first
    levels: list  # [(level, number, before)]; level 0 is the fallback holder
    acknowledged: Line
    p50: float | None  # seconds
    p95: float | None
    p50_before: float | None
    p95_before: float | None
    p50_daily: list

    @property
    def is_empty(self):
        return not (self.received.total or self.resolved.total or any(m.met + m.missed for m in self.in_time))


def of(scope):
    """The Trends of what is counted for the reader. Five queries."""
    counted = Counting.objects.filter(pk=Counting.ONLY).first()
    days = [scope.first_day + timedelta(days=n) for n in range(scope.days)]
    numbers, by_team = _numbers(scope)
    names = dict(Team.objects.filter(pk__in={team for team, _is_before in by_team}).values_list("pk", "name"))

    def line(kind):
        daily = [sum(numbers[day, kind].values()) for day in days]
        return Line(daily, sum(daily), sum(_before(scope, numbers, kind).values()))

    now = {kind: _within(days, numbers, kind) for kind in Happened.values}
    before = {kind: _before(scope, numbers, kind) for kind in Happened.values}
    return Trends(
        counted_at=counted.counted_at if counted else None,
        days=days,
        received=line(Happened.RECEIVED),
        resolved=line(Happened.RESOLVED),
        reopened=line(Happened.REOPENED),
        in_time=[
            _in_time(metric, days, numbers, before)
            for metric in Metric.values
            if now[Happened.MET][metric] + now[Happened.MISSED][metric]
        ],
        breaches=sorted(
            (
                (team, names.get(team, ""), by_team[team, False], by_team[team, True])
                for team in {team for team, _is_before in by_team}
                if by_team[team, False] or by_team[team, True]
            ),
            key=lambda row: (-row[2], -row[3], row[1]),
        ),
        levels=_levels(now, before),
        acknowledged=line(Happened.ACKNOWLEDGED),
        **_percentiles(now[Happened.ACKNOWLEDGED], before[Happened.ACKNOWLEDGED]),
        p50_daily=[steps.percentile(_by_step(numbers[day, Happened.ACKNOWLEDGED]), 0.5) for day in days],
    )


def _numbers(scope):
    """({(day, kind): Counter of details}, Counter of breaches by (team, is before)) of the period and as many
    days before."""
    since = scope.first_day - timedelta(days=scope.days)
    daily = scope.daily().filter(day__gte=since, day__lte=scope.last_day)
    numbers, by_team = _Counters(), Counter()
    for day, kind, detail, number in daily.values_list("day", "kind", "detail").annotate(Sum("number")):
        numbers[day, kind][detail] += number
    is_now = Q(day__gte=scope.first_day)
    of_teams = (
        daily.filter(kind=Happened.BREACHED)
        .values_list("team_key")
        .annotate(
            now=Sum("number", filter=is_now, default=0), before=Sum("number", filter=~is_now, default=0)
        )
    )
    for team, now, before in of_teams:
        by_team[team, False], by_team[team, True] = now, before
    if scope.reader.complained:
        _leave_out_complaints(scope, since, numbers, by_team)
    return numbers, by_team


class _Counters(dict):
    def __missing__(self, key):
        found = self[key] = Counter()
        return found


def _leave_out_complaints(scope, since, numbers, by_team):
    """What is about the reader is not counted for them: not even how much of it there is."""
    theirs = counting.counts(now=scope.now, cases=scope.reader.complained)
    for (day, kind, detail, team, is_restricted), number in theirs.items():
        if day < since or not scope.counts_team(team, is_restricted):
            continue
        # It may have happened since the days were counted.
        number = min(number, numbers[day, kind][detail])
        numbers[day, kind][detail] -= number
        if kind == Happened.BREACHED:
            key = (team, day < scope.first_day)
            by_team[key] = max(0, by_team[key] - number)


def _within(days, numbers, kind):
    return sum((numbers[day, kind] for day in days), Counter())


def _before(scope, numbers, kind):
    found = Counter()
    for (day, what), details in numbers.items():
        if what == kind and day < scope.first_day:
            found.update(details)
    return found


def _in_time(metric, days, numbers, before):
    daily = [(numbers[day, Happened.MET][metric], numbers[day, Happened.MISSED][metric]) for day in days]
    met, missed = sum(day[0] for day in daily), sum(day[1] for day in daily)
    return InTime(
        metric=metric,
        met=met,
        missed=missed,
        share=share(met, missed),
        share_before=share(before[Happened.MET][metric], before[Happened.MISSED][metric]),
        daily=[share(*day) for day in daily],
    )


def share(met, missed):
    """Percent that ended in time; None of none."""
    return 100 * met / (met + missed) if met + missed else None


def _levels(now, before):
    """[(level, number, before)], the lowest first, the fallback holder (0) last."""
    levels = sorted({int(level) for period in (now, before) for level in period[Happened.LEVEL]})
    found = [(n, now[Happened.LEVEL][str(n)], before[Happened.LEVEL][str(n)]) for n in levels]
    fallback = [period[Happened.FALLBACK][""] for period in (now, before)]
    return found + ([(0, *fallback)] if any(fallback) else [])


def _percentiles(now, before):
    found = {}
    for name, counts in (("", now), ("_before", before)):
        found[f"p50{name}"] = steps.percentile(_by_step(counts), 0.5)
        found[f"p95{name}"] = steps.percentile(_by_step(counts), 0.95)
    return found


def _by_step(counts):
    return {int(step): number for step, number in counts.items() if number}


def rows(kind, scope, *, detail="", day: date | None = None, team_key=None):
    """What a figure of these counts, row by row: of the whole period or one day of it, the newest first
    (Source.newest_first).

    Each has `happened_at`. `team_key`: of one team alone, DailyCount.NO_TEAM of none.
    """
    source = counting.SOURCES[kind]
    since = counting.begins(day or scope.first_day)
    until = counting.begins((day or scope.last_day) + timedelta(days=1))
    found = source.happened().filter(happened_at__gte=since, happened_at__lt=until)
    if detail:
        found = found.filter(which=detail)
    if team_key is not None:
        team = source.column("team_id")
        found = found.filter(
            **({f"{team}__isnull": True} if team_key == DailyCount.NO_TEAM else {team: team_key})
        )
    return source.newest_first(scope.counted(found, source))
