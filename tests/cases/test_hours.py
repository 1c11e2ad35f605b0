"""Working time: what other projects assert, boundaries, clock changes, pauses, versions, refusals."""

import json
import math
import threading
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import sleep
from zoneinfo import ZoneInfo

import pytest

from cases.hours import (
    InvalidHours,
    NaiveTime,
    NoOpenHours,
    OutOfRange,
    ReversedPause,
    Stretch,
    WorkingHours,
)

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "data" / "business_time_vectors.json"
MADRID = ZoneInfo("Europe/Madrid")
HOUR = 3600


def madrid(day, clock="00:00", *, fold=0):
    """2026, Madrid: madrid("03-06", "15:00")"""
    return datetime.fromisoformat(f"2026-{day}T{clock}").replace(tzinfo=MADRID, fold=fold)


def office(tz="Europe/Madrid", **more):
    return WorkingHours(tz=tz, weekly=dict.fromkeys(range(5), [("09:00", "17:00")]), **more)


# --- What five other projects' own tests assert.


def vectors():
    if not VECTORS.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"SKIPPED: {VECTORS} is not there"))]
    return [
        pytest.param(vector, id=f"{vector['id']}-{vector['op']}")
        for vector in json.loads(VECTORS.read_text(encoding="utf-8"))["vectors"]
    ]


SECONDS_PER = {"seconds": 1, "minutes": 60, "hours": HOUR}
ROUNDED = {"none": lambda value: value, "trunc": math.trunc, "floor": math.floor}


def at(text):
    return datetime.fromisoformat(text)


def pairs(texts):
    return [(at(one), at(other)) for one, other in texts]


def rounded(seconds, args):
    return ROUNDED[args["round"]](seconds / SECONDS_PER[args["unit"]])


ASK = {
    "add": lambda hours, args: hours.add(at(args["start"]), args["seconds"]),
    "sub": lambda hours, args: hours.subtract(at(args["start"]), args["seconds"]),
    "between": lambda hours, args: rounded(hours.between(at(args["start"]), at(args["end"])), args),
    "is_open": lambda hours, args: hours.is_open(at(args["at"])),
    "is_business_day": lambda hours, args: hours.is_business_day(date.fromisoformat(args["date"])),
    "add_business_days": lambda hours, args: hours.add_business_days(
        date.fromisoformat(args["start_date"]), args["days"]
    ),
    "add_business_days_time": lambda hours, args: hours.add_business_days_time(
        at(args["start"]), args["days"]
    ),
    "count_business_days": lambda hours, args: hours.count_business_days(
        date.fromisoformat(args["from"]), date.fromisoformat(args["to"])
    ),
    "open_periods": lambda hours, args: hours.open_periods(at(args["start"]), args["count"]),
    "sla_due": lambda hours, args: hours.due(at(args["start"]), args["minutes"] * 60, pairs(args["pauses"])),
    "sla_elapsed": lambda hours, args: rounded(
        hours.elapsed(at(args["start"]), at(args["end"]), pairs(args["pauses"])), args
    ),
}


def expectation(vector):
    # Where another project's convention differs from ours, the file says what ours gives.
    value = vector["expected"] if vector["reference_agrees"] else vector["reference_value"]
    if vector["op"] == "open_periods":
        return pairs(value)
    if vector["op"] == "add_business_days":
        return date.fromisoformat(value)
    return at(value) if isinstance(value, str) else value


@pytest.mark.parametrize("vector", vectors())
def test_what_other_projects_assert(vector):
    answer = ASK[vector["op"]](WorkingHours.from_dict(vector), vector["args"])

    assert answer == expectation(vector)


# --- Boundaries.

FRIDAY, MONDAY = "03-06", "03-09"


@pytest.mark.parametrize(
    ("seconds", "lands"),
    [
        (2 * HOUR - 1, (FRIDAY, "16:59:59")),
        (2 * HOUR, (FRIDAY, "17:00:00")),  # closing time, not Monday
        (2 * HOUR + 1, (MONDAY, "09:00:01")),
        (2 * HOUR + 0.000001, (MONDAY, "09:00:00.000001")),
        (0, (FRIDAY, "15:00:00")),
    ],
)
def test_add_stays_on_closing_time(seconds, lands):
    assert office().add(madrid(FRIDAY, "15:00"), seconds) == madrid(*lands)


