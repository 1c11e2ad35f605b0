"""The reconciler: each kind of timer, each way in which it can be wrong, what is put right, what is left."""

import json
import uuid
from copy import deepcopy
from datetime import datetime, time, timedelta

import pytest
from django.core.management import call_command

from cases import engine, history, reconciling, writers
from cases.models import (
    Calendar,
    CalendarVersion,
    Clock,
    Pause,
    Period,
    Promise,
    Recalculation,
    ReconcilerRound,
    Standing,
    Timer,
    TimerRepair,
    Trigger,
)
from cases.operations import (
    clocks,
    ending,
    pausing,
    promising,
    publishing,
    recalculating,
    standing,
    talk,
    timers,
)
from cases.reconciling import comparing
from cases.states import ClockState, Metric, TimerKind
from escalations.models import Handoff, Kind
from escalations.operations import respond
from escalations.operations.escalate import escalate
from reports.changes import changes
from reports.timeline import events
from tests import factories as make

pytestmark = pytest.mark.django_db
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
TEXTS = {"background": "38 lines twice", "tried": "Compared the tariff", "next_steps": "Approve the credit"}
HANDS = {
    "deleted": lambda t: t.delete(),
    "due later": lambda t: change(t, due_at=t.due_at + 40 * DAY, wake_at=t.wake_at + 40 * DAY),
    "due earlier": lambda t: change(t, due_at=t.due_at - HOUR),
    "waking later": lambda t: change(t, wake_at=t.wake_at + SECOND),
    "waking earlier": lambda t: change(t, wake_at=t.wake_at - SECOND),
    "fired": lambda t: change(t, state="fired", fired_at=t.due_at),
    "of another occurrence": lambda t: change(t, occurrence=t.occurrence + 1, step=t.step + 1),
}
FOUND = {
    "deleted": ["missing"],
    "due later": ["moved"],
    "due earlier": ["moved"],
    "waking later": ["moved"],
    "waking earlier": ["moved"],
    "fired": ["undone"],
    "of another occurrence": ["missing", "stray"],
}


def change(row, **fields):
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()


@pytest.fixture(scope="module")
def made(for_all_of_the_module, now):
    """A case of Ana's with everything pending that a case can have, and one that waits for its first look."""
    ana, marta = make.person("Ana"), make.person("Marta")
    make.policy(
        targets={(Metric.FIRST_RESPONSE, None): 4 * make.HOUR, (Metric.RESOLUTION, None): 40 * make.HOUR}
    )
    path = make.path(
        levels=[
            {"person": marta, "remind_every_seconds": 600, "work_seconds": 7200},
            {"person": ana},
        ],
        fallback=ana,
    )
    make.rule(path, "asked_supervisor")
    customer = make.customer()
    case = make.case(customer, now=now, by=ana, owner=ana)
    other = make.case(customer, now=now, by=ana, owner=ana)
    promising.promise(case=case, what="a credit", due_at=now + 8 * HOUR, by=ana, now=now)
    pausing.pause(
        case=case,
        reason=make.pause_reason(stops=["next_update"]),
        expected_end_at=now + DAY,
        by=ana,
        now=now,
    )
    escalate(case=case, path=path, kind=Kind.HIERARCHICAL, reason="Above my limit", by=ana, now=now, **TEXTS)
    escalate(case=other, path=path, kind=Kind.HIERARCHICAL, reason="Above my limit", by=ana, now=now, **TEXTS)
    respond.acknowledge(handoff=Handoff.objects.get(escalation__case=other), by=marta, now=now)
    triggers_before = Trigger.objects.count()
    talk.receive(case=other, body="Your boss!", by=ana, now=now, channel="mail", asks_for="asked_supervisor")
    assert Trigger.objects.count() == triggers_before + 1
    return {"ana": ana, "marta": marta, "path": path, "case": case, "other": other}


@pytest.fixture
def desk(made, db):
    return deepcopy(made)


def pending():
    columns = ("case_id", "kind", "subject_id", "step", "occurrence", "due_at", "wake_at")
    return sorted(Timer.objects.pending().values_list(*columns))


def reconcile(now, **options):
    return reconciling.whole_round(now=now, **options)


def found(report):
    return sorted(str(r.finding) for r in report.repairs)


