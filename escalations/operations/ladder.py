"""Move escalations along their ladders, as a set: the one way in which a case changes its holder.

By hand or by the engine, up, sideways or down: the old handoff is answered, the new one made, its clock
started, its
holder told, those passed over recorded, and the case's standing set, for all of a batch at once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from cases.errors import WrongMove
from cases.instances import fresh
from cases.models import Case, Clock, NoticeKind, Person, Standing
from cases.operations import clocks, notify, parties, stand_ins, standing, staying, timers
from cases.prepared import Given, Prepared
from cases.sets import add_each, update_each
from cases.states import Metric, TimerKind
from escalations import plan, snapshot
from escalations.models import Escalation, Handoff, Kind, PassedOver

HANDOFFS = Prepared(lambda: Handoff.objects.filter(escalation__among=Given("escalations")).order_by("pk"))
OPEN_CLOCKS = Prepared(lambda: Clock.objects.open().filter(pk__among=Given("clocks")).order_by("pk"))


@dataclass
class Move:
    """One case going to the holder of `step`. `told_from`: from when the holder's term runs (aware)."""

    case: Case
    escalation: Escalation
    path: plan.PathFacts
    step: plan.Step
    told_from: datetime
    kind: str = Kind.AUTOMATIC
    reason: str = ""
    background: str = ""
    tried: str = ""
    next_steps: str = ""
    told_customer: str = ""
    is_automatic: bool = True
    mode: str = Handoff.Mode.WRITTEN
    call_back_at: datetime | None = None
    # Within how many seconds it is acknowledged, where that is sooner than the level asks.
    within: int | None = None
    skill_id: int | None = None
    from_person_id: int | None = None
    # More columns of the handoff, as a person said them.
    said: dict | None = None
    # How the handoff it replaces ended, where it was still waiting.
    previous: str = Handoff.State.SUPERSEDED
    # The handoff it replaces, where it is known and its terms are over; else it is looked for.
    old: Handoff | None = None


def move(moves, roster, *, now):
    """Carry out `moves` (of different, locked cases); return the new handoffs, in their order."""
    moves = list(moves)
    if not moves:
        return []
    _require_here(moves, roster)
    _answer_previous(moves, now)
    stop_standing_in([m.escalation for m in moves], now)
    _place(moves)
    handoffs = _hand_over(moves, roster, now)
    _record_passed_over(moves, now)
    _tell(moves, handoffs, roster, now)
    standing.refresh(
        [m.case for m in moves],
        now=now,
        holders={m.case.pk: (m.step.person_id, m.step.team_id) for m in moves},
    )
    keep_open_to_others([m.case for m in moves], [m.escalation for m in moves])
    return handoffs


def _require_here(moves, roster):
    """Raises WrongMove for a holder who has left since `roster` was read; the engine reads it again then."""
    chosen = {m.step.person_id for m in moves if m.step.person_id is not None}
    working = {pk for pk in chosen if roster.people[pk].is_working}
    gone = working - staying.here(working)
    if gone:
        raise WrongMove(
            _("%(who)s works here no longer; choose somebody else.") % {"who": roster.people[min(gone)].name}
        )


def keep_open_to_others(cases, escalations):
    """Of several ladders the one that moved last speaks for the case: who holds a restricted one by another
    would see it no more, and is named on it. `escalations`: those that moved."""
    restricted = {case.pk: case for case in cases if case.is_restricted}
    if not restricted:
        return
    others = Escalation.objects.running().filter(case__in=restricted, holder__isnull=False)
    for other in others.exclude(pk__in=[e.pk for e in escalations]).select_related("holder"):
        parties.let_in(restricted[other.case_id], other.holder, _("holds an escalation of it"))


def _answer_previous(moves, now):
    """What still waited has been overtaken; what ran for the old holder ends with them. Another ladder of the
    same case goes on as it was."""
    known = {m.old.escalation_id: m.old for m in moves if m.old is not None}
    asked = [m.escalation.pk for m in moves if m.escalation.pk and m.escalation.pk not in known]
    handoffs = HANDOFFS.all(escalations=asked) if asked else []
    end_clocks_of(handoffs, now=now)
    by_escalation = {m.escalation.pk: m for m in moves}
    waiting = [h for h in (*known.values(), *handoffs) if h.state == Handoff.State.WAITING]
    for handoff in waiting:
        handoff.state = by_escalation[handoff.escalation_id].previous
        handoff.answered_at = now
    update_each(waiting, ["state", "answered_at"])
    stop_reminding(waiting)


