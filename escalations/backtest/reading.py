"""The past as a back-test wants it: cases in the order of their ids, so many at a time, with all that
happened to them. A fixed number of queries for each slice, whatever is in it."""

from bisect import bisect_right
from itertools import groupby

from django.db.models import Q

from cases.models import Case, Party, Pause, Trigger, TriggerKind
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
STATE = ("history_date", "status", "owner_id", *ASKED)


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
    triggers = _by(0, _triggers(ids, since, until, kinds))
    escalations = _by(0, _escalations(ids, since, until))
    began = [row[1] for rows_of in escalations.values() for row in rows_of]
    handoffs, passed = _by(0, _handoffs(began)), _by(0, _passed_over(began))
    playing = [pk for pk in ids if pk in triggers or pk in escalations]
    states = _by(0, _states(playing))
    pauses, subjects = _pauses(playing, until), _subjects(playing)
    found = []
    for pk, manager, tier in rows:
        if pk not in triggers and pk not in escalations:
            found.append((PastCase(pk), []))
            continue
        of_case = states.get(pk, [])
        mine = escalations.get(pk, [])
        episodes = [_episode(row, handoffs.get(row[1], [])) for row in mine]
        case = PastCase(
            pk=pk,
            account_manager_id=manager,
            subjects=frozenset(subjects.get(pk, ())),
            owners=tuple(_changes((at, owner) for _pk, at, _status, owner, *_rest in of_case)),
            done_at=tuple(_done(of_case)),
            starts=tuple(
                sorted(
                    [
                        *_by_hand(mine, handoffs, since),
                        *_starts(triggers.get(pk, ()), of_case, tier, kinds),
                    ],
                    key=lambda start: start.at,
                )
            ),
            episodes=tuple(episodes),
            pauses=pauses.get(pk, {}),
            breached_at=tuple(_breaches(triggers.get(pk, ()))),
        )
        real = [
            _ladder(row, handoffs[row[1]], passed.get(row[1], ()), until)
            for row in mine
            if row[4] >= since and row[1] in handoffs
        ]
        found.append((case, real))
    return found


def _by(column, rows):
    return {key: list(group) for key, group in groupby(rows, key=lambda row: row[column])}


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
            "clock__ended_at",
            "promise__ended_at",
            "promise__state",
            "clock__breach_kind",
        )
    )


def _escalations(ids, since, until):
    return (
        Escalation.objects.filter(
            Q(ended_at=None) | Q(ended_at__gt=since), case__in=ids, started_at__lt=until
        )
        .order_by("case", "started_at", "pk")
        .values_list(
            "case_id", "pk", "path_id", "rule_id", "started_at", "ended_at", "cool_off_until", "trigger_id"
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
        )
    )


def _passed_over(escalations):
    return (
        PassedOver.objects.filter(escalation__in=escalations)
        .exclude(why__in=(PassedOver.Why.DECLINED,))
        .order_by("escalation", "pk")
        .values_list("escalation_id", "level_number", "why", "person_id", "at")
    )


def _states(ids):
    return Case.history.filter(id__in=ids).order_by("id", "history_id").values_list("id", *STATE)


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
    over, was_done = (CaseStatus.RESOLVED, CaseStatus.CLOSED), False
    for _pk, at, status, *_rest in states:
        if status in over and not was_done:
            yield at
        was_done = status in over


def _starts(triggers, states, tier, kinds):
    times = [row[1] for row in states]
    for (
        _pk,
        kind,
        metric,
        occurred_at,
        considered_at,
        clock_ended,
        promise_ended,
        promise_state,
        _b,
    ) in triggers:
        if kind not in kinds or not states:
            continue
        # Looked at within the minute is looked at in time; what was recorded or found later began then.
        looked_at = max(considered_at or occurred_at, occurred_at)
        at = looked_at if looked_at - occurred_at > plan.A_MINUTE else occurred_at
        _id, _date, status, _owner, *asked = states[max(bisect_right(times, looked_at) - 1, 0)]
        values = dict(zip(ASKED, asked, strict=True))
        values["reopened"], values["reassigned"] = (
            values.pop("reopened_count"),
            values.pop("reassigned_count"),
        )
        ended_at = promise_ended if promise_state not in (None, "broken") else clock_ended
        yield Start(
            at=at,
            due_at=occurred_at if kind in FOUND_BY_THE_ENGINE else at,
            told_at=plan.told_from(occurred_at, at),
            facts=matching.Facts(trigger=kind, metric=metric, tier=tier, **values),
            is_over=status == CaseStatus.CLOSED or (ended_at is not None and ended_at <= looked_at),
        )


def _by_hand(escalations, handoffs, since):
    for _case, pk, path_id, rule_id, started_at, *_rest, trigger_id in escalations:
        if rule_id is None and trigger_id is None and started_at >= since and pk in handoffs:
            yield Start(started_at, started_at, started_at, path_id=path_id, level_number=handoffs[pk][0][1])


def _breaches(triggers):
    """When a customer's target was broken; a ladder's own terms are no targets."""
    for _pk, kind, _metric, occurred_at, *_rest, breach_kind in triggers:
        if kind == TriggerKind.TARGET_BREACHED and breach_kind in (None, TimerKind.CLOCK_BREACHED):
            yield occurred_at


def _episode(row, handoffs):
    _case, _pk, path_id, _rule, started_at, ended_at, cool_off_until, _trigger = row
    return Episode(path_id, started_at, ended_at, cool_off_until, tuple(_answers(handoffs)))


def _answers(handoffs):
    """What people did about a real ladder, in order."""
    found, previous = [], None
    for handoff in handoffs:
        _e, level, made_at, _person, _team, _clock, state, answered_at, answered_by, is_automatic = handoff
        follows_a_refusal = previous is not None and previous[6] == Handoff.State.DECLINED
        if previous is not None and not is_automatic and not follows_a_refusal:
            found.append(Answer(made_at, simulation.MOVED, level_number=level))
        # Taken over once it was acknowledged, a handoff is superseded later and keeps who answered it.
        if answered_by is not None:
            what = simulation.DECLINED if state == Handoff.State.DECLINED else simulation.ACKNOWLEDGED
            found.append(Answer(answered_at, what, answered_by))
        previous = handoff
    return sorted(found, key=lambda answer: answer.at)


def _ladder(row, handoffs, passed, until):
    _case, _pk, path_id, _rule, _started, ended_at, *_rest = row
    calls = tuple(
        Call(made_at, level, person, team, is_fallback=clock is None)
        for _e, level, made_at, person, team, clock, *_more in handoffs
        if made_at < until
    )
    skipped = tuple(plan.Passed(level, why, person) for _e, level, why, person, at in passed if at < until)
    return Ladder(path_id, calls, skipped, ended_at if ended_at and ended_at < until else None)
