"""Escalating by hand and by rule: whole handoffs, one ladder a path, conflicts, cool-off, and what ends
it."""

from copy import deepcopy
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from cases import engine
from cases.errors import ConflictOfInterest, Incomplete, NotInForce, StaleCase, WrongMove
from cases.models import Absence, Duty, Notice, Party, PersonSkill, Skill, Standing, Timer
from cases.operations import ending, talk
from cases.states import ClockState, Metric
from escalations.errors import (
    AlreadyRunning,
    CannotDecline,
    IncompleteHandoff,
    NotTheHolder,
    NotWaiting,
    Unpublishable,
)
from escalations.models import Handoff, Kind, PathVersion
from escalations.operations import respond
from escalations.operations.escalate import escalate
from escalations.operations.publishing import publish_path
from reports import timeline
from tests import factories as make

pytestmark = pytest.mark.django_db
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
TEXTS = {
    "reason": "Credit above my limit",
    "background": "38 lines twice",
    "tried": "Compared the tariff",
    "next_steps": "Approve the credit",
}


@pytest.fixture(scope="module")
def made(for_all_of_the_module, now):
    """A ladder of Marta, then Tomás; Priya is the fallback."""
    people = {name: make.person(name) for name in ("Ana", "Jonas", "Marta", "Tomas")}
    people["Priya"] = make.person("Priya", role="manager")
    make.policy(targets={(Metric.FIRST_RESPONSE, None): 3600, (Metric.RESOLUTION, None): 40 * 3600})
    people["path"] = make.path(
        levels=[
            {
                "person": people["Marta"],
                "acknowledge_seconds": 1800,
                "work_seconds": 7200,
                "remind_every_seconds": 600,
            },
            {"person": people["Tomas"], "acknowledge_seconds": 1800},
        ],
        fallback=people["Priya"],
    )
    people["case"] = make.case(now=now, by=people["Ana"], owner=people["Ana"])
    engine.run_until_idle(now=now)
    return people


@pytest.fixture
def desk(made):
    return deepcopy(made)


def up(desk, now, **fields):
    fields = {"kind": Kind.HIERARCHICAL, "path": desk["path"], "by": desk["Ana"], **TEXTS, **fields}
    return escalate(case=desk["case"], now=now, **fields)


class TestByHand:
    def test_the_receiver_has_it_with_everything_and_is_told_at_once(self, desk, now):
        handoff = up(desk, now)
        assert (handoff.to_person, handoff.level_number, handoff.is_automatic) == (desk["Marta"], 1, False)
        assert handoff.acknowledge_clock.due_at == now + HOUR / 2
        standing = Standing.objects.get(case=desk["case"])
        assert (standing.holder, standing.whose, standing.metric) == (
            desk["Marta"],
            desk["Marta"],
            Metric.ACKNOWLEDGE,
        )
        assert Notice.objects.in_app_for(desk["Marta"]).get().facts["reason"] == TEXTS["reason"]

    @pytest.mark.parametrize("missing", TEXTS)
    def test_a_handoff_that_lacks_a_text_is_refused_and_nothing_is_written(self, desk, now, missing):
        with pytest.raises(IncompleteHandoff):
            up(desk, now, **{missing: "  "})
        assert not Handoff.objects.exists()

    def test_the_database_refuses_it_too(self, desk, now):
        handoff = up(desk, now)
        with pytest.raises(IntegrityError), transaction.atomic(), make.signed(now):
            Handoff.objects.filter(pk=handoff.pk).update(tried="")

    def test_again_goes_one_level_up_and_a_lower_level_is_refused(self, desk, now):
        up(desk, now)
        assert up(desk, now + SECOND).to_person == desk["Tomas"]
        with pytest.raises(AlreadyRunning):
            up(desk, now + SECOND, kind=Kind.PRIORITY, level=1)
        assert desk["case"].escalations.count() == 1

    def test_priority_enters_above_level_one(self, desk, now):
        assert up(desk, now, kind=Kind.PRIORITY).level_number == 2

    def test_functional_goes_to_who_is_on_duty_for_the_skill(self, desk, now):
        with make.signed(now):
            skill = Skill.objects.create(name="Networks")
            PersonSkill.objects.create(person=desk["Jonas"], skill=skill)
            Duty.objects.create(skill=skill, person=desk["Jonas"], starts_at=now - HOUR, ends_at=now + HOUR)
        handoff = up(desk, now, kind=Kind.FUNCTIONAL, skill=skill)
        assert (handoff.to_person, handoff.skill) == (desk["Jonas"], skill)
        with pytest.raises(IncompleteHandoff):
            up(desk, now, kind=Kind.FUNCTIONAL, skill=None)

    def test_a_stale_page_is_refused(self, desk, now):
        seen = desk["case"].revision
        talk.note(case=desk["case"], body="Somebody else was here.", by=desk["Jonas"], now=now)
        with pytest.raises(StaleCase):
            up(desk, now, revision=seen)

    def test_without_a_path_the_default_one_takes_it(self, desk, now):
        with make.signed(now):
            desk["Ana"].manager = desk["Marta"]
            desk["Ana"].save()
        assert up(desk, now, path=None).to_person == desk["Marta"]

    def test_a_path_that_is_only_a_draft_is_refused(self, desk, now):
        with pytest.raises(NotInForce):
            up(desk, now, path=make.path("Draft", levels=[{"person": desk["Marta"]}], publish=False))