def stop_standing_in(escalations, now):
    """What waited for a team is taken, goes on or ends: nobody is asked in another's place any more; but of a
    case that waits for the same team on another path too."""
    waited = {(e.case_id, e.holder_team_id) for e in escalations if e.pk and e.holder_team_id}
    if waited:
        still = Escalation.objects.waiting_for_a_team().filter(case__in={case for case, _team in waited})
        others = still.exclude(pk__in=[e.pk for e in escalations])
        stand_ins.free(waited - set(others.values_list("case_id", "holder_team_id")), now=now)


def stop_reminding(handoffs):
    """Who answered, or was overtaken, is not asked again."""
    timers.take_back({TimerKind.HOLDER_REMINDER}, [h.pk for h in handoffs])


def end_clocks_of(handoffs, *, now):
    """End what still runs of the terms of `handoffs`, to acknowledge and to work; met or missed by what they
    counted."""
    mine = {pk for h in handoffs for pk in (h.acknowledge_clock_id, h.work_clock_id)} - {None}
    if mine:
        clocks.end(OPEN_CLOCKS.all(clocks=mine), at=now, now=now)


def _place(moves):
    new, old = [], []
    for m in moves:
        e = m.escalation
        e.level_number, e.is_at_fallback = m.step.level_number, m.step.is_fallback
        e.holder_id, e.holder_team_id = m.step.person_id, m.step.team_id
        (old if e.pk else new).append(e)
    add_each(new)
    update_each(old, ["level_number", "is_at_fallback", "holder", "holder_team", "severity"])


def _hand_over(moves, roster, now):
    """The new handoffs, each with the clock of its acknowledgement where its level has one."""
    owed = {}
    for m in moves:
        terms = plan.terms(m.step, m.path, roster, m.told_from)
        if terms is not None:
            level = m.path.level(m.step.level_number)
            owed[m.case.pk] = fresh(
                Clock,
                case_id=m.case.pk,
                metric=Metric.ACKNOWLEDGE,
                calendar_id=terms[0],
                term_seconds=plan.term_of(level, m.within),
                started_at=m.told_from,
                breach_kind=TimerKind.HANDOFF_UNACKNOWLEDGED,
                owed_by_id=m.step.person_id,
                owed_by_team_id=m.step.team_id,
                label=level.name,
            )
    clocks.start(owed.values(), now=now)
    handoffs = add_each(
        fresh(
            Handoff,
            escalation_id=m.escalation.pk,
            level_number=m.step.level_number,
            kind=m.kind,
            mode=m.mode,
            call_back_at=m.call_back_at,
            skill_id=m.skill_id,
            from_person_id=m.from_person_id,
            to_person_id=m.step.person_id,
            to_team_id=m.step.team_id,
            reason=m.reason,
            background=m.background,
            tried=m.tried,
            next_steps=m.next_steps,
            told_customer=m.told_customer,
            is_automatic=m.is_automatic,
            made_at=now,
            acknowledge_clock_id=owed[m.case.pk].pk if m.case.pk in owed else None,
            **(m.said or {}),
        )
        for m in moves
    )
    for m, handoff in zip(moves, handoffs, strict=True):
        handoff.escalation, handoff.acknowledge_clock = m.escalation, owed.get(m.case.pk)
    return handoffs


def _record_passed_over(moves, now):
    add_each(
        PassedOver(
            escalation=m.escalation,
            level_number=p.level_number,
            person_id=p.person_id,
            why=p.why,
            detail=p.detail,
            at=now,
        )
        for m in moves
        for p in m.step.passed
    )


