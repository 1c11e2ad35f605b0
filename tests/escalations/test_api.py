"""The ladder in the API: who reads and moves it, what is refused, and what is said of the time to come."""

from copy import deepcopy
from datetime import timedelta

import pytest
from django.utils import timezone

from cases import engine
from cases.models import Party, Skill
from escalations.models import Escalation, Handoff
from escalations.operations import respond
from tests import factories as make
from tests import worlds
from tests.worlds import asks, expected, refusal, statuses

pytestmark = pytest.mark.django_db

HANDOFF = {
    "kind": "hierarchical",
    "reason": "Asks for a manager",
    "background": "Charged twice",
    "tried": "An apology",
    "next_steps": "Call back",
    "telling": "said",
    "word": "Marta decides, and you will hear today.",
    "said_at": "2026-03-02T08:00:00Z",
    "word_channel": "phone",
}


@pytest.fixture(scope="module")
def made(for_all_of_the_module):
    return worlds.desk()


@pytest.fixture
def desk(made):
    return deepcopy(made)


@pytest.fixture(autouse=True)
def clock(monkeypatch, now):
    """It is `now` for whoever looks at the clock."""
    monkeypatch.setattr(timezone, "now", lambda: now)


@pytest.fixture
def case(desk, now):
    """Opened over an hour ago and not answered: it has gone to Care."""
    case = make.case(now=now - timedelta(hours=1, seconds=1), team=desk.care, owner=desk.ana)
    engine.run_until_idle(now=now)
    return case


def escalate(case, client, **said):
    return client.post(f"/api/v1/cases/{case.number}/escalate/", {**HANDOFF, **said})


def answer(handoff, verb, client, **said):
    return client.post(f"/api/v1/handoffs/{handoff.pk}/{verb}/", said)


@pytest.mark.parametrize("what", ["escalations", "handoffs"])
def test_the_ladder_is_read_by_those_who_may_read_the_case(desk, case, what):
    row = {"escalations": Escalation, "handoffs": Handoff}[what].objects.get()
    assert statuses(desk, lambda client: client.get(f"/api/v1/{what}/{row.pk}/")) == expected(
        200, bruno=404, sven=404
    )
    assert asks(desk.bruno).get(f"/api/v1/{what}/").data["results"] == []
    [shown] = asks(desk.ana).get(f"/api/v1/{what}/", {"case": case.number}).data["results"]
    assert (shown["case"], shown["level_number"]) == (case.number, 1)


@pytest.mark.parametrize(
    ("what", "query", "hits"),
    [
        ("escalations", {"state": "running"}, 1),
        ("escalations", {"state": "ended"}, 0),
        ("escalations", {"level_number": 2}, 0),
        ("escalations", {"started_before": "2026-03-02T08:00:00Z"}, 0),
        ("handoffs", {"state": ["waiting", "declined"]}, 1),
        ("handoffs", {"is_mine": True}, 1),
        ("handoffs", {"is_mine": False}, 0),
        ("handoffs", {"kind": "priority"}, 0),
    ],
)
def test_the_ladder_is_narrowed(desk, case, what, query, hits):
    assert len(asks(desk.ana).get(f"/api/v1/{what}/", query).data["results"]) == hits


def test_a_case_is_escalated_by_its_own_people(desk, now):
    def work(client):
        return escalate(make.case(make.customer(), now=now, team=desk.care), client, path=desk.path.pk)

    assert statuses(desk, work) == expected(201, bruno=403, sven=403, audre=403)


def test_escalating_hands_the_case_over_and_is_signed(desk, case):
    response = escalate(case, asks(desk.ana))
    assert response.status_code == 201
    assert (response.data["level_number"], response.data["to_person"]["name"]) == (2, "Marta")
    assert response.data["from_person"]["name"] == "Ana"
    assert response.data["acknowledge_by"] == "2026-03-02T09:00:00Z"
    shown = asks(desk.ana).get(f"/api/v1/cases/{case.number}/").data
    assert shown["holder"]["name"] == "Marta"
    row = Handoff.history.latest("history_id")
    assert (row.history_user_id, row.history_via) == (desk.ana.pk, "api")


def test_a_handoff_that_is_not_whole_is_refused(desk, case):
    response = escalate(case, asks(desk.ana), tried=" ", next_steps="")
    assert refusal(response) == (400, "incomplete_handoff")
    assert "what was tried, the next steps" in response.data["messages"][0]
    assert refusal(escalate(case, asks(desk.ana), kind="functional")) == (400, "incomplete_handoff")
    assert refusal(escalate(case, asks(desk.ana), mode="call_back")) == (400, "invalid")
    assert refusal(escalate(case, asks(desk.ana), kind="automatic")) == (400, "invalid")
    assert Handoff.objects.count() == 1


