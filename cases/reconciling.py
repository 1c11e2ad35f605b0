"""The reconciler: which timers every case must have, derived from its state, compared with those it has.

The engine fires what is in the table; this sees to it that the table is right, for every case of any age on
which anything is open, whatever went wrong: a lost row, a hand in the database, a fault of ours. It goes
round all of them in slices and keeps its place in a row, reads without locks, and locks and looks again only
where something seems wrong. What it puts right stands in the case's history and in
`TimerRepair.objects.tally()`.
"""

import logging
from collections import Counter, namedtuple
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from . import history
from .errors import NoOpenHour
from .models import Calendar, Case, Clock, Pause, Promise, ReconcilerRound, Timer, TimerRepair, Trigger
from .operations import clocks, recalculating, standing, timers
from .prepared import Given, Prepared
from .sets import update_each
from .states import CaseStatus, TimerKind

log = logging.getLogger(__name__)

SLICE = 1000  # cases compared at once
WINDOW = 20_000  # ids looked through at once: closed cases are many
TAKEN = timedelta(seconds=60)  # for so long nobody else goes on, if whoever took the round says nothing more
Finding = TimerRepair.Finding
PLACE = ("after_id", "started_at", "cases", "repairs", "taken_until")
LAST = ("rounds", "last_started_at", "last_finished_at", "last_cases", "last_repairs")
HOLDER = slice(
    standing.DERIVED_COLUMNS.index("holder_id"), standing.DERIVED_COLUMNS.index("holder_team_id") + 1
)

EXPECTATIONS = []
HOLDERS = []
CLOCKS, PROMISES = (
    Prepared(lambda model=model: model.objects.open().filter(case__among=Given("cases")).order_by("pk"))
    for model in (Clock, Promise)
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
    def promises(self):
        return PROMISES.all(cases=self.ids)

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


@dataclass
class Report:
    """What a slice or a round came to."""

    cases: int = 0
    repairs: list = field(default_factory=list)
    busy: int = 0  # something seemed wrong, and somebody worked on the case; the next round looks again
    failed: list = field(default_factory=list)  # ids of cases that could not even be looked at

    def add(self, other):
        self.cases += other.cases
        self.repairs += other.repairs
        self.busy += other.busy
        self.failed += other.failed

    @property
    def findings(self):
        return dict.fromkeys(Finding.values, 0) | Counter(str(r.finding) for r in self.repairs)


# --- What is wrong ----------------------------------------------------------------------------------------


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
        standing.by_case(some) for some in (scope.clocks, scope.promises, scope.open_pauses)
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


# --- Putting it right -------------------------------------------------------------------------------------


def mend(case_ids, *, now, wait):
    """Lock these cases (with `wait` also those somebody works on), look again and put right what is wrong."""
    with history.acting(by=history.ENGINE, reason=_("reconciled"), now=now, via="engine"):
        cases = {c.pk: c for c in Case.objects.lock_all(case_ids)} if wait else Case.objects.claim(case_ids)
        repairs = _mend(cases, now) if cases else []
    return Report(repairs=repairs, busy=len(set(case_ids) - set(cases)))


def _mend(cases, now):
    _follow_changes(cases, now)
    scope = Scope(cases, held=True)
    repairs = [*_set_clocks(scope, now), *_set_timers(scope, now)]
    repairs += _set_standings(scope, now, {r.case_id for r in repairs if r.finding == Finding.SCHEDULE})
    TimerRepair.objects.bulk_create(repairs)
    return repairs


def _follow_changes(cases, now):
    """A clock that a calendar's change has only not come to yet is no finding: it follows now."""
    try:
        with transaction.atomic():
            recalculating.bring_up_to_date(sorted(cases), now=now)
    except NoOpenHour:
        if len(cases) > 1:
            raise  # halved, until the one that cannot is alone; managers see it with the recalculation


def _set_clocks(scope, now):
    found = drifted(scope)
    repairs = [
        TimerRepair(
            case_id=clock.case_id,
            finding=Finding.SCHEDULE,
            kind=clock.breach_kind,
            subject_id=clock.pk,
            occurrence=clock.revision,
            was_due_at=was.due_at,
            due_at=clock.due_at,
            found_at=now,
        )
        for clock, was in found.items()
    ]
    clocks.arm_anew(list(found), now=now)
    return repairs


def _set_timers(scope, now):
    found = [f for f in timers_amiss(scope) if f.timer is None or f.timer.case_id in scope.cases]
    by_finding = {finding: [f for f in found if f.finding == finding] for finding in Finding}
    repairs = [_repaired(f, now) for f in found]
    strays = [f.timer.pk for f in by_finding[Finding.STRAY]]
    Timer.objects.pending().filter(pk__in=strays).delete()
    for f in (*by_finding[Finding.MOVED], *by_finding[Finding.UNDONE]):
        _set_back(f.timer, f.wanted)
    update_each(
        [f.timer for f in (*by_finding[Finding.MOVED], *by_finding[Finding.UNDONE])],
        ["case", "due_at", "wake_at", "state", "fired_at"],
    )
    timers.set_up([f.wanted for f in by_finding[Finding.MISSING]], now=now, were_lost=True)
    return repairs


def _set_back(timer, wanted):
    """As it would be, had nobody touched it; one that failed before keeps its back-off."""
    due_at = wanted.due_at or timer.armed_at
    wake_at = wanted.wake_at if wanted.due_at else timer.armed_at
    if not (timer.attempts and timer.wake_at > wake_at):
        timer.wake_at = wake_at
    timer.case_id, timer.due_at = wanted.case_id, due_at
    timer.state, timer.fired_at = Timer.State.PENDING, None


def _repaired(f, now):
    subject = f.wanted or f.timer
    due_at = None
    if f.finding != Finding.STRAY:
        due_at = f.wanted.due_at or (f.timer.armed_at if f.timer else now)
    return TimerRepair(
        case_id=f.case_id,
        finding=f.finding,
        kind=subject.kind,
        subject_id=subject.subject_id,
        step=subject.step,
        occurrence=subject.occurrence,
        was_due_at=f.timer.due_at if f.timer else None,
        was_wake_at=f.timer.wake_at if f.timer else None,
        due_at=due_at,
        found_at=now,
    )


def _set_standings(scope, now, followed):
    """What only follows from a clock set right is not found a second time."""
    amiss = standings_amiss(scope)
    standing.refresh([scope.cases[pk] for pk in amiss], now=now, holders=amiss)
    return [
        TimerRepair(case_id=pk, finding=Finding.STANDING, found_at=now) for pk in amiss if pk not in followed
    ]


# --- Going round ------------------------------------------------------------------------------------------


def look(case_ids, *, now, wait, mending=True):
    """Compare these cases, and mend what is wrong: a Report. One that cannot be looked at stops no other."""
    try:
        wrong = suspects(Case.objects.in_bulk(case_ids))
        report = mend(sorted(wrong), now=now, wait=wait) if wrong and mending else Report(busy=len(wrong))
    except (OperationalError, InterfaceError):
        raise  # the database's trouble, not a case's: the next slice does it again
    except Exception:
        if len(case_ids) == 1:
            log.exception("case %s could not be reconciled", case_ids[0])
            return Report(cases=1, failed=list(case_ids))
        middle, report = len(case_ids) // 2, Report()
        for half in (case_ids[:middle], case_ids[middle:]):
            report.add(look(half, now=now, wait=wait, mending=mending))
        return report
    report.cases = len(case_ids)
    return report


def next_slice(after, *, size=SLICE):
    """(ids to look at next, the id up to which all has been looked at then); None where the round is over."""
    # From the next one there is: numbers that were never given are no windows to look through.
    following = Case.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True).first()
    if following is None:
        return [], None
    until = following - 1 + WINDOW
    ids = list(_open_ones(after, until).order_by("pk").values_list("pk", flat=True)[:size])
    return ids, ids[-1] if len(ids) == size else until


