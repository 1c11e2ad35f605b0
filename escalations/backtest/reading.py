"""The past as a back-test wants it: cases in the order of their ids, so many at a time, with all that
happened to them. A fixed number of queries for each slice, whatever is in it."""

from bisect import bisect_right
from itertools import groupby

from django.db.models import Q

from cases.models import Case, Party, Pause, Promise, Trigger, TriggerKind
from cases.states import CaseStatus, TimerKind
from escalations import matching, plan
from escalations.models import Escalation, Handoff, PassedOver
from escalations.operations.automatic import FOUND_BY_THE_ENGINE

from . import simulation
from .simulation import Answer, Call, Episode, Ladder, PastCase, Start

# What of a case rules ask about, as its history has it.
ASKED = (
    "category_id",
    "service_id",
    "priority",
    "channel",
    "language",
    "team_id",
    "reopened_count",
    "reassigned_count",
)


def cases_between(since, until):
    """The cases to which something may have happened in [since, until)."""
    return Case.objects.filter(received_at__lt=until).exclude(closed_at__lt=since)


def slice_after(cursor, size, *, since, until, kinds):
    """[(PastCase, [real Ladders that began in the window])] of the next `size` cases after id `cursor`.

    `kinds`: of triggers that some rule asks about.
    """
    rows = list(
        cases_between(since, until)
        .filter(pk__gt=cursor)
        .order_by("pk")
        .values_list("pk", "customer__account_manager", "customer__tier")[:size]
    )
    ids = [pk for pk, *_rest in rows]
    triggers, escalations = _by(_triggers(ids, since, until, kinds)), _by(_escalations(ids, since, until))
    began = [escalation.pk for mine in escalations.values() for escalation in mine]
    handoffs, passed = _by(_handoffs(began)), _by(_passed_over(began))
    playing = [pk for pk in ids if pk in triggers or pk in escalations]
    states, pauses, subjects = _by(_states(playing)), _pauses(playing, until), _subjects(playing)
    found = []
    for pk, manager, tier in rows:
        happened, mine, said = triggers.get(pk, []), escalations.get(pk, []), states.get(pk, [])
        starts = [*_by_hand(mine, handoffs, since), *_starts(happened, said, tier, kinds)]
        case = PastCase(
            pk=pk,
            account_manager_id=manager,
            subjects=frozenset(subjects.get(pk, ())),
            owners=tuple(_changes((state.history_date, state.owner_id) for state in said)),
            done_at=tuple(_done(said)),
            starts=tuple(sorted(starts, key=lambda start: start.at)),
            episodes=tuple(_episode(escalation, handoffs.get(escalation.pk, [])) for escalation in mine),
            pauses=pauses.get(pk, {}),
            breached_at=tuple(_breaches(happened)),
        )
        really = [
            _ladder(escalation, handoffs[escalation.pk], passed.get(escalation.pk, ()), until)
            for escalation in mine
            if escalation.started_at >= since and escalation.pk in handoffs
        ]
        found.append((case, really))
    return found


def _by(rows):
    """{whose: [its rows]} of rows that come in the order of their first column."""
    return {key: list(group) for key, group in groupby(rows, key=lambda row: row[0])}


# --- Rows, in the order of their cases --------------------------------------------------------------------


def _triggers(ids, since, until, kinds):
    return (
        Trigger.objects.filter(case__in=ids, occurred_at__gte=since, occurred_at__lt=until)
        .filter(kind__in={*kinds, TriggerKind.TARGET_BREACHED})
        .order_by("case", "occurred_at", "pk")
        .values_list(
            "case_id",
            "kind",
            "metric",
            "occurred_at",
            "considered_at",
            "days_since",
            "clock__ended_at",
            "clock__breach_kind",
            "promise__ended_at",
            "promise__state",
            named=True,
        )
    )


def _escalations(ids, since, until):
    return (
        Escalation.objects.filter(
            Q(ended_at=None) | Q(ended_at__gt=since), case__in=ids, started_at__lt=until
        )
        .order_by("case", "started_at", "pk")
        .values_list(
            "case_id",
            "pk",
            "path_id",
            "rule_id",
            "trigger_id",
            "started_at",
            "ended_at",
            "cool_off_until",
            named=True,
        )
    )


def _handoffs(escalations):
    return (
        Handoff.objects.filter(escalation__in=escalations)
        .order_by("escalation", "made_at", "pk")
        .values_list(
            "escalation_id",
            "level_number",
            "made_at",
            "to_person_id",
            "to_team_id",
            "acknowledge_clock_id",
            "state",
            "answered_at",
            "answered_by_id",
            "is_automatic",
            "skill_id",
            named=True,
        )
    )


def _passed_over(escalations):
    return (
        PassedOver.objects.filter(escalation__in=escalations)
        .exclude(why=PassedOver.Why.DECLINED)
        .order_by("escalation", "pk")
        .values_list("escalation_id", "level_number", "why", "person_id", "at", named=True)
    )


def _states(ids):
    return (
        Case.history.filter(id__in=ids)
        .order_by("id", "history_id")
        .values_list("id", "history_date", "status", "owner_id", *ASKED, named=True)
    )


