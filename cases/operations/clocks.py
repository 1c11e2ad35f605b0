"""Clocks start, stand still, go on, are re-targeted and end; their timers follow. Only under their cases'
locks."""

from types import MappingProxyType

from django.utils.translation import gettext as _

from cases import history
from cases.errors import NoOpenHour, Refused
from cases.hours import NoOpenHours, OutOfRange
from cases.models import Calendar, Clock, PackVersion, Pause, PauseReason, SlaPolicyVersion
from cases.prepared import Given, Prepared
from cases.sets import add_each, update_each
from cases.states import ClockState, EndsOn, Metric, TimerKind

from . import breaches, statutes, timers

SCHEDULE = ["state", "due_at", "late_after", "at_risk_at", "revision"]
RETARGET = ["term_seconds", "at_risk_percent", "ends_on", "calendar", "policy_version"]
# The resolution's and the first response's clocks start with the case; the next update's with what is said.
FROM_THE_START = (Metric.FIRST_RESPONSE, Metric.RESOLUTION)
OWES_A_WORD = (Metric.FIRST_RESPONSE, Metric.NEXT_UPDATE)
ENDED_BY_A_WORD = (*OWES_A_WORD, Metric.OWNERSHIP)

OPEN = Prepared(lambda: Clock.objects.open().filter(case=Given("case")).order_by("pk"))
OPEN_OF_ALL = Prepared(lambda: Clock.objects.open().filter(case__among=Given("cases")).order_by("pk"))
PAUSES = Prepared(lambda: Pause.objects.filter(case__among=Given("cases")).order_by("started_at", "pk"))


# --- Questions --------------------------------------------------------------------------------------------


def pauses_by_case(case_ids):
    """{case id: [its pauses with their reasons, in order]}."""
    found = {}
    for pause in with_reasons(PAUSES.all(cases=set(case_ids))):
        found.setdefault(pause.case_id, []).append(pause)
    return found


def with_reasons(pauses):
    """`pauses` with their reasons, of which a desk has a handful."""
    reasons = history.remembered("pause reasons", PauseReason.objects.in_bulk) if pauses else {}
    for pause in pauses:
        pause.reason = reasons[pause.reason_id]
    return pauses


def stopping(clock, pauses):
    """The pauses that stop this clock; statutory ones ignore pauses unless their term says
    otherwise."""
    if clock.rule and not statutes.heeds_pauses(clock):
        return []
    return [p for p in pauses if clock.metric in p.stops]


def elapsed(clock, at, hours, pauses):
    """Seconds of working time this clock has counted at `at`, those carried over included; a statutory one
    counts all time."""
    if clock.rule:
        return statutes.elapsed(clock, at, stopping(clock, pauses))
    # One that expired is over, also where the engine has not come round to say so.
    spans = [
        (p.started_at, p.ended_at or max(min(at, p.expected_end_at), p.started_at))
        for p in stopping(clock, pauses)
    ]
    return clock.used_seconds + (hours.elapsed(clock.started_at, at, spans) if at > clock.started_at else 0)


# --- The schedule -----------------------------------------------------------------------------------------


def schedule(clock, hours, pauses):
    """Set when `clock` is at risk, due and late, from its start, its term and the pauses that stop it."""
    mine = stopping(clock, pauses)
    if any(p.ended_at is None for p in mine):
        clock.state, clock.due_at, clock.late_after, clock.at_risk_at = ClockState.PAUSED, None, None, None
        return
    try:
        clock.state = ClockState.RUNNING
        if clock.rule:
            statutes.schedule(clock, hours, mine)
        else:
            _schedule(clock, hours, [(p.started_at, p.ended_at) for p in mine])
    except NoOpenHours as error:
        raise NoOpenHour(
            _("The calendar “%(calendar)s” has no open hour left, so nothing would ever be due; give it one.")
            % {"calendar": clock.calendar}
        ) from error
    except OutOfRange as error:
        raise Refused(
            _(
                "On the calendar “%(calendar)s” it would be due later than calendars are counted; "
                "give it a shorter term or the calendar more open hours."
            )
            % {"calendar": clock.calendar}
        ) from error


def _schedule(clock, hours, spans):
    left = max(clock.term_seconds - clock.used_seconds, 0)
    at_risk = max(clock.term_seconds * clock.at_risk_percent / 100 - clock.used_seconds, 0)
    clock.due_at = hours.due(clock.started_at, left, spans)
    clock.late_after = hours.late_after(clock.due_at, spans)
    clock.at_risk_at = clock.due_at if at_risk >= left else hours.due(clock.started_at, at_risk, spans)


