"""What the watchdog knows: each figure at its boundary, and a fixed number of questions."""

from datetime import timedelta

import pytest
from django.conf import settings

from cases import watchdog, writers
from cases.models import EngineMinute, EnginePass, Notice, Timer, TimerRepair
from cases.operations import timers, watching
from cases.states import Metric, TimerKind
from tests import factories as make

pytestmark = pytest.mark.django_db

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def case(now):
    make.policy(targets={(Metric.RESOLUTION, None): 10**8})
    made = make.case(now=now)
    Timer.objects.all().delete()  # of the opening: these tests arm their own
    Notice.objects.update(state="sent", sent_at=now)
    return made


@pytest.fixture
def well(case, now):
    """An engine that has just looked, with nothing to do."""
    return EnginePass.objects.create(worker="engine@here/Main/0", started_at=now, finished_at=now)


def timer(case, due_at, subject=1, **fields):
    row = timers.arm(
        case_id=case.pk, kind=TimerKind.HOLDER_REMINDER, subject_id=subject, due_at=due_at, now=due_at
    )
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()
    return row


def notice(case, key="n", state="queued", **fields):
    fields.setdefault("next_attempt_at", fields.get("created_at"))
    fields = {"kind": "reply", "channel": "mail", "contact": case.contact, "state": state} | fields
    return Notice.objects.create(case=case, key=key, **fields)


def names(now):
    return [finding.name for finding in watchdog.state(now).findings]


class TestEngines:
    def test_a_desk_that_is_well_has_nothing_to_say(self, well, now):
        found = watchdog.state(now)
        assert found.findings == []
        assert (found.last_pass_at, found.due, found.oldest_due_at, found.next_due_at) == (now, 0, None, None)

    @pytest.mark.parametrize(("seconds", "silent"), [(-1, []), (0, []), (1, ["engine_silent"])])
    def test_an_engine_is_silent_after_its_limit(self, well, now, seconds, silent):
        at = now + settings.ENGINE_SILENT_AFTER + seconds * SECOND
        assert names(at) == silent
        assert watchdog.state(at).engines[0].is_silent is bool(silent)

    def test_without_any_engine_the_desk_is_silent(self, case, now):
        assert names(now) == ["engine_silent"]

    def test_an_engine_from_the_future_is_no_sign_of_life(self, case, now):
        EnginePass.objects.create(worker="stepped", started_at=now + HOUR)
        assert names(now) == ["engine_silent"]

    def test_each_engine_says_what_it_fired_lately_and_has_in_hand(self, well, now):
        EnginePass.objects.create(worker="busy", started_at=now - SECOND, in_hand=[1, 2])
        EnginePass.objects.create(worker="long gone", started_at=now - 25 * HOUR)
        for worker, ago, number in (("busy", 0, 3), ("busy", 4, 2), ("busy", 5, 10), ("busy", 60, 99)):
            watching.tally(worker=worker, lateness=[0.1] * number, now=now - ago * MINUTE)
        first, second = watchdog.state(now).engines
        assert (first.worker, first.in_hand, first.last_hour) == (well.worker, 0, 0)
        assert (second.worker, second.in_hand) == ("busy", 2)
        assert (second.last_five_minutes, second.last_hour) == (5, 15)


class TestBacklog:
    @pytest.mark.parametrize(
        ("seconds", "found"),
        [
            (30, []),
            (31, ["backlog_behind"]),
            (300, ["backlog_behind"]),
            (301, ["backlog_late"]),
        ],
    )
    def test_what_is_due_and_has_not_fired_is_behind_then_late(self, well, case, now, seconds, found):
        timer(case, now - seconds * SECOND)
        assert names(now) == found

    def test_it_counts_what_is_due_and_names_the_next(self, well, case, now):
        for subject, seconds in enumerate((-2, -1, 0, 1, 5)):
            timer(case, now + seconds * SECOND, subject=subject)
        found = watchdog.state(now)
        assert (found.due, found.oldest_due_at, found.next_due_at) == (3, now - 2 * SECOND, now + SECOND)

    def test_it_counts_no_further_than_enough(self, well, case, now, monkeypatch):
        monkeypatch.setattr(watchdog, "ENOUGH", 2)
        for subject in range(5):
            timer(case, now, subject=subject)
            notice(case, key=str(subject), created_at=now)
        found = watchdog.state(now)
        assert (found.due, found.outbox[1].waiting) == (3, 3)

    def test_a_timer_that_failed_and_is_put_off_is_not_forgotten(self, well, case, now):
        timer(case, now - HOUR, attempts=3, wake_at=now + MINUTE)
        found = watchdog.state(now)
        assert (found.due, found.tried_again, found.tried_since) == (0, 1, now - HOUR)
        assert names(now) == ["tried_again"]

    def test_what_cannot_run_is_counted_by_kind(self, well, case, now):
        timer(case, now - HOUR, state="set_aside", attempts=8)
        timer(case, now - HOUR, subject=2, state="set_aside", kind=TimerKind.REVIEW)
        found = watchdog.state(now)
        assert found.set_aside == {"holder_reminder": 1, "review": 1}
        assert (found.all_set_aside, found.due, names(now)) == (2, 0, ["set_aside"])


