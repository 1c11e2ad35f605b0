"""Who gained and who lost turns of duty is told, once for all that one change did to them."""

from collections import defaultdict

from cases.models import NoticeKind, Person, Skill

from . import notify


def spans(turns, now):
    """What is left at `now` of `turns` (of Duty): {(skill id, person id, from, until)}."""
    return {
        (turn.skill_id, turn.person_id, max(turn.starts_at, now), turn.ends_at)
        for turn in turns
        if turn.ends_at > now
    }


def tell(before, after, *, by, now):
    """Queue a notice to each person for what they have in `after` and had not in `before` (as of `spans`),
    and one for what they have no longer. Not to `by`, who knows."""
    changed = [
        (kind, _of_each(found))
        for kind, found in ((NoticeKind.TURN_LOST, before - after), (NoticeKind.TURN_GAINED, after - before))
    ]
    ids = {person for _kind, found in changed for _skill, person in found} - {by.pk}
    if not ids:
        return
    people = Person.objects.in_bulk(ids)
    skills = Skill.objects.in_bulk({skill for _kind, found in changed for skill, _person in found})
    notify.queue(
        [
            _wanted(kind, skills[skill], people[person], stretches, by, now)
            for kind, found in changed
            for (skill, person), stretches in sorted(found.items())
            if person in people
        ],
        now=now,
    )


def _of_each(found):
    """{(skill id, person id): [(from, until), …]} in the order of time."""
    each = defaultdict(list)
    for skill, person, start, end in sorted(found):
        each[skill, person].append((start, end))
    return each


def _wanted(kind, skill, person, stretches, by, now):
    facts = {
        "who": by.name,
        "what": skill.name,
        "turns": len(stretches),
        "due_at": stretches[0][0].isoformat(),
        "until_at": stretches[-1][1].isoformat(),
    }
    about = f"{skill.pk}:{stretches[0][0].timestamp():.0f}:{len(stretches)}:{now.isoformat()}"
    return notify.Wanted(kind, None, about, person=person, facts=facts)
