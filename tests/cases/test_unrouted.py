"""Cases that are nobody's yet: everybody who works sees them, reads them and may take them."""

import pytest
from django.urls import reverse

from cases import counting, queues
from cases.errors import ConflictOfInterest, StaleCase, WrongMove
from cases.models import Case, Message, Party, Trigger
from cases.operations import routing, talk
from cases.states import Metric
from tests import factories as make
from tests.worlds import asks

from .desks import HOUR, NOW, ROLES, body, new_case, page, people, post, subjects

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def eleven_in_madrid(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def desk():
    return people()


@pytest.fixture
def case(desk):
    return new_case(desk, subject="Nobody’s", team=None, owner=None)


def test_the_unassigned_view_shows_it_to_everybody_of_any_team(client, desk, case):
    for role in ("agent", "stranger", "supervisor", "manager", "auditor"):
        assert subjects(page(client, desk[role], "case-list", view="unassigned")) == ["Nobody’s"]
        assert subjects(page(client, desk[role], "case-list", view="all")) == ["Nobody’s"]
    for view in ("", "mine", "team"):
        assert subjects(page(client, desk["agent"], "case-list", view=view)) == []


def test_what_nobody_owns_in_another_team_is_not_everybodys(client, desk):
    new_case(desk, subject="Care’s", owner=None)
    new_case(desk, "Fabrikam", subject="Owned, no team", team=None, owner=desk["agent"])
    assert subjects(page(client, desk["stranger"], "case-list", view="unassigned")) == []
    assert counting.counts([queues.VIEWS["all"]], queues.Reader.of(desk["stranger"], NOW)) == {"all": "0"}


def test_whoever_works_cases_reads_all_of_it_and_answers_it(client, desk, case):
    talk.note(case=case, body="Only among us", by=desk["agent"], now=NOW)
    shown = body(page(client, desk["stranger"], "case", case.number))
    assert "Only among us" in shown and "another team’s" not in shown
    assert reverse("case-take", args=[case.number]) in shown
    said = {"reply-body": "We look into it.", "reply-channel": "mail", "reply-revision": 2}
    assert post(client, desk["stranger"], "case-reply", case.number, **said).status_code == 302
    assert Message.objects.filter(body="We look into it.", author=desk["stranger"]).exists()


def test_an_auditor_reads_it_and_takes_nothing(client, desk, case):
    shown = body(page(client, desk["auditor"], "case", case.number))
    assert reverse("case-take", args=[case.number]) not in shown


def test_each_role_may_take_it_or_not(client, desk):
    found = {}
    for role in ROLES:
        case = new_case(desk, f"Customer {role}", team=None, owner=None)
        found[role] = (
            post(client, desk[role], "case-take", case.number, revision=case.revision).status_code,
            Case.objects.get(pk=case.pk).owner,
        )
    works = {role: (302, desk[role]) for role in ("agent", "supervisor", "manager", "stranger")}
    assert found == works | {"auditor": (403, None), "administrator": (404, None)}
    client.logout()
    assert client.post(reverse("case-take", args=[case.number])).status_code == 302
    assert client.get(reverse("case-take", args=[case.number])).status_code in (302, 405)


def test_who_takes_it_owns_it_in_their_team_and_it_counts_as_no_reassignment(desk, case):
    routing.take(case=case, by=desk["stranger"], now=NOW)
    case.refresh_from_db()
    assert (case.owner, case.team) == (desk["stranger"], desk["stranger"].teams.get())
    assert case.reassigned_count == 0
    assert not Trigger.objects.filter(case=case, kind="reassigned").exists()
    row = Case.history.filter(id=case.pk).latest("history_id")
    assert (row.history_user_id, row.history_change_reason) == (desk["stranger"].pk, "taken")


def test_with_the_team_its_ownership_term_begins(desk):
    targets = {(Metric.FIRST_RESPONSE, None): 4 * 3600, (Metric.OWNERSHIP, None): 3600}
    make.policy("With ownership", targets=targets, position=1)
    case = new_case(desk, at=NOW - HOUR, team=None, owner=None)
    assert not case.clocks.filter(metric=Metric.OWNERSHIP).exists()
    routing.take(case=case, by=desk["agent"], now=NOW)
    assert case.clocks.get(metric=Metric.OWNERSHIP).started_at == NOW


def test_a_team_keeps_its_case_whoever_of_it_takes_it(desk):
    care = desk["agent"].teams.get()
    case = new_case(desk, owner=None)
    routing.take(case=case, by=desk["supervisor"], now=NOW)
    assert (case.owner, case.team) == (desk["supervisor"], care)


def test_who_is_in_no_team_takes_it_without_one(desk, case):
    routing.take(case=case, by=desk["manager"], now=NOW)
    assert (case.owner, case.team) == (desk["manager"], None)


def test_of_two_who_take_it_the_second_is_told(client, desk, case):
    seen = case.revision
    routing.take(case=Case.objects.get(), by=desk["agent"], now=NOW)
    with pytest.raises(StaleCase):
        routing.take(case=case, revision=seen, by=desk["stranger"], now=NOW)
    with pytest.raises(WrongMove, match="Lucia"):
        routing.take(case=case, by=desk["supervisor"], now=NOW)
    assert Case.objects.get().owner == desk["agent"]


def test_a_case_with_an_owner_or_an_end_is_not_offered(client, desk):
    owned = new_case(desk)
    ended = new_case(desk, "Fabrikam", team=None, owner=None)
    with make.signed():
        Case.objects.filter(pk=ended.pk).update(status="closed", closed_at=NOW)
    for case in (owned, ended):
        shown = body(page(client, desk["agent"], "case", case.number))
        assert reverse("case-take", args=[case.number]) not in shown


def test_nobody_named_in_the_complaint_takes_it_nor_knows_of_it(client, desk, case):
    with make.signed():
        Party.objects.create(case=case, person=desk["stranger"], kind="subject", reason="about him")
    assert post(client, desk["stranger"], "case-take", case.number, revision=1).status_code == 404
    assert subjects(page(client, desk["stranger"], "case-list", view="unassigned")) == []
    with pytest.raises(ConflictOfInterest):
        routing.take(case=case, by=desk["stranger"], now=NOW)


def test_a_restricted_one_stays_for_those_named_on_it(client, desk):
    hidden = new_case(desk, of="manager", restricted_because="staff matter", team=None, owner=None)
    assert page(client, desk["agent"], "case", hidden.number).status_code == 404
    assert post(client, desk["agent"], "case-take", hidden.number, revision=1).status_code == 404
    assert subjects(page(client, desk["agent"], "case-list", view="unassigned")) == []


def test_the_api_lists_it_for_those_who_may_take_it_and_lets_them(desk, case):
    who = asks(desk["stranger"])
    listed = who.get("/api/v1/cases/", {"is_unrouted": True}).data["results"]
    assert [row["number"] for row in listed] == [case.number]
    answer = who.post(f"/api/v1/cases/{case.number}/take/", {"revision": case.revision})
    assert (answer.status_code, answer.data["owner"]["id"]) == (200, desk["stranger"].pk)
    again = who.post(f"/api/v1/cases/{case.number}/take/", {})
    assert (again.status_code, again.data["code"]) == (400, "wrong_move")
    assert asks(desk["auditor"]).post(f"/api/v1/cases/{case.number}/take/", {}).status_code == 403


# --- The list of who works no cases ---


@pytest.mark.parametrize("view", ["", "mine", "team", "escalated", "all", "no such view"])
def test_an_auditors_list_begins_with_all_that_they_may_read(client, desk, case, view):
    new_case(desk, "Fabrikam", subject="Care’s")
    answer = page(client, desk["auditor"], "case-list", **({"view": view} if view else {}))
    assert sorted(subjects(answer)) == ["Care’s", "Nobody’s"]
    assert "<h1>All open</h1>" in body(answer)


def test_where_an_auditor_is_stands_out_beside_the_list(client, desk):
    shown = body(page(client, desk["auditor"], "case-list"))
    assert f'href="{reverse("case-list")}?view=all" aria-current="page"' in shown
    assert "view=mine" not in shown


def test_who_works_cases_begins_with_what_they_owe(client, desk):
    for role in ("agent", "supervisor", "manager"):
        assert page(client, desk[role], "case-list").context["view"] == queues.VIEWS[""]