def _open_ones(after, until):
    """Cases on which anything is open: what is not closed, and a closed one with something left on it."""
    mine = {"case": OuterRef("pk")}
    left = (
        Exists(Timer.objects.pending().filter(**mine))
        | Exists(Clock.objects.open().filter(**mine))
        | Exists(Pause.objects.open().filter(**mine))
        | Exists(Promise.objects.open().filter(**mine))
        | Exists(Trigger.objects.waiting().filter(**mine))
    )
    return Case.objects.filter(pk__gt=after, pk__lte=until).filter(~Q(status=CaseStatus.CLOSED) | left)


def whole_round(*, now, size=SLICE, mending=True):
    """Look at every open case at once, waiting for those somebody works on: a Report.

    Without `mending` nothing is written, and `busy` counts the cases on which something seems wrong.
    """
    total, after = Report(), 0
    while after is not None:
        ids, after = next_slice(after, size=size)
        if ids:
            total.add(look(ids, now=now, wait=True, mending=mending))
    if mending:
        place, _is_new = ReconcilerRound.objects.get_or_create(pk=ReconcilerRound.ONLY)
        place.was_round(began=now, ended=now, cases=total.cases, repairs=len(total.repairs))
        place.save(update_fields=LAST)
    return total


def go_on(*, seconds, clock, stopped, size=SLICE):
    """Slices for `seconds`, from where the last one stopped, to the end of the round at most: a Report.

    `clock()` gives aware UTC. One at a time: who finds it taken does nothing.
    """
    started, total, is_over = clock(), Report(), False
    place = _take(started)
    while place is not None and not is_over and not stopped():
        now = clock()
        ids, after = next_slice(place.after_id, size=size)
        report = look(ids, now=now, wait=False) if ids else Report()
        total.add(report)
        if place.after_id == 0:
            place.started_at, place.cases, place.repairs = now, 0, 0
        place.cases += report.cases
        place.repairs += len(report.repairs)
        if after is None:
            place.was_round(began=place.started_at, ended=now, cases=place.cases, repairs=place.repairs)
        place.after_id, place.taken_until = after or 0, now + TAKEN
        place.save(update_fields=[*PLACE, *(LAST if after is None else ())])
        is_over = after is None or (clock() - started).total_seconds() >= seconds
    if place is not None:
        place.taken_until = None
        place.save(update_fields=["taken_until"])
    return total


def _take(now):
    """The round's row if nobody goes on with it, else None. A clock that was put back locks nobody out."""
    ReconcilerRound.objects.get_or_create(pk=ReconcilerRound.ONLY)
    free = Q(taken_until=None) | Q(taken_until__lte=now) | Q(taken_until__gt=now + TAKEN)
    taken = ReconcilerRound.objects.filter(free, pk=ReconcilerRound.ONLY).update(taken_until=now + TAKEN)
    return ReconcilerRound.objects.get(pk=ReconcilerRound.ONLY) if taken else None


def last_round():
    """The row that says when the last whole round began and ended and what it found, or None before any."""
    return ReconcilerRound.objects.filter(rounds__gt=0).first()
