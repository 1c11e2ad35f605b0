"""Putting right what is wrong with a set of cases: under their locks, looked at again, and on record."""

from collections import Counter
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext as _

from cases import history
from cases.errors import NoOpenHour
from cases.models import Case, Timer, TimerRepair
from cases.operations import clocks, recalculating, standing, timers
from cases.sets import update_each

from .comparing import Finding, Scope, drifted, standings_amiss, timers_amiss


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