@pytest.mark.parametrize(
    ("seconds", "lands"),
    [
        (2 * HOUR - 1, (MONDAY, "09:00:01")),
        (2 * HOUR, (MONDAY, "09:00:00")),  # opening time, not Friday
        (2 * HOUR + 1, (FRIDAY, "16:59:59")),
        (0, (MONDAY, "11:00:00")),
    ],
)
def test_subtract_stays_on_opening_time(seconds, lands):
    assert office().subtract(madrid(MONDAY, "11:00"), seconds) == madrid(*lands)


def test_zero_rolls_to_open_time():
    assert office().add(madrid(FRIDAY, "17:00"), 0) == madrid(MONDAY, "09:00")
    assert office().subtract(madrid(MONDAY, "09:00"), 0) == madrid(FRIDAY, "17:00")


def test_a_negative_length_goes_the_other_way():
    hours = office()
    assert hours.add(madrid(MONDAY, "11:00"), -3 * HOUR) == hours.subtract(madrid(MONDAY, "11:00"), 3 * HOUR)
    assert hours.subtract(madrid(FRIDAY, "15:00"), -3 * HOUR) == hours.add(madrid(FRIDAY, "15:00"), 3 * HOUR)


@pytest.mark.parametrize(
    ("clock", "is_open", "next_open", "previous_close"),
    [
        ("08:59:59", False, ("03-10", "09:00"), ("03-09", "17:00")),
        ("09:00:00", True, ("03-10", "09:00"), ("03-09", "17:00")),
        ("09:00:01", True, ("03-10", "09:00:01"), ("03-10", "09:00:01")),
        ("16:59:59", True, ("03-10", "16:59:59"), ("03-10", "16:59:59")),
        ("17:00:00", False, ("03-11", "09:00"), ("03-10", "17:00")),
        ("17:00:01", False, ("03-11", "09:00"), ("03-10", "17:00")),
    ],
)
def test_an_interval_holds_its_opening_and_not_its_closing(clock, is_open, next_open, previous_close):
    hours, tuesday = office(), madrid("03-10", clock)
    assert hours.is_open(tuesday) is is_open
    assert hours.next_open(tuesday) == madrid(*next_open)
    assert hours.previous_close(tuesday) == madrid(*previous_close)


def test_between_is_signed_and_answers_in_seconds():
    assert office().between(madrid(FRIDAY, "16:00"), madrid(MONDAY, "09:30:00.5")) == 1.5 * HOUR + 0.5
    assert office().between(madrid(MONDAY, "09:30"), madrid(FRIDAY, "16:00")) == -1.5 * HOUR


def test_answers_are_in_utc_whatever_zone_the_question_is_in():
    answer = office().add(madrid(FRIDAY, "15:00").astimezone(ZoneInfo("Asia/Tokyo")), HOUR)
    assert answer.tzinfo is UTC
    assert answer == madrid(FRIDAY, "16:00")


def test_midnight_is_no_gap():
    night = WorkingHours.from_dict(
        {"calendar": {"mon": [["22:00", "24:00"]], "tue": [["00:00", "06:00"]]}, "tz": "Europe/Madrid"}
    )
    assert night.add(madrid("03-09", "23:00"), 2 * HOUR) == madrid("03-10", "01:00")
    assert night.is_open(madrid("03-10", "00:00"))


def test_always_open_is_plain_time():
    always = WorkingHours.always("Europe/Madrid")
    start = madrid("03-28", "12:00")
    assert always.add(start, 100 * HOUR) == start.astimezone(UTC) + timedelta(hours=100)
    assert (
        always.between(start, madrid("10-30", "12:00"))
        == (madrid("10-30", "12:00").astimezone(UTC) - start.astimezone(UTC)).total_seconds()
    )


def test_exceptions_holidays_and_breaks():
    hours = office(
        holidays=[(date(2026, 12, 24), date(2026, 12, 31), "Shutdown")],
        exceptions={date(2026, 12, 29): [("10:00", "12:00")], date(2026, 3, 4): []},
        breaks={date(2026, 3, 5): [("12:00", "14:00")]},
    )
    assert not hours.is_open(madrid("12-28", "10:00"))
    assert hours.is_open(madrid("12-29", "10:00"))  # an exception opens a holiday
    assert not hours.is_business_day(date(2026, 3, 4))
    assert hours.between(madrid("03-05"), madrid("03-06")) == 6 * HOUR


def test_in_the_neutral_form_holidays_are_closed_whatever_else_is_said():
    hours = WorkingHours.from_dict(
        {"overrides": {"2026-12-29": [["10:00", "12:00"]]}, "holidays": ["2026-12-29"]}
    )
    assert not hours.is_business_day(date(2026, 12, 29))