def _tell(moves, handoffs, roster, now):
    """The holder, or who of the team is there or stands in; and whom the level informs. Reminders follow, if
    it has some."""
    to, informed, reminders = [], [], []
    told = ask_whom_to_tell([(m.case.pk, m.step) for m in moves], roster, now)
    for m, handoff, asked in zip(moves, handoffs, told, strict=True):
        level = m.path.level(m.step.level_number)
        to += [(m, handoff, one.person_id, one.instead_of) for one in asked]
        if level is not None and not m.step.is_fallback:
            people = {one.person_id for one in asked}
            informed += [(m, handoff, pk, None) for pk in level.informs if pk not in people]
            if level.remind_every_seconds:
                reminders.append(reminder(handoff, level, m.case.pk, told_from=m.told_from))
    timers.set_up(reminders, now=now)
    known = Person.objects.working().in_bulk({pk for _m, _h, pk, _for in (*to, *informed)})
    wanted = [
        notify.Wanted(
            kind,
            m.case,
            f"handoff:{handoff.pk}",
            person=known[pk],
            facts=facts_of(handoff, m.path.name, is_fallback=m.step.is_fallback)
            | in_place_of(instead_of, roster),
        )
        for kind, rows in ((NoticeKind.HANDOFF, to), (NoticeKind.HANDOFF_INFORMED, informed))
        for m, handoff, pk, instead_of in rows
        if pk in known
    ]
    notify.queue(wanted, now=now)


def ask_whom_to_tell(waiting, roster, now):
    """[(plan.Asked, …)] of each of `waiting` [(case id, plan.Step)]: its person, or who of its team is there
    or stands in at `now`. Whoever stands in sees the case from now on.

    One query for those whom complaints name, where a team is asked of whom that was not worked out yet.
    """
    open_questions = {pk for pk, step in waiting if step.person_id is None and not step.asked}
    subjects = snapshot.subjects(open_questions) if open_questions else {}
    told = [
        plan.told(step, plan.CaseFacts(pk, subjects=frozenset(subjects.get(pk, ()))), roster, now)
        for pk, step in waiting
    ]
    stand_ins.ask(
        {
            (pk, step.team_id, one.person_id): one.instead_of
            for (pk, step), asked in zip(waiting, told, strict=True)
            for one in asked
            if one.instead_of is not None
        }
    )
    return told


def in_place_of(person_id, roster):
    """What the facts of a notice say of whom its reader stands in for."""
    return {} if person_id is None else {"instead_of": roster.people[person_id].name}


def reminder(handoff, level, case_id, *, told_from=None, after=None, fired_at=None):
    """The timers.Wanted that reminds the holder of a waiting `handoff`: the first one, an interval after
    `told_from`, or the next one `after` a timer that fired at `fired_at`.

    A cadence continues from what was due, and what was missed meanwhile is not repeated one by one.
    """
    every = timedelta(seconds=level.remind_every_seconds)
    if after is None:
        step, due_at = 0, told_from + every
    else:
        missed = max(int((fired_at - after.due_at) / every), 0)
        step, due_at = after.step + 1, after.due_at + every * (missed + 1)
    return timers.Wanted(case_id, TimerKind.HOLDER_REMINDER, handoff.pk, due_at, step=step)


def facts_of(handoff, path_name, *, is_fallback=False):
    """What a notice of `handoff` says."""
    clock = handoff.acknowledge_clock
    return {
        "path": path_name,
        "level": handoff.level_number,
        "reason": handoff.reason,
        "due_at": clock.due_at.isoformat() if clock and clock.due_at else None,
        "is_fallback": is_fallback,
    }


def release(escalations, outcome, *, now):
    """End running escalations of locked cases: nobody holds them any more, the owner has the case."""
    escalations = list(escalations)
    if not escalations:
        return
    stop_standing_in(escalations, now)
    for escalation in escalations:
        escalation.state, escalation.outcome, escalation.ended_at = Escalation.State.ENDED, outcome, now
    update_each(escalations, ["state", "outcome", "ended_at", "cool_off_until"])
    handoffs = HANDOFFS.all(escalations=[e.pk for e in escalations])
    waiting = [handoff for handoff in handoffs if handoff.state == Handoff.State.WAITING]
    for handoff in waiting:
        handoff.state, handoff.answered_at = Handoff.State.SUPERSEDED, now
    update_each(waiting, ["state", "answered_at"])
    stop_reminding(handoffs)
    end_clocks_of(handoffs, now=now)
    case_ids = {e.case_id for e in escalations}
    # Another path may still run on the case: then its holder stays.
    still = {e.case_id: e for e in Escalation.objects.running().filter(case_id__in=case_ids).order_by("-pk")}
    for case_id in case_ids:
        other = still.get(case_id)
        Standing.objects.filter(pk=case_id).update(
            holder_id=other.holder_id if other else None,
            holder_team_id=other.holder_team_id if other else None,
        )
