"""Who is named on a case, and restricted cases: they exist for those named and for whoever has them."""

import pytest

from cases.errors import ConflictOfInterest, Incomplete, NotTheirs, StaleCase, WrongMove
from cases.models import Case, Notice, Party, Standing
from cases.operations import parties, routing
from tests import factories as make
from tests.workspace import NOW, ROLES, body, new_case, page, people, post
from tests.worlds import asks, refusal

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def eleven_in_madrid(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def desk():
    return people()


@pytest.fixture
def case(desk):
    return new_case(desk)


def finds(case, person):
    return Case.objects.findable(person).filter(pk=case.pk).exists()


def restricted(case, by):
    parties.restrict(case=case, reason="a colleague’s own case", by=by, now=NOW)
    return case


def named(case):
    return {(p.person.name, p.kind) for p in case.parties.select_related("person")}


# --- Restrict, open up, name, strike ---


def test_a_restricted_case_exists_for_who_restricts_it_and_who_owns_it_until_it_is_opened(desk, case):
    restricted(case, desk["supervisor"])
    assert {role for role in ROLES if finds(case, desk[role])} == {"agent", "supervisor", "auditor"}
    assert Standing.objects.get(pk=case.pk).is_restricted
    last = Case.history.filter(id=case.pk).latest("history_id")
    assert (last.history_change_reason, last.restricted_because) == (("a colleague’s own case",) * 2)
    with pytest.raises(WrongMove, match="restricted already"):
        restricted(case, desk["agent"])
    parties.open_up(case=case, reason="it was none", by=desk["agent"], now=NOW)
    case.refresh_from_db()
    assert (case.is_restricted, case.restricted_because) == (False, "")
    assert finds(case, desk["stranger"])
    assert named(case) == {("Lucia", "access"), ("Ana", "access")}
    with pytest.raises(WrongMove, match="not restricted"):
        parties.open_up(case=case, reason="again", by=desk["agent"], now=NOW)


def test_whoever_is_named_sees_it_is_told_and_may_be_struck_and_named_again(desk, case):
    restricted(case, desk["agent"])
    stranger = desk["stranger"]
    given = {"case": case, "person": stranger, "by": desk["agent"], "now": NOW}
    party = parties.name(kind="access", reason="knows the network", **given)
    [told] = Notice.objects.in_app_for(stranger)
    assert (told.kind, told.facts["reason"]) == ("named", "knows the network")
    assert finds(case, stranger)
    with pytest.raises(WrongMove, match="named already"):
        parties.name(kind="access", reason="x", **given)
    parties.strike(party=party, reason="not needed", by=desk["agent"], now=NOW)
    assert not finds(case, stranger)
    assert not Notice.objects.in_app_for(stranger)
    with pytest.raises(WrongMove, match="not named"):
        parties.strike(party=party, reason="x", by=desk["agent"], now=NOW)
    parties.name(kind="access", reason="after all", **given)
    assert finds(case, stranger)
    kinds = list(Party.history.filter(id=party.pk).order_by("history_id").values_list("kind", flat=True))
    assert kinds == ["access", "former", "access"]


def test_the_subject_of_a_complaint_sees_none_of_it_and_only_a_supervisor_clears_them(desk, case):
    stranger, agent = desk["stranger"], desk["agent"]
    given = {"case": case, "by": agent, "now": NOW, "reason": "it is about him"}
    parties.name(person=stranger, kind="access", **given)
    party = parties.name(person=stranger, kind="subject", **given)
    assert named(case) == {("Tomas", "subject")}
    assert not finds(case, stranger)
    with pytest.raises(ConflictOfInterest, match="sees nothing"):
        parties.name(person=stranger, kind="access", **given)
    with pytest.raises(ConflictOfInterest, match="owns this case"):
        parties.name(person=agent, kind="subject", **given)
    Standing.objects.filter(pk=case.pk).update(holder=desk["supervisor"])
    with pytest.raises(ConflictOfInterest, match="holds this case"):
        parties.name(person=desk["supervisor"], kind="subject", **given)
    with pytest.raises(NotTheirs, match="supervisor"):
        parties.strike(party=party, reason="it is not", by=agent, now=NOW)
    parties.strike(party=party, reason="it is not", by=desk["supervisor"], now=NOW)
    assert finds(case, stranger)


def test_what_is_refused_changes_nothing(desk, case):
    agent, stranger = desk["agent"], desk["stranger"]
    restricted(case, agent)
    own = case.parties.get(person=agent)
    before = (Case.objects.get(pk=case.pk).revision, named(case))
    signed = {"by": agent, "now": NOW}
    for error, refused in (
        (Incomplete, lambda: parties.restrict(case=case, reason=" ", **signed)),
        (Incomplete, lambda: parties.open_up(case=case, reason=" ", **signed)),
        (Incomplete, lambda: parties.name(case=case, person=stranger, kind="access", reason=" ", **signed)),
        (WrongMove, lambda: parties.name(case=case, person=stranger, kind="former", reason="x", **signed)),
        (Incomplete, lambda: parties.strike(party=own, reason=" ", **signed)),
        (WrongMove, lambda: parties.strike(party=own, reason="x", **signed)),  # who owns it has to see it
        (StaleCase, lambda: parties.open_up(case=case, reason="x", revision=1, **signed)),
    ):
        with pytest.raises(error):
            refused()
    assert (Case.objects.get(pk=case.pk).revision, named(case)) == before


def test_who_was_struck_is_let_in_again_by_the_same_row_and_struck_again(desk, case):
    agent, stranger = desk["agent"], desk["stranger"]
    restricted(case, agent)
    signed = {"by": agent, "now": NOW, "reason": "x"}
    party = parties.name(case=case, person=stranger, kind="access", **signed)
    parties.strike(party=party, **signed)
    other = restricted(new_case(desk), agent)
    with make.signed():
        parties.let_in_to_all([case, other], stranger, "takes it over")
        parties.let_in_to_all([case, other], stranger, "twice")
    assert finds(case, stranger) and finds(other, stranger)
    assert case.parties.get(person=stranger).pk == party.pk
    assert other.parties.get(person=stranger).reason == "takes it over"
    parties.strike(party=party, **signed)
    assert not finds(case, stranger)


def test_the_last_one_named_on_a_restricted_case_stays(desk, case):
    routing.assign(case=case, owner=None, reason="nobody’s", by=desk["agent"], now=NOW)
    restricted(case, desk["agent"])
    with pytest.raises(WrongMove, match="Nobody else"):
        parties.strike(party=case.parties.get(), reason="x", by=desk["agent"], now=NOW)


# --- Assigning a restricted case ---


def test_whoever_a_restricted_case_is_assigned_to_sees_it_and_is_told(desk, case):
    restricted(case, desk["agent"])
    stranger = desk["stranger"]
    network = stranger.teams.get()
    with pytest.raises(WrongMove, match="choose an owner"):
        routing.assign(case=case, team=network, owner=None, reason="theirs", by=desk["agent"], now=NOW)
    routing.assign(case=case, team=network, owner=stranger, reason="theirs", by=desk["agent"], now=NOW)
    assert finds(case, stranger)
    [told] = Notice.objects.in_app_for(stranger)
    assert told.kind == "assigned"
    assert case.parties.get(person=stranger).reason == "owns the case"
    parties.name(case=case, person=desk["manager"], kind="subject", reason="x", by=desk["agent"], now=NOW)
    with pytest.raises(ConflictOfInterest, match="Marta is named"):
        routing.assign(case=case, owner=desk["manager"], reason="x", by=desk["agent"], now=NOW)
    # Of a case that is not restricted nobody is named by owning it.
    other = new_case(desk, "Other", owner=desk["agent"])
    routing.assign(case=other, owner=stranger, reason="theirs", by=desk["agent"], now=NOW)
    assert not other.parties.exists()


# --- On pages and in the API ---

WHO_MAY = dict.fromkeys(
    ("case-restrict", "case-open-up", "case-name", "case-strike"), (200, 200, 200, 403, 404, 403)
)


def test_each_role_is_answered(client, desk, case):
    party = parties.name(
        case=case, person=desk["manager"], kind="access", reason="x", by=desk["agent"], now=NOW
    )
    for name, expected in WHO_MAY.items():
        args = [party.pk] if name == "case-strike" else []
        found = tuple(page(client, desk[role], name, case.number, *args).status_code for role in ROLES)
        assert found == expected, name
    assert page(client, desk["agent"], "case-strike", case.number, party.pk + 1).status_code == 404


def test_a_case_is_restricted_and_people_are_named_on_its_page(client, desk, case):
    agent, manager = desk["agent"], desk["manager"]

    def send(name, *args, **said):
        said["revision"] = Case.objects.get(pk=case.pk).revision
        return post(client, agent, name, case.number, *args, **said)

    assert send("case-restrict", reason="").status_code == 422
    assert send("case-restrict", reason="staff matter").status_code == 302
    assert page(client, desk["supervisor"], "case", case.number).status_code == 404
    assert send("case-name", person=manager.pk, kind="access", reason="decides on it").status_code == 302
    shown = body(page(client, manager, "case", case.number))
    assert "Named on it" in shown
    assert "“decides on it”" in shown
    assert "named Marta on the case, with access" in shown
    party = case.parties.get(person=manager)
    stale = post(client, agent, "case-strike", case.number, party.pk, reason="no more", revision=1)
    assert stale.status_code == 422
    assert send("case-strike", party.pk, reason="no more").status_code == 302
    assert page(client, manager, "case", case.number).status_code == 404
    assert send("case-open-up", reason="over").status_code == 302
    assert "opened the case to its team" in body(page(client, manager, "case", case.number))
    # Who names themselves as its subject is led away from a case that is kept from them now.
    assert send("case-name", person=desk["supervisor"].pk, kind="subject", reason="x").status_code == 302
    routing.assign(case=case, owner=None, reason="x", by=agent, now=NOW)
    assert send("case-name", person=agent.pk, kind="subject", reason="it was me").url == "/cases/"


def test_programs_restrict_and_name_as_pages_do(desk, case):
    where, agent = f"/api/v1/cases/{case.number}", asks(desk["agent"])
    assert asks(desk["stranger"]).post(f"{where}/restrict/", {"reason": "x"}).status_code == 403
    assert agent.post(f"{where}/restrict/", {"reason": "staff"}).data["is_restricted"] is True
    said = {"person": desk["stranger"].pk, "kind": "access", "reason": "helps"}
    row = agent.post(f"{where}/name/", said)
    assert (row.status_code, row.data["kind"]) == (201, "access")
    assert refusal(agent.post(f"{where}/name/", said)) == (400, "wrong_move")
    gone = agent.post(f"{where}/strike/", {"party": row.data["id"], "reason": "done"})
    assert gone.data["kind"] == "former"
    kinds = [party["kind"] for party in agent.get(f"{where}/parties/").data["results"]]
    assert kinds == ["former", "access"]
    assert asks(desk["stranger"]).get(f"{where}/parties/").status_code == 404
    assert agent.post(f"{where}/open-up/", {"reason": "over"}).data["is_restricted"] is False
    assert asks(desk["stranger"]).get(f"{where}/parties/").status_code == 403
    other = new_case(desk, "Other")
    wrong = agent.post(f"/api/v1/cases/{other.number}/strike/", {"party": row.data["id"], "reason": "x"})
    assert wrong.status_code == 400