def test_business_days_roll_and_count():
    hours = office(holidays=[(date(2026, 4, 2), date(2026, 4, 3), "Easter")])
    assert hours.add_business_days(date(2026, 4, 1), 1) == date(2026, 4, 6)
    assert hours.add_business_days(date(2026, 4, 6), -1) == date(2026, 4, 1)
    assert hours.add_business_days(date(2026, 4, 4), 0) == date(2026, 4, 6)
    assert hours.count_business_days(date(2026, 4, 1), date(2026, 4, 7)) == 3
    assert hours.count_business_days(date(2026, 4, 7), date(2026, 4, 1)) == -3
    assert hours.add_business_days_time(madrid("04-04", "12:00"), 0) == madrid("04-06", "09:00")


# --- The clocks change (RULES 8, row 10).

SUNDAY_NIGHT = {"calendar": {"sun": [["00:00", "08:00"]]}, "tz": "Europe/Madrid"}


@pytest.mark.parametrize(
    ("day", "due", "offset", "open_hours"),
    [("03-29", "05:00", 2, 7), ("10-25", "03:00", 1, 9), ("03-22", "04:00", 1, 8)],
)
def test_four_hours_of_a_night_in_which_the_clocks_change(day, due, offset, open_hours):
    hours = WorkingHours.from_dict(SUNDAY_NIGHT)
    answer = hours.add(madrid(day), 4 * HOUR)
    assert answer == madrid(day, due)
    assert answer.astimezone(MADRID).utcoffset() == timedelta(hours=offset)
    assert hours.subtract(answer, 4 * HOUR) == madrid(day)
    assert hours.between(madrid(day), madrid(day, "12:00")) == open_hours * HOUR


def test_of_an_hour_that_does_not_exist_nothing_counts():
    hours = WorkingHours.from_dict({"calendar": {"sun": [["02:15", "03:15"]]}, "tz": "Europe/Madrid"})
    assert hours.open_periods(madrid("03-29"), 1) == [(madrid("03-29", "03:00"), madrid("03-29", "03:15"))]
    gone = WorkingHours.from_dict({"calendar": {"sun": [["02:15", "02:45"]]}, "tz": "Europe/Madrid"})
    assert not gone.is_business_day(date(2026, 3, 29))
    assert gone.next_open(madrid("03-28")) == madrid("04-05", "02:15")


def test_an_hour_that_comes_twice_counts_twice():
    hours = WorkingHours.from_dict({"calendar": {"sun": [["02:15", "02:45"]]}, "tz": "Europe/Madrid"})
    assert hours.between(madrid("10-25"), madrid("10-26")) == HOUR
    assert hours.open_periods(madrid("10-25"), 2) == [
        (madrid("10-25", "02:15").astimezone(UTC), madrid("10-25", "02:45").astimezone(UTC)),
        (
            madrid("10-25", "02:15", fold=1).astimezone(UTC),
            madrid("10-25", "02:45", fold=1).astimezone(UTC),
        ),
    ]


@pytest.mark.parametrize(("day", "hours"), [("03-29", 7), ("03-22", 8)])
def test_a_period_in_which_the_clocks_go_forward_is_one_period(day, hours):
    ((opens, closes),) = WorkingHours.from_dict(SUNDAY_NIGHT).open_periods(madrid(day), 1)
    assert (opens, closes) == (madrid(day), madrid(day, "08:00"))
    assert closes - opens == timedelta(hours=hours)


# --- Terms with pauses.


def test_pauses_count_as_their_union():
    start = madrid("03-02", "09:00")
    pauses = [
        (madrid("03-02", "14:00"), madrid("03-02", "16:00")),
        (madrid("03-02", "12:00"), madrid("03-02", "15:00")),
        (madrid("03-01", "12:00"), madrid("03-02", "09:30")),
    ]
    assert office().due(start, 3 * HOUR, pauses) == madrid("03-02", "16:30")
    assert office().elapsed(start, madrid("03-02", "17:00"), pauses) == 3.5 * HOUR


def test_a_term_used_up_as_a_pause_begins_is_due_there_and_late_after_the_pause():
    pauses = [(madrid("03-02", "11:00"), madrid("03-02", "12:00"))]
    due_at = office().due(madrid("03-02", "09:00"), 2 * HOUR, pauses)
    assert due_at == madrid("03-02", "11:00")
    assert office().late_after(due_at, pauses) == madrid("03-02", "12:00")


