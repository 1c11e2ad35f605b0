"""Many cases at once and saved views by the API: as on the pages, each outcome said, undone, one's own."""

from datetime import timedelta

import pytest

from cases.models import Case, CaseTag, DoneTogether, SavedView, Tag
from cases.models.together import UNDO_WITHIN
from cases.operations import promising, saved_views
from tests import factories as make
from tests.worlds import asks, refusal

from .desks import HOUR, NOW, new_case, people

pytestmark = pytest.mark.django_db

TOGETHER, VIEWS = "/api/v1/together/", "/api/v1/saved-views/"


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """It is eleven in Madrid, until a test turns the clock."""
    at = {"now": NOW}
    monkeypatch.setattr("django.utils.timezone.now", lambda: at["now"])
    return at


@pytest.fixture
def desk():
    return people()


@pytest.fixture
def three(desk):
    return [new_case(desk, f"Customer {n}", subject=f"Case {n}") for n in range(3)]


def chosen(*cases):
    return [{"number": case.number, "revision": case.revision} for case in cases]


def do(person, what, cases, **said):
    answer = asks(person).post(f"{TOGETHER}{what}/", {"cases": chosen(*cases), **said})
    assert answer.status_code == 200, answer.data
    return answer.data


def outcomes(done):
    return [(row["case"], row["is_done"]) for row in done["outcomes"]]


# --- Many cases at once -------------------------------------------------------------------------------------


def test_each_case_has_its_outcome_and_what_is_refused_is_refused_for_it_alone(desk, three):
    promising.promise(case=three[1], what="A credit note", due_at=NOW + HOUR, by=desk["agent"], now=NOW)
    hidden = new_case(desk, "Hidden", of="stranger", subject="Hidden one", restricted_because="staff matter")
    three[1].refresh_from_db()
    done = do(desk["agent"], "close", [*three, hidden], reason="all done")
    assert outcomes(done) == [
        (three[0].number, True),
        (three[1].number, False),
        (three[2].number, True),
        (hidden.number, False),
    ]
    assert "A credit note" in done["outcomes"][1]["why"]
    assert "not yours to know of" in done["outcomes"][3]["why"]
    assert (done["what"], done["may_be_undone"]) == ("close", True)
    first = Case.history.filter(id=three[0].pk).latest("history_id")
    assert (first.history_via, first.history_change_reason) == ("api", "all done")


def test_cases_are_assigned_prioritised_and_tagged(desk, three):
    with make.signed():
        press, refund = (Tag.objects.create(name=name) for name in ("press", "refund"))
        CaseTag.objects.create(case=three[0], tag=refund, added_at=NOW)
    agent = desk["agent"]
    do(agent, "tag", three[:2], add=[press.pk], remove=[refund.pk])
    do(agent, "prioritise", three[2:], priority=4, reason="an outage")
    now = list(Case.objects.order_by("pk"))
    do(agent, "assign", now, owner=None, reason="free again")
    shown = asks(agent).get("/api/v1/cases/").data["results"]
    assert [[tag["name"] for tag in row["tags"]] for row in shown] == [[], ["press"], ["press"]]
    assert [(row["priority"], row["owner"]) for row in shown] == [(4, None), (2, None), (2, None)]


def test_one_case_is_tagged_by_a_verb_of_its_own(desk, three):
    with make.signed():
        tag, off = Tag.objects.create(name="press"), Tag.objects.create(name="old", is_active=False)
    where = f"/api/v1/cases/{three[0].number}/tag/"
    done = asks(desk["agent"]).post(where, {"add": [tag.pk], "revision": three[0].revision})
    assert done.data["tags"] == [{"id": tag.pk, "name": "press"}]
    assert refusal(asks(desk["agent"]).post(where, {"remove": [tag.pk], "revision": 1})) == (
        409,
        "stale_case",
    )
    assert refusal(asks(desk["agent"]).post(where, {"add": [off.pk]})) == (400, "invalid")
    assert refusal(asks(desk["agent"]).post(where, {})) == (400, "incomplete")
    assert [row["name"] for row in asks(desk["agent"]).get("/api/v1/tags/").data["results"]] == ["press"]


def test_sent_again_under_its_key_it_is_done_once(desk, three):
    first = do(desk["agent"], "prioritise", three, priority=4, reason="x", key="mine")
    assert do(desk["agent"], "prioritise", three, priority=4, reason="x", key="mine") == first
    other = do(desk["agent"], "prioritise", three, priority=1, reason="x", key="mine")
    assert [is_done for _case, is_done in outcomes(other)] == [False] * 3
    assert set(Case.objects.values_list("priority", flat=True)) == {4}


def test_it_is_undone_for_a_quarter_of_an_hour_where_nobody_was_quicker(desk, three, clock):
    done = do(desk["agent"], "prioritise", three, priority=4, reason="a slip")
    with make.signed(NOW):
        Case.objects.filter(pk=three[1].pk).update(priority=1, revision=9)
    clock["now"] = NOW + UNDO_WITHIN
    where = f"{TOGETHER}{done['id']}/"
    assert asks(desk["supervisor"]).post(f"{where}undo/").status_code == 404
    undone = asks(desk["agent"]).post(f"{where}undo/").data
    assert [row["is_undone"] for row in undone["outcomes"]] == [True, False, True]
    assert "it stays as it is" in undone["outcomes"][1]["why_kept"]
    assert asks(desk["agent"]).post(f"{where}undo/").data == undone == asks(desk["agent"]).get(where).data
    assert list(Case.objects.order_by("pk").values_list("priority", flat=True)) == [2, 1, 2]
    late = do(desk["agent"], "assign", Case.objects.all(), owner=None, reason="x")
    clock["now"] += UNDO_WITHIN + timedelta(seconds=1)
    refused = asks(desk["agent"]).post(f"{TOGETHER}{late['id']}/undo/")
    assert refusal(refused) == (400, "too_late")


