"""What the engine does for the kinds of timer that belong to cases. Each acts on a whole group as a set."""

from cases.engine import reacts_to
from cases.models import Clock, NoticeKind, Pause, Person, Promise, Trigger, TriggerKind
from cases.operations import (
    breaches,
    clocks,
    notify,
    recalculating,
    standing,
    timers,
    triggers,
)
from cases.prepared import Given, Prepared
from cases.sets import update_each
from cases.states import ClockState, TimerKind

RUNNING = Prepared(lambda: Clock.objects.running().filter(pk__among=Given("clocks")))


def current_clocks(group, *, now):
    """{timer: its clock} for those whose clock still runs under the schedule the timer was armed for.

    Where a calendar's change has not come to a clock yet, it is worked out anew first: what is due by the new
    hours as well fires in the next pass.
    """
    recalculating.bring_up_to_date(sorted({t.case_id for t in group}), now=now)
    found = {c.pk: c for c in RUNNING.all(clocks=[t.subject_id for t in group])}
    return {t: c for t in group if (c := found.get(t.subject_id)) and c.revision == t.occurrence}


@reacts_to(TimerKind.CLOCK_AT_RISK, of=Clock)
def clock_at_risk(group, *, cases, now):
    at_risk = current_clocks(group, now=now)
    for clock in at_risk.values():
        clock.warned_at = now
    update_each(at_risk.values(), ["warned_at"])
    triggers.record(
        (
            Trigger(
                case_id=c.case_id,
                kind=TriggerKind.TARGET_AT_RISK,
                metric=c.metric,
                clock=c,
                occurred_at=timers.over_since(t, now),
            )
            for t, c in at_risk.items()
        ),
        now=now,
    )
    breaches.tell(NoticeKind.TARGET_AT_RISK, list(at_risk.values()), now=now, managers=False)


@reacts_to(TimerKind.CLOCK_BREACHED, of=Clock)
def clock_breached(group, *, cases, now):
    breached = current_clocks(group, now=now)
    # A term that a change put into the past is breached by that change, not before it.
    breaches.breach(
        {c: timers.over_since(t, now) for t, c in breached.items() if c.breached_at is None}, now=now
    )
    standing.refresh([cases[c.case_id] for c in breached.values()], now=now)


@reacts_to(TimerKind.PAUSE_ENDS, of=Pause)
def pause_ends(group, *, cases, now):
    """An expired pause ended when it was expected to, however late the engine comes."""
    ended = list(Pause.objects.open().filter(pk__in=[t.subject_id for t in group]))
    for pause in ended:
        pause.ended_at = pause.expected_end_at
    update_each(ended, ["ended_at"])
    stopped = {pause.case_id: set(pause.stops) for pause in ended}
    paused = Clock.objects.filter(case_id__in=stopped, state=ClockState.PAUSED)
    clocks.reschedule(
        [c for c in paused if c.metric in stopped[c.case_id]],
        now=now,
        since={pause.case_id: pause.expected_end_at for pause in ended},
    )
    over = [cases[p.case_id] for p in ended]
    standing.refresh(over, now=now)
    _tell_debtors(NoticeKind.PAUSE_ENDED, {p.case_id: p for p in ended}, cases, "pause", now)


@reacts_to(TimerKind.PROMISE_AT_RISK, of=Promise)
def promise_at_risk(group, *, cases, now):
    promises = Promise.objects.open().in_bulk([t.subject_id for t in group])
    triggers.record(
        (
            Trigger(
                case_id=t.case_id,
                kind=TriggerKind.PROMISE_AT_RISK,
                promise=promises[t.subject_id],
                occurred_at=t.due_at,
            )
            for t in group
            if t.subject_id in promises
        ),
        now=now,
    )
    _tell_makers(NoticeKind.PROMISE_AT_RISK, promises.values(), cases, now)


@reacts_to(TimerKind.PROMISE_BROKEN, of=Promise)
def promise_broken(group, *, cases, now):
    broken = list(Promise.objects.open().filter(pk__in=[t.subject_id for t in group]))
    for promise in broken:
        promise.state, promise.broken_at, promise.ended_at = Promise.State.BROKEN, promise.due_at, now
    update_each(broken, ["state", "broken_at", "ended_at"])
    triggers.record(
        (
            Trigger(case_id=p.case_id, kind=TriggerKind.PROMISE_BROKEN, promise=p, occurred_at=p.due_at)
            for p in broken
        ),
        now=now,
    )
    standing.refresh([cases[p.case_id] for p in broken], now=now)
    _tell_makers(NoticeKind.PROMISE_BROKEN, broken, cases, now)


def _tell_makers(kind, promises, cases, now):
    """Whoever sees to them; where they may not hear of it any more, whoever has the case."""
    makers = Person.objects.working().in_bulk({p.kept_by_id or p.made_by_id for p in promises})
    notify.queue_for_somebody(
        [
            notify.Wanted(
                kind,
                cases[p.case_id],
                f"promise:{p.pk}",
                person=makers.get(p.kept_by_id or p.made_by_id),
                facts={"what": p.what, "due_at": p.due_at.isoformat()},
            )
            for p in promises
        ],
        now=now,
    )


def _tell_debtors(kind, subjects, cases, about, now):
    debtors = breaches.debtors_of({pk: cases[pk] for pk in subjects})
    people = Person.objects.working().in_bulk({pk for ids in debtors.values() for pk in ids})
    notify.queue(
        [
            notify.Wanted(kind, cases[case_id], f"{about}:{subject.pk}", person=people[pk])
            for case_id, subject in subjects.items()
            for pk in debtors[case_id]
            if pk in people
        ],
        now=now,
    )
