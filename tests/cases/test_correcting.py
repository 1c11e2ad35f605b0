"""Correcting a case: what was written down is put right, and it owes what it should have owed all along."""

from datetime import timedelta

import pytest

from cases import engine
from cases.errors import Incomplete, StaleCase, WrongMove
from cases.models import Case, Service, Subscription, Trigger
from cases.operations import correcting, ending, foreseeing, packs, pausing, routing, talk
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


# --- What it would owe, before it is corrected ---


def owed(case):
    return dict(case.clocks.open().values_list("metric", "due_at"))


def foreseen_and_then_done(case, desk, **changes):
    """What is foreseen of these changes, which is what then comes of them; to look changes nothing."""
    case = Case.objects.get(pk=case.pk)
    before = list(case.clocks.order_by("pk").values())
    stopped = set(case.clocks.filter(state=ClockState.STOPPED).values_list("pk", flat=True))
    found = foreseeing.by_correction(case, now=NOW, **changes)
    assert list(case.clocks.order_by("pk").values()) == before
    assert Case.objects.get(pk=case.pk).revision == case.revision
    correct(case, desk, reason="it is", **changes)
    assert {term.clock.metric: term.clock.due_at for term in found.terms} == owed(case)
    gone = case.clocks.filter(state=ClockState.STOPPED).exclude(pk__in=stopped)
    assert {clock.pk for clock in found.gone} == set(gone.values_list("pk", flat=True))
    assert found.version == Case.objects.get(pk=case.pk).policy_version
    return found


def test_what_is_foreseen_of_another_category_is_what_comes_of_it(desk, case, fraud):
    waits = make.pause_reason()
    pausing.pause(case=case, reason=waits, expected_end_at=NOW + HOUR, by=desk["agent"], now=NOW)
    found = foreseen_and_then_done(case, desk, category=fraud)
    assert found.is_other
    assert [(t.clock.due_at, t.due_before) for t in found.terms] == [
        (NOW + HOUR, NOW + 3 * HOUR),
        (None, None),  # it stands still, before and after
    ]
    assert foreseen_and_then_done(case, desk, category=None).is_other


def test_a_term_that_falls_away_and_one_that_comes_besides_are_foreseen(desk, case):
    outage = make.category("Outage")
    make.policy("Outage", {(Metric.RESOLUTION, None): 8 * 3600}, position=1, category=outage)
    found = foreseen_and_then_done(case, desk, category=outage)
    assert [clock.metric for clock in found.gone] == [Metric.FIRST_RESPONSE]
    [started] = [t for t in foreseen_and_then_done(case, desk, category=None).terms if t.is_new]
    assert (started.clock.metric, started.clock.due_at) == (Metric.FIRST_RESPONSE, NOW + 3 * HOUR)


def test_what_a_law_sets_is_foreseen_with_it(desk):
    billing, other = make.category("Billing"), make.category("Other")
    packs.turn_on(
        pack=LAW,
        calendar=make.calendar(),
        chosen=[Chosen(BILLING, category=billing)],
        by=desk["manager"],
        now=NOW - timedelta(days=10),
    )
    case = new_case(desk, at=NOW - timedelta(days=3), category=other)
    found = foreseen_and_then_done(case, desk, category=billing)
    [law] = [term for term in found.terms if term.is_new]
    assert (law.clock.metric, law.clock.started_at) == (Metric.STATUTORY, NOW - timedelta(days=3))
    assert not found.is_other and not found.changes_nothing
    found = foreseen_and_then_done(case, desk, category=other)
    assert [clock.metric for clock in found.gone] == [Metric.STATUTORY]


def test_where_nothing_that_is_owed_changes_that_is_foreseen(desk, case):
    ending.resolve(case=case, reason="done", by=desk["agent"], now=NOW)
    assert foreseen_and_then_done(case, desk, category=make.category("Other")).changes_nothing


def test_what_is_put_under_a_policy_on_purpose_is_foreseen_to_stay(desk, case, fraud):
    special = make.policy("Special", targets={(Metric.FIRST_RESPONSE, None): 3600}, position=99, tier="key")
    routing.move_to_policy(case=case, policy=special.policy, by=desk["manager"], now=NOW, reason="agreed")
    assert foreseen_and_then_done(case, desk, category=fraud).changes_nothing


def test_to_foresee_costs_as_much_whatever_a_case_has(desk, case, fraud, django_assert_num_queries):
    for number in range(4):
        make.policy(f"Other {number}", position=20 + number, category=make.category(f"Other {number}"))
    with django_assert_num_queries(18):
        foreseeing.by_correction(Case.objects.get(pk=case.pk), now=NOW, category=fraud)


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


def test_its_page_shows_the_new_due_times_before_anything_is_saved(client, desk, case, fraud):
    without = body(page(client, desk["agent"], "case-correct", case.number))
    assert "Under the policy" not in without
    shown = body(page(client, desk["agent"], "case-correct", case.number, category=fraud.pk, service=""))
    for told in ("Under the policy “Fraud”", "due today 12:00", "until now today 14:00"):
        assert told in shown, told
    # Without a script the form is sent to look, and keeps what was typed. Enter presses the first button.
    assert shown.index('class="button button--primary"') < shown.index('name="check"')
    typed = {"subject": "Card misused", "category": fraud.pk, "revision": case.revision, "check": "1"}
    looked = post(client, desk["agent"], "case-correct", case.number, **typed)
    assert looked.status_code == 200
    for told in ("Under the policy “Fraud”", "Card misused"):
        assert told in body(looked), told
    assert Case.objects.get(pk=case.pk).revision == case.revision
    odd = body(page(client, desk["agent"], "case-correct", case.number, category="x"))
    assert "Under the policy" not in odd


def test_a_program_asks_what_would_be_owed(desk, case, fraud):
    where = f"/api/v1/cases/{case.number}/if-corrected/"
    answer = asks(desk["agent"]).get(where, {"category": fraud.pk})
    assert (answer.data["policy"], answer.data["is_other_policy"]) == ("Fraud v1", True)
    first, resolution = answer.data["terms"]
    assert (first["would_be"]["due_at"], first["due_before"]) == (
        "2026-03-03T11:00:00Z",
        "2026-03-03T13:00:00Z",
    )
    assert (first["is_new"], first["would_be"]["is_breached_at_once"]) == (False, False)
    assert resolution["would_be"]["metric"] == "resolution"
    assert refusal(asks(desk["agent"]).get(where, {"category": ""})) == (400, "wrong_move")
    assert refusal(asks(desk["agent"]).get(where, {"category": 10**9})) == (400, "invalid")
    under = asks(desk["agent"]).get(f"/api/v1/cases/{case.number}/if-prioritised/").data
    assert [one["priority"] for one in under] == [1, 3, 4]
    assert [row["metric"] for row in under[0]["goes_on"]] == ["first_response", "resolution"]


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
