"""Clocks start, stand still, go on and end; their timers follow. Only under their cases' locks. Which of them
a case owes is in `owing`."""

from types import MappingProxyType

from django.utils.translation import gettext as _

from cases import history
from cases.errors import NoOpenHour, Refused
from cases.hours import NoOpenHours, OutOfRange
from cases.models import Calendar, Clock, Pause, PauseReason
from cases.prepared import Given, Prepared
from cases.sets import add_each, update_each
from cases.states import ClockState, TimerKind

from . import breaches, statutes, timers

SCHEDULE = ["state", "due_at", "late_after", "at_risk_at", "revision"]

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
