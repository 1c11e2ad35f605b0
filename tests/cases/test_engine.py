"""The engine: each due timer fires exactly once, whoever runs it and whatever fails beside it."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from cases import engine
from cases.models import EnginePass, Notice, Timer
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

    monkeypatch.setitem(engine.REACTIONS, TimerKind.HOLDER_REMINDER, note)
    monkeypatch.setitem(engine.REACTIONS, TimerKind.PROMISE_AT_RISK, poison)
    return fired


@pytest.fixture
def cases(now):
    make.policy(targets={(Metric.RESOLUTION, None): 10**8})
    customer = make.customer()
    made = [make.case(customer, now=now) for _ in range(6)]
    Timer.objects.all().delete()  # of the opening: these tests arm their own
    return made


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

    def test_a_timer_of_a_kind_nobody_knows_is_set_aside_with_a_sentence_and_told(
        self, reactions, cases, now
    ):
        manager = make.person("Priya", role="manager")
        arm(cases[0], 5, now, kind="promise_broken")
        Timer.objects.update(kind="nonsense")
        arm(cases[1], 1, now)
        at = now
        for _attempt in range(engine.MOST_ATTEMPTS):
            engine.run_until_idle(now=at)
            at += timedelta(hours=1)
        stuck = Timer.objects.get(kind="nonsense")
        assert (stuck.state, stuck.attempts, stuck.due_at) == ("set_aside", engine.MOST_ATTEMPTS, now)
        assert "Nobody knows" in stuck.last_error
        assert reactions == [[1]]
        assert Notice.objects.in_app_for(manager).filter(kind="timer_set_aside").count() == 1

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
        thread.join(timeout=60)
    assert failures == []
    assert sorted(s for group in reactions for s in group) == list(range(60))
    assert not Timer.objects.pending().exists()
