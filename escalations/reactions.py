"""What the engine does for the kinds of timer that escalate. Each acts on a whole group as a set."""

from django.utils.translation import gettext as _

from cases.engine import reacts_to
from cases.models import Clock, NoticeKind, Person
from cases.operations import notify, timers
from cases.prepared import Given, Prepared
from cases.reactions import current_clocks
from cases.sets import update_each
from cases.states import ClockState, TimerKind

from . import plan, snapshot
from .models import Escalation, Handoff
from .operations import automatic
from .operations.ladder import Move, ask_whom_to_tell, in_place_of, move, reminder

BY_ACKNOWLEDGE_CLOCK, BY_WORK_CLOCK = (
    Prepared(
        lambda clock=clock, state=state: Handoff.objects.filter(
            **{f"{clock}__among": Given("clocks"), "state": state}
        )
    )
    for clock, state in (
        ("acknowledge_clock", Handoff.State.WAITING),
        ("work_clock", Handoff.State.ACKNOWLEDGED),
    )
)
RUNNING = Prepared(lambda: Escalation.objects.running().filter(pk__among=Given("escalations")))


@reacts_to(TimerKind.REVIEW)
def review(group, *, cases, now):
    automatic.consider(
        {t.case_id: cases[t.case_id] for t in group}, asked_at={t.case_id: t.due_at for t in group}, now=now
    )


@reacts_to(TimerKind.HANDOFF_UNACKNOWLEDGED, of=Clock)
def handoff_unacknowledged(group, *, cases, now):
    late = current_clocks(group, now=now)
    handoffs = _handoffs(BY_ACKNOWLEDGE_CLOCK, late)
    _go_up(late, handoffs, cases, now, previous=Handoff.State.RAN_OUT)


@reacts_to(TimerKind.LEVEL_RAN_OUT, of=Clock)
def level_ran_out(group, *, cases, now):
    late = current_clocks(group, now=now)
    _go_up(
        late,
        _handoffs(BY_WORK_CLOCK, late),
        cases,
        now,
        previous=Handoff.State.SUPERSEDED,
    )


def _handoffs(asked, late):
    """{clock id: its handoff, with its escalation} for clocks whose handoff still goes by them."""
    found = asked.all(clocks=[c.pk for c in late.values()])
    running = {e.pk: e for e in RUNNING.all(escalations={h.escalation_id for h in found})}
    going = {}
    for handoff in found:
        if handoff.escalation_id in running:
            handoff.escalation = running[handoff.escalation_id]
            going[
                handoff.acknowledge_clock_id if asked is BY_ACKNOWLEDGE_CLOCK else handoff.work_clock_id
            ] = handoff
    return going


def _go_up(late, handoffs, cases, now, previous):
    """The next level of each ladder whose term is over, with the texts carried on: the customer never
    repeats themselves."""
    _miss(late, now)
    going = {t: c for t, c in late.items() if c.pk in handoffs}
    if not going:
        return
    # A term that a change put into the past was over when that change was made; nobody was late before.
    over_at = {t: timers.over_since(t, now) for t in going}
    roster = snapshot.roster(since=min(over_at.values()))
    about = snapshot.cases([cases[t.case_id] for t in going])
    paths = snapshot.paths({h.escalation.version_id for h in handoffs.values()})
    said, moves = _ran_out(previous), []
    for timer, clock in going.items():
        handoff = handoffs[clock.pk]
        path = paths[handoff.escalation.version_id]
        step = plan.next_step(
            path, handoff.level_number, about[timer.case_id], roster, due_at=over_at[timer], now=now
        )
        step = automatic.with_reasons(step, was_held_up=timer.attempts > 0)
        from_person = handoff.answered_by_id or handoff.to_person_id
        who = roster.people[from_person].name if from_person else roster.team_names[handoff.to_team_id]
        moves.append(
            Move(
                case=cases[timer.case_id],
                escalation=handoff.escalation,
                path=path,
                step=step,
                told_from=plan.told_from(over_at[timer], now),
                reason=said % {"who": who, "level": handoff.level_number},
                background=handoff.background,
                tried=handoff.tried,
                next_steps=handoff.next_steps,
                told_customer=handoff.told_customer,
                from_person_id=from_person,
                previous=previous,
                old=handoff,
            )
        )
    move(moves, roster, now=now)


def _ran_out(previous):
    if previous == Handoff.State.RAN_OUT:
        return _("Level %(level)d: not acknowledged in time by %(who)s.")
    return _("Level %(level)d: not solved in time by %(who)s.")


def _miss(late, now):
    """The term itself is over: its clock ends missed, at the instant after which it was late."""
    ended = list(late.values())
    for timer, clock in late.items():
        clock.breached_at = timers.over_since(timer, now)
        clock.state, clock.ended_at = ClockState.MISSED, clock.breached_at
        clock.elapsed_seconds = clock.term_seconds
    update_each(ended, ["state", "breached_at", "ended_at", "elapsed_seconds"])


@reacts_to(TimerKind.HOLDER_REMINDER, of=Handoff)
def holder_reminder(group, *, cases, now):
    """Ask again, and arm the next one; reminders missed while the engine was away are one."""
    waiting = {
        h.pk: h
        for h in Handoff.objects.filter(
            pk__in=[t.subject_id for t in group], state=Handoff.State.WAITING
        ).select_related("escalation")
    }
    if not waiting:
        return
    paths = snapshot.paths({h.escalation.version_id for h in waiting.values()})
    roster = snapshot.roster(since=now)
    again, still = [], []
    for timer in group:
        handoff = waiting.get(timer.subject_id)
        if handoff is None:
            continue
        level = paths[handoff.escalation.version_id].level(handoff.level_number)
        again.append(reminder(handoff, level, timer.case_id, after=timer, fired_at=now))
        to = plan.Step(handoff.level_number, handoff.to_person_id, handoff.to_team_id)
        still.append((timer, handoff, to))
    timers.set_up(again, now=now)
    told = ask_whom_to_tell([(timer.case_id, to) for timer, _handoff, to in still], roster, now)
    wanted = [
        (timer, handoff, one.person_id, one.instead_of)
        for (timer, handoff, _to), asked in zip(still, told, strict=True)
        for one in asked
    ]
    known = Person.objects.working().in_bulk({pk for _t, _h, pk, _for in wanted})
    notify.queue(
        [
            notify.Wanted(
                NoticeKind.HOLDER_REMINDER,
                cases[t.case_id],
                f"handoff:{h.pk}:{t.step}",
                person=known[pk],
                facts={"level": h.level_number, "reason": h.reason} | in_place_of(instead_of, roster),
            )
            for t, h, pk, instead_of in wanted
            if pk in known
        ],
        now=now,
    )
