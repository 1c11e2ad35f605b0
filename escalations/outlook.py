"""What will happen to cases if nobody acts, as a set: the ladder they are on, or the one a rule would start.

Loads the facts and asks plan.py; the queue, the case page and the escalate form show what comes out.
"""

from dataclasses import dataclass, field
from datetime import datetime

from cases.models import Clock, Promise, TriggerKind
from cases.prepared import Given, Prepared
from cases.states import ClockState, TimerKind
from escalations import matching, near_roster, plan, snapshot
from escalations.models import Escalation, EscalationPath, Handoff, Rule
from escalations.operations.automatic import facts_of

RUNNING = Prepared(
    lambda: (
        Escalation.objects.running()
        .filter(case__among=Given("cases"))
        .select_related("version", "holder", "holder_team")
        .order_by("pk")
    )
)
OF_A_HANDOFF = ("acknowledge_clock", "work_clock", "to_person", "to_team", "from_person", "answered_by")
HANDOFFS = Prepared(
    lambda: (
        Handoff.objects.filter(escalation__among=Given("escalations"))
        .select_related(*OF_A_HANDOFF)
        .order_by("pk")
    )
)
# What is still to come of clocks that nobody has broken, and of promises.
CLOCKS = Prepared(
    lambda: Clock.objects.running().filter(
        case__among=Given("cases"), breach_kind=TimerKind.CLOCK_BREACHED, breached_at=None
    )
)
PROMISES = Prepared(
    lambda: Promise.objects.open().filter(case__among=Given("cases"), due_at__gte=Given("now"))
)
RULES = Prepared(lambda: Rule.objects.in_order().select_related("path"))


@dataclass
class Outlook:
    """One case: where it is on its ladder, and what follows. `steps` are plan.Announced, the soonest first.

    `because` says what brings the first step: "unacknowledged", "unsolved", a metric, or "promise".
    """

    escalation: Escalation | None = None
    handoff: Handoff | None = None
    path: plan.PathFacts | None = None
    steps: list = field(default_factory=list)
    because: str = ""
    # Without any ladder: when the managers hear of a breach.
    managers_told_at: datetime | None = None
    # By which it was worked out: whoever the steps and the ladder name is in it.
    roster: plan.Roster | None = None


@dataclass(frozen=True)
class _Event:
    """Something to come that a rule may answer. Has what automatic.facts_of reads of a trigger."""

    at: datetime
    kind: str
    because: str
    metric: str = ""
    days_since: int | None = None


def of(cases, *, now, most=10, roster=None):
    """{case id: Outlook} of `cases` (their customers loaded), by `roster`, or by the part of it that their
    paths need. How many queries does not depend on how many cases or people there are."""
    cases = {case.pk: case for case in cases}
    about = snapshot.cases(cases.values())
    found = {pk: Outlook() for pk in cases}
    running = _running(cases)
    for pk, (escalation, handoff) in running.items():
        found[pk].escalation, found[pk].handoff = escalation, handoff
    starting = _starting(
        {pk: case for pk, case in cases.items() if pk not in running and case.is_live}, found, now
    )
    versions = {e.version_id for e, _h in running.values()} | {v.pk for _e, _r, v in starting.values()}
    paths = snapshot.paths(versions)
    roster = roster or _roster(paths, about, running.values(), now)
    for outlook in found.values():
        outlook.roster = roster
    for pk, (escalation, handoff) in running.items():
        found[pk].path = path = paths[escalation.version_id]
        late_after, because = _term_of(handoff)
        if late_after is not None and not escalation.is_at_fallback:
            found[pk].because = because
            found[pk].steps = plan.if_nobody_acts(
                path, escalation.level_number, late_after, because, about[pk], roster, most=most
            )
    for pk, (event, rule, version) in starting.items():
        found[pk].because = event.because
        found[pk].path = paths[version.pk]
        found[pk].steps = plan.from_start(
            paths[version.pk], rule.level_number, event.at, event.because, about[pk], roster, most=most
        )
    return found


def _roster(paths, about, running, now):
    escalations = [escalation for escalation, _handoff in running]
    return near_roster.of(
        paths.values(),
        about.values(),
        since=now,
        people={e.holder_id for e in escalations},
        teams={e.holder_team_id for e in escalations},
    )


def _running(cases):
    """{case id: (its running escalation, its latest handoff)}; of several, the one that started last."""
    escalations = {}
    for escalation in RUNNING.all(cases=cases) if cases else ():
        escalations[escalation.case_id] = escalation
    handoffs = {}
    ids = [escalation.pk for escalation in escalations.values()]
    for handoff in HANDOFFS.all(escalations=ids) if ids else ():
        handoffs[handoff.escalation_id] = handoff
    return {pk: (escalation, handoffs.get(escalation.pk)) for pk, escalation in escalations.items()}


def _term_of(handoff):
    """(when the present level's term is over, why); (None, "") where none runs."""
    if handoff is None:
        return None, ""
    if handoff.state == Handoff.State.WAITING:
        clock, because = handoff.acknowledge_clock, "unacknowledged"
    else:
        clock, because = handoff.work_clock, "unsolved"
    return (
        (clock.late_after, because) if clock is not None and clock.state == ClockState.RUNNING else (None, "")
    )


def _starting(cases, found, now):
    """{case id: (event, rule, version)}: the first thing to come that a rule answers with a ladder."""
    if not cases:
        return {}
    events = _events(cases, now)
    rules = RULES.all()
    in_force = (
        EscalationPath.objects.filter(pk__in={r.path_id for r in rules}).version_in_force(now)
        if rules
        else {}
    )
    starts = {}
    for pk, case in cases.items():
        for event in sorted(events.get(pk, ()), key=lambda e: e.at):
            rule = matching.first_match(rules, facts_of(case, event))
            if rule is not None and rule.path_id in in_force:
                starts[pk] = (event, rule, in_force[rule.path_id])
                break
            if event.kind == TriggerKind.TARGET_BREACHED and found[pk].managers_told_at is None:
                found[pk].managers_told_at, found[pk].because = event.at, event.because
    return starts


def _events(cases, now):
    """{case id: [_Event]} of the running clocks and open promises of `cases` that are still to come."""
    events = {}
    for clock in CLOCKS.all(cases=cases):
        mine = events.setdefault(clock.case_id, [])
        if clock.at_risk_at and clock.at_risk_at > now:
            mine.append(_Event(clock.at_risk_at, TriggerKind.TARGET_AT_RISK, clock.metric, clock.metric))
        if clock.late_after >= now:
            mine.append(_Event(clock.late_after, TriggerKind.TARGET_BREACHED, clock.metric, clock.metric))
    for promise in PROMISES.all(cases=cases, now=now):
        events.setdefault(promise.case_id, []).append(
            _Event(promise.due_at, TriggerKind.PROMISE_BROKEN, "promise")
        )
    return events