def _pauses(ids, until):
    """{case id: {metric: ((from, until), …)}}; one that is still open ends where the window does."""
    found = {}
    for pk, stops, started_at, ended_at in (
        Pause.objects.filter(case__in=ids)
        .order_by("started_at", "pk")
        .values_list("case_id", "stops", "started_at", "ended_at")
    ):
        if started_at < until:
            for metric in stops:
                mine = found.setdefault(pk, {})
                mine[metric] = (*mine.get(metric, ()), (started_at, ended_at or until))
    return found


def _subjects(ids):
    found = {}
    for pk, person in Party.objects.filter(case__in=ids, kind=Party.Kind.SUBJECT).values_list(
        "case_id", "person_id"
    ):
        found.setdefault(pk, set()).add(person)
    return found


# --- What they say ----------------------------------------------------------------------------------------


def _changes(rows):
    """Of [(at, value)] those that say something else than the one before."""
    last = object()
    for at, value in rows:
        if value != last:
            yield at, value
            last = value


def _done(states):
    """When a case went from being worked on to resolved or closed."""
    was_done = False
    for state in states:
        is_done = state.status in (CaseStatus.RESOLVED, CaseStatus.CLOSED)
        if is_done and not was_done:
            yield state.history_date
        was_done = is_done


def _starts(triggers, states, tier, kinds):
    times = [state.history_date for state in states]
    for trigger in triggers:
        if trigger.kind not in kinds or not states:
            continue
        # Looked at within the minute is looked at in time; what was recorded or found later began then.
        occurred_at = trigger.occurred_at
        looked_at = max(trigger.considered_at or occurred_at, occurred_at)
        at = looked_at if looked_at - occurred_at > plan.A_MINUTE else occurred_at
        state = states[max(bisect_right(times, looked_at) - 1, 0)]
        over_at = _over_at(trigger)
        yield Start(
            at=at,
            due_at=occurred_at if trigger.kind in FOUND_BY_THE_ENGINE else at,
            told_at=plan.told_from(occurred_at, at),
            facts=_facts(trigger, state, tier),
            is_over=state.status == CaseStatus.CLOSED or (over_at is not None and over_at <= looked_at),
        )


def _over_at(trigger):
    """When what a trigger is about ended; a broken promise goes on being broken."""
    if trigger.promise__state is not None:
        return None if trigger.promise__state == Promise.State.BROKEN else trigger.promise__ended_at
    return trigger.clock__ended_at


def _facts(trigger, state, tier):
    return matching.Facts(
        trigger=trigger.kind,
        metric=trigger.metric,
        category_id=state.category_id,
        service_id=state.service_id,
        priority=state.priority,
        tier=tier,
        channel=state.channel,
        language=state.language,
        team_id=state.team_id,
        reopened=state.reopened_count,
        reassigned=state.reassigned_count,
        days_since=trigger.days_since,
    )


def _by_hand(escalations, handoffs, since):
    for escalation in escalations:
        by_hand = escalation.rule_id is None and escalation.trigger_id is None
        if by_hand and escalation.started_at >= since and escalation.pk in handoffs:
            at, first = escalation.started_at, handoffs[escalation.pk][0]
            yield Start(
                at,
                at,
                at,
                path_id=escalation.path_id,
                level_number=first.level_number,
                skill_id=first.skill_id,
            )


def _breaches(triggers):
    """When a customer's target was broken; a ladder's own terms are no targets."""
    for trigger in triggers:
        of_a_ladder = trigger.clock__breach_kind not in (None, TimerKind.CLOCK_BREACHED)
        if trigger.kind == TriggerKind.TARGET_BREACHED and not of_a_ladder:
            yield trigger.occurred_at


def _episode(escalation, handoffs):
    return Episode(
        escalation.path_id,
        escalation.started_at,
        escalation.ended_at,
        escalation.cool_off_until,
        tuple(_answers(handoffs)),
    )


def _answers(handoffs):
    """What people did about a real ladder, in order."""
    found, previous = [], None
    for handoff in handoffs:
        follows_a_refusal = previous is not None and previous.state == Handoff.State.DECLINED
        if previous is not None and not handoff.is_automatic and not follows_a_refusal:
            moved_to = {"level_number": handoff.level_number, "skill_id": handoff.skill_id}
            found.append(Answer(handoff.made_at, simulation.MOVED, **moved_to))
        # Only who acknowledged or declined has answered; what was overtaken names nobody.
        if handoff.answered_by_id is not None:
            declined = handoff.state == Handoff.State.DECLINED
            what = simulation.DECLINED if declined else simulation.ACKNOWLEDGED
            found.append(Answer(handoff.answered_at, what, handoff.answered_by_id))
        previous = handoff
    return sorted(found, key=lambda answer: answer.at)


def _ladder(escalation, handoffs, passed, until):
    calls = tuple(
        Call(
            handoff.made_at,
            handoff.level_number,
            handoff.to_person_id,
            handoff.to_team_id,
            # Above the top level nothing is owed to anybody in time.
            is_fallback=handoff.acknowledge_clock_id is None,
        )
        for handoff in handoffs
        if handoff.made_at < until
    )
    skipped = tuple(plan.Passed(p.level_number, p.why, p.person_id) for p in passed if p.at < until)
    ended_at = escalation.ended_at
    return Ladder(escalation.path_id, calls, skipped, ended_at if ended_at and ended_at < until else None)