def test_a_term_of_nothing_starts_open_and_unpaused():
    pauses = [(madrid("03-07"), madrid(MONDAY, "10:00"))]
    assert office().due(madrid("03-07", "10:00"), 0, pauses) == madrid(MONDAY, "10:00")


def test_a_pause_or_a_term_that_runs_backwards_is_refused():
    with pytest.raises(ReversedPause):
        office().due(madrid("03-02"), HOUR, [(madrid("03-03"), madrid("03-02"))])
    with pytest.raises(OutOfRange):
        office().due(madrid("03-02"), -1)


# --- Why.


def test_segments_tell_why_nothing_counts():
    hours = office(
        holidays=[(date(2026, 3, 9), date(2026, 3, 9), "Town fair")],
        exceptions={date(2026, 3, 10): [], date(2026, 3, 11): [("10:00", "11:00")]},
        exception_names={date(2026, 3, 10): "Stocktaking", date(2026, 3, 11): "Training"},
    )
    found = hours.segments(madrid(FRIDAY, "16:00"), madrid("03-11", "10:30"))
    assert [(segment.kind, segment.on.day, segment.name) for segment in found] == [
        (Stretch.OPEN, 6, ""),
        (Stretch.OFF_HOURS, 6, ""),
        (Stretch.CLOSED, 7, ""),
        (Stretch.CLOSED, 8, ""),
        (Stretch.HOLIDAY, 9, "Town fair"),
        (Stretch.EXCEPTION, 10, "Stocktaking"),
        (Stretch.OFF_HOURS, 11, ""),
        (Stretch.OPEN, 11, "Training"),
    ]


def test_the_most_particular_name_is_told():
    hours = office(
        holidays=[
            (date(2026, 3, 2), date(2026, 3, 6), "Winter break"),
            (date(2026, 3, 3), date(2026, 3, 3), "Town fair"),
        ],
        exceptions={date(2026, 3, 4): [], date(2026, 3, 5): []},
        exception_names={date(2026, 3, 4): "", date(2026, 3, 5): "Stocktaking"},
    )
    found = hours.segments(madrid("03-02"), madrid("03-06"))
    assert [(segment.kind, segment.name) for segment in found] == [
        (Stretch.HOLIDAY, "Winter break"),
        (Stretch.HOLIDAY, "Town fair"),
        (Stretch.HOLIDAY, "Winter break"),
        (Stretch.EXCEPTION, "Stocktaking"),
    ]


def test_a_closed_stretch_ends_at_the_midnight_that_is_still_to_come():
    # One minute after midnight the clocks went back to 23:01, and midnight came again.
    zone = ZoneInfo("America/St_Johns")
    again = datetime(2006, 10, 28, 23, 30, tzinfo=zone, fold=1)
    found = WorkingHours(tz=zone).segments(again, datetime(2006, 10, 29, 12, tzinfo=zone))
    assert [(segment.on.day, segment.ends_at - segment.starts_at) for segment in found] == [
        (28, timedelta(minutes=30)),
        (29, timedelta(hours=12)),
    ]


# --- Versions.


def test_a_change_rules_from_its_instant_on():
    noon = madrid("03-10", "12:00")
    later = office(exceptions={date(2026, 3, 9): [], date(2026, 3, 11): []})
    hours = WorkingHours.spliced([(None, office()), (noon, later)])
    assert hours.between(madrid("03-09"), noon) == 11 * HOUR  # Monday stays as it was
    assert hours.add(madrid("03-09", "09:00"), 17 * HOUR) == madrid("03-12", "10:00")
    assert hours.changes(madrid("03-09"), noon) == [noon]
    assert hours.changes(noon, madrid("03-12")) == []


def test_a_day_closed_at_noon_was_a_business_day():
    noon = madrid("03-10", "12:00")
    hours = WorkingHours.spliced([(None, office()), (noon, office(exceptions={date(2026, 3, 10): []}))])
    assert hours.is_business_day(date(2026, 3, 10))
    assert hours.add(madrid("03-10", "11:00"), 2 * HOUR) == madrid("03-11", "10:00")


def test_a_calendar_may_move_to_another_zone():
    moved_at = madrid("03-10", "12:00")
    hours = WorkingHours.spliced([(None, office()), (moved_at, office("America/New_York"))])
    # Madrid's Tuesday until noon, then New York's Tuesday, which opens at 14:00 in Madrid (five hours apart).
    assert hours.between(madrid("03-10"), madrid("03-10", "23:00")) == (3 + 8) * HOUR
    assert hours.zone_at(moved_at - timedelta(seconds=1)).key == "Europe/Madrid"
    assert hours.zone_at(moved_at).key == hours.tz.key == "America/New_York"


