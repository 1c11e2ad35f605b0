"""Receiving: asking back, handing on, stepping down through the options, raising the severity."""

from copy import deepcopy
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from cases import engine
from cases.errors import ConflictOfInterest, Incomplete, NotTheirs, StaleCase, WrongMove
from cases.models import Absence, Notice, Party, Standing
from cases.operations import talk
from cases.states import ClockState, Metric
from escalations.errors import (
    AlreadyAsked,
    NobodyToAsk,
    NotTheHolder,
    NotWaiting,
    OverTheLimit,
    SkipNeedsReason,
)
from escalations.models import AskBack, Escalation, Handoff, OptionUse
from escalations.operations import asking, holding, respond
from escalations.operations.escalate import escalate
from tests import factories as make
from tests.escalations.remedies import ladder

pytestmark = pytest.mark.django_db
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
TEXTS = {"reason": "Above my limit", "background": "Twice", "tried": "Compared", "next_steps": "Approve"}


@pytest.fixture(scope="module")
def made(for_all_of_the_module, now):
    """Care (Ana owns) gave it to Billing (Jonas, Nadia), level 1; Marta is level 2 and lends up to 1,000."""
    people = {name: make.person(name) for name in ("Ana", "Jonas", "Nadia", "Olga")}
    people["Marta"] = make.person("Marta", role="supervisor")
    people["Priya"] = make.person("Priya", role="manager")
    make.team("Care", people=[people["Ana"]])
    billing = make.team("Billing", people=[people["Jonas"], people["Nadia"]])
    make.team("Desk", people=[people["Marta"], people["Olga"]])
    make.policy(targets={(Metric.FIRST_RESPONSE, None): 3600, (Metric.RESOLUTION, None): 40 * 3600})
    levels = [{"team": billing}, {"person": people["Marta"], "authority_limit": 1000}]
    people["path"] = make.path(levels=levels, fallback=people["Priya"])
    people["case"] = make.case(now=now, by=people["Ana"], owner=people["Ana"])
    engine.run_until_idle(now=now)
    return people


@pytest.fixture
def desk(made):
    return deepcopy(made)


def up(desk, now, level=1, **fields):
    return escalate(
        case=desk["case"],
        kind="hierarchical",
        path=desk["path"],
        level=level,
        by=desk["Ana"],
        now=now,
        **{**TEXTS, **fields},
    )


@pytest.fixture
def taken(desk, now):
    """Jonas has it."""
    return respond.acknowledge(handoff=up(desk, now), by=desk["Jonas"], now=now)


def subject(desk, name):
    with make.signed():
        Party.objects.create(
            case=desk["case"], person=desk[name], kind=Party.Kind.SUBJECT, reason="about them"
        )


