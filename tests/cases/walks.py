"""Random calendars beside a walk over every minute, which knows nothing of the arithmetic under test."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

MINUTE = timedelta(minutes=1)
SPAN = 5 * 24 * 60  # minutes walked
LATEST_START = 2000

# Zones whose clocks change by an hour, by half an hour, over midnight, around Ramadan, by a whole day, never.
PLACES = [
    ("Europe/Madrid", date(2026, 3, 29)),
    ("Europe/Madrid", date(2026, 10, 25)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("America/Havana", date(2026, 3, 8)),
    ("America/Havana", date(2026, 11, 1)),
    ("America/St_Johns", date(2006, 10, 29)),  # at 00:01, back into the day before
    ("Africa/Casablanca", date(2026, 2, 15)),
    ("Pacific/Apia", date(2011, 12, 30)),  # a date that never was
    ("Asia/Kathmandu", date(2026, 5, 3)),
    ("UTC", date(2026, 3, 1)),
]
PLACE = st.sampled_from(PLACES)


@st.composite
def periods(draw):
    # Few distinct times, so that periods touch, overlap and meet the clock changes; some are reversed.
    quarters = st.integers(0, 96) | st.sampled_from([0, 1, 8, 9, 10, 12, 92, 96])
    return [
        (timedelta(minutes=15 * draw(quarters)), timedelta(minutes=15 * draw(quarters)))
        for _ in range(draw(st.integers(0, 3)))
    ]


@st.composite
def calendars(draw, zone, middle):
    """What WorkingHours is made of."""
    near = st.integers(-3, 3).map(lambda days: middle + timedelta(days=days))
    holidays = draw(st.sets(near, max_size=1))
    return {
        "tz": zone,
        "weekly": {weekday: draw(periods()) for weekday in range(7)},
        "exceptions": draw(st.dictionaries(near, periods(), max_size=2)),
        "holidays": [(day, day + timedelta(days=draw(st.integers(0, 1))), "Fair") for day in holidays],
        "breaks": draw(st.dictionaries(near, periods(), max_size=1)),
    }


def first_minute(middle):
    return datetime.combine(middle, time(), UTC) - timedelta(days=2)


@lru_cache(maxsize=64)
def clocks(zone, middle):
    """What the clock on the wall shows in each minute: (date, minute of the day)."""
    zone, first = ZoneInfo(zone), first_minute(middle)
    shown = [(first + n * MINUTE).astimezone(zone) for n in range(LATEST_START + SPAN)]
    return [(local.date(), local.hour * 60 + local.minute) for local in shown]


def open_minutes(described, middle):
    """Whether that calendar is open, for every minute of `clocks`."""
    by_date, shown = {}, clocks(described["tz"], middle)
    for on in {on for on, _minute in shown}:
        applies = described["weekly"][on.weekday()]
        if any(first <= on <= last for first, last, _name in described["holidays"]):
            applies = []
        opened = minutes(described["exceptions"].get(on, applies))
        by_date[on] = opened - minutes(described["breaks"].get(on, []))
    return [minute in by_date[on] for on, minute in shown]


def minutes(periods):
    return {minute for opens, closes in periods for minute in range(opens // MINUTE, closes // MINUTE)}


@st.composite
def walks(draw):
    """A calendar, an instant near a change of the clocks, and which minutes from there are open."""
    zone, middle = draw(PLACE)
    described, offset = draw(calendars(zone, middle)), draw(st.integers(0, LATEST_START))
    walked = open_minutes(described, middle)[offset : offset + SPAN]
    return described, first_minute(middle) + offset * MINUTE, walked


@st.composite
def pauses(draw, start):
    """(from, to) pairs in any order, some empty, some overlapping, some from before `start`."""
    drawn = [
        sorted((draw(st.integers(-200, SPAN)), draw(st.integers(-200, SPAN))))
        for _ in range(draw(st.integers(0, 3)))
    ]
    return [(start + one * MINUTE, start + other * MINUTE) for one, other in drawn]


def unpaused(start, walked, paused):
    """The open minutes, by number, that no pause holds."""
    return [
        n
        for n, is_open in enumerate(walked)
        if is_open and not any(one <= start + n * MINUTE < other for one, other in paused)
    ]
