"""What is wrong with the timers, clocks and standings of a set of cases, derived from their state. It changes
nothing."""

from collections import namedtuple
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from cases.errors import NoOpenHour
from cases.models import Calendar, Clock, Promise, Timer, TimerRepair
from cases.operations import clocks, standing, timers
from cases.prepared import Given, Prepared
from cases.states import TimerKind

Finding = TimerRepair.Finding
HOLDER = slice(
    standing.DERIVED_COLUMNS.index("holder_id"), standing.DERIVED_COLUMNS.index("holder_team_id") + 1
)

EXPECTATIONS = []
HOLDERS = []
CLOCKS, PROMISES = (
    Prepared(lambda found=found: found().filter(case__among=Given("cases")).order_by("pk"))
    for found in (Clock.objects.open, Promise.objects.owed)
)
# What is read of every timer: a whole Timer costs ten times as much, and nearly all are as they should be.
READ = (
    "id",
    "case_id",
    "kind",
    "subject_id",
    "step",
    "occurrence",
    "due_at",
    "wake_at",
    "armed_at",
    "attempts",
)
Pending = namedtuple("Pending", READ)
PENDING = Prepared(
    lambda: Timer.objects.pending().filter(case__among=Given("cases")).order_by("pk").values_list(*READ)
)
SET_ASIDE = Prepared(lambda: Timer.objects.set_aside().filter(case__among=Given("cases")))
# However a row got where it stands: one of this kind, subject, step and occurrence there may be only once.
SAME = Prepared(
    lambda: Timer.objects.filter(kind__among=Given("kinds"), subject_id__among=Given("subjects")).exclude(
        kind=TimerKind.REVIEW
    )
)


def expects(*kinds):
    """Register `f(scope)` that gives the timers.Wanted of these kinds that a Scope's cases need now.

    Pending timers of a registered kind that nothing wants are strays; other kinds are left alone.
    """

    def register(expectation):
        EXPECTATIONS.append((frozenset(kinds), expectation))
        return expectation

    return register


def knows_holders(question):
    """Register `f(scope)` that gives {case id: [(person id, team id) who may stand as its holder]}."""
    HOLDERS.append(question)
    return question


class Scope:
    """A set of cases, and what is open on them, read once for all that ask.

    `held`: they are locked, and nobody publishes one of their calendars until the transaction is over.
    """

    def __init__(self, cases, *, held=False):
        self.cases = cases  # {id: case}
        self.ids = sorted(cases)
        self.held = held

    @cached_property
    def clocks(self):
        return CLOCKS.all(cases=self.ids)

    @cached_property
    def owed_promises(self):
        return PROMISES.all(cases=self.ids)

    @property
    def promises(self):
        """The open ones: what a timer is for. A broken one has fired, and stays owed."""
        return [p for p in self.owed_promises if p.state == Promise.State.OPEN]

    @cached_property
    def pauses(self):
        """{case id: [all its pauses, with their reasons]}."""
        return clocks.pauses_by_case(self.ids)

    @property
    def open_pauses(self):
        return [p for mine in self.pauses.values() for p in mine if p.ended_at is None]


class Schedule(NamedTuple):
    """When a clock is due, as it was found or as it should be."""

    state: str
    due_at: datetime | None
    late_after: datetime | None
    at_risk_at: datetime | None

    @classmethod
    def of(cls, clock):
        return cls(*(getattr(clock, name) for name in cls._fields))


@dataclass
class TimerFinding:
    """`wanted` and the row that stands for it or against it; one of the two may be missing."""

    finding: str
    wanted: timers.Wanted | None = None
    timer: Timer | None = None

    @property
    def case_id(self):
        return (self.wanted or self.timer).case_id


