"""The history of a case in the API: complete, in order, to whom it is due."""

from datetime import timedelta

import pytest

from cases import engine
from cases.operations import routing, talk
from escalations.models import Handoff
from escalations.operations import respond
from tests import factories as make
from tests import worlds
from tests.worlds import asks

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def desk():
    return worlds.desk()


@pytest.fixture
def case(desk, now):
    """Opened, forgotten, escalated by the engine, acknowledged, and moved to another priority."""
    case = make.case(now=now, by=desk.ana, team=desk.care, owner=desk.ana)
    late = now + timedelta(hours=1, seconds=1)
    engine.run_until_idle(now=late)
    respond.acknowledge(handoff=Handoff.objects.get(), by=desk.jonas, now=late + MINUTE)
    routing.prioritise(case=case, priority=4, reason="Payroll", by=desk.jonas, now=late + 2 * MINUTE)
    return case


def history(case, asker, **query):
    return asks(asker).get(f"/api/v1/cases/{case.number}/history/", query)


def rows(case, asker, **query):
    return history(case, asker, **query).data["results"]


def test_history_says_who_changed_what_why_when_and_how(desk, case):
    last = [row for row in rows(case, desk.ana, what="case") if row["did"] == "changed"][-1]
    assert (last["who"]["name"], last["why"], last["when"]) == ("Jonas", "Payroll", "2026-03-02T09:02:01Z")
    changed = {change["field"]: (change["old"], change["new"]) for change in last["changes"]}
    assert changed["priority"] == (2, 4)
    assert set(changed) == {"priority", "revision"}
    [moved] = [row for row in rows(case, desk.ana, what="escalation") if row["did"] == "created"]
    assert (moved["who"]["id"], moved["via"]) == (-2, "engine")
    assert {change["field"]: change["old"] for change in moved["changes"]}["level_number"] is None


def test_history_holds_every_row_of_the_case_and_what_hangs_on_it_in_order(desk, case):
    make.case(make.customer("Fabrikam"), now=case.received_at, team=desk.care)
    told = rows(case, desk.ana, page_size=200)
    counted = sum(
        row.history.count()
        for row in (
            case,
            *case.messages.all(),
            *case.clocks.all(),
            *case.triggers.all(),
            *case.escalations.all(),
            *Handoff.objects.all(),
        )
    )
    assert len(told) == counted
    assert {row["what"] for row in told} == {"case", "message", "clock", "trigger", "escalation", "handoff"}
    assert [row["when"] for row in told] == sorted(row["when"] for row in told)
    assert told[0]["what"] == "case" and told[0]["did"] == "created"
    for what in ("case", "clock", "handoff"):
        ids = [row["id"] for row in told if row["what"] == what]
        assert ids == sorted(ids)


@pytest.mark.parametrize("size", [1, 3, 200])
def test_pages_tell_everything_once(desk, case, size):
    whole = [(row["what"], row["id"]) for row in rows(case, desk.ana, page_size=200)]
    page, seen = history(case, desk.ana, page_size=size).data, []
    while True:
        seen += [(row["what"], row["id"]) for row in page["results"]]
        assert len(page["results"]) <= size
        if page["next"] is None:
            break
        page = asks(desk.ana).get(page["next"]).data
    assert seen == whole


def test_history_is_narrowed(desk, case):
    assert {row["what"] for row in rows(case, desk.ana, what=["clock", "handoff"])} == {"clock", "handoff"}
    assert {row["who"]["name"] for row in rows(case, desk.ana, who=desk.jonas.pk)} == {"Jonas"}
    assert {row["via"] for row in rows(case, desk.ana, via="engine")} == {"engine"}
    instant = "2026-03-02T09:01:01Z"  # Jonas acknowledges
    since, before = rows(case, desk.ana, since=instant), rows(case, desk.ana, before=instant)
    assert since[0]["when"] == instant and before[-1]["when"] < instant
    assert len(since) + len(before) == len(rows(case, desk.ana, page_size=200))
    assert rows(case, desk.ana, via="replay") == []


def test_old_values_are_those_before_even_where_the_list_is_narrowed(desk, case):
    [row] = [r for r in rows(case, desk.ana, what="handoff", who=desk.jonas.pk)]
    changed = {change["field"]: (change["old"], change["new"]) for change in row["changes"]}
    assert changed["state"] == ("waiting", "acknowledged")


@pytest.mark.parametrize(
    "query",
    [
        {"what": "timer"},
        {"who": "Jonas"},
        {"since": "2026-03-02T09:00:00"},
        {"cursor": "nonsense"},
        {"page_size": 0},
    ],
)
def test_what_cannot_be_asked_is_refused_by_field(desk, case, query):
    response = history(case, desk.ana, **query)
    assert (response.status_code, response.data["code"]) == (400, "invalid")
    assert list(response.data["fields"]) == list(query)


def test_history_is_read_by_those_it_is_due_to(desk, case):
    found = {who: history(case, getattr(desk, who)).status_code for who in ("ana", "marta", "priya", "audre")}
    assert set(found.values()) == {200}
    refused = {who: history(case, getattr(desk, who)).status_code for who in ("bruno", "sven", "adam")}
    assert set(refused.values()) == {403}
    assert history(case, None).status_code == 401


def test_the_history_of_a_restricted_case_is_hidden_with_it(desk, now):
    case = make.case(now=now, team=desk.care, restricted_because="A colleague's own case")
    assert {history(case, who).status_code for who in (desk.ana, desk.marta, desk.priya)} == {404}
    assert history(case, desk.audre).status_code == 200


@pytest.mark.parametrize("more", [0, 20])
def test_history_costs_the_same_however_long_it_is(desk, case, more, django_assert_num_queries):
    for number in range(more):
        talk.note(case=case, body=f"Note {number}", by=desk.ana, now=case.received_at + timedelta(hours=2))
    client = asks(desk.ana)
    with django_assert_num_queries(36):
        client.get(f"/api/v1/cases/{case.number}/history/", {"page_size": 200})


def test_an_instant_without_a_fraction_is_found_where_it_was_written(desk, now):
    """SQLite compares instants as text, so the database's own must be written as Django writes them."""
    case = make.case(now=now, team=desk.care)
    assert case.history.filter(history_date=now).exists()
    assert not case.history.filter(history_date__gt=now).exists()
