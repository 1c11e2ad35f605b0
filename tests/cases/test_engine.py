"""The engine: each due timer fires exactly once, whoever runs it and whatever fails beside it."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from cases import engine
from cases.hours import WEEKDAYS, WorkingHours
from cases.models import EngineMinute, EnginePass, Notice, Timer
from cases.operations import timers
from cases.states import Metric, TimerKind
from tests import factories as make

SECOND = timedelta(seconds=1)


@pytest.fixture
def reactions(monkeypatch):
    """Reactions of this test's own to kinds the ladder would answer; what fired is kept in order."""
    fired = []

    def note(group, *, cases, now):
        fired.append([t.subject_id for t in group])

    def poison(group, *, cases, now):
        if any(t.subject_id == 666 for t in group):
            raise ValueError("no such rung")
        fired.append([t.subject_id for t in group])

    for kind, reaction in ((TimerKind.HOLDER_REMINDER, note), (TimerKind.PROMISE_AT_RISK, poison)):
        monkeypatch.setitem(engine.REACTIONS, kind, reaction)
        monkeypatch.delitem(engine.SUBJECTS, kind)  # these tests make up their subjects
    return fired


@pytest.fixture
def cases(now):
    make.policy(targets={(Metric.RESOLUTION, None): 10**8})
    customer = make.customer()
    made = [make.case(customer, now=now) for _ in range(6)]
    Timer.objects.all().delete()  # of the opening: these tests arm their own
    return made


def always_open():
    return WorkingHours.from_dict({"tz": "UTC", "calendar": {day: [["00:00", "24:00"]] for day in WEEKDAYS}})


def arm(case, subject, due_at, kind=TimerKind.HOLDER_REMINDER, **fields):
    timers.save(
        [timers.arm(case_id=case.pk, kind=kind, subject_id=subject, due_at=due_at, now=due_at, **fields)]
    )


