"""Whatever happens, the reconciler finds nothing to do; whatever is done to a timer by hand, it is mended."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, event, given
from hypothesis import strategies as st

from cases import engine, reconciling
from cases.models import Case, Clock, Notice, Pause, Promise, Standing, Timer, TimerRepair, Trigger
from cases.operations import recalculating
from cases.reconciling.comparing import Finding
from cases.states import TimerKind
from escalations.models import Escalation, Handoff
from tests.drawing import examples
from tests.escalations import days

# The desk is the same for all examples; each is undone.
ON_ONE_DESK = {
    "phases": (Phase.explicit, Phase.generate, Phase.shrink),
    "suppress_health_check": list(HealthCheck),
}


@pytest.fixture
def desk(db, monkeypatch):
    """Where a change that more than two cases follow goes on in slices, after it was committed."""
    monkeypatch.setattr(recalculating, "SLICE", 2)
    return days.desk()


@contextmanager
def undone(desk):
    """What is done within did not happen."""
    began = desk.now
    try:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
    finally:
        desk.now = began


def amiss(desk):
    """What the reconciler would put right, in words."""
    with undone(desk):
        report = reconciling.whole_round(now=desk.now)
        assert not report.failed
        return [
            f"{r.finding} {r.kind or Standing.objects.filter(pk=r.case_id).values()} of case {r.case_id}:"
            f" {r.subject_id} step {r.step} occurrence {r.occurrence}, {r.was_due_at} -> {r.due_at}"
            for r in report.repairs
        ]


@examples(14, **ON_ONE_DESK)
@given(lived=st.lists(days.step, min_size=12, max_size=32))
def test_nothing_that_people_engines_and_crashes_do_leaves_the_reconciler_anything_to_do(desk, lived):
    with undone(desk):
        for step in lived:
            days.live(desk, [step])
            assert amiss(desk) == []


# --- By hand ----------------------------------------------------------------------------------------------


def delete(timer, span):
    timer.delete()


def shift_due(timer, span):
    timer.due_at += span
    timer.save()


def shift_wake(timer, span):
    timer.wake_at += span
    timer.save()


def shift_both(timer, span):
    timer.due_at += span
    timer.wake_at += span
    timer.save()


def fire_without_effect(timer, span):
    timer.state, timer.fired_at = Timer.State.FIRED, timer.due_at
    timer.save()


def double(timer, span):
    """The same for another occurrence, beside it. A case may have only one pending look at the rules."""
    if timer.kind == TimerKind.REVIEW:
        timer.subject_id += 1
    else:
        timer.pk, timer.occurrence, timer.due_at = None, timer.occurrence + 7, timer.due_at + span
    timer.save()


def give_away(timer, span):
    timer.case_id = Case.objects.exclude(pk=timer.case_id).order_by("pk").values_list("pk", flat=True)[0]
    timer.save()


HANDS = (delete, shift_due, shift_wake, shift_both, fire_without_effect, double, give_away)
SHIFTS = st.sampled_from([timedelta(microseconds=1), timedelta(hours=5), timedelta(days=40)])


def pending():
    columns = ("case_id", "kind", "subject_id", "step", "occurrence", "due_at", "wake_at")
    return sorted(Timer.objects.pending().values_list(*columns))


def state(desk):
    """Everything a reader may see, without the ids, which depend on who came first."""
    columns = {
        Case: ("pk", "status", "priority", "team", "owner", "resolved_at", "closed_at", "reopened_count"),
        Clock: (
            "case",
            "metric",
            "label",
            "state",
            "started_at",
            "due_at",
            "breached_at",
            "warned_at",
            "ended_at",
        ),
        Promise: ("pk", "state", "broken_at", "ended_at"),
        Pause: ("pk", "ended_at"),
        Trigger: ("case", "kind", "metric", "occurred_at", "considered_at", "verdict"),
        Escalation: (
            "case",
            "path",
            "state",
            "level_number",
            "severity",
            "holder",
            "holder_team",
            "started_at",
        ),
        Handoff: (
            "escalation__case",
            "level_number",
            "state",
            "to_person",
            "to_team",
            "made_at",
            "answered_at",
        ),
        Standing: ("case", "kind", "metric", "due_at", "is_breached", "whose", "holder", "holder_team"),
        Notice: ("kind", "case", "person", "created_at"),
    }
    return {m.__name__: sorted(map(repr, m.objects.values_list(*names))) for m, names in columns.items()}


@examples(10, **ON_ONE_DESK)
@given(
    lived=st.lists(days.step, max_size=8),
    which=st.integers(0, 99),
    hand=st.sampled_from(HANDS),
    sign=st.booleans(),
    span=SHIFTS,
)
def test_what_is_done_to_a_timer_by_hand_is_mended_and_leaves_no_trace(desk, lived, which, hand, sign, span):
    with undone(desk):
        days.live(desk, lived)
        while recalculating.next_slice(now=desk.now):
            pass
        engine.run_until_idle(now=desk.now)
        timers = list(Timer.objects.pending().order_by("due_at", "pk"))
        if not timers:
            return
        timer = timers[which % len(timers)]
        lost_a_reminder = timer.kind == TimerKind.HOLDER_REMINDER and hand is fire_without_effect
        event(f"{hand.__name__} {timer.kind}")
        with undone(desk):
            before = pending()
            days.time_keeps_up(desk, timedelta(hours=12))
            untouched = state(desk)
        touched_case = timer.case_id
        hand(timer, span if sign else -span)
        repairs = reconciling.whole_round(now=desk.now).repairs
        assert {r.finding for r in repairs} <= {*Finding.values} - {Finding.SCHEDULE, Finding.STANDING}
        assert touched_case in {r.case_id for r in repairs}
        assert TimerRepair.objects.count() == len(repairs)
        assert amiss(desk) == []
        if lost_a_reminder:
            return  # the next one comes, and that is all that can be known
        assert pending() == before
        days.time_keeps_up(desk, timedelta(hours=12))
        assert state(desk) == untouched
