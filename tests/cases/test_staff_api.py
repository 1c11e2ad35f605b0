"""People, teams, memberships, skills and roles, as the console lists them, for programs."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import roles
from cases.models import PersonSkill, Skill
from tests import factories as make
from tests import worlds
from tests.worlds import asks, expected, statuses

pytestmark = pytest.mark.django_db
OF_CONSOLE = {"ana": 403, "bruno": 403}


@pytest.fixture
def desk():
    desk = worlds.desk()
    with make.signed():
        desk.skill = Skill.objects.create(name="Billing")
        for person in (desk.jonas, desk.bruno):
            PersonSkill.objects.create(person=person, skill=desk.skill)
    return desk


def listed(person, name, **asked):
    return asks(person).get(f"/api/v1/{name}/", asked).data["results"]


@pytest.mark.parametrize("name", ["staff", "staff-teams", "memberships", "person-skills", "roles"])
def test_they_are_for_who_may_enter_the_console(desk, name):
    answers = statuses(desk, lambda client: client.get(f"/api/v1/{name}/"))
    assert answers == expected(200, adam=200, **OF_CONSOLE)


def test_a_supervisor_sees_those_of_their_department_and_a_manager_all(desk):
    def names(person):
        return {row["name"] for row in listed(person, "staff")}

    assert names(desk.marta) == {"Ana", "Jonas", "Marta"}
    assert names(desk.priya) == {"Ana", "Jonas", "Marta", "Bruno", "Sven", "Priya", "Audre", "Adam"}
    assert {row["name"] for row in listed(desk.marta, "staff-teams")} == {"Care"}
    assert {row["name"] for row in listed(desk.adam, "staff-teams")} == {"Care", "Billing"}
    assert {row["person"]["name"] for row in listed(desk.marta, "person-skills")} == {"Jonas"}
    assert asks(desk.marta).get(f"/api/v1/staff/{desk.bruno.pk}/").status_code == 404
    assert asks(desk.marta).get(f"/api/v1/staff-teams/{desk.billing.pk}/").status_code == 404


def test_somebody_with_where_they_belong_and_what_they_have_in_hand(desk, now):
    make.case(now=now, team=desk.care, owner=desk.jonas)
    found = asks(desk.marta).get(f"/api/v1/staff/{desk.jonas.pk}/").data
    assert (found["name"], found["role"], found["owns"], found["holds"]) == ("Jonas", "agent", "1", "0")
    assert [team["name"] for team in found["teams"]] == ["Care"]
    assert [skill["name"] for skill in found["skills"]] == ["Billing"]
    assert "password" not in found


def test_a_team_with_who_leads_it_and_what_waits_in_it(desk, now):
    make.case(now=now, team=desk.care)
    found = asks(desk.priya).get(f"/api/v1/staff-teams/{desk.care.pk}/").data
    assert [lead["name"] for lead in found["leads"]] == ["Marta"]
    assert (found["cases_open"], found["unassigned"], found["holds"]) == ("1", "1", "0")


def test_lists_are_narrowed(desk):
    def people(**asked):
        return {row["name"] for row in listed(desk.priya, "staff", **asked)}

    assert people(team=desk.billing.pk) == {"Bruno", "Sven"}
    assert people(skill=desk.skill.pk) == {"Jonas", "Bruno"}
    assert people(role="auditor") == {"Audre"}
    assert people(is_active="false") == set()
    leads = listed(desk.priya, "memberships", is_lead="true", team=desk.care.pk)
    assert [(row["person"]["name"], row["is_lead"]) for row in leads] == [("Marta", True)]
    skills = listed(desk.priya, "person-skills", team=desk.billing.pk)
    assert [row["person"]["name"] for row in skills] == ["Bruno"]
    assert asks(desk.priya).get("/api/v1/staff/", {"role": "boss"}).status_code == 400


def test_the_roles_are_those_of_the_one_table(desk):
    found = {row["role"]: row for row in asks(desk.marta).get("/api/v1/roles/").data}
    assert set(found) == set(roles.Role.values)
    assert found["agent"]["people"] == 2  # of her department
    assert found["agent"]["may"]["case.work"] == "own" and "rules.publish" not in found["agent"]["may"]
    for row in found.values():
        assert row["may"] == {
            what: granted[row["role"]].name.lower()
            for what, granted in roles.MAY.items()
            if row["role"] in granted
        }


def test_long_lists_cost_what_short_ones_do(desk):
    program = asks(desk.priya)

    def queries():
        found = []
        for name in ("staff", "staff-teams", "memberships", "person-skills"):
            with CaptureQueriesContext(connection) as captured:
                program.get(f"/api/v1/{name}/")
            found.append(len(captured))
        return found

    few = queries()
    for n in range(6):
        person = make.person(f"P{n}")
        make.team(f"Team {n}", people=[person], lead=make.person(f"Lead {n}", "supervisor"))
        with make.signed():
            PersonSkill.objects.create(person=person, skill=desk.skill)
    assert queries() == few
