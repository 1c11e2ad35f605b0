"""Who would hold each level of a path, hour for hour: by the very function that the engine asks."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils import timezone

from escalations import plan, snapshot

AN_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Stretch:
    """[starts_at, ends_at) in which the same one would get a case at a level; nobody where both are None."""

    starts_at: datetime
    ends_at: datetime
    person_id: int | None = None
    team_id: int | None = None
    # Of a team, who is there and told, or stands in (plan.Asked); whoever acknowledges first has it.
    told: tuple = ()
    # Who was asked before, and why it is not theirs: (person id, one of plan's words).
    passed: tuple = ()


@dataclass(frozen=True)
class LevelDuty:
    """A level with who has it from `since` until `until`. `stretches` is None where that depends on the
    case."""

    level: plan.LevelFacts
    stretches: list | None


def end_of_next_week(now):
    """The midnight after next Sunday, in the reader's zone."""
    today = timezone.localtime(now)
    last = today.date() + timedelta(days=14 - today.weekday())
    return timezone.make_aware(datetime.combine(last, datetime.min.time()))


def at_each_level(version, *, since, until):
    """[LevelDuty] of a path version (its levels, stored). Roster and path: ten queries.

    Of a case without a complaint against anybody, which nobody has declined. What changes between two full
    hours is found where it changes: at the ends of turns and absences.
    """
    roster = snapshot.roster(since=since)
    path = snapshot.paths([version.pk])[version.pk]
    instants = _instants(roster, since, until)
    return [LevelDuty(level, _stretches(level, roster, instants, until)) for level in path.levels], roster


def _instants(roster, since, until):
    at = {since}
    hour = since.replace(minute=0, second=0, microsecond=0) + AN_HOUR
    while hour < until:
        at.add(hour)
        hour += AN_HOUR
    ends = [turn[:2] for turns in roster.duties.values() for turn in turns]
    ends += [absence[:2] for person in roster.people.values() for absence in person.absences]
    at |= {end for pair in ends for end in pair if since < end < until}
    return sorted(at)


def _stretches(level, roster, instants, until):
    if level.responsible not in (plan.PERSON, plan.TEAM, plan.SKILL):
        return None
    nobodys, found = plan.CaseFacts(pk=0), []
    for at, following in zip(instants, [*instants[1:], until], strict=True):
        step, passed = plan.holder_at(level, nobodys, roster, at)
        who = (step.person_id, step.team_id) if step is not None else (None, None)
        why = tuple((p.person_id, p.why) for p in passed if p.person_id is not None)
        told = ()
        if level.responsible == plan.TEAM:
            why, told = (), step.asked if step is not None else ()
        if found and (found[-1].person_id, found[-1].team_id, found[-1].told, found[-1].passed) == (
            *who,
            told,
            why,
        ):
            found[-1] = replace(found[-1], ends_at=following)
        else:
            found.append(Stretch(at, following, *who, told, why))
    return found
