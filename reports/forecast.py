"""Which obligations will be late if a queue is worked in the order in which they are due. Pure.

A holder's working time until each due instant, on their own calendar, is set against the work that comes
before it and its own. How long an obligation takes is estimated from what a team ended lately: from when it
could be begun (it was there, and whoever did it had done the one before) until it was ended.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from statistics import median

from cases.hours import HoursError

# Fewer than these say nothing of a team.
FEWEST = 10
# Of a team's, the latest so many.
MOST = 200
# Less to spare than this is tight, in seconds.
TIGHT = 1800


class Verdict(StrEnum):
    """In the order in which they are listed."""

    OVER = "over"
    TIGHT = "tight"
    UNKNOWN = "unknown"
    ON_TIME = "on_time"


@dataclass(frozen=True)
class Owed:
    """One obligation. `seconds`: the work it is estimated at; None where there were too few to say."""

    case_id: int
    due_at: datetime
    seconds: float | None


@dataclass(frozen=True)
class Worked:
    """An obligation in its turn: `work` of it and all before it, `left` until it is due; both in seconds."""

    owed: Owed
    work: float
    left: float

    @property
    def spare(self):
        return self.left - self.work

    @property
    def is_late(self):
        """What ends at the very instant it is due is in time."""
        return self.spare < 0


@dataclass(frozen=True)
class Forecast:
    """One queue. `late`: Worked, in the order in which they are due; `late_already` is their number.

    `work` and `left`: what is owed before `until`, what is late already included, and the working time until
    then; seconds. `unknown`: how many obligations have no estimate, and count as no work at all. `spare`:
    the least of any that has one.
    """

    late: tuple
    late_already: int
    obligations: int
    unknown: int
    work: float
    left: float
    spare: float | None

    @property
    def verdict(self):
        if self.late:
            return Verdict.OVER
        if self.unknown:
            return Verdict.UNKNOWN
        if self.spare is not None and self.spare < TIGHT:
            return Verdict.TIGHT
        return Verdict.ON_TIME

    @property
    def cases(self):
        return self.obligations + self.late_already

    @property
    def rank(self):
        """Who is over their load first, who is so soonest first among them."""
        first = self.late[0].owed.due_at.timestamp() if self.late else 0
        spare = self.spare if self.spare is not None else float("inf")
        return list(Verdict).index(self.verdict), first, spare


def forecast(owed, *, overdue, hours, start, until):
    """The Forecast of a queue worked from `start` on by `hours`.

    owed      Owed that are still to come, in any order
    overdue   the estimates (seconds or None) of those that are late already: they are done first
    until     where the day ends for which `work` and `left` are told
    """
    done = sum(seconds or 0 for seconds in overdue)
    unknown = sum(seconds is None for seconds in overdue)
    today, late, spares = done, [], []
    for one in sorted(owed, key=lambda one: (one.due_at, one.case_id)):
        done += one.seconds or 0
        if one.due_at < until:
            today = done
        if one.seconds is None:
            unknown += 1
            continue
        worked = Worked(one, done, open_seconds(hours, start, one.due_at))
        spares.append(worked.spare)
        if worked.is_late:
            late.append(worked)
    return Forecast(
        late=tuple(late),
        late_already=len(overdue),
        obligations=len(owed),
        unknown=unknown,
        work=today,
        left=open_seconds(hours, start, until),
        spare=min(spares, default=None),
    )


def open_seconds(hours, start, end):
    """Working seconds from `start` to `end`; none of a calendar that cannot say, or backwards."""
    if end <= start:
        return 0
    try:
        return hours.between(start, end)
    except HoursError:
        return 0


def free_from(now, absences):
    """When somebody is there again: `now`, or the end of the absences that cover it. [(from, to), …]."""
    at = now
    for start, end in sorted(absences):
        if start <= at < end:
            at = end
    return at


@dataclass(frozen=True)
class Ended:
    """A clock that ended: whose it was, and on which case."""

    person_id: int
    case_id: int
    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True)
class Pace:
    """What an obligation of a team takes: the median in seconds, or None of fewer than FEWEST."""

    seconds: float | None
    sample: int


def pace(ended, hours):
    """The Pace of a team from what it ended lately, in any order, on the team's calendar."""
    taken = handling_seconds(ended, hours)[-MOST:]
    return Pace(median(taken) if len(taken) >= FEWEST else None, len(taken))


def handling_seconds(ended, hours):
    """Working seconds that each took, in the order of ending. What ended together on one case is one piece of
    work; what took no working time (outside hours, or many at once) says nothing."""
    together = {}
    for one in ended:
        key = (one.ended_at, one.person_id, one.case_id)
        together[key] = min(together.get(key, one.started_at), one.started_at)
    before, taken = {}, []
    for (ended_at, person, _case), started_at in sorted(together.items()):
        begun = max(started_at, before.get(person, started_at))
        before[person] = ended_at
        seconds = open_seconds(hours, begun, ended_at)
        if seconds > 0:
            taken.append(seconds)
    return taken