class TestTimers:
    def test_a_case_with_one_of_each_kind_needs_nothing(self, desk, now):
        assert {kind for _c, kind, *_rest in pending()} == set(TimerKind)
        report = reconcile(now)
        assert (report.cases, report.repairs, report.busy, report.failed) == (2, [], 0, [])

    @pytest.mark.parametrize("hand", HANDS)
    @pytest.mark.parametrize(
        "kind", [kind for kind in TimerKind if kind not in (TimerKind.REVIEW, TimerKind.HOLDER_REMINDER)]
    )
    def test_what_is_done_to_a_timer_by_hand_is_put_right_once(self, desk, now, kind, hand):
        before = pending()
        timer = Timer.objects.pending().filter(kind=kind).first()
        case_id = timer.case_id
        HANDS[hand](timer)
        at = now + SECOND
        report = reconcile(at)
        assert found(report) == FOUND[hand]
        assert {(r.case_id, r.kind, r.found_at) for r in report.repairs} == {(case_id, kind, at)}
        assert pending() == before
        assert reconcile(at).repairs == []

    @pytest.mark.parametrize("hand", [hand for hand in HANDS if hand != "fired"])
    def test_a_reminder_likewise(self, desk, now, hand):
        before = pending()
        HANDS[hand](Timer.objects.pending().get(kind=TimerKind.HOLDER_REMINDER))
        assert found(reconcile(now)) == FOUND[hand]
        assert pending() == before

    def test_a_reminder_that_was_marked_fired_is_followed_by_the_next(self, desk, now):
        timer = Timer.objects.pending().get(kind=TimerKind.HOLDER_REMINDER)
        HANDS["fired"](timer)
        [repair] = reconcile(now).repairs
        assert (repair.finding, repair.step, repair.due_at) == ("missing", 1, timer.due_at + 10 * 60 * SECOND)

    def test_after_reminders_that_came_late_the_next_is_on_the_cadence(self, desk, now):
        late = now + timedelta(minutes=34)
        engine.run_until_idle(now=late)
        before = pending()
        assert reconcile(late).repairs == []
        timer = Timer.objects.pending().get(kind=TimerKind.HOLDER_REMINDER)
        assert (timer.step, timer.due_at) == (1, now + timedelta(minutes=40))
        timer.delete()
        assert found(reconcile(late)) == ["missing"]
        assert pending() == before

    @pytest.mark.parametrize(
        ("hand", "finding"),
        [
            ("deleted", ["missing"]),
            ("due later", ["moved"]),
            ("waking later", ["moved"]),
            ("fired", ["missing"]),
        ],
    )
    def test_a_trigger_nobody_considered_gets_its_look_at_the_rules(self, desk, now, hand, finding):
        HANDS[hand](Timer.objects.pending().get(kind=TimerKind.REVIEW))
        assert found(reconcile(now)) == finding
        engine.run_until_idle(now=now)
        assert not Trigger.objects.waiting().exists()
        assert reconcile(now).repairs == []

    def test_a_look_that_nothing_asks_for_is_taken_back(self, desk, now):
        timers.ask_for_review([desk["case"].pk], now=now)
        assert found(reconcile(now)) == ["stray"]
        assert Timer.objects.pending().filter(kind="review").get().case == desk["other"]

    def test_a_missing_one_whose_instant_has_passed_fires_at_once_and_is_late_from_that_instant(
        self, desk, now
    ):
        Timer.objects.pending().filter(kind=TimerKind.PROMISE_BROKEN).delete()
        at = now + 3 * DAY
        assert "missing" in found(reconcile(at))
        timer = Timer.objects.pending().get(kind=TimerKind.PROMISE_BROKEN)
        assert timer.due_at == timer.armed_at == now + 8 * HOUR
        engine.run_until_idle(now=at)
        promise = Promise.objects.get()
        assert (promise.state, promise.broken_at) == ("broken", now + 8 * HOUR)

    def test_one_that_was_put_off_waits_for_its_next_try(self, desk, now):
        timer = Timer.objects.pending().filter(kind=TimerKind.CLOCK_BREACHED).first()
        change(timer, attempts=2, wake_at=timer.wake_at + 10 * SECOND)
        assert reconcile(now).repairs == []
        change(timer, wake_at=timer.due_at)  # earlier than just after: it would fire too soon
        assert found(reconcile(now)) == ["moved"]

    def test_one_that_was_put_off_and_moved_keeps_its_next_try(self, desk, now):
        timer = Timer.objects.pending().filter(kind=TimerKind.CLOCK_BREACHED).first()
        due_at, wake_at = timer.due_at, timer.wake_at + 10 * SECOND
        change(timer, attempts=2, wake_at=wake_at, due_at=due_at - DAY)
        assert found(reconcile(now)) == ["moved"]
        timer.refresh_from_db()
        assert (timer.due_at, timer.wake_at, timer.attempts) == (due_at, wake_at, 2)

    @pytest.mark.parametrize("kind", TimerKind)
    def test_one_that_was_set_aside_is_not_armed_again(self, desk, now, kind):
        change(Timer.objects.pending().filter(kind=kind).first(), state="set_aside", attempts=8)
        assert reconcile(now).repairs == []

    def test_a_kind_nobody_expects_is_left_to_the_engine(self, desk, now):
        timers.save([timers.arm(case_id=desk["case"].pk, kind="nonsense", subject_id=1, due_at=now, now=now)])
        assert reconcile(now).repairs == []
        assert Timer.objects.pending().filter(kind="nonsense").exists()

    def test_a_timer_whose_subject_is_gone_or_ended_is_taken_back(self, desk, now):
        ended = clocks.OPEN.all(case=desk["case"].pk)[0]
        with make.signed(now):
            Clock.objects.filter(pk=ended.pk).update(state="met", ended_at=now, elapsed_seconds=0)
        timers.save(
            [timers.arm(case_id=desk["case"].pk, kind="pause_ends", subject_id=10**6, due_at=now, now=now)]
        )
        report = reconcile(now)
        strays = sorted((str(r.kind), r.subject_id) for r in report.repairs if r.finding == "stray")
        assert strays == [
            ("clock_at_risk", ended.pk),
            ("clock_breached", ended.pk),
            ("pause_ends", 10**6),
        ]
        assert reconcile(now).repairs == []

    def test_a_timer_that_hangs_on_another_case_comes_back(self, desk, now):
        before = pending()
        timer = Timer.objects.pending().get(kind=TimerKind.PROMISE_BROKEN)
        change(timer, case_id=desk["other"].pk)
        [repair] = reconcile(now).repairs
        assert (repair.finding, repair.case) == ("moved", desk["case"])
        assert pending() == before

    def test_what_is_left_on_a_closed_case_is_found_and_what_belongs_there_stays(self, desk, now):
        ana, case = desk["ana"], make.case(desk["case"].customer, now=now)
        ending.close(case=case, reason="by mistake", by=ana, now=now)
        triggers_wait = Timer.objects.pending().filter(case=case, kind="review").exists()
        assert not triggers_wait and reconcile(now).cases == 2
        timers.save(
            [
                timers.arm(
                    case_id=case.pk, kind="clock_breached", subject_id=1, due_at=now, now=now, occurrence=9
                )
            ]
        )
        report = reconcile(now)
        assert (report.cases, found(report)) == (3, ["stray"])
        talk.receive(case=case, body="Hello?", by=ana, now=now, channel="mail", asks_for="asked_supervisor")
        assert (reconcile(now).cases, reconcile(now).repairs) == (3, [])