@pytest.mark.parametrize(
    ("said", "field", "words"),
    [
        ({"cases": []}, "cases", "Choose at least one case."),
        ({"cases": [{"number": f"C-{20001 + n}", "revision": 1} for n in range(51)]}, "cases", "chose 51"),
        ({"cases": [{"number": "C-20001"}]}, "cases.0.revision", "required"),
        ({"cases": [{"number": "one", "revision": 1}]}, "cases.0.number", "does not match"),
        ({"cases": [{"number": "C-20001", "revision": 1}]}, "reason", "required"),
    ],
)
def test_what_is_missing_or_too_much_is_refused_and_nothing_kept(desk, three, said, field, words):
    answer = asks(desk["agent"]).post(f"{TOGETHER}close/", said)
    assert refusal(answer) == (400, "invalid")
    assert words in " ".join(answer.data["fields"][field])
    assert not DoneTogether.objects.exists()


def test_to_assign_says_what_changes(desk, three):
    answer = asks(desk["agent"]).post(f"{TOGETHER}assign/", {"cases": chosen(*three), "reason": "x"})
    assert answer.data["messages"] == ["Choose another team, another owner, or both."]


def test_what_was_done_costs_the_same_to_read_however_much_it_is(desk, three, django_assert_num_queries):
    for number in range(3):
        do(desk["agent"], "prioritise", Case.objects.all(), priority=number + 1, reason="x")
    with django_assert_num_queries(1):
        assert len(asks(desk["agent"]).get(TOGETHER).data["results"]) == 3


# --- Saved views --------------------------------------------------------------------------------------------


@pytest.fixture
def care(desk):
    return desk["agent"].teams.get()


def test_a_view_is_kept_shared_renamed_and_deleted(desk, care):
    client = asks(desk["agent"])
    said = {"name": "Urgent", "query": "?priority=4&cursor=x&sort=received"}
    kept = client.post(VIEWS, said)
    assert kept.status_code == 201
    assert (kept.data["query"], kept.data["team"], kept.data["may_change"]) == (
        "priority=4&sort=received",
        None,
        True,
    )
    where = f"{VIEWS}{kept.data['id']}/"
    assert client.post(f"{where}share/", {"team": care.pk}).data["team"]["name"] == "Care"
    assert client.post(f"{where}rename/", {"name": "Now"}).data["name"] == "Now"
    assert client.post(f"{where}share/", {"team": None}).data["team"] is None
    assert client.post(f"{where}delete/").data == {"name": "Now"}
    assert not SavedView.objects.exists()


def test_ones_own_and_shared_ones_are_listed_and_changed_by_who_may(desk, care, django_assert_num_queries):
    jonas = make.person("Jonas")
    with make.signed():
        jonas.memberships.create(team=care)
    shared = saved_views.save_view(name="Ours", query="view=team", team=care, by=desk["agent"])
    saved_views.save_view(name="Mine", query="view=mine", by=desk["agent"])
    listed = {}
    for who, person in (("jonas", jonas), *desk.items()):
        rows = asks(person).get(VIEWS).data.get("results", ())
        listed[who] = {row["name"]: row["may_change"] for row in rows}
    assert listed == {
        "agent": {"Ours": True, "Mine": True},
        "jonas": {"Ours": False},
        "supervisor": {"Ours": True},
        "manager": {"Ours": True},
        "auditor": {},
        "administrator": {},
        "stranger": {},
    }
    where = f"{VIEWS}{shared.pk}/"
    assert refusal(asks(jonas).post(f"{where}rename/", {"name": "X"})) == (403, "not_theirs")
    assert refusal(asks(desk["supervisor"]).post(f"{where}share/", {"team": None})) == (403, "not_theirs")
    assert asks(desk["stranger"]).post(f"{where}delete/").status_code == 404
    assert asks(desk["supervisor"]).post(f"{where}delete/").status_code == 200
    with django_assert_num_queries(1):
        asks(desk["agent"]).get(VIEWS)


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ({"name": " ", "query": ""}, (400, "incomplete")),
        ({"name": "Mine", "query": ""}, (400, "wrong_move")),
        ({"name": "x" * 61, "query": ""}, (400, "invalid")),
        ({"name": "Long", "query": f"q={'x' * 600}"}, (400, "incomplete")),
        ({"name": "Theirs", "query": "", "team": "Network"}, (403, "not_theirs")),
    ],
)
def test_what_cannot_be_kept_is_refused_by_name(desk, said, refused):
    saved_views.save_view(name="Mine", query="view=mine", by=desk["agent"])
    if "team" in said:
        said = {**said, "team": desk["stranger"].teams.get().pk}
    assert refusal(asks(desk["agent"]).post(VIEWS, said)) == refused
    assert SavedView.objects.count() == 1
