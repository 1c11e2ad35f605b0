"""Which obligations will be late: the arithmetic of queues, without any database."""

from datetime import UTC, datetime, timedelta

import pytest

from cases.hours import WorkingHours
from reports import forecast
from reports.forecast import Ended, Owed, Verdict

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
NINE_TO_FIVE = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
OFFICE = WorkingHours.from_dict({"calendar": NINE_TO_FIVE, "tz": "UTC"})
NEVER = WorkingHours.from_dict({"calendar": {}, "tz": "UTC"})
TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)  # a Monday
MIDNIGHT = datetime(2026, 3, 3, tzinfo=UTC)


def queue(*owed, overdue=(), hours=OFFICE, start=TEN):
    """The forecast of (due, seconds) pairs; their cases are numbered from 1."""
    rows = [Owed(number, due, seconds) for number, (due, seconds) in enumerate(owed, 1)]
    return forecast.forecast(rows, overdue=overdue, hours=hours, start=start, until=MIDNIGHT)


def late(found):
    return [worked.owed.case_id for worked in found.late]


@pytest.mark.parametrize(("due", "expected"), [(HOUR - SECOND, [1]), (HOUR, []), (HOUR + SECOND, [])])
def test_what_ends_at_the_very_instant_it_is_due_is_in_time(due, expected):
    assert late(queue((TEN + due, 3600))) == expected


def test_each_waits_for_all_that_is_due_before_it():
    found = queue((TEN + HOUR, 1800), (TEN + HOUR, 1800), (TEN + HOUR + MINUTE, 1800), (TEN + 3 * HOUR, 1800))
    assert late(found) == [3]
    assert found.late[0].spare == -29 * 60


def test_the_order_is_that_of_due_times_not_the_one_they_come_in():
    assert late(queue((TEN + 2 * HOUR, 3600), (TEN + HOUR, 3600))) == []
    assert late(queue((TEN + HOUR, 3600), (TEN + HOUR, 3600))) == [2]


def test_what_is_late_already_is_done_first_and_is_no_forecast():
    found = queue((TEN + HOUR, 1800), overdue=[1800, 1800])
    assert late(found) == [1]
    assert (found.late_already, found.cases, found.work) == (2, 3, 5400)


def test_only_working_time_counts():
    next_morning = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
    fits, too_much = 7 * 3600 + 1800, 7 * 3600 + 1801
    assert late(queue((next_morning, fits))) == []
    assert late(queue((next_morning, too_much))) == [1]


def test_a_calendar_that_never_opens_leaves_no_time():
    found = queue((TEN + HOUR, 60), hours=NEVER)
    assert (late(found), found.left) == ([1], 0)


def test_today_is_what_is_due_before_the_day_ends():
    found = queue((TEN + HOUR, 60), (MIDNIGHT - SECOND, 60), (MIDNIGHT, 60), (MIDNIGHT + HOUR, 60))
    assert (found.work, found.left) == (120, 7 * 3600)


def test_without_an_estimate_nothing_is_forecast_and_it_is_said():
    found = queue((TEN + HOUR, None))
    assert (found.verdict, found.unknown, late(found)) == (Verdict.UNKNOWN, 1, [])
    found = queue((TEN + HOUR, None), (TEN + HOUR, 3601))
    assert (found.verdict, found.unknown, late(found)) == (Verdict.OVER, 1, [2])
    assert queue((TEN + 5 * HOUR, 60), overdue=[None]).verdict == Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("spare", "verdict"),
    [(-SECOND, Verdict.OVER), (0 * SECOND, Verdict.TIGHT), (30 * MINUTE, Verdict.ON_TIME)]
    + [(30 * MINUTE - SECOND, Verdict.TIGHT)],
)
def test_less_than_half_an_hour_to_spare_is_tight(spare, verdict):
    assert queue((TEN + HOUR + spare, 3600)).verdict == verdict


def test_an_empty_queue_is_on_time():
    found = queue()
    assert (found.verdict, found.spare, found.cases) == (Verdict.ON_TIME, None, 0)


def test_who_is_over_their_load_comes_first_whose_first_is_soonest_first_among_them():
    later, sooner = queue((TEN + 2 * HOUR, 9000)), queue((TEN + HOUR, 9000))
    tight, well, unknown = queue((TEN + HOUR, 3500)), queue((TEN + HOUR, 60)), queue((TEN + HOUR, None))
    ranked = sorted([well, unknown, later, tight, sooner], key=lambda found: found.rank)
    assert ranked == [sooner, later, tight, unknown, well]


@pytest.mark.parametrize(
    ("absences", "expected"),
    [
        ([], TEN),
        ([(TEN, TEN + HOUR)], TEN + HOUR),
        ([(TEN - HOUR, TEN)], TEN),
        ([(TEN + SECOND, TEN + HOUR)], TEN),
        ([(TEN + HOUR, TEN + 2 * HOUR), (TEN - HOUR, TEN + HOUR)], TEN + 2 * HOUR),
    ],
)
def test_somebody_away_begins_when_they_are_back(absences, expected):
    assert forecast.free_from(TEN, absences) == expected


def ended(*rows):
    """(began, ended) in hours after ten; all of one person, a case each."""
    return [Ended(1, n, TEN + a * HOUR, TEN + b * HOUR) for n, (a, b) in enumerate(rows)]


def test_work_is_begun_when_it_is_there_and_the_one_before_is_done():
    assert forecast.handling_seconds(ended((0, 2), (0, 3), (4, 5)), OFFICE) == [7200, 3600, 3600]


def test_each_person_works_for_themselves():
    rows = [Ended(1, 1, TEN, TEN + HOUR), Ended(2, 2, TEN, TEN + 2 * HOUR)]
    assert forecast.handling_seconds(rows, OFFICE) == [3600, 7200]


def test_what_ends_together_on_one_case_is_one_piece_of_work():
    rows = [Ended(1, 1, TEN, TEN + 2 * HOUR), Ended(1, 1, TEN + HOUR, TEN + 2 * HOUR)]
    assert forecast.handling_seconds(rows, OFFICE) == [7200]


def test_many_at_once_and_work_outside_hours_say_nothing():
    evening = ended((8, 9))
    at_once = [Ended(1, case, TEN, TEN + HOUR) for case in range(5)]
    assert forecast.handling_seconds(evening, OFFICE) == []
    assert forecast.handling_seconds(at_once, OFFICE) == [3600]


@pytest.mark.parametrize(("number", "seconds"), [(9, None), (10, 1800.0)])
def test_fewer_than_ten_are_too_few_to_say(number, seconds):
    rows = ended(*((n / 2, (n + 1) / 2) for n in range(number)))
    assert forecast.pace(rows, OFFICE) == forecast.Pace(seconds, number)


def test_only_the_latest_two_hundred_count():
    quick = [(n / 60, (n + 1) / 60) for n in range(200)]
    slow = [(-20 * 24 + n, -20 * 24 + n + 1) for n in range(100)]
    found = forecast.pace(ended(*slow, *quick), WorkingHours.from_dict({"calendar": ALWAYS, "tz": "UTC"}))
    assert found == forecast.Pace(60.0, 200)


ALWAYS = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
