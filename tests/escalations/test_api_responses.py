"""Options, questions back, handing on and severity in the API: who reads and does it, and what is refused."""

from copy import deepcopy
from datetime import timedelta

import pytest
from django.utils import timezone

from cases.models import Message, Party, Promise
from escalations.models import AskBack, Escalation, Handoff, OptionUse
from escalations.operations import asking, options, respond
from escalations.operations.escalate import escalate
from tests import factories as make
from tests import worlds
from tests.escalations.remedies import ladder, reason
from tests.worlds import asks, expected, refusal, statuses

pytestmark = pytest.mark.django_db
TEXTS = {"background": "Charged twice", "tried": "An apology", "next_steps": "Call back"}


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
    return make.case(now=now - timedelta(minutes=10), team=desk.care, owner=desk.ana)


@pytest.fixture
def taken(desk, case, now):
    """Ana gave it to Care, where Jonas took it."""
    handoff = escalate(
        case=case, kind="hierarchical", reason="x", path=desk.path, by=desk.ana, now=now, **TEXTS
    )
    return respond.acknowledge(handoff=handoff, by=desk.jonas, now=now)


@pytest.fixture
def question(desk, taken, now):
    return asking.ask_back(handoff=taken, text="Which invoice?", by=desk.jonas, now=now)


def of_case(case, word):
    return f"/api/v1/cases/{case.number}/{word}/"


@pytest.mark.parametrize("name", ["options", "escalation-reasons"])
def test_the_catalogues_are_read_by_all_who_read_rules(desk, name):
    ladder()
    reason()
    assert statuses(desk, lambda client: client.get(f"/api/v1/{name}/")) == expected(200, adam=200)
    assert asks(desk.ana).get(f"/api/v1/{name}/").data["results"]


def test_what_one_may_do_oneself_is_said_lowest_first(desk, case):
    ladder()
    answers = statuses(desk, lambda client: client.get(of_case(case, "options")))
    assert answers == expected(200, bruno=403, sven=403, audre=403)
    shown = asks(desk.ana).get(of_case(case, "options")).data
    assert shown["limit"] == "0.00"
    assert [row["option"]["name"] for row in shown["options"]] == ["Apology", "Explanation", "Goodwill"]


def test_options_are_used_by_the_cases_own_people(desk, case, now):
    apology, *_rest = ladder()

    def offer(client):
        return client.post(of_case(case, "use-option"), {"option": apology.pk, "outcome": "declined"})

    assert statuses(desk, offer) == expected(201, bruno=403, sven=403, audre=403)
    assert set(OptionUse.objects.values_list("by", flat=True)) == {desk.ana.pk, desk.marta.pk, desk.priya.pk}


def test_skipping_asks_why_and_money_has_a_limit(desk, case):
    _apology, _explanation, goodwill, top = ladder()
    client = asks(desk.ana)

    def offer(row, **said):
        return client.post(of_case(case, "use-option"), {"option": row.pk, "outcome": "offered", **said})

    assert refusal(offer(goodwill, amount="0.01", skipped_because="x")) == (403, "over_the_limit")
    assert refusal(offer(top, amount="1.00", skipped_because="x")) == (400, "not_offered")
    with make.signed():
        desk.ana.money_limit = 50
        desk.ana.save()
    assert refusal(offer(goodwill, amount="50.00")) == (400, "skip_needs_reason")
    assert refusal(offer(goodwill, skipped_because="x")) == (400, "incomplete")
    assert offer(goodwill, amount="50.00", skipped_because="x", reply="50 EUR for you.").status_code == 201
    assert Message.objects.latest("pk").body == "50 EUR for you."


@pytest.mark.parametrize("what", ["option-uses", "ask-backs"])
def test_uses_and_questions_are_read_by_those_who_may_read_the_case(desk, case, question, now, what):
    apology, *_rest = ladder()
    use = options.use(case=case, option=apology, outcome="declined", by=desk.ana, now=now)
    row = {"option-uses": use, "ask-backs": question}[what]
    answers = statuses(desk, lambda client: client.get(f"/api/v1/{what}/{row.pk}/"))
    assert answers == expected(200, bruno=404, sven=404)
    assert asks(desk.bruno).get(f"/api/v1/{what}/").data["results"] == []
    [shown] = asks(desk.ana).get(f"/api/v1/{what}/", {"case": case.number}).data["results"]
    assert shown["case"] == case.number


def test_only_the_holder_asks_back_and_anybody_else_answers(desk, case, taken):
    address = f"/api/v1/handoffs/{taken.pk}/ask-back/"
    answers = statuses(desk, lambda client: client.post(address, {"text": "Which?"}))
    assert answers == expected(403, bruno=404, sven=404)
    assert asks(desk.jonas).post(address, {"text": "Which?"}).status_code == 201
    assert refusal(asks(desk.jonas).post(address, {"text": "Which?"})) == (409, "already_asked")
    [shown] = asks(desk.ana).get("/api/v1/ask-backs/", {"is_open": True}).data["results"]
    address = f"/api/v1/ask-backs/{shown['id']}/answer/"
    assert refusal(asks(desk.jonas).post(address, {"text": "x"})) == (403, "not_theirs")
    answers = statuses(desk, lambda client: client.post(address, {"text": "The last"}))
    # Ana was the first; whoever came after her was too late.
    assert answers == expected(409, ana=200, bruno=404, sven=404, audre=403)
    assert AskBack.objects.get().answered_by == desk.ana