class TestAskingBack:
    def test_the_giver_is_told_and_nothing_pauses(self, desk, taken, now):
        before = list(desk["case"].clocks.order_by("pk").values_list("state", "due_at"))
        question = asking.ask_back(handoff=taken, text=" Which one is paid? ", by=desk["Jonas"], now=now)
        assert (question.asked_of, question.text) == (desk["Ana"], "Which one is paid?")
        [notice] = Notice.objects.in_app_for(desk["Ana"]).filter(kind="asked_back")
        assert notice.facts == {"what": "Which one is paid?", "who": "Jonas"}
        assert list(desk["case"].clocks.order_by("pk").values_list("state", "due_at")) == before

    def test_before_taking_it_a_team_may_ask_too(self, desk, now):
        handoff = up(desk, now)
        assert (
            asking.ask_back(handoff=handoff, text="Which?", by=desk["Nadia"], now=now).asked_by
            == desk["Nadia"]
        )
        handoff.refresh_from_db()
        assert handoff.state == Handoff.State.WAITING

    def test_one_question_waits_at_a_time(self, desk, taken, now):
        first = asking.ask_back(handoff=taken, text="Which?", by=desk["Jonas"], now=now)
        with pytest.raises(AlreadyAsked):
            asking.ask_back(handoff=taken, text="Which?", by=desk["Jonas"], now=now)
        with pytest.raises(IntegrityError), transaction.atomic(), make.signed(now):
            AskBack.objects.create(
                handoff=taken, text="x", asked_by=desk["Jonas"], asked_of=desk["Ana"], asked_at=now
            )
        asking.answer(question=first, text="The last", by=desk["Ana"], now=now)
        assert asking.ask_back(handoff=taken, text="And?", by=desk["Jonas"], now=now).pk != first.pk

    def test_only_who_has_it_asks_and_only_while_it_stands(self, desk, taken, now):
        with pytest.raises(NotTheHolder):
            asking.ask_back(handoff=taken, text="Which?", by=desk["Nadia"], now=now)
        up(desk, now, level=2)
        with pytest.raises(NotWaiting, match="went to Marta"):
            asking.ask_back(handoff=taken, text="Which?", by=desk["Jonas"], now=now)

    def test_an_automatic_handoff_is_asked_of_the_owner(self, desk, now):
        make.rule(desk["path"], metric=Metric.FIRST_RESPONSE)
        engine.run_until_idle(now=now + HOUR + SECOND)
        handoff = Handoff.objects.get()
        assert handoff.is_automatic
        question = asking.ask_back(handoff=handoff, text="Why?", by=desk["Jonas"], now=now + 2 * HOUR)
        assert question.asked_of == desk["Ana"]

    def test_where_nobody_could_answer_it_says_so(self, desk, taken, now):
        subject(desk, "Ana")
        with pytest.raises(NobodyToAsk):
            asking.ask_back(handoff=taken, text="Which?", by=desk["Jonas"], now=now)

    def test_the_answer_stands_with_the_handoff_and_who_asked_is_told(self, desk, taken, now):
        question = asking.ask_back(handoff=taken, text="Which?", by=desk["Jonas"], now=now)
        row = asking.answer(question=question, text=" The last ", by=desk["Ana"], now=now + SECOND)
        assert (row.answer, row.answered_by, row.answered_at) == ("The last", desk["Ana"], now + SECOND)
        assert Notice.objects.in_app_for(desk["Jonas"]).filter(kind="answered_back").count() == 1

    def test_it_is_answered_once_by_somebody_else_in_words(self, desk, taken, now):
        question = asking.ask_back(handoff=taken, text="Which?", by=desk["Jonas"], now=now)
        with pytest.raises(NotTheirs):
            asking.answer(question=question, text="x", by=desk["Jonas"], now=now)
        with pytest.raises(Incomplete):
            asking.answer(question=question, text=" ", by=desk["Ana"], now=now)
        asking.answer(question=question, text="The last", by=desk["Nadia"], now=now)
        with pytest.raises(NotWaiting):
            asking.answer(question=question, text="The first", by=desk["Ana"], now=now)

    @pytest.mark.parametrize("fields", [{"answer": "x"}, {"text": ""}, {"answered_at": make.BEGINNING}])
    def test_the_database_knows_no_half_answer(self, desk, taken, now, fields):
        question = asking.ask_back(handoff=taken, text="Which?", by=desk["Jonas"], now=now)
        with pytest.raises(IntegrityError), transaction.atomic(), make.signed(now):
            AskBack.objects.filter(pk=question.pk).update(**fields)


