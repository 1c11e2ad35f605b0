"""Receipts: the worked clocks of the house's rules as the lines that explain them; the column adds up."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.hours import NaiveTime, NoOpenHours, ReversedPause, WorkingHours
from cases.receipts import LineKind, Pause, receipt
from tests.cases.walks import MINUTE, SPAN, pauses, unpaused, walks
from tests.drawing import examples

MADRID = ZoneInfo("Europe/Madrid")
HOUR = 3600
HOURS = WorkingHours(tz="Europe/Madrid", weekly=dict.fromkeys(range(5), [("09:00", "17:00")]))
NOTHING = timedelta(0)


def march(day, clock="00:00"):
    """March 2026 in Madrid; the 2nd is a Monday."""
    hour, minute, *second = map(int, clock.split(":"))
    return datetime(2026, 3, day, hour, minute, *second, tzinfo=MADRID)


def told(lines, zone=MADRID):
    """Lines as a page would put them: kind, dates, from, to, hours counted."""
    return [
        (
            line.kind.value,
            ", ".join(f"{on:%a} {on.day}" for on in line.dates),
            f"{line.starts_at.astimezone(zone):%H:%M}",
            f"{line.ends_at.astimezone(zone):%H:%M}" if line.ends_at else "",
            line.seconds / HOUR,
        )
        for line in lines
    ]


def summed(lines):
    return sum((line.counted for line in lines), NOTHING)


def is_met(found, *, hours, started_at, done_at, pauses=()):
    return hours.elapsed(started_at, done_at, pauses) <= found.term.total_seconds()


# --- RULES 8, row by row.


def test_row_1_over_a_weekend():
    start = march(6, "15:00")
    found = receipt(hours=HOURS, started_at=start, term_seconds=4 * HOUR)

    assert found.due_at == found.late_after == march(9, "11:00")
    assert receipt(hours=HOURS, started_at=start, term_seconds=0.75 * 4 * HOUR).due_at == march(9, "10:00")
    assert told(found.lines) == [
        ("segment", "Fri 6", "15:00", "17:00", 2),
        ("closed", "Sat 7, Sun 8", "00:00", "00:00", 0),
        ("segment", "Mon 9", "09:00", "11:00", 2),
    ]
    assert (found.total, found.left) == (timedelta(hours=4), NOTHING)
    assert is_met(found, hours=HOURS, started_at=start, done_at=march(9, "11:00:00"))
    assert not is_met(found, hours=HOURS, started_at=start, done_at=march(9, "11:00:01"))


def test_row_2_due_at_closing_time_is_late_only_after_the_next_opening():
    start = march(6, "13:00")
    found = receipt(hours=HOURS, started_at=start, term_seconds=4 * HOUR)

    assert (found.due_at, found.late_after) == (march(6, "17:00"), march(9, "09:00"))
    assert told(found.lines) == [("segment", "Fri 6", "13:00", "17:00", 4)]
    for done_at, met in [(march(7, "10:00"), True), (march(9, "09:00"), True), (march(9, "09:00:01"), False)]:
        assert is_met(found, hours=HOURS, started_at=start, done_at=done_at) is met


def test_row_2_started_while_closed():
    found = receipt(hours=HOURS, started_at=march(7, "10:00"), term_seconds=4 * HOUR)

    assert found.due_at == march(9, "13:00")
    assert told(found.lines) == [
        ("closed", "Sat 7, Sun 8", "10:00", "00:00", 0),
        ("segment", "Mon 9", "09:00", "13:00", 4),
    ]


def test_row_3_while_paused_there_is_no_due_time():
    pause = Pause(march(2, "15:00"), None, "asked the customer")
    for until in (None, march(3, "11:00")):
        found = receipt(
            hours=HOURS, started_at=march(2, "09:00"), term_seconds=8 * HOUR, pauses=[pause], until=until
        )
        assert (found.due_at, found.late_after) == (None, None)
        assert (found.total, found.left) == (timedelta(hours=6), timedelta(hours=2))
        assert told(found.lines)[0] == ("segment", "Mon 2", "09:00", "15:00", 6)
        assert found.lines[1].kind == LineKind.PAUSED
        assert (found.lines[1].starts_at, found.lines[1].ends_at) == (march(2, "15:00"), None)
        assert found.lines[1].pauses == (pause,)
    assert found.lines[1].withheld == timedelta(hours=4)


def test_row_3_resumed():
    found = receipt(
        hours=HOURS,
        started_at=march(2, "09:00"),
        term_seconds=8 * HOUR,
        pauses=[(march(2, "15:00"), march(4, "10:30"), "asked the customer")],
    )

    assert found.due_at == march(4, "12:30")
    assert told(found.lines) == [
        ("segment", "Mon 2", "09:00", "15:00", 6),
        ("paused", "Mon 2, Tue 3, Wed 4", "15:00", "10:30", 0),
        ("segment", "Wed 4", "10:30", "12:30", 2),
    ]
    assert found.lines[1].withheld == timedelta(hours=2 + 8 + 1.5)
    assert [pause.reason for pause in found.lines[1].pauses] == ["asked the customer"]


def test_row_4_a_pause_outside_the_hours_is_worth_nothing():
    found = receipt(
        hours=HOURS,
        started_at=march(2, "13:00"),
        term_seconds=8 * HOUR,
        pauses=[(march(2, "18:00"), march(3, "08:00"), "waiting")],
    )

    assert found.due_at == march(3, "13:00")
    assert told(found.lines) == [
        ("segment", "Mon 2", "13:00", "17:00", 4),
        ("paused", "Mon 2, Tue 3", "18:00", "08:00", 0),
        ("segment", "Tue 3", "09:00", "13:00", 4),
    ]
    assert found.lines[1].withheld == NOTHING


def test_row_5_resumed_as_of_the_expected_end():
    found = receipt(
        hours=HOURS,
        started_at=march(2, "09:00"),
        term_seconds=8 * HOUR,
        pauses=[(march(2, "10:00"), march(3, "10:00"), "")],
    )
    assert (found.due_at, found.late_after) == (march(3, "17:00"), march(4, "09:00"))


@pytest.mark.parametrize(
    ("term", "due_at", "left_on_tuesday_at_10"),
    [(16, march(4, "12:00"), 10), (8, march(3, "12:00"), 2), (4, march(2, "16:00"), -2)],
    ids=["priority 3", "priority 2", "row 7: priority 1"],
)
def test_row_6_another_term_from_the_same_start_with_the_same_pauses(term, due_at, left_on_tuesday_at_10):
    clock = {
        "hours": HOURS,
        "started_at": march(2, "09:00"),
        "term_seconds": term * HOUR,
        "pauses": [(march(2, "12:00"), march(2, "15:00"), "")],
    }
    assert receipt(**clock).due_at == due_at

    then = receipt(**clock, until=march(3, "10:00"))
    assert (then.due_at, then.total) == (due_at, timedelta(hours=6))
    assert then.left == timedelta(hours=left_on_tuesday_at_10)


def test_row_6_three_quarters_are_reached_as_the_term_is_halved():
    warned_at = receipt(
        hours=HOURS,
        started_at=march(2, "09:00"),
        term_seconds=0.75 * 8 * HOUR,
        pauses=[(march(2, "12:00"), march(2, "15:00"), "")],
    ).due_at
    assert warned_at == march(3, "10:00")


def test_row_9_a_day_closed_later_stands_on_the_receipt_with_the_edit():
    edited_at = march(3, "12:00")
    closed = WorkingHours(
        tz="Europe/Madrid",
        weekly=dict.fromkeys(range(5), [("09:00", "17:00")]),
        exceptions={date(2026, 3, 4): ()},
        exception_names={date(2026, 3, 4): "Stocktaking"},
    )
    hours = WorkingHours.spliced([(None, HOURS), (edited_at, closed)])
    clock = {"started_at": march(2, "13:00"), "term_seconds": 16 * HOUR}
    found = receipt(hours=hours, **clock)

    assert receipt(hours=HOURS, **clock).due_at == march(4, "13:00")
    assert found.due_at == march(5, "13:00")
    assert told(found.lines) == [
        ("segment", "Mon 2", "13:00", "17:00", 4),
        ("segment", "Tue 3", "09:00", "12:00", 3),
        ("changed", "Tue 3", "12:00", "12:00", 0),
        ("segment", "Tue 3", "12:00", "17:00", 5),
        ("exception", "Wed 4", "00:00", "00:00", 0),
        ("segment", "Thu 5", "09:00", "13:00", 4),
    ]
    assert found.lines[4].name == "Stocktaking"


@pytest.mark.parametrize(
    ("start", "due", "offset"),
    [((2026, 3, 29), (2026, 3, 29, 5), 2), ((2026, 10, 25), (2026, 10, 25, 3), 1)],
    ids=["spring", "autumn"],
)
def test_row_10_in_a_night_in_which_the_clocks_change(start, due, offset):
    sundays = WorkingHours.from_dict({"calendar": {"sun": [["00:00", "08:00"]]}, "tz": "Europe/Madrid"})
    found = receipt(hours=sundays, started_at=datetime(*start, tzinfo=MADRID), term_seconds=4 * HOUR)

    assert found.due_at == datetime(*due, tzinfo=MADRID)
    assert found.due_at.astimezone(MADRID).utcoffset() == timedelta(hours=offset)
    assert summed(found.lines) == timedelta(hours=4)
    assert len(found.lines) == 1


# --- What a reader sees.


def test_holidays_closed_days_and_pauses_as_the_case_page_shows_them():
    hours = WorkingHours(
        tz="Europe/Madrid",
        weekly=dict.fromkeys(range(5), [("09:00", "19:00")]),
        holidays=[(date(2026, 11, 9), date(2026, 11, 9), "Almudena (Madrid)")],
    )

    def november(day, clock):
        return datetime.fromisoformat(f"2026-11-{day:02}T{clock}").replace(tzinfo=MADRID)

    found = receipt(
        hours=hours,
        started_at=november(6, "18:40"),
        term_seconds=4 * HOUR,
        pauses=[(november(10, "10:30"), november(10, "12:20"), "bank trace asked of customer")],
    )
    assert told(found.lines) == [
        ("segment", "Fri 6", "18:40", "19:00", pytest.approx(1 / 3)),
        ("closed", "Sat 7, Sun 8", "00:00", "00:00", 0),
        ("holiday", "Mon 9", "00:00", "00:00", 0),
        ("segment", "Tue 10", "09:00", "10:30", 1.5),
        ("paused", "Tue 10", "10:30", "12:20", 0),
        ("segment", "Tue 10", "12:20", "14:30", pytest.approx(2 + 1 / 6)),
    ]
    assert found.lines[2].name == "Almudena (Madrid)"
    assert found.lines[4].withheld == timedelta(hours=1, minutes=50)
    assert (found.due_at, found.total) == (november(10, "14:30"), timedelta(hours=4))
    assert found.zone == found.lines[0].zone == MADRID


def test_open_day_and_night_is_one_line():
    found = receipt(hours=WorkingHours.always("UTC"), started_at=march(2), term_seconds=30 * 24 * HOUR)
    assert [line.seconds for line in found.lines] == [30 * 24 * HOUR]
    assert (found.lines[0].on, found.lines[0].last_on) == (date(2026, 3, 1), date(2026, 3, 31))


def test_holidays_of_one_name_are_one_line_and_of_two_are_two():
    hours = WorkingHours(
        tz="Europe/Madrid",
        weekly=dict.fromkeys(range(7), [("09:00", "17:00")]),
        holidays=[
            (date(2026, 3, 3), date(2026, 3, 4), "Fair"),
            (date(2026, 3, 5), date(2026, 3, 5), "Saint"),
        ],
    )
    found = receipt(hours=hours, started_at=march(2, "16:00"), term_seconds=2 * HOUR)
    assert [(line.kind.value, line.name, len(line.dates)) for line in found.lines[1:3]] == [
        ("holiday", "Fair", 2),
        ("holiday", "Saint", 1),
    ]


def test_time_used_before_is_carried():
    found = receipt(
        hours=HOURS, started_at=march(2, "09:00"), term_seconds=8 * HOUR, used_seconds=5 * HOUR + 0.5
    )
    assert found.due_at == march(2, "12:00") - timedelta(seconds=0.5)
    assert (found.lines[0].kind, found.lines[0].seconds) == (LineKind.CARRIED, 5 * HOUR + 0.5)
    assert found.lines[0].dates == []
    assert summed(found.lines) == found.total == found.term


def test_what_is_used_up_already_is_due_at_once():
    found = receipt(hours=HOURS, started_at=march(7), term_seconds=8 * HOUR, used_seconds=9 * HOUR)
    assert found.due_at == march(9, "09:00")
    assert found.left == timedelta(hours=-1)


def test_overlapping_pauses_share_a_line_and_touching_ones_do_not():
    pauses = [
        (march(2, "12:00"), march(2, "14:00"), "supplier"),
        (march(2, "11:00"), march(2, "13:00"), "customer"),
        (march(2, "14:00"), march(2, "15:00"), "technician"),
    ]
    found = receipt(hours=HOURS, started_at=march(2, "09:00"), term_seconds=4 * HOUR, pauses=pauses)
    paused = [line for line in found.lines if line.kind == LineKind.PAUSED]

    assert [[pause.reason for pause in line.pauses] for line in paused] == [
        ["customer", "supplier"],
        ["technician"],
    ]
    assert [line.withheld for line in paused] == [timedelta(hours=3), timedelta(hours=1)]
    assert found.due_at == march(2, "17:00")


def test_a_pause_that_never_met_the_clock_is_not_on_the_receipt():
    pauses = [(march(1), march(2, "09:00"), ""), (march(2, "13:00"), march(2, "14:00"), "")]
    pauses.append((march(2, "10:00"), march(2, "10:00"), ""))
    found = receipt(hours=HOURS, started_at=march(2, "09:00"), term_seconds=4 * HOUR, pauses=pauses)
    assert told(found.lines) == [("segment", "Mon 2", "09:00", "13:00", 4)]


def test_a_clock_that_started_paused_shows_the_pause_from_its_start():
    found = receipt(
        hours=HOURS,
        started_at=march(2, "09:00"),
        term_seconds=HOUR,
        pauses=[(march(1), march(2, "10:00"), "")],
    )
    assert told(found.lines)[0] == ("paused", "Mon 2", "09:00", "10:00", 0)
    assert found.lines[0].withheld == timedelta(hours=1)


def test_a_clock_that_stands_still_from_its_start_has_its_whole_term_left():
    found = receipt(
        hours=HOURS, started_at=march(2, "09:00"), term_seconds=HOUR, pauses=[(march(1), None, "")]
    )
    assert [line.kind for line in found.lines] == [LineKind.PAUSED]
    assert (found.total, found.left, found.due_at) == (NOTHING, timedelta(hours=1), None)


def test_a_used_up_clock_that_never_ran_has_no_due_time_either():
    found = receipt(
        hours=HOURS,
        started_at=march(2, "09:00"),
        term_seconds=HOUR,
        used_seconds=HOUR,
        pauses=[(march(1), None, "")],
    )
    assert (found.due_at, found.late_after, found.left) == (None, None, NOTHING)


def test_a_change_that_rules_from_the_due_time_on_is_not_on_the_receipt():
    hours = WorkingHours.spliced([(None, HOURS), (march(2, "11:00"), WorkingHours.always("Europe/Madrid"))])
    for term, kinds in [(2 * HOUR, ["segment"]), (2 * HOUR + 1, ["segment", "changed", "segment"])]:
        found = receipt(hours=hours, started_at=march(2, "09:00"), term_seconds=term)
        assert [line.kind for line in found.lines] == kinds


def test_a_pause_after_the_due_time_hides_neither_it_nor_the_breach():
    clock = {"hours": HOURS, "started_at": march(2, "09:00"), "term_seconds": 2 * HOUR}
    found = receipt(**clock, pauses=[(march(2, "12:00"), None, "")])
    assert (found.due_at, found.late_after) == (march(2, "11:00"), march(2, "11:00"))

    just_then = receipt(**clock, pauses=[(march(2, "11:00"), None, "")])
    assert (just_then.due_at, just_then.late_after) == (march(2, "11:00"), None)


def test_an_ended_clock_is_read_at_its_end():
    clock = {"hours": HOURS, "started_at": march(2, "09:00"), "term_seconds": 8 * HOUR}
    early = receipt(**clock, until=march(2, "12:00"))
    assert (early.total, early.left) == (timedelta(hours=3), timedelta(hours=5))
    late = receipt(**clock, until=march(3, "10:00"))
    assert (late.total, late.left) == (timedelta(hours=9), timedelta(hours=-1))
    assert early.due_at == late.due_at == march(2, "17:00")


def test_a_calendar_that_closes_for_good_at_the_due_time_is_late_after_nothing():
    hours = WorkingHours(tz="Europe/Madrid", exceptions={date(2026, 3, 2): [("09:00", "17:00")]})
    clock = {"hours": hours, "started_at": march(2, "09:00")}
    assert receipt(**clock, term_seconds=8 * HOUR).late_after is None
    with pytest.raises(NoOpenHours):
        receipt(**clock, term_seconds=8 * HOUR + 1)
    ended = receipt(**clock, term_seconds=8 * HOUR + 1, until=march(2, "10:00"))
    assert (ended.due_at, ended.total) == (None, timedelta(hours=1))


def test_bad_input_is_refused_by_name():
    clock = {"hours": HOURS, "started_at": march(2, "09:00"), "term_seconds": HOUR}
    with pytest.raises(ReversedPause):
        receipt(**clock, pauses=[(march(3), march(2), "")])
    with pytest.raises(NaiveTime):
        receipt(**clock | {"started_at": datetime(2026, 3, 2, 9)})
    with pytest.raises(NaiveTime):
        receipt(**clock, until=datetime(2026, 3, 2, 9))


# --- Properties.


@examples(80)
@given(st.data())
def test_the_column_adds_up_to_the_term_and_every_minute_stands_where_it_belongs(data):
    described, start, walked = data.draw(walks())
    paused = data.draw(pauses(start))
    used = data.draw(st.sampled_from([0, 7, 90.25]))
    counts = unpaused(start, walked, paused)
    term = data.draw(st.integers(1, 3000))
    hours = WorkingHours(**described)
    if term > len(counts):
        return
    found = receipt(
        hours=hours,
        started_at=start,
        term_seconds=term * 60 + used,
        used_seconds=used,
        pauses=[(*pair, "") for pair in paused],
    )

    assert summed(found.lines) == found.total == found.term == timedelta(seconds=term * 60 + used)
    assert found.due_at == start + (counts[term - 1] + 1) * MINUTE
    counted = [
        minute
        for line in found.lines
        if line.kind == LineKind.SEGMENT
        for minute in range((line.starts_at - start) // MINUTE, (line.ends_at - start) // MINUTE)
    ]
    assert counted == counts[:term]
    instants = [line.starts_at for line in found.lines if line.starts_at]
    assert instants == sorted(instants)
    withheld = sum((line.withheld for line in found.lines), NOTHING)
    open_till_due = sum(walked[: counts[term - 1] + 1])
    assert withheld == (open_till_due - term) * MINUTE


@examples(60)
@given(st.data())
def test_read_at_any_instant_it_tells_what_has_counted_till_then(data):
    described, start, walked = data.draw(walks())
    paused = data.draw(pauses(start))
    until = data.draw(st.integers(0, SPAN))
    stands_from = data.draw(st.none() | st.integers(0, SPAN))
    standing = [] if stands_from is None else [(start + stands_from * MINUTE, None, "")]
    counts = [
        n for n in unpaused(start, walked, paused) if n < until and (stands_from is None or n < stands_from)
    ]
    found = receipt(
        hours=WorkingHours(**described),
        started_at=start,
        term_seconds=HOUR,
        pauses=[*((*pair, "") for pair in paused), *standing],
        until=start + until * MINUTE,
    )

    assert found.total == summed(found.lines) == len(counts) * MINUTE
    assert found.left == timedelta(hours=1) - found.total
