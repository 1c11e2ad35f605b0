"""Correcting a case: what was written down is put right, and it owes what it should have owed all along."""

from datetime import timedelta

import pytest

from cases import engine
from cases.errors import Incomplete, StaleCase, WrongMove
from cases.models import Case, Service, Subscription, Trigger
from cases.operations import correcting, ending, packs, pausing, routing, talk
from cases.operations.packs import Chosen
from cases.reconciling import rounds
from cases.states import ClockState, Metric
from tests import factories as make
from tests.workspace import HOUR, NOW, ROLES, body, new_case, page, people, post
from tests.worlds import asks, refusal

pytestmark = pytest.mark.django_db

LAW, BILLING = "spain-ley-10-2025", "es-l10-billing"


@pytest.fixture(autouse=True)
def eleven_in_madrid(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def desk():
    return people()


@pytest.fixture
def fraud(desk):
    """A category with a policy of its own: half the first response, an update besides."""
    row = make.category("Fraud")
    make.policy(
        "Fraud",
        targets={(Metric.FIRST_RESPONSE, None): 2 * 3600, (Metric.RESOLUTION, None): 8 * 3600},
        position=1,
        category=row,
    )
    return row


@pytest.fixture
def case(desk):
    return new_case(desk, at=NOW - HOUR)


def correct(case, desk, **fields):
    return correcting.correct(case=case, by=desk["agent"], now=NOW, **fields)


def due(case, metric=Metric.FIRST_RESPONSE):
    return case.clocks.open().get(metric=metric).due_at


# --- What it owes then ---


def test_another_category_brings_its_policy_from_the_clocks_own_start_with_pauses_kept(desk, case, fraud):
    waits = make.pause_reason()
    row = pausing.pause(
        case=case,
        reason=waits,
        expected_end_at=NOW + HOUR,
        by=desk["agent"],
        now=NOW - timedelta(minutes=30),
    )
    pausing.resume(pause=row, by=desk["agent"], now=NOW - timedelta(minutes=20))
    assert due(case) == NOW + timedelta(hours=3)  # a pause does not stop a first response (RULES 3)
    assert due(case, Metric.RESOLUTION) == NOW + timedelta(hours=39, minutes=10)
    assert correct(case, desk, category=fraud, reason="card fraud") == ["category_id"]
    case.refresh_from_db()
    assert case.policy_version.policy.name == "Fraud"
    assert due(case) == NOW + HOUR
    assert due(case, Metric.RESOLUTION) == NOW + timedelta(hours=7, minutes=10)
    assert rounds.whole_round(now=NOW, mending=False).busy == 0
    correct(case, desk, category=None, reason="it was none")
    assert Case.objects.get(pk=case.pk).policy_version.policy.name == "Standard"
    assert due(case, Metric.RESOLUTION) == NOW + timedelta(hours=39, minutes=10)


def test_a_term_that_is_over_by_then_is_breached_once_and_one_that_stood_stands(desk, fraud):
    case = new_case(desk, at=NOW - 3 * HOUR)
    correct(case, desk, category=fraud, reason="card fraud")
    engine.run_until_idle(now=NOW)
    [clock] = case.clocks.filter(metric=Metric.FIRST_RESPONSE)
    assert clock.breached_at == NOW
    correct(case, desk, category=None, reason="it was none")
    clock.refresh_from_db()
    assert clock.breached_at == NOW


def test_what_the_other_policy_owes_besides_counts_from_when_the_case_came(desk, case):
    row = make.category("Outage")
    targets = {(metric, None): 8 * 3600 for metric in (Metric.FIRST_RESPONSE, Metric.NEXT_UPDATE)}
    make.policy("Outage", targets=targets, position=1, category=row)
    correct(case, desk, category=row, reason="it is one")
    assert {c.metric for c in case.clocks.open()} == {Metric.FIRST_RESPONSE}
    correct(case, desk, category=None, reason="it is none")
    assert due(case, Metric.RESOLUTION) == NOW + 39 * HOUR
    assert case.clocks.filter(metric=Metric.RESOLUTION, state=ClockState.STOPPED).count() == 1


def test_what_was_put_under_a_policy_on_purpose_stays_there(desk, case, fraud):
    special = make.policy("Special", targets={(Metric.FIRST_RESPONSE, None): 3600}, position=99, tier="key")
    routing.move_to_policy(case=case, policy=special.policy, by=desk["manager"], now=NOW, reason="agreed")
    correct(case, desk, category=fraud, reason="card fraud")
    case.refresh_from_db()
    assert case.policy_version.policy.name == "Special"


def test_a_law_of_the_new_category_counts_from_when_the_case_came_and_one_of_the_old_stops(desk):
    billing, other = make.category("Billing"), make.category("Other")
    office = make.calendar()
    received = NOW - timedelta(days=3)
    packs.turn_on(
        pack=LAW,
        calendar=office,
        chosen=[Chosen(BILLING, category=billing)],
        by=desk["manager"],
        now=NOW - timedelta(days=10),
    )
    always = new_case(desk, "Always", at=received, category=billing)
    case = new_case(desk, "Corrected", at=received, category=other)
    assert not case.clocks.filter(metric=Metric.STATUTORY).exists()
    correct(case, desk, category=billing, reason="it is the invoice")
    clock = case.clocks.get(metric=Metric.STATUTORY)
    assert (clock.started_at, clock.due_at) == (received, due(always, Metric.STATUTORY))
    correct(case, desk, service=None, subject="The invoice")  # nothing is owed twice
    correct(case, desk, category=other, reason="it is not")
    clock.refresh_from_db()
    assert clock.state == ClockState.STOPPED
    correct(case, desk, category=billing, reason="it is")
    assert case.clocks.open().get(metric=Metric.STATUTORY).started_at == received


def test_the_rules_for_a_case_that_is_opened_are_asked_again(desk, case, fraud):
    path = make.path(levels=[{"person": desk["manager"]}], fallback=desk["manager"])
    make.rule(path, trigger="opened", category=fraud)
    engine.run_until_idle(now=NOW)
    assert not case.escalations.exists()
    correct(case, desk, subject="Something else")
    assert Trigger.objects.filter(case=case, kind="opened").count() == 1
    correct(case, desk, category=fraud, reason="card fraud")
    engine.run_until_idle(now=NOW)
    assert case.escalations.get().holder == desk["manager"]


def test_a_case_that_has_ended_is_put_right_and_owes_nothing_by_it(desk, case, fraud):
    ending.resolve(case=case, reason="done", by=desk["agent"], now=NOW)
    before = list(case.clocks.values_list("pk", "state", "due_at"))
    correct(case, desk, category=fraud, reason="card fraud")
    assert list(case.clocks.values_list("pk", "state", "due_at")) == before
    assert Trigger.objects.filter(case=case, kind="opened").count() == 1


def test_who_had_a_first_word_is_owed_no_other_first_response(desk, fraud):
    with make.signed():
        case = new_case(desk, at=NOW - 2 * HOUR)
    talk.reply(case=case, body="We look into it.", by=desk["agent"], now=NOW - HOUR)
    correct(case, desk, category=fraud, reason="card fraud")
    assert not case.clocks.open().filter(metric=Metric.FIRST_RESPONSE).exists()


# --- What is refused ---


def test_what_cannot_be_is_refused_and_nothing_is_half_written(desk, case, fraud):
    elsewhere = make.customer("Elsewhere")
    with make.signed():
        service = Service.objects.create(name="Fibre")
        Subscription.objects.create(customer=elsewhere, service=service)
        old = make.category("Old")
        type(old).objects.filter(pk=old.pk).update(is_active=False)
        old.refresh_from_db()
        phone = make.category("Phone only")
        type(phone).objects.filter(pk=phone.pk).update(contact_needs="phone")
        phone.refresh_from_db()
    for error, fields in (
        (WrongMove, {}),
        (WrongMove, {"subject": case.subject, "category": None}),
        (Incomplete, {"subject": "  "}),
        (Incomplete, {"category": fraud}),
        (Incomplete, {"category": phone, "reason": "x"}),
        (WrongMove, {"category": old, "reason": "x"}),
        (WrongMove, {"service": service, "reason": "x"}),
        (WrongMove, {"contact": elsewhere.contacts.get()}),
        (StaleCase, {"subject": "x", "revision": case.revision - 1}),
    ):
        with pytest.raises(error):
            correct(Case.objects.get(pk=case.pk), desk, **fields)
    now = Case.objects.get(pk=case.pk)
    assert (now.revision, now.category_id, now.subject) == (case.revision, None, case.subject)


# --- On the page and in the API ---


WHO_MAY = {"case-correct": (200, 200, 200, 403, 404, 403)}


def test_each_role_is_answered(client, desk, case):
    found = tuple(page(client, desk[role], "case-correct", case.number).status_code for role in ROLES)
    assert found == WHO_MAY["case-correct"]


def test_a_case_is_corrected_on_its_page(client, desk, case, fraud):
    sheet = page(client, desk["agent"], "case-correct", case.number)
    assert sheet.context["form"]["subject"].value() == "Charged twice"
    said = {
        "subject": "Card misused",
        "category": fraud.pk,
        "contact": case.contact_id,
        "language": "es",
        "reference": "PO-7",
        "reason": "",
        "revision": case.revision,
    }
    without = post(client, desk["agent"], "case-correct", case.number, **said)
    assert without.status_code == 422
    assert "Say why the category or the service is another one" in body(without)
    said["reason"] = "card fraud"
    for status in (302, 422):  # sent twice, it is stale the second time
        assert post(client, desk["agent"], "case-correct", case.number, **said).status_code == status
    case.refresh_from_db()
    assert (case.subject, case.category, case.language, case.reference) == (
        "Card misused",
        fraud,
        "es",
        "PO-7",
    )
    shown = body(page(client, desk["agent"], "case", case.number))
    for told in ("corrected the case", "Fraud", "card fraud", "PO-7"):
        assert told in shown, told


def test_a_program_corrects_what_it_names_and_leaves_the_rest(desk, case, fraud):
    where = f"/api/v1/cases/{case.number}/correct/"
    assert asks(desk["stranger"]).post(where, {"subject": "x"}).status_code == 403
    done = asks(desk["agent"]).post(where, {"category": fraud.pk, "reason": "card fraud"})
    assert (done.status_code, done.data["category"]["name"], done.data["subject"]) == (
        200,
        "Fraud",
        "Charged twice",
    )
    assert refusal(asks(desk["agent"]).post(where, {"reference": ""})) == (400, "wrong_move")
    stale = asks(desk["agent"]).post(where, {"reference": "PO-7", "revision": case.revision})
    assert refusal(stale) == (409, "stale_case")