@pytest.mark.parametrize(
    "instants",
    [[], [madrid("03-10")], [None, None], [None, madrid("03-10"), madrid("03-10")]],
    ids=["none", "no first", "two first", "two at once"],
)
def test_versions_follow_one_another(instants):
    with pytest.raises(InvalidHours):
        WorkingHours.spliced((instant, office()) for instant in instants)


def test_a_calendar_of_one_version_is_that_version():
    assert WorkingHours.spliced([(None, office())]) == office()


# --- Refusals.


@pytest.mark.parametrize(
    "described",
    [
        {"calendar": {"monday": [["09:00", "17:00"]]}},
        {"calendar": {"mon": [["09:00"]]}},
        {"calendar": {"mon": [["9:00", "17:00"]]}},
        {"calendar": {"mon": [["09:00", "24:01"]]}},
        {"calendar": {"mon": [["09:60", "17:00"]]}},
        {"calendar": {"mon": [["09:00", None]]}},
        {"tz": "Europe/Atlantis"},
        {"tz": "../etc/passwd"},
        {"holidays": ["6 January"]},
        {"overrides": {"2026-02-30": []}},
    ],
)
def test_what_cannot_be_read_is_refused(described):
    with pytest.raises(InvalidHours):
        WorkingHours.from_dict(described)


def test_naive_times_are_refused():
    with pytest.raises(NaiveTime):
        office().add(datetime(2026, 3, 6, 15), 1)
    with pytest.raises(NaiveTime):
        office().between(madrid(FRIDAY), datetime(2026, 3, 6, 15))


@pytest.mark.parametrize("year", [1, 1899, 2300, 9999])
def test_years_out_of_range_are_refused(year):
    far, near = datetime(year, 1, 1, tzinfo=MADRID) + timedelta(days=1), madrid(FRIDAY)
    for ask in (
        lambda: office().add(far, 1),
        lambda: office().subtract(far, 1),
        lambda: office().between(near, far),
        lambda: office().between(far, near),
        lambda: office().is_open(far),
        lambda: office().is_business_day(far.date()),
    ):
        with pytest.raises(OutOfRange):
            ask()


@pytest.mark.parametrize("edge", [datetime.min, datetime.max])
def test_the_ends_of_time_are_refused_by_name(edge):
    for zone in ("Pacific/Auckland", "America/Los_Angeles"):
        with pytest.raises(OutOfRange):
            office().next_open(edge.replace(tzinfo=ZoneInfo(zone)))


def test_a_term_that_leads_out_of_range_is_refused():
    for seconds in (1e11, 1e15, 3e9):
        with pytest.raises(OutOfRange):
            office().add(madrid(FRIDAY), seconds)
        with pytest.raises(OutOfRange):
            office().subtract(madrid(FRIDAY), seconds)


@pytest.mark.parametrize(
    "hours",
    [
        WorkingHours.from_dict({}),
        WorkingHours.from_dict({"overrides": {"2026-03-05": [["09:00", "10:00"]]}}),
        office(holidays=[(date(2026, 3, 6), date.max, "Closed for good")]),
        WorkingHours.spliced([(None, office()), (madrid("03-05", "18:00"), WorkingHours(tz="UTC"))]),
    ],
    ids=["never", "one date", "holiday for ever", "given up"],
)
def test_a_calendar_that_does_not_open_again_says_so(hours):
    friday = madrid(FRIDAY)
    for ask in (
        lambda: hours.next_open(friday),
        lambda: hours.add(friday, 1),
        lambda: hours.due(friday, 0),
        lambda: hours.open_periods(friday, 1),
        lambda: hours.add_business_days(date(2026, 3, 6), 1),
    ):
        with pytest.raises(NoOpenHours):
            ask()
    assert hours.between(friday, madrid("12-31")) == 0


def test_a_calendar_that_never_opened_before_says_so():
    hours = WorkingHours.from_dict({"overrides": {"2026-03-10": [["09:00", "10:00"]]}})
    assert hours.next_open(madrid(FRIDAY)) == datetime(2026, 3, 10, 9, tzinfo=UTC)
    for ask in (hours.previous_close, lambda at: hours.subtract(at, 1)):
        with pytest.raises(NoOpenHours):
            ask(madrid(FRIDAY))
    with pytest.raises(NoOpenHours):
        hours.add(madrid(FRIDAY), HOUR + 1)