class TestSchedules:
    def clock(self, desk):
        return Clock.objects.get(case=desk["case"], metric=Metric.RESOLUTION)

    @pytest.mark.parametrize("name", ["due_at", "late_after", "at_risk_at"])
    def test_a_clock_whose_times_are_not_what_its_term_says_is_put_right(self, desk, now, name):
        clock = self.clock(desk)
        was, moved = getattr(clock, name), getattr(clock, name) - 2 * HOUR
        with make.signed(now):
            Clock.objects.filter(pk=clock.pk).update(**{name: moved})
        report = reconcile(now)
        assert found(report) == ["schedule"]
        again = self.clock(desk)
        assert (getattr(again, name), again.revision) == (was, clock.revision + 1)
        assert set(
            Timer.objects.pending()
            .filter(subject_id=clock.pk, kind__startswith="clock_")
            .values_list("occurrence", "due_at")
        ) == {(again.revision, again.at_risk_at), (again.revision, again.late_after)}
        assert reconcile(now).repairs == []

    def test_a_term_moved_into_the_past_by_hand_is_not_breached_by_being_put_right(self, desk, now):
        with make.signed(now):
            Clock.objects.filter(pk=self.clock(desk).pk).update(
                due_at=now - DAY, late_after=now - DAY, at_risk_at=now - DAY
            )
        reconcile(now)
        engine.run_until_idle(now=now)
        assert self.clock(desk).breached_at is None

    def test_a_clock_that_stands_still_though_no_pause_stops_it_goes_on(self, desk, now):
        clock = self.clock(desk)
        with make.signed(now):
            Clock.objects.filter(pk=clock.pk).update(
                state="paused", due_at=None, late_after=None, at_risk_at=None
            )
        assert found(reconcile(now)) == ["schedule"]
        again = self.clock(desk)
        assert (again.state, again.due_at) == (ClockState.RUNNING, clock.due_at)
        assert reconcile(now).repairs == []

    def test_a_clock_that_runs_though_a_pause_stops_it_stands_still(self, desk, now):
        clock = self.clock(desk)
        with make.signed(now):
            Pause.objects.update(stops=["resolution"])
        assert found(reconcile(now)) == ["schedule"]
        assert self.clock(desk).state == ClockState.PAUSED
        assert not Timer.objects.pending().filter(kind="clock_breached", subject_id=clock.pk).exists()

    def test_a_calendar_without_an_open_hour_stops_nobody(self, desk, now):
        fair = make.calendar("Fair", now=now)
        with writers.lifted():
            Period.objects.filter(version__calendar=fair).delete()
            Calendar.objects.filter(pk=fair.pk).update(revision=uuid.uuid4())
        clock = self.clock(desk)
        with make.signed(now):
            Clock.objects.filter(pk=clock.pk).update(calendar=fair)
        Timer.objects.pending().filter(kind=TimerKind.PROMISE_BROKEN).delete()
        report = reconcile(now)
        assert (found(report), report.failed) == (["missing"], [])
        assert self.clock(desk).due_at == clock.due_at

    def test_a_clock_that_a_calendars_change_has_not_come_to_yet_follows_and_is_no_finding(
        self, desk, now, monkeypatch
    ):
        monkeypatch.setattr(recalculating, "SLICE", 0)
        office = make.calendar("Always", tz="UTC", days=range(7), opens="00:00", closes="00:00")
        clock = self.clock(desk)
        with make.signed(now):
            Clock.objects.filter(pk=clock.pk).update(calendar=office)
            version = CalendarVersion.objects.create(calendar=office, number=2)
            Period.objects.create(version=version, weekday=0, opens=time(0), closes=time(0))
        publishing.publish_calendar(version=version, by=history.INSTALLATION, now=now)
        assert Recalculation.objects.in_progress().exists()
        assert self.clock(desk).due_at == clock.due_at
        assert reconcile(now).repairs == []
        again = self.clock(desk)
        assert (again.due_at - clock.due_at, again.revision) == (6 * DAY, clock.revision + 1)
        Timer.objects.pending().filter(kind=TimerKind.CLOCK_BREACHED, subject_id=clock.pk).delete()
        assert found(reconcile(now)) == ["missing"]


