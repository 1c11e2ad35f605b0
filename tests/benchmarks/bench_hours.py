"""Microseconds per working-time question, and a year against a week: python tests/benchmarks/bench_hours.py

Monday to Friday 09:00-17:00 in Madrid with 14 holidays a year; 1,000 starts spread over two years, every
question asked from each, the median of 21 rounds in which the questions alternate. Time of this process on
the processor, the loop itself included (0.03 us): what else the machine does in between is not counted.
"""

import random
import statistics
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from cases.hours import WorkingHours  # noqa: E402
from cases.receipts import receipt  # noqa: E402

STARTS, ROUNDS = 1000, 21
WEEK, YEAR = timedelta(days=7), timedelta(days=365)
WEEK_OPEN, YEAR_OPEN = 40 * 3600, 52 * 40 * 3600
SECONDS = 8 * 3600


def calendar():
    holidays = [date(year, month, 6) for year in range(2020, 2035) for month in range(1, 13)]
    holidays += [date(year, 12, day) for year in range(2020, 2035) for day in (24, 25)]
    return WorkingHours(
        tz="Europe/Madrid",
        weekly=dict.fromkeys(range(5), [("09:00", "17:00")]),
        holidays=[(day, day, "holiday") for day in holidays],
    )


def round_of(question, starts):
    """Microseconds per call."""
    begun = process_time()
    for start in starts:
        question(start)
    return (process_time() - begun) / len(starts) * 1e6


def main():
    hours = calendar()
    chance = random.Random(8)
    starts = [
        datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(2 * 365 * 86400))
        for _ in range(STARTS)
    ]
    local = [start.astimezone(ZoneInfo("Europe/Madrid")) for start in starts]
    versions = spliced(hours, starts[0])
    pauses = [(starts[0] + n * WEEK, starts[0] + n * WEEK + timedelta(hours=30)) for n in range(4)]

    begun = perf_counter()
    hours.is_open(starts[0])
    print(f"laying out the first four years     {(perf_counter() - begun) * 1e3:8.2f} ms")
    hours.add(starts[-1], 3 * YEAR_OPEN)

    questions = {
        "add 8 h": (lambda at: hours.add(at, SECONDS), starts),
        "add a week": (lambda at: hours.add(at, WEEK_OPEN), starts),
        "add a year": (lambda at: hours.add(at, YEAR_OPEN), starts),
        "add 8 h, local time given": (lambda at: hours.add(at, SECONDS), local),
        "subtract a week": (lambda at: hours.subtract(at, WEEK_OPEN), starts),
        "subtract a year": (lambda at: hours.subtract(at, YEAR_OPEN), starts),
        "between, a week": (lambda at: hours.between(at, at + WEEK), starts),
        "between, a year": (lambda at: hours.between(at, at + YEAR), starts),
        "  (of which at + span)": (lambda at: at + YEAR, starts),
        "is_open": (hours.is_open, starts),
        "next_open": (hours.next_open, starts),
        "due 8 h, no pause": (lambda at: hours.due(at, SECONDS), starts),
        "due 8 h, four pauses": (lambda at: hours.due(at, SECONDS, pauses), starts),
        "add 8 h, four versions": (lambda at: versions.add(at, SECONDS), starts),
        "receipt of 8 h": (
            lambda at: receipt(hours=hours, started_at=at, term_seconds=SECONDS),
            starts[:200],
        ),
    }
    measured = {name: [] for name in questions}
    for _ in range(ROUNDS):
        for name, (question, asked) in questions.items():
            measured[name].append(round_of(question, asked))
    medians = {name: statistics.median(rounds) for name, rounds in measured.items()}
    for name, median in medians.items():
        print(f"{name:32}  {median:8.2f} us   (best {min(measured[name]):.2f})")
    for one in ("add a", "subtract a", "between, a"):
        ratio = medians[f"{one} year"] / medians[f"{one} week"]
        print(f"{one.split()[0].strip(','):10} a year against a week {ratio:10.2f}")


def spliced(hours, start):
    later = WorkingHours(tz="Europe/Madrid", weekly=dict.fromkeys(range(5), [("08:00", "16:00")]))
    return WorkingHours.spliced(
        [(None, hours), *((start + n * 20 * WEEK, later if n % 2 else hours) for n in (1, 2, 3))]
    )


if __name__ == "__main__":
    main()
