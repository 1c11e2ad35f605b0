"""Quiet hours: the wall clock of whoever sleeps, also where it jumps."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from cases.quiet import QuietHours

MADRID = ZoneInfo("Europe/Madrid")
SECOND = timedelta(seconds=1)
NIGHT = QuietHours("Europe/Madrid", time(22), time(7))


def madrid(text, fold=0):
    return datetime.fromisoformat(text).replace(tzinfo=MADRID, fold=fold)


@pytest.mark.parametrize(
    ("at", "quiet"),
    [
        ("2026-03-03T21:59:59", False),
        ("2026-03-03T22:00:00", True),
        ("2026-03-04T00:00:00", True),
        ("2026-03-04T06:59:59", True),
        ("2026-03-04T07:00:00", False),
    ],
)
def test_a_night_goes_from_its_beginning_up_to_its_end(at, quiet):
    assert NIGHT.is_quiet(madrid(at)) is quiet


def test_an_afternoon_rest_does_not_reach_over_midnight():
    rest = QuietHours("Europe/Madrid", time(14), time(16))
    assert [hour for hour in range(24) if rest.is_quiet(madrid(f"2026-03-03T{hour:02}:30"))] == [14, 15]


def test_it_is_the_wall_clock_of_who_sleeps_that_counts():
    assert NIGHT.is_quiet(datetime(2026, 3, 3, 21, 30, tzinfo=UTC))  # 22:30 in Madrid
    assert not QuietHours("Europe/London", time(22), time(7)).is_quiet(
        datetime(2026, 3, 3, 21, 30, tzinfo=UTC)
    )


def test_it_is_over_at_its_end_and_nothing_waits_where_it_is_not_quiet():
    assert NIGHT.over(madrid("2026-03-03T23:15")) == madrid("2026-03-04T07:00")
    noon = madrid("2026-03-03T12:00")
    assert NIGHT.over(noon) == noon


def test_a_weekend_is_quiet_as_a_whole_and_joins_the_nights_beside_it():
    hours = QuietHours("Europe/Madrid", time(22), time(7), weekend=True)
    assert hours.is_quiet(madrid("2026-03-07T12:00"))  # Saturday
    assert hours.over(madrid("2026-03-06T23:00")) == madrid(
        "2026-03-09T07:00"
    )  # Friday night to Monday morning
    alone = QuietHours("Europe/Madrid", weekend=True)
    assert not alone.is_quiet(madrid("2026-03-06T23:59:59"))
    assert alone.over(madrid("2026-03-07T00:00")) == madrid("2026-03-09T00:00")


def test_clocks_go_forward_a_night_is_an_hour_shorter():
    assert NIGHT.over(madrid("2026-03-29T01:00")) == datetime(2026, 3, 29, 5, tzinfo=UTC)  # 07:00 CEST


def test_a_time_that_is_left_out_neither_starts_late_nor_ends_early():
    """02:30 does not exist on 29 March 2026 in Madrid: quiet in doubt, from half before until half after."""
    begins = QuietHours("Europe/Madrid", time(2, 30), time(8))
    assert begins.is_quiet(madrid("2026-03-29T01:30")) and not begins.is_quiet(
        madrid("2026-03-29T01:30") - SECOND
    )
    ends = QuietHours("Europe/Madrid", time(22), time(2, 30))
    assert ends.over(madrid("2026-03-29T01:00")) == madrid("2026-03-29T03:30")


def test_a_time_that_comes_twice_begins_at_the_first_and_ends_at_the_second():
    """02:30 comes twice on 25 October 2026 in Madrid; in doubt nobody is woken."""
    begins = QuietHours("Europe/Madrid", time(2, 30), time(8))
    assert begins.is_quiet(madrid("2026-10-25T02:30", fold=0))
    assert begins.is_quiet(madrid("2026-10-25T02:10", fold=1))
    ends = QuietHours("Europe/Madrid", time(22), time(2, 30))
    assert ends.over(madrid("2026-10-25T01:00")) == madrid("2026-10-25T02:30", fold=1).astimezone(UTC)


def test_every_instant_of_a_year_agrees_with_where_it_says_it_is_over():
    at, until = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)
    hours = QuietHours("America/Sao_Paulo", time(23, 30), time(6, 15), weekend=True)
    while at < until:
        over = hours.over(at)
        assert hours.is_quiet(at) is (over > at)
        assert not hours.is_quiet(over)
        assert over == at or hours.is_quiet(over - SECOND)
        at += timedelta(hours=7, minutes=13)
