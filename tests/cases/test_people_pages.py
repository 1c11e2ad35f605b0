"""The console's lists of people: the tree of teams, skills, roles, and a month of absences."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cases import roles
from cases.admin.roles_page import WORDS
from cases.models import Absence, Duty, PersonSkill, Skill
from tests import factories as make

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
READS = {"agent": 403, "supervisor": 200, "manager": 200, "auditor": 200, "administrator": 200}
PAGES = ("team_tree", "absence_calendar", "person_roles", "skill_changelist", "person_changelist")


@pytest.fixture
def desk(now, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: now)
    found = SimpleNamespace(
        agent=make.person("Ana"),
        ben=make.person("Ben"),
        stranger=make.person("Tomas"),
        supervisor=make.person("Sofia", "supervisor"),
        manager=make.person("Priya", "manager"),
        auditor=make.person("Audre", "auditor"),
        administrator=make.person("Nora", "administrator"),
    )
    found.service = make.team("Service", lead=found.supervisor)
    found.care = make.team("Care", parent=found.service, people=[found.agent, found.ben])
    found.network = make.team("Network", people=[found.stranger])
    make.policy()
    customer = make.customer()
    make.case(customer, now=now, by=found.agent, owner=found.agent, team=found.care)
    make.case(customer, now=now, by=found.agent, team=found.care)
    with make.signed():
        skill = Skill.objects.create(name="law")
        PersonSkill.objects.create(person=found.agent, skill=skill)
        Duty.objects.create(skill=skill, person=found.ben, starts_at=now, ends_at=now + HOUR)
        Absence.objects.create(
            person=found.agent, deputy=found.ben, starts_at=now + DAY, ends_at=now + 3 * DAY
        )
        Absence.objects.create(person=found.ben, starts_at=now - HOUR, ends_at=now + 2 * DAY)
        Absence.objects.create(person=found.stranger, starts_at=now + 40 * DAY, ends_at=now + 41 * DAY)
    return found


def address(name):
    return reverse(f"admin:cases_{name}")


def test_each_page_by_role(desk, client):
    for role, status in READS.items():
        client.force_login(getattr(desk, role))
        answers = {page: client.get(address(page)).status_code for page in PAGES}
        assert answers == dict.fromkeys(PAGES, status), role
    assert set(WORDS) == set(roles.MAY)


def test_the_tree_says_who_is_where_and_what_they_have_in_hand(desk, client):
    client.force_login(desk.manager)
    network, service, care = client.get(address("team_tree")).context["nodes"]
    assert [(node.team.name, node.depth, node.below) for node in (network, service, care)] == [
        ("Network", 0, 0),
        ("Service", 0, 2),
        ("Care", 1, 0),
    ]
    assert (service.leads, care.away) == ([desk.supervisor], 1)
    assert (care.team.cases_open, care.team.unassigned, care.team.holds) == (2, 1, 0)
    assert [(m.person.owns, m.is_away, m.skills) for m in care.members] == [
        (1, False, ["law"]),
        (0, True, []),
    ]
    client.force_login(desk.supervisor)
    assert [node.team.name for node in client.get(address("team_tree")).context["nodes"]] == [
        "Service",
        "Care",
    ]


def test_a_month_says_who_is_away_and_whose_deputy_is_too(desk, client):
    client.force_login(desk.manager)
    page = client.get(address("absence_calendar"), {"team": desk.care.pk})
    ana, ben = page.context["lines"]
    # Of a Monday, the second of the month, at nine in the morning on.
    assert ana.days[:6] == ["", "", "part", "all", "part", ""]
    assert ben.days[:6] == ["", "part", "all", "part", "", ""]
    [(_when, deputy, is_away_too, change)] = ana.absences
    assert (deputy, is_away_too) == (desk.ben, True) and change
    assert page.context["there"][:5] == [2, 2, 1, 1, 2]
    assert ben.absences[0][3] == ""  # it has begun
    away = [line.person for line in client.get(address("absence_calendar")).context["lines"]]
    assert away == [desk.agent, desk.ben]
    april = client.get(address("absence_calendar"), {"month": "2026-04"})
    assert [line.person for line in april.context["lines"]] == [desk.stranger]
    assert len(april.context["days"]) == 30
    assert client.get(address("absence_calendar"), {"month": "2026-13"}).context["first"].month == 3
    client.force_login(desk.supervisor)
    assert not client.get(address("absence_calendar"), {"month": "2026-04"}).context["lines"]


def test_each_costs_the_same_however_many_there_are(desk, client, now):
    client.force_login(desk.manager)

    def cost(page):
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address(page)).status_code == 200
        return len(captured)

    before = {page: cost(page) for page in PAGES}
    for n in range(3):
        person = make.person(f"More {n}", manager=desk.manager)
        make.team(f"Team {n}", parent=desk.care, people=[person, desk.ben])
        with make.signed():
            skill = Skill.objects.create(name=f"skill {n}")
            PersonSkill.objects.create(person=person, skill=skill)
            Duty.objects.create(skill=skill, person=person, starts_at=now, ends_at=now + HOUR)
            Absence.objects.create(person=person, deputy=desk.ben, starts_at=now, ends_at=now + DAY)
    assert {page: cost(page) for page in PAGES} == before
    # What each has in hand is counted to a hundred and no further.
    with CaptureQueriesContext(connection) as captured:
        client.get(address("team_tree"))
    counts = [query["sql"] for query in captured if "COUNT(1)" in query["sql"]]
    assert len(counts) == 2 and all(sql.count("COUNT(1)") == sql.count("LIMIT 100") for sql in counts)
    said = client.get(address("skill_changelist")).content.decode()
    assert "law" in said and "Ben" in said