def test_a_long_closure_is_crossed():
    hours = office(holidays=[(date(2026, 1, 1), date(2060, 12, 31), "Away")])
    assert hours.next_open(madrid(FRIDAY)) == datetime(2061, 1, 3, 8, tzinfo=UTC)
    assert hours.previous_close(datetime(2060, 12, 31, tzinfo=UTC)) == datetime(2025, 12, 31, 16, tzinfo=UTC)


# --- What a person has to correct.


@pytest.mark.parametrize(
    ("given_hours", "codes"),
    [
        ({"weekly": {0: [("09:00", "17:00")]}}, []),
        ({"weekly": {0: [("09:00", "12:00"), ("12:00", "17:00")]}}, []),
        ({"weekly": {0: [("09:00", "12:01"), ("12:00", "17:00")]}}, ["periods_overlap"]),
        (
            {"weekly": {0: [("09:00", "17:00"), ("10:00", "11:00"), ("16:00", "18:00")]}},
            ["periods_overlap"] * 2,
        ),
        ({"weekly": {0: [("17:00", "09:00"), ("10:00", "11:00")]}}, ["period_reversed"]),
        ({"weekly": {0: [("09:00", "00:00"), ("10:00", "11:00")]}}, ["period_reversed"]),
        ({"weekly": {0: [(time(9), time(0))]}}, []),
        ({"weekly": {}}, ["no_open_hour"]),
        ({"weekly": {0: []}, "exceptions": {date(2026, 3, 9): [("09:00", "10:00")]}}, ["no_weekly_hours"]),
        (
            {
                "exceptions": {date(2026, 3, 9): [("09:00", "10:00")]},
                "breaks": {date(2026, 3, 9): [("08:00", "11:00"), ("12:00", "12:00")]},
            },
            ["period_reversed", "no_open_hour"],
        ),
        (
            {
                "weekly": {0: [("09:00", "17:00")]},
                "holidays": [(date(2026, 3, 9), date(2026, 3, 8), "Fair")],
            },
            ["holiday_reversed"],
        ),
    ],
)
def test_problems(given_hours, codes):
    assert [problem.code for problem in WorkingHours(tz="UTC", **given_hours).problems()] == codes


def test_a_problem_is_a_sentence_that_says_what_to_change():
    (problem,) = WorkingHours(tz="UTC", weekly={1: [("09:00", "12:30"), ("12:00", "17:00")]}).problems()
    assert str(problem) == "Tuesday: 09:00–12:30 overlaps 12:00–17:00. Join them or move one."


def test_overlapping_periods_count_once_all_the_same():
    hours = WorkingHours(tz="UTC", weekly={0: [("09:00", "12:30"), ("12:00", "17:00"), ("18:00", "10:00")]})
    assert hours.between(madrid("03-09"), madrid("03-10")) == 8 * HOUR


# --- Kept in a process.


def test_the_same_content_is_the_same_calendar():
    same = WorkingHours.from_dict(
        {"calendar": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}}
    )
    assert {same: "found"}[office("UTC")] == "found"
    assert office("UTC") != office("Europe/Madrid")
    assert office() != office(exceptions={date(2026, 3, 9): []})
    noon = madrid("03-10", "12:00")
    one, other = (WorkingHours.spliced([(None, office()), (noon, same)]) for _ in range(2))
    assert one == other
    assert hash(one) == hash(other)
    assert one != office()


class SlowlyLaidOut(WorkingHours):
    """Other threads always get their turn before and while years are laid out."""

    def _covering(self, at):
        sleep(0.001)
        return super()._covering(at)

    def _pieces(self, first_day, last_day):
        sleep(0.001)
        return super()._pieces(first_day, last_day)


def test_many_threads_may_ask_at_once_what_is_not_laid_out_yet():
    plain = office()
    shared = SlowlyLaidOut(tz="Europe/Madrid", weekly=dict.fromkeys(range(5), [("09:00", "17:00")]))
    asked = [
        (datetime(2020 - n % 20, 3, 6, 15, tzinfo=UTC), datetime(2020 + n % 19, 3, 6, 15, tzinfo=UTC))
        for n in range(64)
    ]
    expected = [plain.between(*pair) for pair in asked]
    answers, gate = {}, threading.Barrier(8)

    def ask(first):
        gate.wait()
        for n in range(first, len(asked), 8):
            answers[n] = shared.between(*asked[n])

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answers.get(n) for n in range(len(asked))] == expected
