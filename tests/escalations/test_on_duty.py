"""Who is on duty at each level of a path: what the page says is what the engine would do."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cases.models import Absence, Duty, PersonSkill, Skill
from escalations import checking, duty_levels, plan, snapshot
from tests import factories as make
from tests.worlds import asks

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def desk(now):
    found = SimpleNamespace(
        ana=make.person("Ana"), ben=make.person("Ben"), manager=make.person("Priya", "manager")
    )
    found.team = make.team("Care", people=[found.ana, found.ben])
    with make.signed():
        skill = Skill.objects.create(name="On call")
        PersonSkill.objects.create(person=found.ana, skill=skill)
        Duty.objects.create(skill=skill, person=found.ana, starts_at=now, ends_at=now + timedelta(hours=7.5))
        Duty.objects.create(skill=skill, person=found.ben, starts_at=now + 8 * HOUR, ends_at=now + 20 * HOUR)
        Absence.objects.create(
            person=found.ben, deputy=found.ana, starts_at=now + 10 * HOUR, ends_at=now + 11 * HOUR
        )
    path = make.path(
        levels=[{"skill": skill}, {"team": found.team}, {"responsible": "holders_manager"}],
        fallback=found.manager,
    )
    found.version = path.versions.get()
    return found


def test_each_stretch_is_whom_the_engine_would_call_at_its_first_and_last_second(desk, now):
    until = now + 24 * HOUR
    (on_call, team, depends), _roster = duty_levels.at_each_level(desk.version, since=now, until=until)
    assert [(s.starts_at - now, s.person_id) for s in on_call.stretches] == [
        (0 * HOUR, desk.ana.pk),
        (timedelta(hours=7.5), None),
        (8 * HOUR, desk.ben.pk),
        (10 * HOUR, desk.ana.pk),  # the deputy
        (11 * HOUR, desk.ben.pk),
        (20 * HOUR, None),
    ]
    assert on_call.stretches[-1].ends_at == until and depends.stretches is None
    # Of a team, who is there: they are told, and the first to acknowledge has it.
    assert [
        (s.starts_at - now, s.team_id, tuple(asked.person_id for asked in s.told)) for s in team.stretches
    ] == [
        (0 * HOUR, desk.team.pk, (desk.ana.pk, desk.ben.pk)),
        (10 * HOUR, desk.team.pk, (desk.ana.pk,)),
        (11 * HOUR, desk.team.pk, (desk.ana.pk, desk.ben.pk)),
    ]
    assert team.stretches[-1].ends_at == until
    roster = snapshot.roster(since=now)
    level = snapshot.paths([desk.version.pk])[desk.version.pk].levels[0]
    for stretch in on_call.stretches:
        for at in (stretch.starts_at, stretch.ends_at - timedelta(seconds=1)):
            step, _passed = plan.holder_at(level, plan.CaseFacts(pk=1), roster, at)
            assert (step.person_id if step else None) == stretch.person_id


def test_the_page_by_role_and_the_check_that_warns_of_the_same_gap(desk, now, client, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: now)
    page = reverse("admin:escalations_pathversion_on_duty", args=[desk.version.pk])
    for role, status in {"supervisor": 200, "manager": 200, "auditor": 200, "administrator": 200}.items():
        client.force_login(desk.manager if role == "manager" else make.person(f"x{role}", role))
        assert client.get(page).status_code == status, role
    with CaptureQueriesContext(connection) as few:
        said = client.get(page).content.decode()
    assert "nobody: passed over" in said and "That depends on the case" in said and "Ben: " in said
    assert "Care: Ana, Ben<" in said and "Care: Ana<" in said
    with make.signed():
        for n in range(5):
            person = make.person(f"More {n}")
            Duty.objects.create(
                skill_id=desk.version.levels.get(number=1).skill_id,
                person=person,
                starts_at=now + n * HOUR,
                ends_at=now + 9 * HOUR,
            )
    with CaptureQueriesContext(connection) as many:
        client.get(page)
    assert len(many) == len(few)
    client.force_login(desk.ana)
    assert client.get(page).status_code == 403
    found = [str(finding) for finding in checking.check(desk.version, now=now)]
    assert any("of the next two weeks nobody of level 1 is there" in sentence for sentence in found)


def test_a_program_reads_who_is_on_duty_until_the_end_of_next_week(desk, now, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: now)
    where = f"/api/v1/paths/{desk.version.path_id}/on-duty/"
    with CaptureQueriesContext(connection) as queries:
        shown = asks(desk.manager).get(where).data
    assert len(queries) == 12  # the path, its version in force, and what the page asks
    assert shown["version"] == desk.version.number
    on_call, _team, depends = shown["levels"]
    assert [(s["person"], s["name"]) for s in on_call["stretches"][:3]] == [
        (desk.ana.pk, "Ana"),
        (None, ""),
        (desk.ben.pk, "Ben"),
    ]
    assert depends["stretches"] is None
    assert asks(desk.ana).get(where).status_code == 403
