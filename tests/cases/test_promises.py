"""Promises: a broken one stays owed until a new date, a late keeping or a withdrawal."""

from datetime import timedelta

import pytest

from cases import engine
from cases.errors import Incomplete, InThePast, StaleCase, WrongMove
from cases.models import Case, Promise, Standing
from cases.operations import ending, merging, promising, replacing
from cases.reconciling import rounds
from tests import factories as make
from tests.workspace import HOUR, NOW, ROLES, body, new_case, page, people, post
from tests.worlds import asks, refusal

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def eleven_in_madrid(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def desk():
    return people()


def promised(case, by, what="Call Mr Byrne", due_at=NOW - HOUR, told=NOW - 2 * HOUR):
    return promising.promise(case=case, what=what, due_at=due_at, by=by, now=told)


def broken(desk, **fields):
    """A case with a promise that the engine found broken half an hour ago."""
    case = new_case(desk, at=NOW - 3 * HOUR, **fields)
    promise = promised(case, desk["agent"])
    engine.run_until_idle(now=NOW - HOUR / 2)
    promise.refresh_from_db()
    assert promise.state == Promise.State.BROKEN
    return Case.objects.get(pk=case.pk), promise


def owed(case):
    row = Standing.objects.get(pk=case.pk)
    return row.kind, row.promise_id, row.due_at, row.whose_id


# --- A broken promise stays owed ---


def test_a_broken_promise_is_the_next_obligation_of_its_maker_until_it_is_replaced(client, desk):
    case, promise = broken(desk)
    agent = desk["agent"]
    assert owed(case) == ("promise", promise.pk, NOW - HOUR, agent.pk)
    assert rounds.whole_round(now=NOW, mending=False).busy == 0
    shown = body(page(client, agent, "case-list"))
    assert "Give a new date: Call Mr Byrne" in shown
    assert "Broken" in shown
    with pytest.raises(Exception, match="neither kept nor replaced"):
        ending.close(case=case, reason="done", by=agent, now=NOW)
    new = replacing.replace(
        promise=promise, what="Call Mr Byrne", due_at=NOW + HOUR, word="Tomorrow.", by=agent, now=NOW
    )
    promise.refresh_from_db()
    assert (promise.state, promise.replaced_by_id) == ("broken", new.pk)
    assert owed(case) == ("promise", new.pk, NOW + HOUR, agent.pk)
    said = case.messages.get(direction="out")
    assert (said.body, said.author) == ("Tomorrow.", agent)
    assert rounds.whole_round(now=NOW, mending=False).busy == 0


@pytest.mark.parametrize("how", ["kept", "withdrawn"])
def test_a_broken_promise_that_is_kept_late_or_withdrawn_is_owed_no_more(desk, how):
    case, promise = broken(desk)
    if how == "kept":
        promising.keep(promise=promise, by=desk["agent"], now=NOW)
    else:
        promising.withdraw(promise=promise, reason="He came by himself", by=desk["agent"], now=NOW)
    promise.refresh_from_db()
    assert (promise.state, promise.ended_at, promise.broken_at) == (how, NOW, NOW - HOUR)
    assert owed(case)[0] == "clock"
    with pytest.raises(WrongMove, match="already"):
        replacing.replace(promise=promise, what="x", due_at=NOW + HOUR, word="x", by=desk["agent"], now=NOW)


def test_a_merged_cases_broken_promise_is_owed_on_the_one_it_goes_on_as(desk):
    case, promise = broken(desk)
    target = make.case(case.customer, now=NOW - 2 * HOUR, by=desk["agent"], owner=desk["agent"])
    merging.merge(case=case, into=target, reason="the same", by=desk["agent"], now=NOW)
    over_there = target.promises.get()
    assert owed(target)[:3] == ("promise", over_there.pk, promise.due_at)
    assert owed(case)[0] == "nothing"


def test_promises_of_resolved_cases_stay_among_those_due_today(client, desk):
    """A promise outlives the resolution until it is kept; a case resolved without one does not show."""
    for name in ("Kept later", "Without"):
        case = new_case(desk, name, subject=name, at=NOW - 3 * HOUR)
        if name == "Kept later":
            promise = promised(case, desk["agent"], due_at=NOW + HOUR)
        ending.resolve(case=case, reason="done", by=desk["agent"], now=NOW - HOUR)
    for role, seen in {"agent": 1, "supervisor": 1, "manager": 1, "auditor": 1, "stranger": 0}.items():
        answer = page(client, desk[role], "case-list", view="promises")
        assert [s.case.subject for s in answer.context["standings"]] == ["Kept later"] * seen, role
        assert not page(client, desk[role], "case-list", view="all").context["standings"], role
    promising.keep(promise=promise, by=desk["agent"], now=NOW)
    assert not page(client, desk["agent"], "case-list", view="promises").context["standings"]


# --- What is refused ---


def test_a_new_date_needs_a_word_and_a_time_to_come_and_is_given_once(desk):
    case, promise = broken(desk)
    agent, begun = desk["agent"], case.revision
    new = {"promise": promise, "what": "Call", "due_at": NOW + HOUR, "by": agent, "now": NOW}
    for error, fields in (
        (Incomplete, {}),
        (Incomplete, {"word": "x", "channel": "phone"}),
        (Incomplete, {"word": "x", "what": " "}),
        (InThePast, {"told_at": NOW + HOUR}),
        (InThePast, {"word": "x", "due_at": NOW}),
        (StaleCase, {"word": "x", "revision": begun - 1}),
    ):
        with pytest.raises(error):
            replacing.replace(**new | fields)
    assert Case.objects.get(pk=case.pk).revision == begun
    assert case.promises.count() == 1
    assert not case.messages.filter(direction="out").exists()
    by_phone = replacing.replace(**new, told_at=NOW - timedelta(minutes=5), channel="phone")
    assert (by_phone.told_at, by_phone.told_by_channel) == (NOW - timedelta(minutes=5), "phone")
    for again in (
        lambda: replacing.replace(**new, word="again"),
        lambda: promising.keep(promise=promise, by=agent, now=NOW),
        lambda: promising.withdraw(promise=promise, reason="x", by=agent, now=NOW),
        lambda: promising.promise(
            case=case, what="x", due_at=NOW + HOUR, replaces=promise, by=agent, now=NOW
        ),
    ):
        with pytest.raises(WrongMove, match="replaces this promise already"):
            again()
    assert case.promises.count() == 2


# --- On the page and in the API ---


def test_the_page_offers_kept_new_date_and_withdraw_and_drafts_the_word(client, desk):
    case, promise = broken(desk)
    shown = body(page(client, desk["agent"], "case", case.number))
    for act in ("keep", "replace", "withdraw"):
        assert f"/promises/{promise.pk}/{act}/" in shown, act
    assert "Give a new date</a>" in shown  # the strip's one primary action
    sheet = page(client, desk["agent"], "case-promise-replace", case.number, promise.pk)
    assert "We did not keep that date" in body(sheet)
    asked = page(
        client, desk["agent"], "case-promise-replace", case.number, promise.pk, due_at="2026-03-05T12:00"
    )
    assert "Thu 5 Mar 2026, 11:00 (UTC time)" in asked.context["form"].initial["word"]
    said = {
        "what": "Call Mr Byrne",
        "due_at": "2026-03-05T12:00",
        "kind": "update",
        "telling": "now",
        "channel": "mail",
        "word": "",
        "revision": case.revision,
    }
    empty = post(client, desk["agent"], "case-promise-replace", case.number, promise.pk, **said)
    assert empty.status_code == 422
    assert "Write what the customer is told of it." in body(empty)
    said["word"] = "On Thursday at noon."
    for status in (302, 422):  # sent twice, it is stale the second time
        answer = post(client, desk["agent"], "case-promise-replace", case.number, promise.pk, **said)
        assert answer.status_code == status
    assert case.promises.count() == 2
    new = case.promises.get(state="open")
    assert case.messages.filter(direction="out").count() == 1
    gone = post(
        client,
        desk["agent"],
        "case-promise-withdraw",
        case.number,
        new.pk,
        reason="Told on the phone",
        revision=Case.objects.get(pk=case.pk).revision,
    )
    assert gone.status_code == 302
    new.refresh_from_db()
    assert new.state == "withdrawn"
    assert new.history.latest("history_id").history_change_reason == "Told on the phone"


WHO_MAY = dict.fromkeys(("case-promise-replace", "case-promise-withdraw"), (200, 200, 200, 403, 404, 403))


@pytest.mark.parametrize("name", WHO_MAY)
def test_each_role_is_answered_and_strangers_are_asked_to_come_in(client, desk, name):
    case, promise = broken(desk)
    found = tuple(page(client, desk[role], name, case.number, promise.pk).status_code for role in ROLES)
    assert found == WHO_MAY[name]
    other = new_case(desk, "Other")
    assert page(client, desk["agent"], name, other.number, promise.pk).status_code == 404
    client.logout()
    assert client.get(f"/cases/{case.number}/promises/{promise.pk}/replace/").status_code == 302


def test_a_program_gives_a_new_date_with_its_word(desk):
    case, promise = broken(desk)
    where = f"/api/v1/promises/{promise.pk}/replace/"
    said = {"what": "Call", "due_at": (NOW + HOUR).isoformat(), "word": "At noon."}
    assert asks(desk["stranger"]).post(where, said).status_code == 404
    assert asks(desk["auditor"]).post(where, said).status_code == 403
    new = asks(desk["agent"]).post(where, said)
    assert (new.status_code, new.data["state"]) == (201, "open")
    assert refusal(asks(desk["agent"]).post(where, said)) == (400, "wrong_move")
    assert case.messages.get(direction="out").body == "At noon."