def _hours(clocks):
    """{calendar id: WorkingHours} of the calendars that `clocks` run on; none is published until this
    transaction ends."""
    ids = frozenset(c.calendar_id for c in clocks)
    return history.remembered(("hours", ids), lambda: Calendar.objects.hours(ids, held=True))


def schedule_all(clocks, pauses=None):
    hours = _hours(clocks)
    if pauses is None:
        pauses = pauses_by_case({c.case_id for c in clocks})
    for clock in clocks:
        schedule(clock, hours[clock.calendar_id], pauses.get(clock.case_id, ()))


def start(clocks, *, now, pauses=None):
    """Create `clocks` (unsaved, with case, metric, term, calendar, started_at), scheduled and armed."""
    clocks = list(clocks)
    if clocks:
        schedule_all(clocks, pauses)
        add_each(clocks)
        _arm(clocks, now)
    return clocks


def reschedule(clocks, *, now, also=(), pauses=None, since=None):
    """Work out anew when each of `clocks` (open, of locked cases) is due, and arm it again. `also`: other
    changed fields. One whose times stay as they are keeps its revision and its timers.

    `since`: {case id: instant} where what changed did so by itself before `now`: what fell due since then
    is late from its own instant.
    """
    clocks = list(clocks)
    if not clocks:
        return
    before = {clock.pk: _said(clock) for clock in clocks}
    settle(clocks, now=now)
    schedule_all(clocks, pauses)
    same, changed = [], []
    for clock in clocks:
        (same if _said(clock) == before[clock.pk] else changed).append(clock)
    if also:
        update_each(same, list(also))
    arm_anew(changed, now=now, also=also, since=since)


def _said(clock):
    """What its timers were armed for."""
    return clock.state, clock.due_at, clock.late_after, clock.at_risk_at, clock.breached_at


def arm_anew(clocks, *, now, also=(), since=None):
    """Write the schedule worked out for `clocks` (and the fields in `also`), and arm their timers by it."""
    for clock in clocks:
        clock.revision += 1
    # A law's term is so many days: their seconds change with the calendar.
    seconds = ["term_seconds"] if any(clock.rule for clock in clocks) else []
    update_each(clocks, list(dict.fromkeys([*SCHEDULE, *also, *seconds])))
    timers.take_back({TimerKind.CLOCK_AT_RISK, *(c.breach_kind for c in clocks)}, [c.pk for c in clocks])
    _arm(clocks, now, since or {})


def settle(clocks, *, now):
    """A term that is over stays over, also where the engine has not come round to say so: breach it before
    it changes."""
    late = [
        c
        for c in clocks
        if c.state == ClockState.RUNNING
        and c.breached_at is None
        and now > c.late_after
        and c.breach_kind == TimerKind.CLOCK_BREACHED
    ]
    breaches.breach({clock: clock.late_after for clock in late}, now=now)


def _arm(clocks, now, since=MappingProxyType({})):
    timers.set_up([w for clock in clocks for w in wanted_timers(clock)], now=now, since=since)


def wanted_timers(clock):
    """What `clock` is to be woken for as it stands: [timers.Wanted]."""
    if clock.state != ClockState.RUNNING:
        return []
    wanted, is_breached = [], clock.breached_at is not None
    if not is_breached:
        wanted.append(
            timers.Wanted(
                clock.case_id,
                clock.breach_kind,
                clock.pk,
                clock.late_after,
                occurrence=clock.revision,
                just_after=True,
            )
        )
    warned = clock.warned_at is not None and clock.at_risk_at <= clock.warned_at
    if clock.breach_kind == TimerKind.CLOCK_BREACHED and clock.at_risk_at < clock.due_at and not warned:
        # One that was put off may still come when the term is over already.
        wanted.append(
            timers.Wanted(
                clock.case_id,
                TimerKind.CLOCK_AT_RISK,
                clock.pk,
                clock.at_risk_at,
                occurrence=clock.revision,
                is_owed=not is_breached,
            )
        )
    return wanted


