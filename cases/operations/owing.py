"""What a case owes: the clocks that its policy and the law start, and what its life does to them. Only under
its lock; how a clock runs is in `clocks`."""

from cases import history
from cases.models import Clock, PackVersion, SlaPolicyVersion
from cases.states import ClockState, EndsOn, Metric, TimerKind

from . import clocks, statutes

RETARGET = ["term_seconds", "at_risk_percent", "ends_on", "calendar", "policy_version"]
# The resolution's and the first response's clocks start with the case; the next update's with what is said.
FROM_THE_START = (Metric.FIRST_RESPONSE, Metric.RESOLUTION)
OWES_A_WORD = (Metric.FIRST_RESPONSE, Metric.NEXT_UPDATE)
ENDED_BY_A_WORD = (*OWES_A_WORD, Metric.OWNERSHIP)


def targets(version, priority):
    """{metric: target} that a policy version owes to a priority: its own target, else that for any
    priority."""
    chosen = {}
    for target in version.targets.all():
        if target.priority == priority or (target.priority is None and target.metric not in chosen):
            chosen[target.metric] = target
    return chosen


def _clock(case, target, started_at, used_seconds=0):
    return Clock(
        case=case,
        metric=target.metric,
        policy_version_id=target.version_id,
        calendar_id=target.calendar_id,
        term_seconds=target.term_seconds,
        at_risk_percent=target.at_risk_percent,
        ends_on=target.ends_on,
        started_at=started_at,
        used_seconds=used_seconds,
    )


def from_the_start(case, version, *, now):
    """The clocks, unsaved, that start when a case comes: first response and resolution; ownership once a team
    has it; what the law sets, where a pack of it is on."""
    owed = targets(version, case.priority)
    wanted = [_clock(case, owed[m], case.received_at) for m in FROM_THE_START if m in owed]
    if case.team_id and Metric.OWNERSHIP in owed:
        wanted.append(_clock(case, owed[Metric.OWNERSHIP], now))
    if version.law_may_apply:
        terms = PackVersion.objects.owed_to(case, case.received_at)
        wanted += [statutes.clock(case, term) for term in terms]
    return wanted


def start_for_case(case, version, *, now):
    return clocks.start(from_the_start(case, version, now=now), now=now, pauses={})


def _open_of(case, *metrics):
    mine = [c for c in clocks.OPEN.all(case=case.pk) if c.breach_kind == TimerKind.CLOCK_BREACHED]
    return [c for c in mine if not metrics or c.metric in metrics]


def answered(case, *, at, now):
    """A public word by a person, or a reached call: ends first response, next update and ownership; the
    next update is owed anew."""
    open_clocks = [c for c in _open_of(case) if c.metric in ENDED_BY_A_WORD or c.ends_on == EndsOn.ANSWERED]
    # A cadence continues from min(done, due): an early word buys no silence, a late one gets none.
    dues = [c.due_at for c in open_clocks if c.metric in OWES_A_WORD and c.due_at]
    clocks.end(open_clocks, at=at, now=now)
    if case.is_live:
        _owe_update(case, min([at, *dues]), now)


def asked(case, *, at, now):
    """The customer came to us: if no update is owed yet, one is from now; first response covers a case not
    answered yet."""
    if not _open_of(case, Metric.FIRST_RESPONSE, Metric.NEXT_UPDATE):
        _owe_update(case, at, now)


def _owe_update(case, from_at, now):
    target = targets(version_of(case), case.priority).get(Metric.NEXT_UPDATE)
    if target is not None:
        clocks.start([_clock(case, target, from_at)], now=now)


def version_of(case):
    """The policy version that `case` is served by, with its targets."""
    pk = case.policy_version_id
    return history.remembered(("policy version", pk), lambda: SlaPolicyVersion.objects.served_by(pk))


def received_by_team(case, *, now):
    """A team hands on and another receives: the ownership clock ends and starts anew."""
    target = targets(version_of(case), case.priority).get(Metric.OWNERSHIP)
    if target is None:
        return  # whoever owes none has none open: moving to such a policy stopped it
    clocks.end(_open_of(case, Metric.OWNERSHIP), at=now, now=now)
    if case.team_id and case.is_live:
        clocks.start([_clock(case, target, now)], now=now)


def retarget(cases, version, *, now):
    """Another priority or policy: each open clock of these cases gets that target's term, from its original
    start with its pauses kept.

    Terms of a target that is no longer owed are stopped; a breach that stood, stands. Returns the clocks
    that go on.
    """
    kept, gone = aim(cases, version)
    # One whose new term is over already is due at once: breached by this change, now, once.
    clocks.reschedule(kept, now=now, also=RETARGET)
    clocks.settle(gone, now=now)
    clocks.end(gone, at=now, now=now, state=ClockState.STOPPED)
    return kept


def aim(cases, version):
    """(those that go on, those that fall away) of the open clocks of `cases`, with the terms of `version` set
    and nothing worked out or written yet."""
    owed = {priority: targets(version, priority) for priority in {case.priority for case in cases}}
    priorities = {case.pk: case.priority for case in cases}
    kept, gone = [], []
    for clock in clocks.OPEN_OF_ALL.all(cases=list(priorities)):
        if clock.breach_kind != TimerKind.CLOCK_BREACHED or clock.rule:
            continue  # no policy changes what the law sets
        target = owed[priorities[clock.case_id]].get(clock.metric)
        (kept if target else gone).append(clock)
        if target:
            clock.term_seconds, clock.at_risk_percent = target.term_seconds, target.at_risk_percent
            clock.ends_on, clock.calendar_id, clock.policy_version_id = (
                target.ends_on,
                target.calendar_id,
                version.pk,
            )
    return kept, gone


def resolved(case, *, at, now, pauses):
    """Everything owed to a live case ends, save a resolution that ends only on closing."""
    everything = _open_of(case)
    waits = [c for c in everything if c.metric == Metric.RESOLUTION and c.ends_on == EndsOn.CLOSED]
    ended = [c for c in everything if c not in waits]
    # A case resolved without a public word still owed one: the first response was then given with the
    # resolution.
    clocks.end(ended, at=at, now=now, pauses={case.pk: pauses})


def closed(case, *, at, now, pauses):
    clocks.end(_open_of(case), at=at, now=now, pauses={case.pk: pauses})


def reopened(case, *, at, now):
    """A new resolution clock with the remaining time, the ended interval not counted; what the law wants
    resolved goes on as if it had never ended, while its term lasts; and the next update is owed."""
    open_clocks = _open_of(case)
    before = list(case.clocks.filter(metric__in=(Metric.RESOLUTION, Metric.STATUTORY)).order_by("-pk"))
    clocks.start(statutes.revived(case, before, open_clocks, at=at), now=now)
    if not any(c.metric == Metric.RESOLUTION for c in open_clocks):
        last = next((c for c in before if c.metric == Metric.RESOLUTION), None)
        target = targets(version_of(case), case.priority).get(Metric.RESOLUTION)
        if target is not None:
            used = last.elapsed_seconds if last else 0
            again = _clock(case, target, at, used_seconds=used or 0)
            # A promise missed before is not missed a second time by what was reopened; by less than a second
            # it is missed as well.
            if last and last.breached_at and used and used >= again.term_seconds:
                again.breached_at = last.breached_at
            clocks.start([again], now=now)
    if not any(c.metric == Metric.NEXT_UPDATE for c in open_clocks):
        _owe_update(case, at, now)
