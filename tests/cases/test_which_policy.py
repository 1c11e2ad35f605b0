"""Which SLA policy would a case get, and why: the same answer as at intake, condition by condition."""

import pytest
from django.urls import reverse
from django.utils import timezone

from cases.models import CaseReading, SlaPolicyVersion
from cases.states import Metric
from tests import factories as make
from tests.workspace import ROLES, body, people

pytestmark = pytest.mark.django_db

ADDRESS = "admin:cases_slapolicy_which"


@pytest.fixture
def desk(monkeypatch, now):
    monkeypatch.setattr(timezone, "now", lambda: now)
    found = people()
    targets = {(Metric.FIRST_RESPONSE, None): 3600}
    make.policy("Gold by mail", targets, position=1, tier="gold", channel="mail")
    make.policy("Gold", targets, position=2, tier="gold")
    return found


def asked(client, person, **query):
    client.force_login(person)
    return client.get(reverse(ADDRESS), {"number": "", **query})


def verdicts(page):
    return [(row.version.policy.name, row.verdict) for row in page.context["rows"][:3]]


def test_the_first_policy_whose_conditions_hold_is_owed(desk, client):
    page = asked(client, desk["manager"], tier="gold", channel="phone")
    assert verdicts(page) == [("Gold by mail", "failed"), ("Gold", "won"), ("Standard", "not_asked")]
    assert page.context["rows"][0].why == "No: Channel is “phone”."
    assert "Received now, it would get policy 2, Gold v1." in body(page)
    page = asked(client, desk["manager"], tier="silver", channel="mail")
    assert [verdict for _name, verdict in verdicts(page)] == ["failed", "failed", "won"]


def test_without_a_question_the_conditions_stand_in_their_order(desk, client):
    client.force_login(desk["auditor"])
    page = client.get(reverse(ADDRESS))
    assert [row.version.policy.name for row in page.context["rows"]][:3] == [
        "Gold by mail",
        "Gold",
        "Standard",
    ]
    assert not page.context["is_asked"] and {row.verdict for row in page.context["rows"]} == {""}


@pytest.mark.parametrize("tier", ["gold", "silver"])
@pytest.mark.parametrize("channel", ["mail", "phone"])
def test_it_says_what_intake_does(tier, channel, desk, client, now):
    agent = desk["agent"]
    case = make.case(make.customer(tier=tier), now=now, owner=agent, team=agent.teams.get(), channel=channel)
    page = asked(client, desk["manager"], number=case.number)
    assert page.context["winner"].version.pk == case.policy_version_id
    assert f"it has {case.policy_version}, and keeps it." in body(page)


def test_a_case_that_is_not_the_readers_is_no_case(desk, client, now):
    agent = desk["agent"]
    case = make.case(now=now, owner=agent, team=agent.teams.get())
    for role, known in (("manager", True), ("auditor", True), ("administrator", False)):
        page = asked(client, desk[role], number=case.number)
        assert page.context["is_asked"] is known, role
    assert CaseReading.objects.filter(case=case, person=desk["auditor"]).exists()


@pytest.mark.parametrize("role", ROLES)
def test_who_may_ask(role, desk, client):
    expected = 403 if role in ("agent", "stranger") else 200
    assert asked(client, desk[role]).status_code == expected
    assert client.post(reverse(ADDRESS)).status_code == (403 if expected == 403 else 405)


def test_nobody_else_asks(desk, client):
    assert client.get(reverse(ADDRESS)).status_code == 302


@pytest.mark.parametrize(
    ("condition", "failing"),
    [("tier", "tier"), ("channel", "channel"), ("category", "category"), ("service", "service")],
)
def test_a_version_names_the_condition_that_fails(condition, failing, now):
    case = make.case(now=now)
    wanted = {"tier": "gold", "channel": "phone", "category": 0, "service": 0}[condition]
    name = f"{condition}_id" if wanted == 0 else condition
    version = SlaPolicyVersion(**{name: wanted})
    assert version.first_failing(case) == failing and not version.matches(case)
    assert SlaPolicyVersion().first_failing(case) is None
