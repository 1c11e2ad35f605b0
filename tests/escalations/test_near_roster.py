"""The part of the roster that a case page reads says of its cases what the whole roster says."""

from datetime import UTC, datetime, time, timedelta
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases.models import Absence, Duty, Membership, Person, PersonPreference, PersonSkill, Skill
from escalations import near_roster, outlook, plan, snapshot
from escalations.models import Kind
from escalations.operations.escalate import escalate
from tests import factories as make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
ROLES = ("agent", "agent", "agent", "supervisor", "manager", "administrator")


def world(seed):
    """(Random, people, version ids of two paths) of a desk in which nobody is sure to be there."""
    chance = Random(seed)
    people = [make.person(f"P{n}", chance.choice(ROLES)) for n in range(14)]
    # Nobody has the calendar that is always open, by which a level is worked around the clock.
    office = make.calendar()
    teams = [make.team(f"Team {n}", people=chance.sample(people, 3), calendar=office) for n in range(3)]
    with make.signed():
        skills = [Skill.objects.create(name=f"Skill {n}") for n in range(2)]
        for skill in skills:
            PersonSkill.objects.create(person=people[0], skill=skill)
        for person in people:
            person.manager = chance.choice([None, *(p for p in people if p != person)])
            person.is_active = chance.random() > 0.1
            person.save()
            if chance.random() < 0.4:
                deputy = chance.choice([None, *(p for p in people if p != person)])
                start = NOW + HOUR * chance.randint(-30, 3)
                Absence.objects.create(
                    person=person,
                    deputy=deputy,
                    starts_at=start,
                    ends_at=start + HOUR * chance.randint(1, 60),
                )
            if chance.random() < 0.3:
                deputy = chance.choice([None, *(p for p in people if p != person)])
                PersonPreference.objects.create(
                    person=person, quiet_from=time(8), quiet_until=time(12), quiet_deputy=deputy
                )
            start = NOW + HOUR * chance.randint(-8, 8)
            Duty.objects.create(
                skill=chance.choice(skills), person=person, starts_at=start, ends_at=start + 6 * HOUR
            )
    kinds = [
        {"team": chance.choice(teams)},
        {"skill": chance.choice(skills)},
        {"person": chance.choice(people)},
        {"responsible": "holders_manager"},
        {"responsible": "holders_manager"},
        {"responsible": "account_manager"},
    ]
    versions = []
    for name in ("One", "Two"):
        levels = chance.sample(kinds, 4)
        path = make.path(name, levels=levels, fallback=chance.choice(people), publish=False)
        versions.append(path.versions.get().pk)
    return chance, people, versions


@pytest.mark.parametrize("seed", range(12))
def test_every_plan_is_the_same(seed):
    chance, people, versions = world(seed)
    ids = [None, *(person.pk for person in people)]
    paths = list(snapshot.paths(versions).values())
    about = [
        plan.CaseFacts(
            pk,
            account_manager_id=chance.choice(ids),
            holder_id=chance.choice(ids),
            subjects=frozenset(chance.sample(ids[1:], 1)),
        )
        for pk in range(1, 5)
    ]
    whole, near = snapshot.roster(since=NOW), near_roster.of(paths, about, since=NOW)
    for path in paths:
        for case in about:
            for hours in (0, 2, 5, 20):
                asked = (path, 1, NOW + HOUR * hours, "unacknowledged", case)
                expected, found = plan.from_start(*asked, whole), plan.from_start(*asked, near)
                assert found == expected
                assert [line.step.asked for line in found] == [line.step.asked for line in expected]


def test_people_who_have_nothing_to_do_with_it_are_not_read():
    chance, people, versions = world(1)
    strangers = [make.person(f"Stranger {n}") for n in range(5)]
    make.team("Elsewhere", people=strangers)
    near = near_roster.of(snapshot.paths(versions).values(), [plan.CaseFacts(1)], since=NOW)
    assert not {person.pk for person in strangers} & near.people.keys()
    assert len(near.team_names) <= 3 and not Membership.objects.filter(
        team__in=near.team_names, person__in=strangers
    )


def test_what_happens_next_asks_as_much_of_a_large_desk_as_of_a_small_one():
    boss, ana = make.person("Boss", "manager"), make.person("Ana")
    team = make.team("Care", people=[ana, make.person("Ben")])
    path = make.path(levels=[{"team": team}, {"responsible": "holders_manager"}], fallback=boss)
    case = make.case(now=NOW, by=ana, owner=ana)
    said = {"reason": "a", "background": "b", "tried": "c", "next_steps": "d", "kind": Kind.HIERARCHICAL}
    escalate(case=case, path=path, by=ana, now=NOW, **said)
    with CaptureQueriesContext(connection) as few:
        outlook.of([case], now=NOW)
    for n in range(8):
        somebody = make.person(f"P{n}", ROLES[n % 6])
        make.team(f"Team {n}", people=[somebody])
        with make.signed():
            Absence.objects.create(person=somebody, deputy=ana, starts_at=NOW, ends_at=NOW + HOUR)
            Membership.objects.create(team=team, person=make.person(f"Colleague {n}"), position=9)
    with CaptureQueriesContext(connection) as many:
        found = outlook.of([case], now=NOW)[case.pk]
    assert len(many) == len(few)
    assert len(found.roster.people) < Person.objects.count()