class TestAnswering:
    def test_acknowledged_in_time_the_work_term_starts_and_its_end_climbs(self, desk, now):
        handoff = up(desk, now)
        taken = respond.acknowledge(handoff=handoff, by=desk["Marta"], now=now + HOUR / 2)
        assert (
            handoff.acknowledge_clock.__class__.objects.get(pk=handoff.acknowledge_clock_id).state
            == ClockState.MET
        )
        assert taken.work_clock.due_at == now + HOUR / 2 + 2 * HOUR
        engine.run_until_idle(now=now + 2.5 * HOUR)
        assert Handoff.objects.count() == 1
        engine.run_until_idle(now=now + 2.5 * HOUR + SECOND)
        second = Handoff.objects.latest("pk")
        assert (second.to_person, second.background, second.is_automatic) == (
            desk["Tomas"],
            TEXTS["background"],
            True,
        )

    def test_nobody_else_may_and_not_twice(self, desk, now):
        handoff = up(desk, now)
        with pytest.raises(NotTheHolder):
            respond.acknowledge(handoff=handoff, by=desk["Jonas"], now=now)
        respond.acknowledge(handoff=handoff, by=desk["Marta"], now=now)
        with pytest.raises(NotWaiting):
            respond.acknowledge(handoff=handoff, by=desk["Marta"], now=now)

    def test_too_late_is_not_obeyed(self, desk, now):
        handoff = up(desk, now)
        engine.run_until_idle(now=now + HOUR / 2 + SECOND)
        with pytest.raises(NotWaiting):
            respond.acknowledge(handoff=handoff, by=desk["Marta"], now=now + HOUR / 2 + SECOND)

    def test_unacknowledged_it_climbs_to_the_fallback_who_is_never_nobody(self, desk, now):
        up(desk, now)
        engine.run_until_idle(now=now + HOUR / 2 + SECOND)
        engine.run_until_idle(now=now + HOUR + 2 * SECOND)
        last = Handoff.objects.latest("pk")
        assert (last.to_person, last.acknowledge_clock) == (desk["Priya"], None)
        assert desk["case"].escalations.get().is_at_fallback
        with pytest.raises(CannotDecline):
            respond.decline(handoff=last, reason="no", by=desk["Priya"], now=now + HOUR)

    def test_the_top_level_cannot_decline_and_a_lower_one_says_why(self, desk, now):
        handoff = up(desk, now)
        with pytest.raises(Incomplete):
            respond.decline(handoff=handoff, reason=" ", by=desk["Marta"], now=now)
        second = respond.decline(handoff=handoff, reason="On another case", by=desk["Marta"], now=now)
        assert second.to_person == desk["Tomas"]
        with pytest.raises(CannotDecline):
            respond.decline(handoff=second, reason="Me too", by=desk["Tomas"], now=now)

    def test_the_history_tells_the_cause_before_what_came_of_it(self, desk, now):
        handoff = up(desk, now)
        respond.decline(handoff=handoff, reason="On another case", by=desk["Marta"], now=now + SECOND)
        told = [(event.who, event.text, event.why) for event in timeline.events(desk["case"])]
        level = handoff.level_number
        declined = told.index(("Marta", f"declined level {level}", "On another case"))
        sent = next(at for at, (_who, text, _why) in enumerate(told) if "the case to Tomas" in text)
        assert declined < sent
        # Nobody passes over themselves: that they declined says it.
        assert not [text for _who, text, _why in told if "passed over Marta" in text]
        engine.run_until_idle(now=now + 2 * HOUR)
        texts = [event.text for event in timeline.events(desk["case"])]
        late = next(at for at, text in enumerate(texts) if "did not acknowledge" in text)
        assert late < next(at for at, text in enumerate(texts) if "the fallback holder" in text)

    def test_reminders_repeat_while_nobody_answers_and_those_missed_are_one(self, desk, now):
        up(desk, now)
        reminders = Notice.objects.in_app_for(desk["Marta"]).filter(kind="holder_reminder")
        engine.run_until_idle(now=now + timedelta(minutes=10))
        assert reminders.count() == 1
        engine.run_until_idle(now=now + timedelta(minutes=29))
        assert reminders.count() == 2
        respond.acknowledge(handoff=Handoff.objects.get(), by=desk["Marta"], now=now + timedelta(minutes=30))
        engine.run_until_idle(now=now + timedelta(minutes=59))
        assert reminders.count() == 2

    def test_deescalating_gives_it_back_and_the_clocks_run_on(self, desk, now):
        handoff = up(desk, now)
        respond.acknowledge(handoff=handoff, by=desk["Marta"], now=now)
        respond.deescalate(
            escalation=handoff.escalation, reason="Credit approved", by=desk["Marta"], now=now + SECOND
        )
        standing = Standing.objects.get(case=desk["case"])
        assert (standing.holder, standing.whose, standing.metric) == (
            None,
            desk["Ana"],
            Metric.FIRST_RESPONSE,
        )
        assert (
            not desk["case"].clocks.open().filter(metric__in=(Metric.ACKNOWLEDGE, Metric.OWNERSHIP)).exists()
        )
        assert Notice.objects.in_app_for(desk["Ana"]).filter(kind="deescalated").exists()

    def test_resolving_the_case_ends_its_escalation_and_leaves_no_timer(self, desk, now):
        up(desk, now)
        talk.reply(case=desk["case"], body="Done.", by=desk["Ana"], now=now)
        ending.resolve(case=desk["case"], reason="credited", by=desk["Ana"], now=now + SECOND)
        escalation = desk["case"].escalations.get()
        assert (escalation.state, escalation.outcome) == ("ended", "resolved")
        assert not Timer.objects.pending().exclude(kind="review").exists()


