"""Who has how much to do, and which of it will be late: loads the facts and asks forecast.py."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from cases import branches
from cases.models import Case, Clock, Standing
from cases.models.standing import IN_ORDER
from cases.states import ClockState, Metric
from reports import forecast
from reports.forecast import Forecast, Owed
from reports.pressing import owing

# The obligations that are read, in the order in which they are due: of those that are late already, and of
# those to come. What is due after the last of these is not forecast, for anybody.
MOST = 3000
# What tells how long work takes: clocks that ended in so many days, among the newest ones.
LATELY = timedelta(days=30)
NEWEST, SAMPLE = 100_000, 5000
WORK = (Metric.FIRST_RESPONSE, Metric.NEXT_UPDATE, Metric.RESOLUTION)


@dataclass(frozen=True)
class Holder:
    """A queue and its forecast. `team_id` of a team's unowned work; neither of what nobody has yet."""

    name: str
    forecast: Forecast
    person_id: int | None = None
    team_id: int | None = None
    first_case: Case | None = None  # the first that will be late


@dataclass(frozen=True)
class Workload:
    """`holders` are people, `unowned` teams; both with those over their load first. `until`: the due time up
    to which everything was read, None where that is all there is. `paces`: {team id: (its name, Pace)}."""

    holders: list
    unowned: list
    paces: dict
    until: datetime | None
    is_all_overdue: bool

    @property
    def over(self):
        return [holder for holder in self.holders if holder.forecast.verdict == forecast.Verdict.OVER]


def of(scope, roster):
    """The Workload of what the reader reaches. With a team chosen, of those who have work of that team; their
    whole queue counts, for that is what they work through. A fixed number of queries."""
    coming = _obligations(scope.reader, Q(sort_at__gte=scope.now))
    overdue = _obligations(scope.reader, Q(sort_at__lt=scope.now))
    paces = paces_of(scope.now, roster)
    is_cut = len(coming) > MOST
    queues = _queues(coming[:MOST], overdue[:MOST])
    found = [
        _holder(key, queue, paces, scope, roster)
        for key, queue in queues.items()
        if scope.teams is None or queue.teams & scope.teams
    ]
    found.sort(key=lambda holder: (holder.forecast.rank, holder.name))
    found = _with_first_cases(found)
    return Workload(
        holders=[holder for holder in found if holder.person_id],
        unowned=[holder for holder in found if not holder.person_id],
        paces={
            team: (roster.team_names[team], pace)
            for team, pace in sorted(paces.items(), key=lambda pair: roster.team_names[pair[0]])
            if team in {row.team for queue in queues.values() for row in queue.rows}
        },
        until=coming[MOST - 1].due_at if is_cut else None,
        is_all_overdue=len(overdue) <= MOST,
    )


@dataclass(frozen=True)
class _Row:
    case_id: int
    due_at: datetime
    whose: int | None
    whose_team: int | None
    team: int | None


class _Queue:
    def __init__(self):
        self.coming, self.overdue = [], []

    @property
    def rows(self):
        return self.coming + self.overdue

    @property
    def teams(self):
        return {row.team for row in self.rows}


def _obligations(reader, condition):
    """[_Row] in the order in which they are due, one more than MOST where there are more."""
    ids = branches.first(owing(reader, condition), IN_ORDER, MOST + 1)
    rows = Standing.objects.filter(pk__in=ids).in_order()
    return [
        _Row(*row) for row in rows.values_list("case_id", "due_at", "whose_id", "whose_team_id", "team_id")
    ]


def _queues(coming, overdue):
    """{(person id, team id): _Queue}: whose turn it is; a person's wherever one is named."""
    found = {}
    for rows, name in ((coming, "coming"), (overdue, "overdue")):
        for row in rows:
            key = (row.whose, None) if row.whose else (None, row.whose_team)
            getattr(found.setdefault(key, _Queue()), name).append(row)
    return found


def _holder(key, queue, paces, scope, roster):
    person, team = key
    estimates = {pk: pace.seconds for pk, pace in paces.items()}
    facts = roster.people.get(person)
    calendar = facts.calendar_id if facts else roster.team_calendars.get(team)
    return Holder(
        name=facts.name if facts else roster.team_names.get(team, ""),
        person_id=person,
        team_id=team,
        forecast=forecast.forecast(
            [Owed(row.case_id, row.due_at, estimates.get(row.team)) for row in queue.coming],
            overdue=[estimates.get(row.team) for row in queue.overdue],
            hours=roster.calendars[calendar or roster.always_open_id],
            start=forecast.free_from(scope.now, [a[:2] for a in facts.absences] if facts else ()),
            until=scope.reader.end_of_today,
        ),
    )


def _with_first_cases(holders):
    """Each with the first case that will be late, for a link to it."""
    firsts = {h.forecast.late[0].owed.case_id for h in holders if h.forecast.late}
    cases = Case.objects.in_bulk(firsts)
    return [
        Holder(h.name, h.forecast, h.person_id, h.team_id, cases.get(h.forecast.late[0].owed.case_id))
        if h.forecast.late
        else h
        for h in holders
    ]


def paces_of(now, roster):
    """{team id: Pace} of the teams that ended anything lately. Two queries, which read no further than the
    newest clocks."""
    newest = Clock.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    rows = (
        Clock.objects.filter(
            pk__gt=newest - NEWEST,
            state__in=(ClockState.MET, ClockState.MISSED),
            metric__in=WORK,
            ended_at__gt=now - LATELY,
            ended_at__lte=now,
            case__owner__isnull=False,
            case__team__isnull=False,
        )
        .order_by("-pk")
        .values_list("case__team_id", "case__owner_id", "case_id", "started_at", "ended_at")[:SAMPLE]
    )
    by_team = {}
    for team, *ended in rows:
        by_team.setdefault(team, []).append(forecast.Ended(*ended))
    return {
        team: forecast.pace(ended, roster.calendars[roster.team_calendars[team]])
        for team, ended in by_team.items()
    }