class TestHandingOn:
    def test_a_colleague_of_the_level_gets_it_with_everything(self, desk, taken, now):
        following = holding.hand_on(
            handoff=taken, to=desk["Nadia"], reason="I leave at noon", by=desk["Jonas"], now=now + HOUR
        )
        assert (following.to_person, following.level_number, following.from_person) == (
            desk["Nadia"],
            1,
            desk["Jonas"],
        )
        assert (following.background, following.reason) == ("Twice", "I leave at noon")
        assert following.acknowledge_clock.due_at == now + 2 * HOUR
        assert Standing.objects.get(case=desk["case"]).holder == desk["Nadia"]
        assert Notice.objects.in_app_for(desk["Nadia"]).filter(kind="handoff").exists()

    def test_twice_is_once(self, desk, taken, now):
        said = {"handoff": taken, "to": desk["Nadia"], "reason": "x", "by": desk["Jonas"], "now": now}
        holding.hand_on(**said)
        with pytest.raises(NotWaiting):
            holding.hand_on(**said)
        assert Handoff.objects.count() == 2

    def test_of_a_level_that_names_one_person_their_own_colleagues_are_offered(self, desk, now):
        handoff = up(desk, now, level=2)
        people = holding.colleagues(desk["case"], handoff.escalation, but=desk["Marta"], now=now)
        assert people == [desk["Olga"].pk]

    def test_neither_strangers_nor_absent_nor_named_people_get_it(self, desk, taken, now):
        for name, error in (("Olga", NotTheHolder), ("Jonas", NotTheHolder)):
            with pytest.raises(error):
                holding.hand_on(handoff=taken, to=desk[name], reason="x", by=desk["Jonas"], now=now)
        with make.signed():
            Absence.objects.create(person=desk["Nadia"], starts_at=now - HOUR, ends_at=now + HOUR)
        with pytest.raises(NotTheHolder):
            holding.hand_on(handoff=taken, to=desk["Nadia"], reason="x", by=desk["Jonas"], now=now)
        subject(desk, "Nadia")
        with pytest.raises(ConflictOfInterest):
            holding.hand_on(handoff=taken, to=desk["Nadia"], reason="x", by=desk["Jonas"], now=now)

    def test_a_reason_and_holding_it_are_needed(self, desk, taken, now):
        with pytest.raises(Incomplete):
            holding.hand_on(handoff=taken, to=desk["Nadia"], reason=" ", by=desk["Jonas"], now=now)
        with pytest.raises(NotTheHolder):
            holding.hand_on(handoff=taken, to=desk["Jonas"], reason="x", by=desk["Nadia"], now=now)


def down(desk, handoff, now, by="Jonas", **said):
    return respond.deescalate(escalation=handoff.escalation, reason="Settled", by=desk[by], now=now, **said)