class TestByRule:
    def test_a_second_trigger_raises_the_severity_and_starts_nothing(self, desk, now):
        make.rule(desk["path"])
        engine.run_until_idle(now=now + HOUR + SECOND)
        assert desk["case"].escalations.get().severity == 1
        engine.run_until_idle(now=now + 40 * HOUR + SECOND)
        assert desk["case"].escalations.get().severity == 2

    def test_after_deescalating_the_same_rule_holds_off(self, desk, now):
        make.rule(desk["path"], trigger="asked_supervisor")
        ask = {
            "body": "Your boss, please.",
            "channel": "mail",
            "by": desk["Ana"],
            "asks_for": "asked_supervisor",
        }
        talk.receive(case=desk["case"], now=now, **ask)
        engine.run_until_idle(now=now)
        respond.deescalate(
            escalation=desk["case"].escalations.get(), reason="called her", by=desk["Marta"], now=now
        )
        talk.receive(case=desk["case"], now=now + HOUR, **ask)
        engine.run_until_idle(now=now + HOUR)
        assert desk["case"].escalations.running().count() == 0
        assert "holds off" in desk["case"].triggers.filter(kind="asked_supervisor").latest("pk").verdict
        later = now + respond.COOL_OFF + SECOND
        talk.receive(case=desk["case"], now=later, **ask)
        engine.run_until_idle(now=later)
        assert desk["case"].escalations.running().count() == 1

    def test_every_trigger_has_its_verdict(self, desk, now):
        assert desk["case"].triggers.get().verdict == "No rule asks about this."
        make.rule(desk["path"], trigger="reopened", category=make.category())
        ending.resolve(case=desk["case"], reason="done", by=desk["Ana"], now=now)
        ending.reopen(case=desk["case"], reason="not done", by=desk["Ana"], now=now)
        engine.run_until_idle(now=now)
        assert desk["case"].triggers.get(kind="reopened").verdict == "No rule matched."

    def test_somebody_named_in_the_complaint_is_skipped_with_a_record_and_may_not_take_it(self, desk, now):
        with make.signed(now):
            Party.objects.create(
                case=desk["case"], person=desk["Marta"], kind="subject", reason="complaint about her"
            )
        handoff = up(desk, now)
        assert handoff.to_person == desk["Tomas"]
        assert [(p.person, p.why) for p in handoff.escalation.passed_over.filter(why="conflict")] == [
            (desk["Marta"], "conflict")
        ]
        with make.signed(now):
            Party.objects.create(case=desk["case"], person=desk["Tomas"], kind="subject", reason="and him")
        with pytest.raises(ConflictOfInterest):
            respond.acknowledge(handoff=handoff, by=desk["Tomas"], now=now)

    def test_the_deputy_gets_what_would_be_the_absents(self, desk, now):
        with make.signed(now):
            Absence.objects.create(
                person=desk["Marta"], deputy=desk["Jonas"], starts_at=now - HOUR, ends_at=now + HOUR
            )
        assert up(desk, now).to_person == desk["Jonas"]


