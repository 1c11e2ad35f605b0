"""Asks, decisions and answers in the API: what is shown, filtered and done, and who may."""

from copy import deepcopy
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from cases.models import Answer, Ask, Case, Decision, Message, Party, Person
from cases.operations import answering, asking
from tests import factories as make
from tests import worlds
from tests.worlds import asks, expected, refusal, statuses

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
LIMIT = Decimal(100)


@pytest.fixture(autouse=True)
def clock(monkeypatch, now):
    """It is `now` for whoever looks at the clock."""
    monkeypatch.setattr(timezone, "now", lambda: now)


@pytest.fixture(scope="module")
def made(for_all_of_the_module):
    desk = worlds.desk()
    with make.signed():
        for name, limit in {"ana": LIMIT, "marta": 500, "priya": 5000}.items():
            person = getattr(desk, name)
            person.money_limit = limit
            person.save()
    return desk


@pytest.fixture
def desk(made):
    return deepcopy(made)


@pytest.fixture
def case(desk, now):
    return make.case(now=now - HOUR, team=desk.care, owner=desk.ana)


@pytest.fixture
def ask(desk, case, now):
    return asking.ask(case=case, text="Pay it back", amount=Decimal(40), by=desk.ana, now=now)


@pytest.fixture
def waiting(desk, ask, now):
    """Above Ana's limit, within Marta's."""
    words = {"offer_kind": "money", "offer_amount": Decimal(300)}
    return asking.decide(ask=ask, outcome="granted", by=desk.ana, now=now, **words)


def url(*words):
    return "/".join(["/api/v1", *map(str, words), ""])


# --- What is shown ---


def test_an_ask_is_shown_with_its_state_and_its_decision(desk, case, ask, now):
    shown = asks(desk.ana).get(url("asks", ask.pk)).data
    assert (shown["case"], shown["text"], shown["amount"]) == (case.number, "Pay it back", "40.00")
    assert (shown["state"], shown["decision"]) == ("open", None)
    asking.decide(ask=ask, outcome="partly", part="Half", by=desk.ana, now=now)
    shown = asks(desk.ana).get(url("asks", ask.pk)).data
    assert (shown["state"], shown["decision"]["part"]) == ("partly", "Half")
    assert shown["decision"]["made_by"]["name"] == "Ana"


@pytest.mark.parametrize("what", ["asks", "decisions", "answers"])
def test_lists_and_rows_are_for_those_who_may_read_the_case(desk, case, waiting, now, what):
    answering.answer(case=case, cause="a", remedy="b", turn_to="c", due_at=now + HOUR, by=desk.ana, now=now)
    row = {"asks": Ask, "decisions": Decision, "answers": Answer}[what].objects.get()
    found = statuses(desk, lambda client: client.get(url(what, row.pk)))
    assert found == expected(200, bruno=404, sven=404)
    for who, number in (("ana", 1), ("marta", 1), ("audre", 1), ("bruno", 0), ("sven", 0)):
        assert len(asks(getattr(desk, who)).get(url(what)).data["results"]) == number
    listed = asks(desk.ana).get(url(what)).data["results"][0]
    assert listed["case"] == case.number


def test_an_answer_is_shown_with_its_promise(desk, case, now):
    answering.answer(case=case, cause="a", remedy="b", turn_to="c", due_at=now + HOUR, by=desk.ana, now=now)
    [shown] = asks(desk.ana).get(url("answers"), {"case": case.number}).data["results"]
    assert (shown["cause"], shown["promise"]["kind"]) == ("a", "outcome")
    assert shown["promise"]["due_at"] == "2026-03-02T09:00:00Z"


def test_asks_are_narrowed_by_case_and_state(desk, case, ask, waiting, now):
    other = make.case(make.customer("Fabrikam"), now=now, team=desk.care)
    second = asking.ask(case=other, text="A reason", by=desk.ana, now=now)

    def found(**query):
        return {row["id"] for row in asks(desk.ana).get(url("asks"), query).data["results"]}

    assert found() == {ask.pk, second.pk}
    assert found(case=other.number) == {second.pk}
    assert found(state="waiting") == {ask.pk}
    assert found(state="open") == {second.pk}
    assert found(state=["open", "waiting"]) == {ask.pk, second.pk}
    assert found(state="granted") == set()