@pytest.mark.parametrize("said", [{"telling": None}, {"telling": ""}, {"telling": "perhaps"}, {}])
def test_without_a_word_to_the_customer_nothing_is_handed_over(desk, case, said):
    whole = {name: value for name, value in HANDOFF.items() if name != "telling"}
    client = asks(desk.ana)
    response = client.post(f"/api/v1/cases/{case.number}/escalate/", {**whole, **said}, format="json")
    assert refusal(response) == (400, "invalid")
    [sentence] = response.data["fields"]["telling"]
    assert all(choice in sentence for choice in ("telling: now", "said_at", "owed_by", "untold_because"))
    assert Handoff.objects.count() == 1


@pytest.mark.parametrize(
    ("said", "told_by", "untold"),
    [
        ({}, "phone", ""),
        ({"telling": "now", "word_channel": "mail"}, "mail", ""),
        ({"telling": "later", "untold_because": "Asleep", "owed_by": "2026-03-02T12:00:00Z"}, "", "Asleep"),
    ],
)
def test_the_word_is_said_sent_or_owed(desk, case, said, told_by, untold):
    response = escalate(case, asks(desk.ana), **said)
    assert response.status_code == 201
    assert (response.data["told_by"], response.data["untold_because"]) == (told_by, untold)
    assert case.messages.filter(direction="out").count() == (told_by == "mail")
    assert case.promises.count() == bool(untold)


def test_a_level_that_has_the_case_already_is_refused(desk, case):
    assert refusal(escalate(case, asks(desk.ana), level=1)) == (409, "already_running")
    seen = asks(desk.ana).get(f"/api/v1/cases/{case.number}/").data["revision"]
    assert escalate(case, asks(desk.ana), revision=seen).status_code == 201
    assert refusal(escalate(case, asks(desk.ana), revision=seen)) == (409, "stale_case")


def test_a_functional_escalation_goes_to_a_skill(desk, case):
    with make.signed():
        skill = Skill.objects.create(name="Tax")
    response = escalate(case, asks(desk.ana), kind="functional", skill=skill.pk)
    assert (response.status_code, response.data["skill"]["name"]) == (201, "Tax")


def test_the_holder_acknowledges_and_nobody_else(desk, case):
    handoff = Handoff.objects.get()
    refused = statuses(desk, lambda client: answer(handoff, "acknowledge", client) if client else None)
    # Ana, of the team it went to, was the first to ask; whoever came after her was too late or somebody else.
    assert refused == expected(409, ana=200, bruno=404, sven=404, audre=403)
    shown = asks(desk.ana).get(f"/api/v1/handoffs/{handoff.pk}/").data
    assert (shown["state"], shown["answered_by"]["name"]) == ("acknowledged", "Ana")


def test_a_handoff_to_somebody_else_is_not_ours_to_answer(desk, case):
    handoff = Handoff.objects.get()
    for verb in ("acknowledge", "decline"):
        assert refusal(answer(handoff, verb, asks(desk.priya), reason="x")) == (403, "not_the_holder")


def test_declining_passes_it_on(desk, case):
    response = answer(Handoff.objects.get(), "decline", asks(desk.ana), reason="I know them")
    assert (response.status_code, response.data["to_person"]["name"], response.data["state"]) == (
        200,
        "Jonas",
        "waiting",
    )
    [passed] = asks(desk.ana).get("/api/v1/escalations/").data["results"][0]["passed_over"]
    assert (passed["person"]["name"], passed["why"], passed["detail"]) == ("Ana", "declined", "I know them")
    assert refusal(answer(Handoff.objects.first(), "decline", asks(desk.ana), reason="Again")) == (
        409,
        "not_waiting",
    )


def test_the_top_cannot_decline(desk, case):
    top = escalate(case, asks(desk.ana), level=3).data["id"]
    assert refusal(asks(desk.priya).post(f"/api/v1/handoffs/{top}/decline/", {"reason": "No"})) == (
        400,
        "cannot_decline",
    )


def test_de_escalating_gives_the_case_back_to_its_owner(desk, case, now):
    respond.acknowledge(handoff=Handoff.objects.get(), by=desk.jonas, now=now)
    address = f"/api/v1/escalations/{Escalation.objects.get().pk}/deescalate/"
    said = {"reason": "Credited"}
    assert asks(desk.audre).post(address, said).status_code == 403
    assert asks(desk.bruno).post(address, said).status_code == 404
    response = asks(desk.jonas).post(address, said)
    assert (response.status_code, response.data["state"], response.data["outcome"]) == (
        200,
        "ended",
        "deescalated",
    )
    assert asks(desk.ana).get(f"/api/v1/cases/{case.number}/").data["holder"] is None
    assert refusal(asks(desk.jonas).post(address, said)) == (409, "not_waiting")