@pytest.mark.django_db
class TestAPass:
    def test_nothing_fires_before_its_time(self, reactions, cases, now):
        arm(cases[0], 1, now + SECOND)
        assert engine.run_once(now=now) == 0
        assert engine.run_once(now=now + SECOND) == 1
        assert Timer.objects.get().fired_at == now + SECOND

    def test_strictly_after_means_not_at_the_very_instant(self, reactions, cases, now):
        arm(cases[0], 1, now, just_after=True)
        assert engine.run_once(now=now) == 0
        assert engine.run_once(now=now + SECOND) == 1

    def test_of_one_case_only_the_earliest_fires_and_the_rest_follow_in_order(self, reactions, cases, now):
        for subject, seconds in ((3, 3), (1, 1), (2, 2)):
            arm(cases[0], subject, now + seconds * SECOND)
        arm(cases[1], 9, now + SECOND)
        assert engine.run_once(now=now + 9 * SECOND) == 2
        assert engine.run_until_idle(now=now + 9 * SECOND) == 2
        assert [sorted(group) for group in reactions] == [[1, 9], [2], [3]]

    def test_what_another_engine_has_in_hand_is_left_to_it_for_a_moment_and_not_longer(
        self, reactions, cases, now
    ):
        arm(cases[0], 1, now)
        arm(cases[1], 2, now)
        EnginePass.objects.create(
            worker="another", process="elsewhere/1", started_at=now, in_hand=[cases[0].pk]
        )
        just_before = now + engine.STILL_AT_IT - timedelta(microseconds=1)
        assert engine.run_until_idle(now=just_before, worker="mine") == 1
        assert reactions == [[2]]
        assert engine.run_until_idle(now=now + engine.STILL_AT_IT, worker="mine") == 1
        assert reactions == [[2], [1]]

    @pytest.mark.parametrize("record", [{"worker": "mine"}, {"worker": "another", "finished_at": True}])
    def test_what_nobody_has_in_hand_any_more_is_anybodys(self, reactions, cases, now, record):
        arm(cases[0], 1, now)
        if record.get("finished_at"):
            record = {**record, "finished_at": now}
        EnginePass.objects.create(process="elsewhere/1", started_at=now, in_hand=[cases[0].pk], **record)
        assert engine.run_until_idle(now=now, worker="mine") == 1

    def test_a_timer_of_a_kind_nobody_knows_is_set_aside_at_once_with_a_sentence_and_told(
        self, reactions, cases, now
    ):
        manager = make.person("Priya", role="manager")
        arm(cases[0], 5, now, kind="promise_broken")
        Timer.objects.update(kind="nonsense")
        arm(cases[1], 1, now)
        assert engine.run_until_idle(now=now) == 1
        stuck = Timer.objects.get(kind="nonsense")
        assert (stuck.state, stuck.due_at, stuck.fired_at) == ("set_aside", now, None)
        assert "Nobody here knows how to do “nonsense”" in stuck.last_error
        assert reactions == [[1]]
        assert Notice.objects.in_app_for(manager).filter(kind="timer_set_aside").count() == 1

    @pytest.mark.parametrize(
        "kind",
        ["clock_at_risk", "clock_breached", "pause_ends", "promise_broken", "handoff_unacknowledged"],
    )
    def test_a_timer_whose_subject_is_gone_is_set_aside_at_once(self, cases, now, kind):
        manager = make.person("Priya", role="manager")
        arm(cases[0], 404, now, kind=kind)
        assert engine.run_until_idle(now=now) == 0
        stuck = Timer.objects.get()
        assert stuck.state == "set_aside"
        assert "number 404" in stuck.last_error
        assert Notice.objects.in_app_for(manager).get().facts["error"] == stuck.last_error

    @pytest.mark.parametrize("year", [1, 9999])
    def test_a_due_time_at_either_end_of_the_calendar_stops_nothing(self, reactions, cases, now, year):
        arm(cases[0], 1, now.replace(year=year))
        arm(cases[1], 2, now)
        assert engine.run_until_idle(now=now) == (2 if year == 1 else 1)
        assert 2 in [subject for group in reactions for subject in group]
        slept = []
        engine.linger(
            seconds=1,
            clock=lambda: now + len(slept) * SECOND,
            sleep=slept.append,
            stopped=lambda: False,
            worker="test",
        )
        assert slept and max(slept) <= engine.SLICE.total_seconds()

    @pytest.mark.parametrize(
        "leave, said",
        [
            (lambda due_at: due_at - timedelta(days=800_000), "outside of what a calendar counts"),
            (lambda due_at: always_open().add(due_at.replace(year=2299), 400 * 86_400), "no more open hours"),
            (lambda due_at: always_open().subtract(due_at.replace(year=1900), 400 * 86_400), "no more open"),
        ],
    )
    def test_a_reaction_that_leaves_the_calendar_is_put_off_with_a_sentence(
        self, cases, now, monkeypatch, leave, said
    ):
        monkeypatch.setitem(
            engine.REACTIONS, TimerKind.REVIEW, lambda group, *, cases, now: leave(group[0].due_at)
        )
        timers.ask_for_review([cases[0].pk], now=now)
        assert engine.run_until_idle(now=now) == 0
        assert said in Timer.objects.get().last_error

    def test_what_always_fails_is_set_aside_after_the_stated_tries_and_told_once(self, reactions, cases, now):
        manager = make.person("Priya", role="manager")
        arm(cases[0], 666, now, kind=TimerKind.PROMISE_AT_RISK)
        at = now
        for attempt in range(1, engine.MOST_ATTEMPTS + 1):
            assert engine.run_until_idle(now=at) == 0
            timer = Timer.objects.get()
            assert (timer.attempts, timer.due_at) == (attempt, now)
            at = timer.wake_at
        assert timer.state == "set_aside"
        assert "no such rung" in timer.last_error
        assert Notice.objects.in_app_for(manager).count() == 1

    def test_a_poison_timer_stops_nobody_else_in_its_batch(self, reactions, cases, now):
        for n, case in enumerate(cases):
            arm(case, 666 if n == 3 else n, now, kind=TimerKind.PROMISE_AT_RISK)
        assert engine.run_once(now=now) == 5
        assert sorted(s for group in reactions for s in group) == [0, 1, 2, 4, 5]
        put_off = Timer.objects.get(subject_id=666)
        assert (put_off.state, put_off.due_at, put_off.wake_at) == (
            "pending",
            now,
            now + engine.FIRST_BACKOFF,
        )

    @pytest.mark.skipif("connection.vendor != 'postgresql'")
    def test_a_row_whose_statement_takes_too_long_holds_up_nobody_and_is_never_given_up(
        self, reactions, cases, now, monkeypatch
    ):
        def slow(group, *, cases, now):
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = 1")
                cursor.execute("SELECT pg_sleep(1)")

        monkeypatch.setitem(engine.REACTIONS, TimerKind.REVIEW, slow)
        timers.ask_for_review([cases[0].pk], now=now)
        for n, case in enumerate(cases[1:], 1):
            arm(case, n, now)
        assert engine.run_once(now=now) == 5
        stuck, at = Timer.objects.pending().get(), now
        for _attempt in range(engine.MOST_ATTEMPTS + 2):
            stuck.refresh_from_db()
            at = max(at, stuck.wake_at)
            assert engine.run_until_idle(now=at) == 0
        stuck.refresh_from_db()
        assert (stuck.state, stuck.due_at) == ("pending", now)
        assert stuck.wake_at - at == engine.FIRST_BACKOFF * 2 ** (engine.MOST_ATTEMPTS - 1)

    def test_a_reaction_may_ask_for_another_look_while_one_is_being_done(self, cases, now, monkeypatch):
        looked = []

        def review(group, *, cases, now):
            looked.append(len(group))
            if len(looked) == 1:
                timers.ask_for_review([t.case_id for t in group], now=now)

        monkeypatch.setitem(engine.REACTIONS, TimerKind.REVIEW, review)
        timers.ask_for_review([cases[0].pk], now=now)
        timers.ask_for_review([cases[0].pk], now=now)
        engine.run_until_idle(now=now)
        assert looked == [1, 1]

    def test_an_idle_pass_asks_one_question_and_writes_nothing(self, cases, now, django_assert_num_queries):
        with django_assert_num_queries(1):
            assert engine.run_once(now=now, worker="test") == 0

    def test_a_pass_of_a_worker_is_on_record(self, reactions, cases, now):
        arm(cases[0], 1, now)
        engine.run_once(now=now, worker="test")
        seen = EnginePass.objects.get(worker="test")
        assert (seen.started_at, seen.finished_at, seen.in_hand, seen.passes, seen.fired) == (
            now,
            now,
            [],
            1,
            1,
        )


