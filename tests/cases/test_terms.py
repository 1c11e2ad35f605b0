"""Statutory terms: day zero, the last day, months, business days, changes of the clocks."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cases.hours import NoOpenHours, Stretch, WorkingHours
from cases.terms import Run, Term, TermError

MADRID = ZoneInfo("Europe/Madrid")
WEEK = {day: [["09:00", "17:00"]] for day in range(5)}
# Holy Week of 2026: Thursday 2 April (regional), Good Friday 3; Easter Monday is a working day in Madrid.
EASTER = [
    (date(2026, 4, 2), date(2026, 4, 2), "Maundy Thursday"),
    (date(2026, 4, 3), date(2026, 4, 3), "Good Friday"),
]
OFFICE = WorkingHours(tz="Europe/Madrid", weekly=WEEK, holidays=EASTER)


def at(text, zone=MADRID):
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def due(text, event, hours=OFFICE, zone=MADRID):
    """The last day, and that it ends with its last second."""
    found = Term.read(text).due(at(event, zone), hours)
    shown = found.due_at.astimezone(zone)
    assert (shown.hour, shown.minute, shown.second) == (23, 59, 59)
    assert found.late_after - found.due_at == timedelta(microseconds=999_999)
    return found.last_on.isoformat()


# --- Business days ---


@pytest.mark.parametrize(
    ("event", "last_on"),
    [
        ("2026-03-02 00:00:00", "2026-03-03"),
        ("2026-03-02 23:59:59", "2026-03-03"),  # whatever the hour, the day of the event is day zero
        ("2026-03-06 18:00", "2026-03-09"),  # Friday evening: Monday is day one
        ("2026-03-07 10:00", "2026-03-09"),  # Saturday
        ("2026-03-08 23:59:59", "2026-03-09"),  # Sunday
    ],
)
def test_the_day_of_the_event_is_not_counted(event, last_on):
    assert due("1 business_days Europe/Madrid", event) == last_on


@pytest.mark.parametrize(
    ("event", "last_on"),
    [
        ("2026-03-02 12:00", "2026-03-02"),
        ("2026-03-06 12:00", "2026-03-06"),
        ("2026-03-07 12:00", "2026-03-09"),
    ],
)
def test_where_the_law_counts_the_first_day_the_event_s_own_is_day_one(event, last_on):
    assert due("1 business_days Europe/Madrid first_day_counts", event) == last_on


def test_fifteen_business_days_over_easter_in_spain_leave_out_the_holidays():
    # From Friday 20 March: 23-27 (5), 30, 31, 1 April (8), 6-10 (13), 13, 14 (15).
    assert due("15 business_days Europe/Madrid", "2026-03-20 12:00") == "2026-04-14"


def test_the_receipt_of_a_term_names_the_days_that_do_not_count_and_adds_up():
    term = Term.read("5 business_days Europe/Madrid")
    runs = term.runs(term.due(at("2026-03-31 12:00"), OFFICE), OFFICE)
    assert runs == [
        Run(date(2026, 4, 1), date(2026, 4, 1), Stretch.OPEN, 1),
        Run(date(2026, 4, 2), date(2026, 4, 2), Stretch.HOLIDAY, 0, "Maundy Thursday"),
        Run(date(2026, 4, 3), date(2026, 4, 3), Stretch.HOLIDAY, 0, "Good Friday"),
        Run(date(2026, 4, 4), date(2026, 4, 5), Stretch.CLOSED, 0),
        Run(date(2026, 4, 6), date(2026, 4, 9), Stretch.OPEN, 4),
    ]
    assert sum(run.counted for run in runs) == 5


def test_a_calendar_that_changes_counts_each_day_by_the_version_in_force_on_it():
    closed_later = WorkingHours(tz="Europe/Madrid", weekly={day: WEEK[day] for day in range(4)})
    hours = WorkingHours.spliced([(None, OFFICE), (at("2026-03-09 00:00"), closed_later)])
    assert due("9 business_days Europe/Madrid", "2026-03-02 12:00", hours) == "2026-03-16"


def test_a_calendar_without_business_days_has_no_answer():
    with pytest.raises(NoOpenHours):
        Term.read("1 business_days UTC").due(at("2026-03-02 12:00"), WorkingHours(tz="UTC"))


# --- Calendar days, weeks, months ---


def test_calendar_days_count_weekends_and_end_on_one_unless_the_law_lets_it_give_way():
    assert due("5 calendar_days Europe/Madrid", "2026-03-02 12:00") == "2026-03-07"
    term = Term.read("5 calendar_days Europe/Madrid gives_way")
    found = term.due(at("2026-03-02 12:00"), OFFICE)
    assert (found.last_on, found.gave_way) == (date(2026, 3, 9), date(2026, 3, 7))
    assert [(run.last_on.day, run.counted) for run in term.runs(found, OFFICE)] == [(7, 5), (9, 0)]


def test_a_last_day_that_is_a_business_day_gives_no_way():
    found = Term.read("4 calendar_days Europe/Madrid gives_way").due(at("2026-03-02 12:00"), OFFICE)
    assert (found.last_on, found.gave_way) == (date(2026, 3, 6), None)


def test_the_first_day_counted_makes_a_term_of_calendar_days_one_day_shorter():
    assert due("5 calendar_days Europe/Madrid first_day_counts", "2026-03-02 12:00") == "2026-03-06"


def test_eight_weeks_end_with_the_same_weekday():
    assert due("8 weeks Europe/London", "2026-03-04 16:20", zone=ZoneInfo("Europe/London")) == "2026-04-29"


@pytest.mark.parametrize(
    ("event", "months", "last_on"),
    [
        ("2026-01-31 12:00", 1, "2026-02-28"),
        ("2028-01-31 12:00", 1, "2028-02-29"),
        ("2028-02-29 12:00", 1, "2028-03-29"),
        ("2028-02-29 12:00", 12, "2029-02-28"),
        ("2026-12-31 12:00", 2, "2027-02-28"),
        ("2026-11-30 12:00", 1, "2026-12-30"),
    ],
)
def test_months_end_on_the_same_day_number_or_the_month_s_last(event, months, last_on):
    assert due(f"{months} months Europe/Madrid", event) == last_on


# --- Instants, zones, changes of the clocks ---


def test_twenty_four_hours_are_twenty_four_hours_over_a_change_of_the_clocks():
    term, spring = Term.read("24 hours Europe/Madrid"), at("2026-03-28 12:00")
    found = term.due(spring, OFFICE)
    assert found.due_at == found.late_after == spring.astimezone(UTC) + timedelta(hours=24)
    assert found.due_at.astimezone(MADRID).hour == 13
    assert term.runs(found, OFFICE) == []


def test_minutes_run_at_night_too():
    assert Term.read("3 minutes Europe/Madrid").due(at("2026-03-07 23:59"), OFFICE).due_at == at(
        "2026-03-08 00:02"
    )


@pytest.mark.parametrize(("event", "hour"), [("2026-03-28 12:00", 21), ("2026-10-24 12:00", 22)])
def test_a_day_ends_at_its_own_midnight_however_many_hours_it_has(event, hour):
    found = Term.read("1 calendar_days Europe/Madrid").due(at(event), OFFICE)
    # Sunday 29 March ends in summer time (23:59 is 21:59 UTC), Sunday 25 October in winter time.
    assert found.due_at.hour == hour


def test_the_day_of_the_event_is_the_jurisdiction_s_not_the_calendar_s():
    late = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)  # Tuesday 00:30 in Madrid
    assert Term.read("1 business_days Europe/Madrid").due(late, OFFICE).last_on == date(2026, 3, 4)
    assert Term.read("1 business_days UTC").due(late, OFFICE).last_on == date(2026, 3, 3)


def test_where_midnight_does_not_exist_the_day_ends_when_the_clocks_change():
    zone = ZoneInfo("America/Santiago")  # Sunday 6 September 2026 begins at 01:00
    found = Term.read("1 calendar_days America/Santiago").due(at("2026-09-04 12:00", zone), OFFICE)
    assert found.late_after == datetime(2026, 9, 6, 4, tzinfo=UTC) - timedelta(microseconds=1)


# --- As text ---


@pytest.mark.parametrize(
    "text",
    [
        "15 business_days Europe/Madrid",
        "1 months Europe/Madrid gives_way",
        "2 hours UTC restarts_at_cure",
        "8 weeks Europe/London first_day_counts gives_way restarts_at_cure",
    ],
)
def test_a_term_reads_as_it_was_written(text):
    assert str(Term.read(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "15",
        "15 business_days",
        "0 hours UTC",
        "-1 hours UTC",
        "1.5 hours UTC",
        "3 years UTC",
        "1 months Europe/Nowhere",
        "1 months UTC sometimes",
        "2 hours UTC gives_way",
    ],
)
def test_what_is_no_term_is_refused(text):
    with pytest.raises(TermError):
        Term.read(text)