class TestStandings:
    @pytest.mark.parametrize(
        "wrong", [{"kind": "nothing"}, {"sort_at": datetime.max}, {"holder": None}, {"priority": 1}]
    )
    def test_one_that_is_not_what_the_case_owes_is_worked_out_anew(self, desk, now, wrong):
        mine = Standing.objects.filter(case=desk["case"])
        before = mine.values().get()
        if "sort_at" in wrong:
            wrong = {"sort_at": before["sort_at"] + HOUR}
        mine.update(**wrong)
        assert found(reconcile(now)) == ["standing"]
        assert mine.values().get() == before
        assert reconcile(now).repairs == []

    def test_one_that_is_gone_comes_back(self, desk, now):
        mine = Standing.objects.filter(case=desk["case"])
        before = mine.values().get()
        mine.delete()
        assert found(reconcile(now)) == ["standing"]
        assert mine.values().get() == before

    def test_one_is_counted_beside_a_timer_and_not_beside_the_clock_that_made_it_wrong(self, desk, now):
        Standing.objects.filter(case=desk["case"]).update(kind="nothing")
        Timer.objects.pending().filter(kind=TimerKind.PROMISE_BROKEN).delete()
        assert found(reconcile(now)) == ["missing", "standing"]
        first = Clock.objects.get(case=desk["case"], metric=Metric.ACKNOWLEDGE)
        with make.signed(now):
            Clock.objects.filter(pk=first.pk).update(due_at=first.due_at + HOUR)
        standing.refresh([desk["case"]], now=now)
        assert found(reconcile(now)) == ["schedule"]

    def test_nobody_stands_as_holder_without_a_running_ladder(self, desk, now):
        case = make.case(desk["case"].customer, now=now)
        Standing.objects.filter(case=case).update(holder=desk["marta"])
        assert found(reconcile(now)) == ["standing"]
        assert Standing.objects.get(case=case).holder is None