def died(worker, in_hand, at):
    """What a process that ended in the middle of a pass leaves."""
    EnginePass.objects.update_or_create(
        worker=worker,
        defaults={"started_at": at, "finished_at": None, "in_hand": in_hand, "process": "another/1"},
    )


def look(now, worker="test"):
    """What an engine does when it is woken, at one instant."""
    return engine.linger(
        seconds=0, clock=lambda: now, sleep=lambda seconds: None, stopped=lambda: False, worker=worker
    )


@pytest.mark.django_db
def test_how_late_each_fired_is_counted_from_when_it_could_have_fired(reactions, cases, now):
    arm(cases[0], 1, now)
    arm(cases[1], 2, now - timedelta(days=3))
    Timer.objects.filter(subject_id=2).update(armed_at=now + SECOND)
    engine.run_once(now=now + 2 * SECOND, worker="test")
    minute = EngineMinute.objects.exclude(minute=0).get(worker="test")
    assert (minute.fired, minute.seconds, minute.worst) == (2, 3.0, 2.0)


@pytest.mark.django_db
class TestAfterADeath:
    def test_what_was_in_hand_runs_alone_and_the_others_together(self, reactions, cases, now):
        for n, case in enumerate(cases):
            arm(case, n, now)
        died("test", [case.pk for case in cases[:2]], now)
        assert look(now) == 6
        assert sorted(reactions, key=len) == [[0], [1], [2, 3, 4, 5]]

    def test_what_kills_its_process_alone_is_set_aside_after_the_stated_deaths(self, reactions, cases, now):
        manager = make.person("Priya", role="manager")
        arm(cases[0], 1, now)
        died("test", [case.pk for case in cases], now)
        engine._adopt("test", now)
        assert Timer.objects.get().attempts == 1
        at = now
        for deaths in (2, 3):
            died("test", [cases[0].pk], at)
            engine._adopt("test", at)
            timer = Timer.objects.get()
            assert (timer.attempts, timer.wake_at > at) == (deaths, True)
            at = timer.wake_at
        assert timer.state == "set_aside"
        assert "3 times in all" in timer.last_error
        assert Notice.objects.in_app_for(manager).filter(kind="timer_set_aside").count() == 1

    def test_a_machine_that_loses_its_power_condemns_no_row(self, reactions, cases, now):
        """Each of its engines had looked at the same rows; the next loss finds one of them alone."""
        arm(cases[0], 1, now)
        for n in range(4):
            died(f"seat {n}", [case.pk for case in cases], now)
            engine._adopt(f"seat {n}", now)
        assert Timer.objects.get().attempts == 1
        died("seat 1", [cases[0].pk], now)
        engine._adopt("seat 1", now)
        assert Timer.objects.get().state == "pending"

    def test_after_a_restart_with_a_clock_behind_nothing_fires_before_its_time(self, reactions, cases, now):
        arm(cases[0], 1, now)
        for _death in range(2):
            died("test", [cases[0].pk], now)
            engine._adopt("test", now - timedelta(hours=1))
        assert engine.run_until_idle(now=now - SECOND) == 0
        assert engine.run_until_idle(now=now) == 1

    def test_what_had_fired_before_the_death_is_not_blamed(self, reactions, cases, now):
        arm(cases[0], 1, now)
        engine.run_once(now=now)
        died("test", [cases[0].pk], now)
        assert look(now) == 0
        assert Timer.objects.get().attempts == 0

    def test_another_engine_takes_over_once_nothing_was_heard_for_the_stated_time(
        self, reactions, cases, now
    ):
        arm(cases[0], 1, now)
        died("gone", [case.pk for case in cases], now)
        engine._adopt("test", now + engine.ABANDONED)
        assert Timer.objects.get().attempts == 0
        engine._adopt("test", now + engine.ABANDONED + SECOND)
        assert Timer.objects.get().attempts == 1
        assert EnginePass.objects.get(worker="gone").in_hand == []

    def test_a_pass_of_this_very_process_that_the_database_broke_off_is_blamed_on_nobody(
        self, reactions, cases, now
    ):
        arm(cases[0], 1, now)
        died("test", [cases[0].pk], now)
        EnginePass.objects.update(process=engine._process())
        engine._adopt("test", now + engine.ABANDONED + SECOND)
        assert Timer.objects.get().attempts == 0

    def test_the_later_timers_of_a_case_wait_for_the_one_that_runs_alone(self, reactions, cases, now):
        arm(cases[0], 1, now)
        arm(cases[0], 2, now + SECOND)
        Timer.objects.filter(subject_id=1).update(attempts=1)
        assert engine.run_until_idle(now=now + SECOND) == 2
        assert reactions == [[1], [2]]

    def test_many_that_run_alone_hold_up_no_batch(self, reactions, cases, now):
        for n, case in enumerate(cases):
            arm(case, n, now)
        Timer.objects.filter(subject_id__lt=4).update(attempts=1, wake_at=now - SECOND)
        engine.run_once(now=now, batch=4)
        assert reactions[0] == [4, 5]

    def test_old_records_of_engines_that_are_no_more_are_cleared_away(self, cases, now):
        died("old", [], now)
        EnginePass.objects.update(finished_at=now)
        engine._adopt("test", now + engine.PASSES_KEPT + SECOND)
        assert not EnginePass.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_several_engines_at_once_fire_each_timer_exactly_once(reactions, cases, now):
    for n in range(60):
        arm(cases[n % 6], n, now + n * SECOND)
    failures = []

    def run():
        try:
            for _pass in range(400):
                engine.run_once(now=now + 100 * SECOND, batch=4)
                if not Timer.objects.due(now + 100 * SECOND).exists():
                    return
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    engines = [threading.Thread(target=run) for _ in range(3)]
    for thread in engines:
        thread.start()
    for thread in engines:
        thread.join(timeout=300)
    assert failures == []
    assert sorted(s for group in reactions for s in group) == list(range(60))
    assert not Timer.objects.pending().exists()
