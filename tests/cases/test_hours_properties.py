"""Working time on random calendars around changes of the clocks, against a walk over the minutes."""

from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.hours import Stretch, WorkingHours
from cases.layout import YEAR
from tests.cases.walks import (
    MINUTE,
    PLACE,
    PLACES,
    SPAN,
    calendars,
    first_minute,
    open_minutes,
    pauses,
    unpaused,
    walks,
)
from tests.drawing import examples

often = examples(60)

# Days from a walk at which a first question lets the years laid out begin or end within the walk.
SEAMS = [days + n for days in (YEAR, -3 * YEAR) for n in range(-3, 8)]
ODD = [place for place in PLACES if place[0] in ("America/St_Johns", "America/Havana", "Pacific/Apia")]
SEAM = st.none() | st.sampled_from(SEAMS)


def with_a_seam(hours, start, seam):
    """The same calendar, having been asked something first."""
    if seam is not None:
        hours.is_open(start + timedelta(days=seam))
    return hours


@pytest.mark.parametrize("seam", SEAMS)
@pytest.mark.parametrize("place", ODD, ids=lambda place: place[0])
def test_where_the_laying_out_began_makes_no_difference(place, seam):
    zone, middle = place
    night = [(timedelta(hours=22, minutes=30), timedelta(hours=24)), (timedelta(0), timedelta(minutes=45))]
    described = {"weekly": dict.fromkeys(range(7), night), "exceptions": {}, "holidays": [], "breaks": {}}
    start, walked = first_minute(middle), open_minutes({"tz": zone, **described}, middle)[:SPAN]
    opened = [n for n, is_open in enumerate(walked) if is_open]

    # Each question of a calendar of its own, as any of them may lay out more years.
    hours = with_a_seam(WorkingHours(tz=zone, **described), start, seam)
    for term in range(1, len(opened) + 1, 5):
        assert hours.add(start, term * 60) == start + (opened[term - 1] + 1) * MINUTE
    hours = with_a_seam(WorkingHours(tz=zone, **described), start, seam)
    for term in range(1, len(opened) + 1, 5):
        assert hours.subtract(start + SPAN * MINUTE, term * 60) == start + opened[-term] * MINUTE
    hours = with_a_seam(WorkingHours(tz=zone, **described), start, seam)
    for n, spent in enumerate(accumulate(walked, initial=0)):
        assert hours.between(start, start + n * MINUTE) == spent * 60


@often
@given(st.data())
def test_due_and_elapsed_are_what_a_walk_finds(data):
    described, start, walked = data.draw(walks())
    paused = data.draw(pauses(start))
    term = data.draw(st.integers(1, 3000))
    counts = unpaused(start, walked, paused)
    hours = WorkingHours(**described)

    assert hours.elapsed(start, start + SPAN * MINUTE, paused) == len(counts) * 60
    if term <= len(counts):
        due_at = start + (counts[term - 1] + 1) * MINUTE
        assert hours.due(start, term * 60, paused) == due_at
        assert hours.due(start, term * 60 - 0.25, paused) == due_at - timedelta(seconds=0.25)
    if term < len(counts):
        assert hours.late_after(due_at, paused) == start + counts[term] * MINUTE
    if counts:
        assert hours.due(start, 0, paused) == start + counts[0] * MINUTE


@often
@given(st.data())
def test_add_subtract_and_between_are_what_a_walk_finds(data):
    described, start, walked = data.draw(walks())
    hours = with_a_seam(WorkingHours(**described), start, data.draw(SEAM))
    opened = [n for n, is_open in enumerate(walked) if is_open]
    at, term = data.draw(st.integers(0, SPAN - 1)), data.draw(st.integers(1, 3000))

    assert hours.between(start, start + at * MINUTE) == sum(walked[:at]) * 60
    assert hours.is_open(start + at * MINUTE) == walked[at]
    if term <= len(opened):
        assert hours.add(start, term * 60) == start + (opened[term - 1] + 1) * MINUTE
        assert hours.subtract(start + SPAN * MINUTE, term * 60) == start + opened[-term] * MINUTE
    if opened:
        assert hours.next_open(start) == start + opened[0] * MINUTE
        assert hours.previous_close(start + SPAN * MINUTE) == start + (opened[-1] + 1) * MINUTE


