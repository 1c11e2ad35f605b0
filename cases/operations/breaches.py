"""A term that passed: said once, told to those who answer for the team, and left to the rules."""

from cases import history
from cases.models import Case, NoticeKind, Person, Team, Trigger, TriggerKind
from cases.sets import update_each

from . import notify, standing, triggers


def breach(clocks, *, now):
    """Mark each clock of {clock: instant} as breached, record the triggers and tell the managers, path or
    no path."""
    if not clocks:
        return
    for clock, at in clocks.items():
        clock.breached_at = at
    update_each(clocks, ["breached_at"])
    triggers.record(
        (
            Trigger(
                case_id=c.case_id, kind=TriggerKind.TARGET_BREACHED, metric=c.metric, clock=c, occurred_at=at
            )
            for c, at in clocks.items()
        ),
        now=now,
    )
    tell(NoticeKind.TARGET_BREACHED, clocks, now=now, managers=True)


def tell(kind, clocks, *, now, managers):
    """Notices about `clocks` to who owes them and, with `managers`, to those who answer for the case's
    team."""
    cases = Case.objects.in_bulk({c.case_id for c in clocks})
    debtors = debtors_of(cases)
    answerable = _managers({case.team_id for case in cases.values()}) if managers else {}
    people = Person.objects.working().in_bulk(
        {pk for group in (debtors, answerable) for ids in group.values() for pk in ids}
        | {c.owed_by_id for c in clocks} - {None}
    )
    wanted = []
    for clock in clocks:
        case = cases[clock.case_id]
        to = {clock.owed_by_id} if clock.owed_by_id else set(debtors.get(case.pk, ()))
        to |= answerable.get(case.team_id, set())
        facts = {
            "metric": clock.metric,
            "label": clock.label,
            "due_at": clock.due_at.isoformat() if clock.due_at else None,
        }
        wanted += [
            notify.Wanted(kind, case, f"clock:{clock.pk}:{clock.revision}", person=people[pk], facts=facts)
            for pk in sorted(to)
            if pk in people
        ]
        if managers and not to & people.keys():
            wanted.append(notify.Wanted(kind, case, f"clock:{clock.pk}:{clock.revision}", facts=facts))
    # A breach is heard by somebody, path or no path; a warning is for who is to act.
    (notify.queue_for_somebody if managers else notify.queue)(wanted, now=now)


def debtors_of(cases):
    """{case id: {who is to act on it: the holder, else the owner}}."""
    holders = {pk: person for pk, person, _team in standing.HOLDERS.all(cases=cases)}
    return {pk: {holders.get(pk) or case.owner_id} - {None} for pk, case in cases.items()}


def _managers(team_ids):
    """{team id: ids of those who answer for it}; the unrouted (None) are everybody's who manages
    escalations."""
    # A handful of teams in a batch; the tree above each is climbed to the first that has leads.
    return {pk: history.remembered(("managers", pk), lambda pk=pk: _managers_of(pk)) for pk in team_ids}


def _managers_of(team_id):
    team = Team.objects.get(pk=team_id) if team_id else None
    return set(Person.objects.managers_of(team).values_list("pk", flat=True))