def test_whoever_gave_it_out_of_their_hands_answers_what_they_are_asked(desk, case, now):
    """Bruno, of another department, held it for a while and handed it up."""
    with make.signed():
        case.parties.create(person=desk.bruno, kind=Party.Kind.ACCESS, reason="Knows the matter")
    up = escalate(
        case=case, kind="hierarchical", reason="x", path=desk.path, level=2, by=desk.bruno, now=now, **TEXTS
    )
    question = asking.ask_back(handoff=up, text="Why?", by=desk.marta, now=now)
    with make.signed():
        case.parties.all().delete()
    address = f"/api/v1/ask-backs/{question.pk}/answer/"
    assert asks(desk.sven).post(address, {"text": "x"}).status_code == 404
    assert [row["id"] for row in asks(desk.bruno).get("/api/v1/ask-backs/").data["results"]] == [question.pk]
    assert asks(desk.bruno).post(address, {"text": "So it was"}).status_code == 200


def test_a_colleague_gets_it_from_its_holder_alone(desk, taken):
    address, said = f"/api/v1/handoffs/{taken.pk}/hand-on/", {"to": desk.ana.pk, "reason": "I leave"}
    answers = statuses(desk, lambda client: client.post(address, said))
    assert answers == expected(403, bruno=404, sven=404)
    done = asks(desk.jonas).post(address, said)
    assert (done.status_code, done.data["to_person"]["name"], done.data["state"]) == (200, "Ana", "waiting")
    assert refusal(asks(desk.jonas).post(address, said)) == (409, "not_waiting")


def test_severity_is_raised_by_the_cases_own_people(desk, taken):
    address = f"/api/v1/escalations/{taken.escalation_id}/raise-severity/"
    answers = statuses(desk, lambda client: client.post(address, {"reason": "Press"}))
    assert answers == expected(200, bruno=404, sven=404, audre=403)
    assert Escalation.objects.get().severity == 4


def test_stepping_down_goes_through_the_options(desk, taken):
    apology, *_rest = ladder()
    address, client = f"/api/v1/escalations/{taken.escalation_id}/deescalate/", asks(desk.jonas)
    assert refusal(client.post(address, {"reason": "Settled"})) == (400, "skip_needs_reason")
    assert refusal(asks(desk.ana).post(address, {"reason": "Settled"})) == (403, "not_the_holder")
    done = client.post(address, {"reason": "Settled", "option": apology.pk})
    assert (done.status_code, done.data["outcome"]) == (200, "deescalated")


def test_escalating_tells_the_customer_and_promises_the_call(desk, case, now):
    said = {
        "kind": "hierarchical",
        "path": desk.path.pk,
        "catalogue_reason": reason().pk,
        "mode": "call_back",
        "call_back_at": "2026-03-02T10:00:00Z",
        "telling": "now",
        "word": "Marta calls you at ten.",
        **TEXTS,
    }
    done = asks(desk.ana).post(of_case(case, "escalate"), said)
    assert (done.status_code, done.data["reason"]) == (201, "Credit above my limit")
    assert (done.data["told_at"], done.data["told_by"]) == ("2026-03-02T08:00:00Z", "mail")
    assert Message.objects.latest("pk").body == "Marta calls you at ten."
    assert Promise.objects.get().due_at == now + timedelta(hours=2)


@pytest.mark.parametrize(
    "said",
    [
        {"telling": "now", "word": " "},
        {"telling": "said", "word": "x"},
        {"telling": "later"},
        {"mode": "live"},
        {"mode": "live", "was_reached": False},
    ],
)
def test_half_a_handoff_is_refused(desk, case, said):
    word = {"telling": "now", "word": "Marta decides."}
    whole = {"kind": "hierarchical", "reason": "x", "path": desk.path.pk, **TEXTS, **word}
    assert refusal(asks(desk.ana).post(of_case(case, "escalate"), whole | said)) == (
        400,
        "incomplete_handoff",
    )
    assert not Handoff.objects.exists()


def test_who_is_named_in_a_complaint_reaches_none_of_it(desk, case, question, taken):
    apology, *_rest = ladder()
    with make.signed():
        Party.objects.create(case=case, person=desk.jonas, kind=Party.Kind.SUBJECT, reason="Shouted")
    client = asks(desk.jonas)
    for address, said in {
        of_case(case, "use-option"): {"option": apology.pk, "outcome": "offered"},
        f"/api/v1/handoffs/{taken.pk}/hand-on/": {"to": desk.ana.pk, "reason": "x"},
        f"/api/v1/ask-backs/{question.pk}/answer/": {"text": "x"},
        f"/api/v1/escalations/{taken.escalation_id}/raise-severity/": {"reason": "x"},
        f"/api/v1/escalations/{taken.escalation_id}/deescalate/": {"reason": "x"},
    }.items():
        assert client.post(address, said).status_code == 404, address
    for name in ("option-uses", "ask-backs"):
        assert client.get(f"/api/v1/{name}/").data["results"] == []


@pytest.mark.parametrize("rows", [1, 12])
def test_lists_cost_the_same_for_one_row_and_for_twelve(desk, taken, now, rows, django_assert_num_queries):
    apology, *_rest = ladder()
    case = taken.escalation.case
    for number in range(rows):
        options.use(case=case, option=apology, outcome="declined", by=desk.ana, now=now)
        row = asking.ask_back(handoff=taken, text=f"{number}?", by=desk.jonas, now=now)
        asking.answer(question=row, text="Yes", by=desk.ana, now=now)
    client = asks(desk.ana)
    for name, queries in {"option-uses": 2, "ask-backs": 2, "options": 1, "escalation-reasons": 1}.items():
        with django_assert_num_queries(queries, info=name):
            client.get(f"/api/v1/{name}/")
