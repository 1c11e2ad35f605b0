"""What the watchdog keeps: minutes of engines, added up at once, thrown away after 30 days."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import Sum

from cases.lateness import BUCKETS
from cases.models import EngineMinute
from cases.models.timer import LATE
from cases.operations import watching

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def row(worker, minute):
    return EngineMinute.objects.get(worker=worker, minute=minute)


@pytest.mark.django_db
class TestTally:
    def test_a_pass_is_added_to_its_minute_and_to_all_its_engine_ever_fired(self, now):
        watching.tally(worker="a", lateness=[0.001, 0.2], now=now)
        watching.tally(worker="a", lateness=[4000], now=now + 59 * MINUTE / 60)
        watching.tally(worker="a", lateness=[0.001], now=now + MINUTE)
        watching.tally(worker="b", lateness=[0.001], now=now)
        first = row("a", watching.minute_of(now))
        assert (first.fired, first.seconds, first.worst) == (3, pytest.approx(4000.201), 4000)
        assert [getattr(first, name) for name in LATE] == [1, 0, 0, 0, 0, 1, *[0] * 10, 1]
        assert row("a", watching.minute_of(now + MINUTE)).fired == 1
        assert (row("a", 0).fired, row("a", 0).worst, row("b", 0).fired) == (4, 4000, 1)

    def test_it_costs_one_statement_and_nothing_fired_costs_none(self, now, django_assert_num_queries):
        with django_assert_num_queries(1):
            watching.tally(worker="a", lateness=[0.1] * 500, now=now)
        with django_assert_num_queries(0):
            watching.tally(worker="a", lateness=[], now=now)

    def test_a_clock_that_went_back_makes_nobody_early(self, now):
        watching.tally(worker="a", lateness=[-5.0], now=now)
        assert (row("a", 0).seconds, row("a", 0).late_00) == (0, 1)

    def test_a_pass_that_is_undone_was_never_tallied(self, now):
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            watching.tally(worker="a", lateness=[1.0], now=now)
            raise ZeroDivisionError
        assert not EngineMinute.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_that_add_to_one_row_at_once_lose_nothing(now):
    def add():
        for _turn in range(20):
            watching.tally(worker="shared", lateness=[0.1, 1.0], now=now)
        connection.close()

    threads = [threading.Thread(target=add) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=300)
    assert row("shared", 0).fired == row("shared", watching.minute_of(now)).fired == 120


@pytest.mark.django_db
class TestPurge:
    def test_minutes_go_when_they_are_thirty_days_old_and_the_sum_of_all_stays(self, now, monkeypatch):
        monkeypatch.setattr(watching, "AT_ONCE", 2)
        edge = now - watching.KEPT_FOR
        for at in (edge - 3 * MINUTE, edge - 2 * MINUTE, edge - MINUTE, edge, now):
            watching.tally(worker="a", lateness=[1.0], now=at)
        assert watching.purge(now=now) == 3
        kept = sorted(EngineMinute.objects.values_list("minute", flat=True))
        assert kept == [0, watching.minute_of(edge), watching.minute_of(now)]
        assert row("a", 0).fired == 5
        assert watching.purge(now=now) == 0

    def test_an_engine_that_fired_nothing_for_thirty_days_is_forgotten_and_what_it_fired_is_not(self, now):
        for worker, seen in (("gone", now - 31 * DAY), ("left", now - 40 * DAY), ("here", now)):
            watching.tally(worker=worker, lateness=[0.5, 2.0], now=seen)
        before = EngineMinute.objects.filter(minute=0).aggregate(Sum("fired"), Sum("late_08"))
        for _turn in range(2):
            watching.purge(now=now)
            assert set(EngineMinute.objects.values_list("worker", flat=True)) == {"", "here"}
            assert EngineMinute.objects.filter(minute=0).aggregate(Sum("fired"), Sum("late_08")) == before
        assert row("", 0).worst == 2.0

    def test_an_engine_that_comes_back_begins_anew_beside_what_it_fired(self, now):
        watching.tally(worker="a", lateness=[0.5], now=now - 31 * DAY)
        watching.purge(now=now)
        watching.tally(worker="a", lateness=[0.5], now=now)
        assert (row("", 0).fired, row("a", 0).fired) == (1, 1)


def test_there_is_a_column_for_every_bucket():
    assert len(LATE) == BUCKETS
    assert {f.name for f in EngineMinute._meta.concrete_fields} >= set(LATE)