def test_whoever_holds_a_case_of_another_team_reads_and_works_it(desk, case, now):
    with make.signed():
        skill = Skill.objects.create(name="Tax")
        desk.bruno.duties.create(skill=skill, starts_at=now, ends_at=now + timedelta(hours=8))
    handoff = escalate(case, asks(desk.ana), kind="functional", skill=skill.pk).data["id"]
    bruno = asks(desk.bruno)
    assert bruno.post(f"/api/v1/handoffs/{handoff}/acknowledge/").status_code == 200
    assert bruno.get(f"/api/v1/cases/{case.number}/history/").status_code == 200
    assert bruno.post(f"/api/v1/cases/{case.number}/reply/", {"body": "I have it."}).status_code == 201


def test_the_holder_of_a_restricted_case_sees_it(desk, now):
    case = make.case(now=now, team=desk.care, restricted_because="A colleague's own case")
    with make.signed():
        Party.objects.create(case=case, person=desk.ana, kind=Party.Kind.ACCESS, reason="Answers it")
    address = f"/api/v1/cases/{case.number}/"
    assert asks(desk.marta).get(address).status_code == 404
    assert escalate(case, asks(desk.ana), path=desk.path.pk, level=2).status_code == 201
    assert asks(desk.marta).get(address).status_code == 200
    assert asks(desk.priya).get(address).status_code == 404
    assert asks(desk.priya).get("/api/v1/handoffs/").data["results"] == []
    # A second ladder speaks for the case from now on; who holds it by the first still sees it.
    other = make.path("Press", levels=[{"person": desk.priya}], fallback=desk.priya)
    assert escalate(case, asks(desk.ana), path=other.pk, level=1).status_code == 201
    assert asks(desk.priya).get(address).status_code == 200
    assert asks(desk.marta).get(address).status_code == 200
    assert case.parties.get(person=desk.marta).kind == Party.Kind.ACCESS


def test_who_is_named_in_a_complaint_sees_nothing_of_its_ladder(desk, case):
    with make.signed():
        Party.objects.create(case=case, person=desk.jonas, kind=Party.Kind.SUBJECT, reason="Shouted")
    handoff, client = Handoff.objects.get(), asks(desk.jonas)
    assert client.get(f"/api/v1/handoffs/{handoff.pk}/").status_code == 404
    assert client.get(f"/api/v1/cases/{case.number}/plan/").status_code == 404
    assert answer(handoff, "acknowledge", client).status_code == 404
    assert client.get("/api/v1/escalations/").data["results"] == []
    assert client.get("/api/v1/notices/").data["results"] == []


def test_the_plan_says_who_gets_it_when_if_nobody_acts(desk, case):
    shown = asks(desk.ana).get(f"/api/v1/cases/{case.number}/plan/").data
    assert (shown["path"], shown["level"]) == ("Complaints", 1)
    steps = [
        (step["at"], step["level"], step["name"], step["because"], step["is_fallback"])
        for step in shown["steps"]
    ]
    assert steps[:2] == [
        ("2026-03-02T08:29:59Z", 2, "Marta", "unacknowledged", False),
        ("2026-03-02T09:29:59Z", 3, "Priya", "unacknowledged", False),
    ]
    assert steps[-1][-1] is True
    assert shown["steps"][0]["condition"] == "if nobody acknowledges"


def test_the_plan_announces_the_ladder_a_breach_would_start(desk, now):
    case = make.case(now=now, team=desk.care)
    shown = asks(desk.ana).get(f"/api/v1/cases/{case.number}/plan/").data
    assert shown["escalation"] is None
    first = shown["steps"][0]
    assert (first["at"], first["team"], first["because"]) == (
        "2026-03-02T09:00:00Z",
        desk.care.pk,
        "first_response",
    )


def test_what_is_to_come_is_told_to_whoever_may_find_the_case(desk, case):
    assert statuses(desk, lambda client: client.get(f"/api/v1/cases/{case.number}/plan/")) == expected(200)


@pytest.mark.parametrize("rows", [1, 20])
def test_lists_cost_the_same_for_one_row_and_for_twenty(desk, now, rows, django_assert_num_queries):
    received_at = now - timedelta(hours=1, seconds=1)
    for number in range(rows):
        make.case(make.customer(f"Customer {number}"), now=received_at, team=desk.care)
    engine.run_until_idle(now=now)
    for handoff in Handoff.objects.all():
        respond.decline(handoff=handoff, reason="I know them", by=desk.ana, now=now)
    client = asks(desk.ana)
    for name, queries in {"escalations": 3, "handoffs": 2, "paths": 1}.items():
        with django_assert_num_queries(queries, info=name) as done:
            assert client.get(f"/api/v1/{name}/").data["results"]
        assert "COUNT(" not in " ".join(query["sql"].upper() for query in done)