def drifted(scope):
    """{clock: the Schedule it was found with} where calendar, term and pauses now say another.

    The clocks themselves are set right, in memory.
    """
    found = {}
    hours = Calendar.objects.hours({clock.calendar_id for clock in scope.clocks}, held=scope.held)
    for clock in scope.clocks:
        was = Schedule.of(clock)
        try:
            clocks.schedule(clock, hours[clock.calendar_id], scope.pauses.get(clock.case_id, ()))
        except NoOpenHour:
            # Nothing would ever be due: the calendar has to be mended, and until then what was said stands.
            for name, value in was._asdict().items():
                setattr(clock, name, value)
        if Schedule.of(clock) != was:
            found[clock] = was
    return found


def timers_amiss(scope):
    """[TimerFinding] of the cases' timers, against what every app expects."""
    wanted, kinds = {}, set()
    for registered, expectation in EXPECTATIONS:
        kinds |= registered
        wanted.update((w.key, w) for w in expectation(scope))
    off = {}
    for timer in map(Pending._make, PENDING.all(cases=scope.ids)):
        if timer.kind not in kinds:
            continue
        expected = wanted.pop(_key(timer), None)
        if expected is None or _is_moved(timer, expected):
            off[timer.id] = expected
    found = [
        TimerFinding(Finding.STRAY if off[pk] is None else Finding.MOVED, off[pk], timer)
        for pk, timer in sorted(Timer.objects.in_bulk(off).items())
    ]
    missing = {key: w for key, w in wanted.items() if w.is_owed}
    return found + (_missing(missing, scope) if missing else [])


def _key(timer):
    return timer.kind, timer.subject_id, timer.step, timer.occurrence


def _is_moved(timer, wanted):
    due_at, wake_at = (wanted.due_at, wanted.wake_at) if wanted.due_at else (timer.armed_at, timer.armed_at)
    put_off = timer.attempts and timer.wake_at > wake_at
    return (
        timer.case_id != wanted.case_id
        or timer.due_at != due_at
        or (timer.wake_at != wake_at and not put_off)
    )


def _missing(wanted, scope):
    """What has no pending timer: unless it was set aside, it never was there, or it fired and did nothing.

    What a timer does and that it fired is one transaction, so the case's state says whether it was done.
    """
    aside = {_key(t) for t in SET_ASIDE.all(cases=scope.ids)}
    there = {
        _key(t): t
        for t in SAME.all(kinds={key[0] for key in wanted}, subjects={key[1] for key in wanted})
        if _key(t) in wanted
    }
    found = []
    for key, w in wanted.items():
        timer = there.get(key)
        if key in aside or (timer is not None and timer.state == Timer.State.SET_ASIDE):
            continue
        if timer is None:
            found.append(TimerFinding(Finding.MISSING, w))
        elif timer.state == Timer.State.FIRED:
            found.append(TimerFinding(Finding.UNDONE, w, timer))
        else:  # it hangs on another case
            found.append(TimerFinding(Finding.MOVED, w, timer))
    return found


def standings_amiss(scope):
    """{case id: (person id, team id) to stand as its holder} where the standing is not what it should be."""
    may_hold = {}
    for question in HOLDERS:
        for case_id, pairs in question(scope).items():
            may_hold.setdefault(case_id, []).extend(pairs)
    written = standing.written(scope.ids)
    open_clocks, promises, pauses = (
        standing.by_case(some) for some in (scope.clocks, scope.owed_promises, scope.open_pauses)
    )
    amiss = {}
    for pk, case in scope.cases.items():
        said = written.get(pk)
        holder = said[HOLDER] if said else (None, None)
        allowed = may_hold.get(pk) or [(None, None)]
        if holder not in allowed:
            holder = allowed[-1]
        derived = standing.derive(
            case, holder, open_clocks.get(pk, ()), promises.get(pk, ()), pauses.get(pk, ())
        )
        if said != standing.says(derived):
            amiss[pk] = holder
    return amiss


def suspects(cases):
    """Ids of those of {id: case} on which something seems wrong, and of whose a timer of theirs hangs on."""
    scope = Scope(cases)
    found = {clock.case_id for clock in drifted(scope)}
    for amiss in timers_amiss(scope):
        found |= {row.case_id for row in (amiss.wanted, amiss.timer) if row is not None}
    return found | set(standings_amiss(scope))