def end(clocks, *, at, now, state=None, pauses=None):
    """End `clocks` at `at`: met while elapsed <= term and no breach stood before, else missed; or as
    `state` says."""
    clocks = [c for c in clocks if c.is_open]
    if not clocks:
        return
    hours = _hours(clocks)
    if pauses is None:
        pauses = pauses_by_case({c.case_id for c in clocks})
    unnoticed = {}
    for clock in clocks:
        counted = elapsed(clock, at, hours[clock.calendar_id], pauses.get(clock.case_id, ()))
        kept = statutes.is_kept(clock, at) if clock.rule else counted <= clock.term_seconds
        in_time = kept and not (clock.breached_at and clock.breached_at < at)
        if not in_time and clock.breached_at is None and state is None:
            unnoticed[clock] = clock.late_after or at
        clock.state = state or (ClockState.MET if in_time else ClockState.MISSED)
        clock.ended_at, clock.elapsed_seconds = max(at, clock.started_at), int(counted)
    breaches.breach(
        {c: at for c, at in unnoticed.items() if c.breach_kind == TimerKind.CLOCK_BREACHED}, now=now
    )
    update_each(clocks, ["state", "ended_at", "elapsed_seconds", "breached_at"])
    timers.take_back({TimerKind.CLOCK_AT_RISK, *(c.breach_kind for c in clocks)}, [c.pk for c in clocks])


# --- A case's clocks --------------------------------------------------------------------------------------


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
    return start(from_the_start(case, version, now=now), now=now, pauses={})


def _open_of(case, *metrics):
    mine = [c for c in OPEN.all(case=case.pk) if c.breach_kind == TimerKind.CLOCK_BREACHED]
    return [c for c in mine if not metrics or c.metric in metrics]


def answered(case, *, at, now):
    """A public word by a person, or a reached call: ends first response, next update and ownership; the
    next update is owed anew."""
    open_clocks = [c for c in _open_of(case) if c.metric in ENDED_BY_A_WORD or c.ends_on == EndsOn.ANSWERED]
    # A cadence continues from min(done, due): an early word buys no silence, a late one gets none.
    dues = [c.due_at for c in open_clocks if c.metric in OWES_A_WORD and c.due_at]
    end(open_clocks, at=at, now=now)
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
        start([_clock(case, target, from_at)], now=now)


def version_of(case):
    """The policy version that `case` is served by, with its targets."""
    pk = case.policy_version_id
    return history.remembered(
        ("policy version", pk), lambda: SlaPolicyVersion.objects.prefetch_related("targets").get(pk=pk)
    )


def received_by_team(case, *, now):
    """A team hands on and another receives: the ownership clock ends and starts anew."""
    target = targets(version_of(case), case.priority).get(Metric.OWNERSHIP)
    if target is None:
        return  # whoever owes none has none open: moving to such a policy stopped it
    end(_open_of(case, Metric.OWNERSHIP), at=now, now=now)
    if case.team_id and case.is_live:
        start([_clock(case, target, now)], now=now)


def retarget(cases, version, *, now):
    """Another priority or policy: each open clock of these cases gets that target's term, from its original
    start with its pauses kept.

    Terms of a target that is no longer owed are stopped; a breach that stood, stands. Returns the clocks
    that go on.
    """
    kept, gone = aim(cases, version)
    # One whose new term is over already is due at once: breached by this change, now, once.
    reschedule(kept, now=now, also=RETARGET)
    settle(gone, now=now)
    end(gone, at=now, now=now, state=ClockState.STOPPED)
    return kept


def aim(cases, version):
    """(those that go on, those that fall away) of the open clocks of `cases`, with the terms of `version` set
    and nothing worked out or written yet."""
    owed = {priority: targets(version, priority) for priority in {case.priority for case in cases}}
    priorities = {case.pk: case.priority for case in cases}
    kept, gone = [], []
    for clock in OPEN_OF_ALL.all(cases=list(priorities)):
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
    end(ended, at=at, now=now, pauses={case.pk: pauses})


def closed(case, *, at, now, pauses):
    end(_open_of(case), at=at, now=now, pauses={case.pk: pauses})


def reopened(case, *, at, now):
    """A new resolution clock with the remaining time, the ended interval not counted; what the law wants
    resolved goes on as if it had never ended, while its term lasts; and the next update is owed."""
    open_clocks = _open_of(case)
    before = list(case.clocks.filter(metric__in=(Metric.RESOLUTION, Metric.STATUTORY)).order_by("-pk"))
    start(statutes.revived(case, before, open_clocks, at=at), now=now)
    if not any(c.metric == Metric.RESOLUTION for c in open_clocks):
        last = next((c for c in before if c.metric == Metric.RESOLUTION), None)
        target = targets(version_of(case), case.priority).get(Metric.RESOLUTION)
        if target is not None:
            used = last.elapsed_seconds if last else 0
            again = _clock(case, target, at, used_seconds=used or 0)
            # A promise missed before is not missed a second time by what was reopened.
            if last and last.breached_at and used and used > again.term_seconds:
                again.breached_at = last.breached_at
            start([again], now=now)
    if not any(c.metric == Metric.NEXT_UPDATE for c in open_clocks):
        _owe_update(case, at, now)