@often
@given(st.data())
def test_business_days_are_the_dates_with_open_minutes(data):
    described, start, walked = data.draw(walks())
    zone = ZoneInfo(described["tz"])
    dates = [(start + n * MINUTE).astimezone(zone).date() for n in range(0, SPAN, 15)]
    opened = {(start + n * MINUTE).astimezone(zone).date() for n, is_open in enumerate(walked) if is_open}
    whole = sorted(set(dates))[1:-1]
    hours = WorkingHours(**described)

    assert [on for on in whole if hours.is_business_day(on)] == sorted(opened.intersection(whole))
    assert hours.count_business_days(whole[0], whole[-1]) == len(opened.intersection(whole))


@often
@given(st.data())
def test_segments_are_the_same_time_told_in_words(data):
    described, start, walked = data.draw(walks())
    hours = WorkingHours(**described)
    found = hours.segments(start, start + SPAN * MINUTE)

    assert (found[0].starts_at, found[-1].ends_at) == (start, start + SPAN * MINUTE)
    assert all(one.ends_at == other.starts_at for one, other in pairwise(found))
    for segment in found:
        first, last = (segment.starts_at - start) // MINUTE, (segment.ends_at - start) // MINUTE
        assert set(walked[first:last]) == {segment.kind == Stretch.OPEN}
        shown = [at.astimezone(hours.tz).date() for at in (segment.starts_at, segment.ends_at - MINUTE)]
        assert shown == [segment.on, segment.on]


@often
@given(st.data())
def test_a_splice_is_each_version_in_its_time(data):
    zone, middle = data.draw(PLACE)
    zones = [zone, data.draw(st.sampled_from([zone, "Asia/Tokyo", "America/New_York"])), zone]
    versions = [data.draw(calendars(zone, middle)) for zone in zones]
    first = data.draw(st.integers(1, SPAN - 1))
    second = data.draw(st.integers(first + 1, SPAN))
    start = first_minute(middle)
    changes = [start + first * MINUTE, start + second * MINUTE]
    hours = WorkingHours.spliced(
        zip([None, *changes], [WorkingHours(**described) for described in versions], strict=True)
    )
    with_a_seam(hours, start, data.draw(SEAM))
    one, two, three = (open_minutes(described, middle) for described in versions)
    walked = [*one[:first], *two[first:second], *three[second:SPAN]]
    opened = [n for n, is_open in enumerate(walked) if is_open]
    end, term = data.draw(st.integers(0, SPAN)), data.draw(st.integers(1, 3000))

    assert hours.between(start, start + end * MINUTE) == sum(walked[:end]) * 60
    if term <= len(opened):
        assert hours.add(start, term * 60) == start + (opened[term - 1] + 1) * MINUTE
    for segment in hours.segments(start, start + SPAN * MINUTE):
        told = walked[(segment.starts_at - start) // MINUTE : (segment.ends_at - start) // MINUTE]
        assert set(told) == {segment.kind == Stretch.OPEN}


def office(tz, **more):
    return WorkingHours(tz=tz, weekly=dict.fromkeys(range(5), [("09:00", "17:00")]), **more)


MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2050, 1, 1), timezones=st.just(UTC))
LENGTHS = st.integers(1, 10**13).map(lambda microseconds: microseconds / 10**6)
OFFICES = st.sampled_from(
    [
        office("Europe/Madrid"),
        office("America/New_York", exceptions={date(2026, 3, 9): [("00:00", "24:00")]}),
        WorkingHours(tz="Europe/Madrid", weekly={6: [("00:00", "08:00")]}),
        WorkingHours.always("Asia/Kathmandu"),
    ]
)


@given(OFFICES, MOMENTS, LENGTHS)
def test_add_and_between_undo_each_other(hours, start, seconds):
    end = hours.add(start, seconds)
    assert hours.between(start, end) == seconds
    assert hours.between(end, start) == -seconds
    begun = hours.subtract(end, seconds)
    # The latest instant that leaves the length: from `start` on, with no open time in between.
    assert begun >= start
    assert hours.between(start, begun) == 0
    assert hours.between(begun, end) == seconds


@given(OFFICES, MOMENTS, MOMENTS, MOMENTS)
def test_between_adds_up(hours, one, two, three):
    parts = timedelta(0, hours.between(one, two)) + timedelta(0, hours.between(two, three))
    assert parts == timedelta(0, hours.between(one, three))