class TestPublishing:
    def test_what_would_leave_somebody_without_an_answer_is_named(self, desk, now):
        with make.signed(now):
            empty = PathVersion.objects.create(path=desk["path"], number=2)
        with pytest.raises(Unpublishable) as refused:
            publish_path(version=empty, by=desk["Priya"], now=now)
        assert len(refused.value.messages) == 2

    def test_open_escalations_stay_on_the_version_they_started_on(self, desk, now):
        handoff = up(desk, now)
        with make.signed(now):
            second = PathVersion.objects.create(path=desk["path"], number=2, fallback=desk["Priya"])
            second.levels.create(
                number=1, name="Only", responsible="person", person=desk["Jonas"], acknowledge_seconds=60
            )
        publish_path(version=second, by=desk["Priya"], now=now)
        assert handoff.escalation.version.number == 1
        assert up(desk, now + SECOND).to_person == desk["Tomas"]


class TestTwoLaddersOfOneCase:
    """Each runs by its own terms: what happens on one takes nothing from the other."""

    @pytest.fixture
    def both(self, desk, now):
        desk["other"] = make.path(
            name="Safety",
            levels=[
                {"person": desk["Jonas"], "acknowledge_seconds": 1800, "remind_every_seconds": 600},
                {"person": desk["Tomas"], "acknowledge_seconds": 1800},
            ],
            fallback=desk["Priya"],
        )
        return up(desk, now), up(desk, now, path=desk["other"])

    def waiting(self, handoff):
        return handoff.escalation.handoffs.get(state=Handoff.State.WAITING)

    def test_both_go_up_when_both_run_out(self, desk, both, now):
        engine.run_until_idle(now=now + HOUR / 2 + SECOND)
        assert [self.waiting(h).level_number for h in both] == [2, 2]
        assert [self.waiting(h).acknowledge_clock.state for h in both] == [ClockState.RUNNING] * 2

    def test_a_decline_on_one_leaves_the_others_term_and_reminders(self, desk, both, now):
        first, second = both
        respond.decline(handoff=first, reason="On the way out", by=desk["Marta"], now=now)
        second.acknowledge_clock.refresh_from_db()
        assert second.acknowledge_clock.state == ClockState.RUNNING
        pending = Timer.objects.pending().filter(case=desk["case"])
        assert pending.filter(subject_id=second.acknowledge_clock_id).exists()
        assert pending.filter(kind="holder_reminder", subject_id=second.pk).exists()

    def test_de_escalating_one_leaves_the_other_to_run_out_by_itself(self, desk, both, now):
        first, second = both
        respond.deescalate(escalation=first.escalation, reason="Credit given", by=desk["Marta"], now=now)
        engine.run_until_idle(now=now + HOUR / 2 + SECOND)
        assert self.waiting(second).level_number == 2
        assert Standing.objects.get(case=desk["case"]).holder == desk["Tomas"]


class TestReminders:
    def pending(self):
        return Timer.objects.pending().filter(kind="holder_reminder")

    def test_who_acknowledged_is_not_reminded_again(self, desk, now):
        handoff = up(desk, now)
        assert self.pending().get().subject_id == handoff.pk
        respond.acknowledge(handoff=handoff, by=desk["Marta"], now=now)
        assert not self.pending().exists()

    def test_nor_who_declined(self, desk, now):
        handoff = up(desk, now)
        respond.decline(handoff=handoff, reason="On another case", by=desk["Marta"], now=now)
        assert not self.pending().exists()

    def test_after_forty_days_without_an_engine_one_reminder_stands_for_all_and_the_cadence_goes_on(
        self, desk, now
    ):
        path = make.path(
            "Patient",
            levels=[{"person": desk["Marta"], "acknowledge_seconds": 60 * 86400, "remind_every_seconds": 60}],
            fallback=desk["Priya"],
        )
        up(desk, now, path=path)
        engine.run_until_idle(now=now + timedelta(days=40))
        timer = self.pending().get()
        assert (timer.step, timer.due_at) == (1, now + timedelta(days=40, minutes=1))


def test_a_closed_case_is_opened_again_before_it_is_escalated(desk, now):
    ending.close(case=desk["case"], reason="by mistake", by=desk["Ana"], now=now)
    with pytest.raises(WrongMove):
        up(desk, now)
    assert not Handoff.objects.exists()