class TestOutbox:
    def test_each_channel_says_what_waits_fails_and_since_when(self, well, case, now):
        late = settings.NOTICE_LATE_AFTER
        notice(case, "fresh", created_at=now)
        notice(case, "edge", created_at=now - late)
        notice(case, "late", created_at=now - late - SECOND)
        notice(case, "again", created_at=now - HOUR, next_attempt_at=now + HOUR, last_error="gone")
        notice(case, "failed", "failed", created_at=now)
        notice(case, "old", "failed", created_at=now - timedelta(days=8))
        notice(case, "sent", "sent", created_at=now, sent_at=now)
        app, mail = watchdog.state(now).outbox
        assert (app.channel, app.waiting, app.failed) == ("app", 0, 0)
        assert (mail.waiting, mail.late, mail.tried_again, mail.oldest_at) == (4, 1, 1, now - HOUR)
        assert (mail.failed, mail.failed_lately) == (2, 1)
        assert names(now) == ["notices_failed", "notices_late", "notices_tried_again"]
        assert watchdog.state(now).oldest_unfinished_at == now - HOUR

    def test_what_failed_long_ago_is_shown_and_no_longer_alarms(self, well, case, now):
        notice(case, "old", "failed", created_at=now - timedelta(days=7) - SECOND)
        assert names(now) == []
        assert watchdog.state(now).outbox[1].failed == 1


class TestLateness:
    def test_it_is_told_of_five_minutes_an_hour_and_a_day(self, well, now):
        for minutes, late in ((0, 0.001), (4, 0.2), (5, 2.0), (59, 2.0), (60, 7.0), (1439, 7.0), (1440, 99)):
            watching.tally(worker="a", lateness=[late], now=now - minutes * MINUTE)
        found = watchdog.state(now)
        assert [found.lateness_of_last(m).fired for m in (5, 60, 1440)] == [2, 4, 6]
        assert [found.lateness_of_last(m).worst for m in (5, 60, 1440)] == [0.2, 2.0, 7.0]
        assert found.lateness_of_last(1440).p95 <= 7

    def test_engines_count_together_and_nothing_fired_has_no_lateness(self, well, now):
        assert watchdog.state(now).lateness_of_last(5).p95 is None
        for worker in "ab":
            watching.tally(worker=worker, lateness=[0.2], now=now)
        assert watchdog.state(now).slots[0].fired == 2

    def test_what_ever_fired_outlives_its_minutes(self, well, now):
        watching.tally(worker="a", lateness=[0.2, 0.4], now=now - timedelta(days=31))
        watching.purge(now=now)
        counts, fired, seconds = watchdog.ever_fired()
        assert (sum(counts), fired, seconds) == (2, 2, pytest.approx(0.6))


def test_a_history_writer_that_is_gone_is_named(well, now):
    writers.remove()
    assert names(now) == ["history_incomplete"]
    assert watchdog.readiness(now)["history"] == (False, None)


def test_what_the_reconciler_put_right_in_the_last_day_is_counted(case, now):
    assert watchdog.repairs(now) == (0, None)
    for ago in (timedelta(0), timedelta(days=1) - SECOND, timedelta(days=1)):
        with make.signed():
            TimerRepair.objects.create(case=case, finding="missing", found_at=now - ago)
    assert watchdog.repairs(now)[0] == 2


def test_it_costs_the_same_however_much_there_is(well, case, now, django_assert_num_queries):
    with django_assert_num_queries(12):
        watchdog.state(now)
    for number in range(30):
        timer(case, now - SECOND, subject=number)
        timer(case, now - SECOND, subject=number + 100, state="set_aside")
        notice(case, str(number), created_at=now)
        notice(case, f"f{number}", "failed", created_at=now)
        EnginePass.objects.create(worker=str(number), started_at=now)
        watching.tally(worker=str(number), lateness=[number / 10], now=now - number * MINUTE)
    assert EngineMinute.objects.count() == 60
    with django_assert_num_queries(12):
        watchdog.state(now)
