"""Cases beside each other by the API: what a program may link, merge, split off and follow up."""

import pytest

from cases.models import Ask, Case, CaseLink, Message, Service
from cases.operations import asking, ending, talk
from cases.states import CaseStatus
from tests import factories as make
from tests.workspace import HOUR, NOW, new_case, people
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
    return new_case(desk, at=NOW - 2 * HOUR)


@pytest.fixture
def beside(desk, case):
    """Another of the same customer."""
    row = make.case(
        case.customer, now=NOW - HOUR, team=case.team, owner=desk["agent"], by=desk["agent"], subject="Again"
    )
    return Case.objects.get(pk=row.pk)


def post(desk, case, verb, said, who="agent"):
    return asks(desk[who]).post(f"/api/v1/cases/{case.number}/{verb}/", said)


def test_two_are_linked_and_the_link_falls_away(desk, case, beside):
    said = {"kind": "duplicate", "number": beside.number, "reason": "the same", "revision": case.revision}
    link = post(desk, case, "link", said)
    assert link.status_code == 201
    assert (link.data["source"], link.data["kind"], link.data["target"]) == (
        case.number,
        "duplicate",
        beside.number,
    )
    assert refusal(post(desk, case, "link", said)) == (409, "stale_case")
    elsewhere = new_case(desk, "Elsewhere")
    falls_away = {"link": link.data["id"], "reason": "they are not"}
    assert refusal(post(desk, elsewhere, "unlink", falls_away)) == (400, "invalid")
    assert post(desk, beside, "unlink", falls_away).data["ended_at"] is not None
    assert refusal(post(desk, beside, "unlink", falls_away)) == (400, "invalid")


def test_a_case_that_is_not_for_them_is_linked_with_and_unlinked_by_nobody(desk, case):
    hidden = new_case(desk, "Hidden", restricted_because="staff matter", owner=desk["supervisor"])
    said = {"kind": "related", "number": hidden.number}
    who = "manager"
    assert not Case.objects.findable(desk[who]).filter(pk=hidden.pk).exists()
    refused = post(desk, case, "link", said, who)
    none = post(desk, case, "link", {"kind": "related", "number": "C-99999"}, who)
    assert refusal(refused) == refusal(none) == (400, "wrong_move")
    with make.signed():
        link = CaseLink.objects.create(source=case, target=hidden, kind="duplicate", made_at=NOW)
    assert refusal(post(desk, case, "unlink", {"link": link.pk, "reason": "x"}, who)) == (400, "invalid")
    assert not CaseLink.objects.filter(ended_at__isnull=False).exists()


def test_a_duplicate_is_merged_into_the_other(desk, case, beside):
    said = {"number": case.number, "reason": "The same invoice", "revision": beside.revision}
    merged = post(desk, beside, "merge", said)
    assert (merged.status_code, merged.data["kind"], merged.data["target"]) == (201, "merged", case.number)
    beside.refresh_from_db()
    assert beside.status == CaseStatus.CLOSED
    assert refusal(post(desk, beside, "merge", {"number": case.number, "reason": "x"})) == (400, "wrong_move")


def test_what_is_chosen_is_split_off_into_a_new_case(desk, case):
    agent = desk["agent"]
    message = talk.receive(
        case=case, body="And the router is broken.", channel="mail", by=agent, now=NOW - HOUR
    )
    ours = talk.reply(case=case, body="We look into it.", by=agent, now=NOW)
    ask = asking.ask(case=case, text="A new router", by=agent, now=NOW)
    said = {"subject": "Router", "messages": [message.pk, ours.pk], "asks": [ask.pk]}
    new = post(desk, case, "split", said)
    assert (new.status_code, new.data["subject"], new.data["received_at"]) == (
        201,
        "Router",
        "2026-03-03T09:00:00Z",
    )
    opened = Case.objects.numbered(new.data["number"]).get()
    assert [row.body for row in opened.messages.order_by("pk")] == [message.body, ours.body]
    assert Ask.objects.get(case=opened).text == "A new router"
    assert CaseLink.objects.get(source=opened).kind == CaseLink.Kind.SPLIT


@pytest.mark.parametrize(
    ("said", "field"),
    [
        (lambda other: {"messages": [other.messages.get().pk]}, "messages"),
        (lambda other: {"messages": [10**15]}, "messages"),
        (lambda other: {"files": [10**15]}, "files"),
        (lambda other: {"asks": [10**15]}, "asks"),
        (lambda other: {"messages": ["x"]}, "messages.0"),
        (lambda other: {"service": other.service_id}, "service"),
    ],
)
def test_what_is_another_cases_is_split_off_from_none(desk, case, said, field):
    other = new_case(desk, "Other")
    with make.signed():
        other.service = Service.objects.create(name="Fibre")
    own = {"subject": "x", "messages": [case.messages.get().pk]}
    refused = post(desk, case, "split", {**own, **said(other)})
    assert refusal(refused) == (400, "invalid")
    assert list(refused.data["fields"]) == [field]
    assert Case.objects.count() == 2


def test_without_a_word_of_the_customers_nothing_is_split_off(desk, case):
    note = talk.note(case=case, body="Among us", by=desk["agent"], now=NOW)
    refused = post(desk, case, "split", {"subject": "x", "messages": [note.pk]})
    assert refusal(refused) == (400, "incomplete")


def test_what_has_ended_is_followed_up_for_its_customer(desk, case):
    said = {"subject": "Charged again", "body": "November, too.", "channel": "phone"}
    assert refusal(post(desk, case, "follow-up", said)) == (400, "wrong_move")
    ending.resolve(case=case, reason="done", by=desk["agent"], now=NOW)
    strange = {**said, "contact": new_case(desk, "Other").contact_id}
    assert list(post(desk, case, "follow-up", strange).data["fields"]) == ["contact"]
    new = post(desk, case, "follow-up", said, "stranger")  # whoever takes a call takes it down
    assert (new.status_code, new.data["customer"]["id"]) == (201, case.customer_id)
    opened = Case.objects.numbered(new.data["number"]).get()
    assert CaseLink.objects.get(source=opened).kind == CaseLink.Kind.FOLLOW_UP
    assert Message.objects.get(case=opened).body == "November, too."
