"""What a version would do to one case, real or described, if nobody acts: the rule that starts it, then whom
plan.py calls and when, and who is passed over and why. Loads the facts; decides nothing itself."""

from dataclasses import dataclass
from datetime import datetime

from cases.models import Person, Team
from escalations import matching, plan, snapshot
from escalations.models import Rule
from escalations.operations.automatic import facts_of

from .backtest.run import zones


@dataclass(frozen=True)
class Event:
    """What is supposed to happen to the case; has what automatic.facts_of reads of a trigger."""

    kind: str
    metric: str = ""
    days_since: int | None = None


@dataclass(frozen=True)
class Line:
    """One line of the timeline: at `at`, because of `because`, `who` has it until `due_at` (None: no end).

    `zone`: in which the holder lives, by name. `passed`: [(name or "", plan's word for why)].
    """

    at: datetime
    because: str
    level: plan.LevelFacts | None
    who: str
    zone: str
    due_at: datetime | None
    is_fallback: bool
    passed: tuple


@dataclass(frozen=True)
class Preview:
    """`rule`: the rule that answers the event, of whatever path, or None. `level_number`: where it begins."""

    rule: Rule | None
    level_number: int
    lines: list


def of_case(case, version, *, event, at):
    """The Preview of `version` on `case` (its customer loaded) if `event` happened to it at `at`."""
    return _preview(version, snapshot.cases([case])[case.pk], facts_of(case, event), at)


def of_description(version, *, event, at, owner_id=None, account_manager_id=None, **asked):
    """The same of a case that is only described: `asked` by the names of matching.Facts."""
    case = plan.CaseFacts(pk=0, account_manager_id=account_manager_id, holder_id=owner_id)
    facts = matching.Facts(trigger=event.kind, metric=event.metric, **asked)
    return _preview(version, case, facts, at)


def _preview(version, case, facts, at):
    path = snapshot.paths([version.pk])[version.pk]
    rules = Rule.objects.in_order().filter(trigger=facts.trigger).select_related("path")
    rule = matching.first_match(list(rules), facts)
    number = rule.level_number if rule is not None and rule.path_id == path.path_id else 1
    roster = snapshot.roster(since=at)
    announced = plan.from_start(path, number, at, facts.trigger, case, roster)
    return Preview(rule, number, _lines(announced, path, roster))


def _lines(announced, path, roster):
    where = zones()
    people = dict(Person.objects.values_list("pk", "name"))
    teams = dict(Team.objects.values_list("pk", "name"))
    found = []
    for line in announced:
        step = line.step
        owed = plan.terms(step, path, roster, line.at)
        who = f"p{step.person_id}" if step.person_id else f"t{step.team_id}"
        found.append(
            Line(
                at=line.at,
                because=line.because,
                level=None if step.is_fallback else path.level(step.level_number),
                who=people.get(step.person_id) or teams.get(step.team_id, ""),
                zone=where[who].key if who in where else "UTC",
                due_at=owed[2] if owed else None,
                is_fallback=step.is_fallback,
                passed=tuple((p.level_number, people.get(p.person_id, ""), p.why) for p in step.passed),
            )
        )
    return found