def test_decisions_are_narrowed_to_those_that_await_the_asker(desk, case, waiting):
    def found(who, **query):
        return [row["id"] for row in asks(who).get(url("decisions"), query).data["results"]]

    assert found(desk.marta, awaits_me=True) == [waiting.pk]
    assert found(desk.ana, awaits_me=True) == []
    assert found(desk.ana, awaits_me=False) == [waiting.pk]
    assert found(desk.ana, case=case.number, state="waiting", outcome="granted", offer_kind="money") == [
        waiting.pk
    ]
    assert found(desk.ana, state="stands") == []


# --- What is done ---

DONE = {
    "ask": ({"text": "A reason"}, 201),
    "answer": ({"cause": "a", "remedy": "b", "turn_to": "c", "due_at": "2026-03-03T10:00:00Z"}, 201),
}


@pytest.mark.parametrize("name", DONE)
def test_cases_are_asked_and_answered_by_their_own_people(desk, case, name):
    said, done = DONE[name]
    found = statuses(desk, lambda client: client.post(url("cases", case.number, name), said))
    assert found == expected(done, bruno=403, sven=403, audre=403)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("correct", {"text": "Pay it all back", "amount": "40"}),
        ("decide", {"outcome": "granted"}),
        ("take-back", {"reason": "Wrong month"}),
    ],
)
def test_asks_are_decided_and_opened_again_by_the_cases_own_people(desk, case, now, name, said):
    def done(client):
        row = asking.ask(case=case, text="Pay", by=desk.ana, now=now)
        if name == "take-back":
            asking.decide(ask=row, outcome="granted", by=desk.ana, now=now)
        return client.post(url("asks", row.pk, name), said)

    assert statuses(desk, done) == expected(200, bruno=404, sven=404, audre=403)


@pytest.mark.parametrize("name", ["approve", "send-back"])
def test_decisions_are_approved_by_those_whose_role_reach_and_limit_allow_it(desk, case, now, name):
    def done(client):
        row = asking.ask(case=case, text="Pay", by=desk.ana, now=now)
        words = {"offer_kind": "money", "offer_amount": Decimal(300)}
        waits = asking.decide(ask=row, outcome="granted", by=desk.ana, now=now, **words)
        return client.post(url("decisions", waits.pk, name), {"reason": "No"} if name == "send-back" else {})

    assert statuses(desk, done) == expected(200, ana=403, bruno=403, sven=404, audre=403)


def test_a_decision_above_the_limit_waits_and_is_approved(desk, case, ask):
    said = {"outcome": "granted", "offer_kind": "money", "offer_amount": "100.01", "revision": case.revision}
    shown = asks(desk.ana).post(url("asks", ask.pk, "decide"), said).data
    assert (shown["state"], shown["decision"]["needs_approval"]) == ("waiting", True)
    decision = shown["decision"]["id"]
    shown = asks(desk.marta).post(url("decisions", decision, "approve"), {}).data
    assert (shown["state"], shown["approved_by"]["name"]) == ("stands", "Marta")
    assert asks(desk.ana).get(url("asks", ask.pk)).data["state"] == "granted"


def test_what_is_sent_back_says_why(desk, ask, waiting):
    shown = asks(desk.marta).post(url("decisions", waiting.pk, "send-back"), {"reason": "Half"}).data
    assert (shown["state"], shown["end_reason"], shown["ended_by"]["name"]) == ("sent_back", "Half", "Marta")
    assert asks(desk.ana).get(url("asks", ask.pk)).data["state"] == "open"


REFUSALS = {
    "no grounds": ({"outcome": "refused"}, (400, "incomplete")),
    "no amount": ({"outcome": "granted", "offer_kind": "money"}, (400, "incomplete")),
    "misplaced": ({"outcome": "granted", "grounds": "x"}, (400, "incomplete")),
    "no outcome": ({}, (400, "invalid")),
    "no such outcome": ({"outcome": "maybe"}, (400, "invalid")),
    "too fine": (
        {"outcome": "granted", "offer_kind": "money", "offer_amount": "1.001"},
        (400, "invalid"),
    ),
    "beyond everybody": (
        {"outcome": "granted", "offer_kind": "money", "offer_amount": "5000.01"},
        (403, "beyond_limit"),
    ),
    "stale": ({"outcome": "granted", "revision": 1}, (409, "stale_case")),
}