class TestRecord:
    def test_every_repair_is_in_the_history_in_a_sentence_and_counted(self, desk, now):
        timer = Timer.objects.pending().get(kind=TimerKind.PROMISE_BROKEN)
        timer.delete()
        Timer.objects.pending().filter(kind=TimerKind.PAUSE_ENDS).update(due_at=now + 2 * DAY)
        at = now + SECOND
        reconcile(at)
        told = [e for e in events(desk["case"]) if e.at == at]
        assert sorted(e.text for e in told) == [
            "found a timer at the wrong time and set it right: Pause ends",
            "found a timer missing and armed it: Promise broken, Mon 2 Mar, 16:00",
        ]
        assert {(e.who, e.icon) for e in told} == {("Engine", "clock")}
        kept, _cursor = changes(desk["case"], kinds=["timer_repair"])
        assert {(c.did, c.who.pk, c.why, c.via) for c in kept} == {("created", -2, "reconciled", "engine")}
        assert TimerRepair.objects.tally() == {
            "missing": 1,
            "undone": 0,
            "moved": 1,
            "stray": 0,
            "schedule": 0,
            "standing": 0,
        }

    @pytest.mark.parametrize("finding", TimerRepair.Finding)
    def test_every_finding_has_its_sentence(self, desk, now, finding):
        with make.signed(now + SECOND):
            TimerRepair.objects.create(case=desk["case"], finding=finding, kind="review", found_at=now)
        assert [e.text for e in events(desk["case"]) if e.at == now + SECOND][0]


class TestRounds:
    def test_a_round_asks_as_often_for_many_cases_as_for_few(self, desk, now, django_assert_max_num_queries):
        with django_assert_max_num_queries(30) as few:
            reconcile(now)
        for _n in range(12):
            make.case(desk["case"].customer, now=now, by=desk["ana"])
        with django_assert_max_num_queries(len(few)):
            assert reconcile(now).cases == 14

    def test_slices_keep_their_place_and_begin_again_at_the_end(self, desk, now):
        make.case(desk["case"].customer, now=now, by=desk["ana"])
        place = {"clock": lambda: now, "stopped": lambda: False, "size": 2}
        assert reconciling.go_on(seconds=0, **place).cases == 2
        assert reconciling.last_round() is None
        assert ReconcilerRound.objects.get().after_id == desk["other"].pk
        assert reconciling.go_on(seconds=0, **place).cases == 1
        reconciling.go_on(seconds=0, **place)
        last = reconciling.last_round()
        assert (last.rounds, last.last_cases, last.last_finished_at, last.after_id) == (1, 3, now, 0)
        Timer.objects.pending().filter(kind=TimerKind.PROMISE_BROKEN).delete()
        assert found(reconciling.go_on(seconds=60, **place)) == ["missing"]
        last.refresh_from_db()
        assert (last.rounds, last.last_cases, last.last_repairs) == (2, 3, 1)

    def test_one_at_a_time_and_one_that_died_holds_nobody_up_for_long(self, desk, now):
        ReconcilerRound.objects.create(pk=1, taken_until=now + SECOND)
        go_on = {"seconds": 60, "stopped": lambda: False}
        assert reconciling.go_on(clock=lambda: now, **go_on).cases == 0
        assert reconciling.go_on(clock=lambda: now + SECOND, **go_on).cases == 2
        # nor does one whose clock was ahead
        ReconcilerRound.objects.update(taken_until=now + DAY)
        assert reconciling.go_on(clock=lambda: now, **go_on).cases == 2

    def test_a_case_that_cannot_be_looked_at_stops_no_other(self, desk, now, monkeypatch):
        def poison(scope):
            if desk["other"].pk in scope.cases:
                raise ValueError("no such rung")
            return []

        monkeypatch.setattr(comparing, "EXPECTATIONS", [*comparing.EXPECTATIONS, (frozenset(), poison)])
        Timer.objects.pending().filter(kind=TimerKind.PROMISE_BROKEN).delete()
        report = reconcile(now)
        assert (found(report), report.failed) == (["missing"], [desk["other"].pk])

    def test_the_command_says_what_it_found_and_its_exit_says_whether(self, desk, now, capsys):
        call_command("reconcile", "--now", now.isoformat())
        assert "Every timer is where it should be." in capsys.readouterr().out
        Timer.objects.pending().filter(kind=TimerKind.PROMISE_BROKEN).delete()
        with pytest.raises(SystemExit, match="1"):
            call_command("reconcile", "--check", "--now", now.isoformat())
        assert not TimerRepair.objects.exists()
        with pytest.raises(SystemExit, match="1"):
            call_command("reconcile", "--json", "--now", now.isoformat())
        said = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert (said["cases"], said["repairs"], said["findings"]["missing"], said["failed"]) == (2, 1, 1, [])
        call_command("reconcile", "--json", "--now", now.isoformat())
        assert json.loads(capsys.readouterr().out)["repairs"] == 0