class TestSteppingDown:
    def test_without_any_options_set_up_nothing_more_is_asked(self, desk, taken, now):
        assert down(desk, taken, now).outcome == "deescalated"

    def test_where_none_was_tried_it_asks_why_and_records_it(self, desk, taken, now):
        ladder()
        with pytest.raises(SkipNeedsReason, match="“Apology”"):
            down(desk, taken, now)
        assert Escalation.objects.get().state == "running"
        down(desk, taken, now, skipped_because="They only wanted the date")
        assert set(OptionUse.objects.values_list("option__name", "outcome", "skipped_because")) == {
            (name, "skipped", "They only wanted the date") for name in ("Apology", "Explanation", "Goodwill")
        }

    def test_the_option_that_settled_it_is_recorded_with_those_it_skips(self, desk, taken, now):
        _apology, explanation, *_rest = ladder()
        with pytest.raises(SkipNeedsReason, match="“Apology”"):
            down(desk, taken, now, option=explanation)
        down(desk, taken, now, option=explanation, skipped_because="Said already")
        told = OptionUse.objects.order_by("pk").values_list("option__name", "outcome", "escalation")
        escalation = taken.escalation_id
        assert list(told) == [("Apology", "skipped", escalation), ("Explanation", "accepted", escalation)]

    def test_what_agents_had_tried_is_not_asked_for_again(self, desk, now):
        from_agents = ladder()
        use = {"case": desk["case"], "by": desk["Ana"], "now": now}
        respond.options.use(option=from_agents[0], outcome="declined", **use)
        handoff = respond.acknowledge(handoff=up(desk, now), by=desk["Jonas"], now=now)
        down(desk, handoff, now, option=from_agents[1])
        assert not OptionUse.objects.filter(outcome="skipped").exists()

    def test_its_holders_limit_is_the_levels(self, desk, now):
        *_lower, compensation = ladder()
        handoff = respond.acknowledge(handoff=up(desk, now, level=2), by=desk["Marta"], now=now)
        said = {"by": "Marta", "option": compensation, "skipped_because": "Too late for words"}
        with pytest.raises(OverTheLimit):
            down(desk, handoff, now, amount=Decimal("1000.01"), **said)
        assert Escalation.objects.get().state == "running"
        down(desk, handoff, now, amount=Decimal("1000.00"), **said)
        assert OptionUse.objects.get(outcome="accepted").amount == 1000

    def test_one_level_down_keeps_the_clocks_and_names_who_has_it(self, desk, now):
        handoff = respond.acknowledge(handoff=up(desk, now, level=2), by=desk["Marta"], now=now)
        resolution = desk["case"].clocks.get(metric=Metric.RESOLUTION)
        down(desk, handoff, now + HOUR, by="Marta", to_level=1, next_steps="Send the credit note")
        following = Handoff.objects.latest("pk")
        assert (following.level_number, str(following.to_team), following.next_steps) == (
            1,
            "Billing",
            "Send the credit note",
        )
        assert (following.background, following.reason) == ("Twice", "Settled")
        escalation = Escalation.objects.get()
        assert (escalation.state, escalation.level_number) == ("running", 1)
        after = desk["case"].clocks.get(metric=Metric.RESOLUTION)
        assert (after.state, after.due_at) == (ClockState.RUNNING, resolution.due_at)

    @pytest.mark.parametrize("level", [2, 3, 9])
    def test_down_is_below(self, desk, now, level):
        handoff = respond.acknowledge(handoff=up(desk, now, level=2), by=desk["Marta"], now=now)
        with pytest.raises(WrongMove):
            down(desk, handoff, now, by="Marta", to_level=level)

    def test_only_its_holder_or_who_answers_for_the_desk_ends_it(self, desk, taken, now):
        for name in ("Ana", "Nadia"):
            with pytest.raises(NotTheHolder):
                down(desk, taken, now, by=name)
        assert down(desk, taken, now, by="Priya").outcome == "deescalated"

    def test_whom_the_complaint_names_does_not(self, desk, taken, now):
        subject(desk, "Jonas")
        with pytest.raises(ConflictOfInterest):
            down(desk, taken, now)

    def test_twice_is_once_and_a_stale_page_is_refused(self, desk, taken, now):
        seen = desk["case"].revision
        talk.note(case=desk["case"], body="Meanwhile", by=desk["Ana"], now=now)
        with pytest.raises(StaleCase):
            down(desk, taken, now, revision=seen)
        down(desk, taken, now)
        with pytest.raises(NotWaiting):
            down(desk, taken, now)

    def test_the_same_rule_holds_off_for_a_day(self, desk, taken, now):
        assert down(desk, taken, now).cool_off_until == now + timedelta(hours=24)


class TestSeverity:
    def test_it_is_raised_by_one_with_a_reason_and_its_holder_is_told(self, desk, taken, now):
        row = holding.raise_severity(
            escalation=taken.escalation, reason="Press asks", by=desk["Ana"], now=now
        )
        assert row.severity == 2
        [notice] = Notice.objects.in_app_for(desk["Jonas"]).filter(kind="severity_raised")
        assert notice.facts == {"reason": "Press asks", "severity": 2}
        assert Escalation.history.latest("history_id").history_change_reason == "Press asks"

    def test_not_without_a_reason_nor_once_it_has_ended(self, desk, taken, now):
        with pytest.raises(Incomplete):
            holding.raise_severity(escalation=taken.escalation, reason="", by=desk["Ana"], now=now)
        down(desk, taken, now)
        with pytest.raises(NotWaiting):
            holding.raise_severity(escalation=taken.escalation, reason="x", by=desk["Ana"], now=now)