@pytest.mark.parametrize("why", REFUSALS)
def test_a_refused_decision_says_why_and_leaves_nothing(desk, ask, why):
    said, answer = REFUSALS[why]
    response = asks(desk.ana).post(url("asks", ask.pk, "decide"), said)
    assert refusal(response) == answer and response.data["messages"]
    assert not Decision.objects.exists()


def test_nobody_approves_their_own_or_above_their_limit(desk, ask, case, now):
    with make.signed():
        Person.objects.filter(pk=desk.marta.pk).update(money_limit=200)
    own = asking.decide(
        ask=ask, outcome="granted", offer_kind="money", offer_amount=Decimal(300), by=desk.marta, now=now
    )
    response = asks(desk.marta).post(url("decisions", own.pk, "approve"), {})
    assert refusal(response) == (403, "not_theirs")
    asking.take_back(ask=ask, reason="x", by=desk.marta, now=now)
    high = asking.decide(
        ask=ask, outcome="granted", offer_kind="money", offer_amount=Decimal("200.01"), by=desk.ana, now=now
    )
    response = asks(Person.objects.get(pk=desk.marta.pk)).post(url("decisions", high.pk, "approve"), {})
    assert refusal(response) == (403, "beyond_limit")
    assert asks(desk.priya).post(url("decisions", high.pk, "approve"), {}).status_code == 200


def test_resolving_over_an_open_ask_is_refused_by_name(desk, case, ask):
    response = asks(desk.ana).post(url("cases", case.number, "resolve"), {"reason": "done"})
    assert refusal(response) == (400, "blocked")
    assert response.data["messages"] == ["The customer asks “Pay it back”, and nothing is decided."]
    assert Case.objects.get(pk=case.pk).status == "new"


def test_an_answer_in_the_past_is_refused_and_nothing_is_said(desk, case, now):
    said = {**DONE["answer"][0], "due_at": "2026-03-02T08:00:00Z"}
    response = asks(desk.ana).post(url("cases", case.number, "answer"), said)
    assert refusal(response) == (400, "in_the_past")
    assert not Message.objects.filter(direction="out").exists()


# --- Kept from some ---


def test_complaints_about_somebody_are_kept_from_them(desk, case, ask, waiting, now):
    with make.signed():
        for person in (desk.ana, desk.marta, desk.priya, desk.audre):
            Party.objects.create(case=case, person=person, kind=Party.Kind.SUBJECT, reason="Shouted")
    for who in (desk.ana, desk.marta, desk.priya, desk.audre):
        for address in (url("asks", ask.pk), url("decisions", waiting.pk)):
            assert asks(who).get(address).status_code == 404
        for address in ("asks", "decisions", "answers"):
            assert asks(who).get(url(address)).data["results"] == []
    posts = {
        url("cases", case.number, "ask"): {"text": "x"},
        url("cases", case.number, "answer"): DONE["answer"][0],
        url("asks", ask.pk, "correct"): {"text": "x"},
        url("asks", ask.pk, "decide"): {"outcome": "granted"},
        url("asks", ask.pk, "take-back"): {"reason": "x"},
        url("decisions", waiting.pk, "approve"): {},
        url("decisions", waiting.pk, "send-back"): {"reason": "x"},
    }
    for address, said in posts.items():
        assert asks(desk.marta).post(address, said).status_code == 404, address


def test_a_restricted_case_keeps_its_asks(desk, case, ask, waiting):
    with make.signed():
        Case.objects.filter(pk=case.pk).update(is_restricted=True, restricted_because="staff matter")
    for address in (url("asks", ask.pk), url("decisions", waiting.pk)):
        found = statuses(desk, lambda client, address=address: client.get(address))
        assert found == expected(404, audre=200)
    assert asks(desk.priya).post(url("decisions", waiting.pk, "approve"), {}).status_code == 404


@pytest.mark.parametrize("what", ["asks", "decisions"])
def test_a_list_costs_the_same_however_long(desk, case, waiting, now, what, django_assert_num_queries):
    client = asks(desk.ana)

    def cost():
        with django_assert_num_queries(COST[what]):
            client.get(url(what))

    cost()
    for number in range(6):
        row = asking.ask(case=case, text=f"Ask {number}", by=desk.ana, now=now)
        asking.decide(ask=row, outcome="granted", by=desk.ana, now=now)
    cost()


COST = {"asks": 3, "decisions": 2}
