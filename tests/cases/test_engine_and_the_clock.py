"""The engine on a machine whose clock is set: forward, back, and by the law twice a year."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cases import engine
from cases.models import EnginePass, Timer, Trigger
from cases.states import Metric
from escalations.models import Handoff
from tests import factories as make
from tests.word import here, kept_its_word

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
MADRID = ZoneInfo("Europe/Madrid")


class Watch:
    """A machine's clock: time passes only while somebody sleeps; `steps` are [(after so long, by)]."""

    def __init__(self, start, steps=()):
        self.start, self.steps, self.lived = start, list(steps), timedelta(0)

    def now(self):
        return (
            self.start
            + self.lived
            + sum((by for after, by in self.steps if self.lived >= after), timedelta(0))
        )

    def sleep(self, seconds):
        # A look costs a moment too.
        self.lived += timedelta(seconds=seconds) + timedelta(milliseconds=1)


def ticks(watch, until):
    """As a worker does it: a tick every five seconds, of seven at most, for `until` of its own life."""
    longest = timedelta(0)
    while watch.lived < until:
        began = watch.lived
        engine.linger(
            seconds=7, clock=watch.now, sleep=watch.sleep, stopped=lambda: watch.lived >= until, worker="w"
        )
        longest = max(longest, watch.lived - began)
        watch.sleep(0.001)
    return longest


@pytest.fixture
def desk(now):
    """A response within an hour; then Jonas with a quarter, Marta with half an hour, and Priya."""
    jonas, marta = make.person("Jonas"), make.person("Marta")
    priya = make.person("Priya", role="manager")
    make.policy(targets={(Metric.FIRST_RESPONSE, None): 3600, (Metric.RESOLUTION, None): 10**7})
    path = make.path(
        levels=[
            {"person": jonas, "acknowledge_seconds": 900, "remind_every_seconds": 300},
            {"person": marta, "acknowledge_seconds": 1800},
        ],
        fallback=priya,
    )
    make.rule(path, metric=Metric.FIRST_RESPONSE)
    customer = make.customer()
    return [make.case(customer, now=now, by=priya, owner=priya, received_at=now) for _ in range(3)]


def levels():
    rows = Handoff.objects.order_by("escalation", "pk").values_list("escalation", "level_number")
    return list(rows)


@pytest.mark.django_db
class TestTheClockIsSet:
    # Looked at from half a minute before the response is due; set ten seconds later.
    @pytest.fixture
    def start(self, now):
        return now + HOUR - 30 * SECOND

    def test_an_hour_forward_it_all_happens_then_and_once(self, desk, start):
        watch = Watch(start, [(10 * SECOND, HOUR)])
        ticks(watch, 20 * SECOND)
        kept_its_word(here, now=watch.now())
        assert Trigger.objects.filter(kind="target_breached").count() == len(desk)
        assert {level for _e, level in levels()} == {2}  # an hour and twenty seconds on: the fallback's
        assert not Timer.objects.due(watch.now()).exists()

    def test_an_hour_back_nothing_happens_before_its_time_or_twice(self, desk, start):
        watch = Watch(start + 40 * SECOND, [(10 * SECOND, -HOUR)])
        ticks(watch, 20 * SECOND)
        assert [level for _e, level in levels()] == [1] * len(desk)
        before = levels()
        ticks(watch, 80 * SECOND)
        assert levels() == before
        assert Trigger.objects.filter(kind="target_breached").count() == len(desk)

    def test_back_by_an_hour_a_tick_ends_in_its_seven_seconds_and_the_heart_goes_on(self, desk, start):
        watch = Watch(start, [(10 * SECOND, -HOUR)])
        assert ticks(watch, 30 * SECOND) < 9 * SECOND
        beat = EnginePass.objects.get(worker="w")
        assert abs(watch.now() - beat.finished_at) <= 2 * SECOND

    def test_forward_and_back_again_each_deadline_is_kept_once(self, desk, start):
        watch = Watch(start, [(5 * SECOND, HOUR), (15 * SECOND, -HOUR)])
        ticks(watch, 20 * SECOND)
        done = levels()
        assert {level for _e, level in done} == {2}
        last = Timer.objects.filter(state="fired").latest("fired_at").fired_at
        watch = Watch(last + MINUTE)
        ticks(watch, 10 * SECOND)
        kept_its_word(here, now=watch.now())
        assert levels() == done


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=MADRID)


@pytest.mark.django_db
class TestTheLawSetsTheClock:
    """Office from eight to ten at night and from midnight to six, so that its terms cross the change."""

    def ladder(self, opened):
        night = make.calendar("Night", days=range(7), opens="00:00", closes="06:00", now=opened - 9 * HOUR)
        jonas, marta = make.person("Jonas", calendar=night), make.person("Marta", calendar=night)
        priya = make.person("Priya", role="manager")
        make.policy(targets={(Metric.FIRST_RESPONSE, None): 3600}, calendar=night, now=opened - 8 * HOUR)
        levels = [
            {"person": who, "acknowledge_seconds": 3600, "is_around_the_clock": False}
            for who in (jonas, marta)
        ]
        path = make.path(levels=levels, fallback=priya, now=opened - 8 * HOUR)
        make.rule(path, metric=Metric.FIRST_RESPONSE)
        make.case(now=opened, by=priya, owner=priya)

    def walk(self, *deadlines):
        """Nothing at each instant, everything strictly after it; each is a level."""
        for level, deadline in enumerate(deadlines, 1):
            engine.run_until_idle(now=deadline)
            assert Handoff.objects.count() == level - 1, deadline
            engine.run_until_idle(now=deadline + timedelta(microseconds=1))
            assert Handoff.objects.count() == level, deadline
            kept_its_word(here, now=deadline + timedelta(microseconds=1))

    def test_in_march_an_hour_is_missing_and_no_term_loses_it(self):
        # 01:30, half past three (two to three does not exist), half past four, half past five.
        self.ladder(at("2026-03-29 01:30").astimezone(UTC) - HOUR)
        self.walk(
            datetime(2026, 3, 29, 0, 30, tzinfo=UTC),
            datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
            datetime(2026, 3, 29, 2, 30, tzinfo=UTC),
        )
        assert at("2026-03-29 03:30").astimezone(UTC) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)

    def test_in_october_an_hour_comes_twice_and_is_counted_twice(self):
        # 01:30, half past two, half past two again, half past three.
        self.ladder(at("2026-10-25 00:30").astimezone(UTC))
        first = at("2026-10-25 01:30").astimezone(UTC)
        assert first == datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
        self.walk(first, first + HOUR, first + 2 * HOUR)
        assert (first + 2 * HOUR).astimezone(MADRID) == at("2026-10-25 02:30").replace(fold=1)

    @pytest.mark.parametrize(
        ("opened", "hours"),
        [("2026-03-28 12:00", 23), ("2026-10-24 12:00", 25), ("2026-06-13 12:00", 24)],
    )
    def test_from_noon_to_noon_around_the_clock_has_the_hours_that_passed(self, opened, hours):
        jonas, priya = make.person("Jonas"), make.person("Priya", role="manager")
        start = at(opened).astimezone(UTC)
        make.policy(targets={(Metric.FIRST_RESPONSE, None): hours * 3600}, now=start - HOUR)
        make.rule(make.path(levels=[{"person": jonas}], fallback=priya), metric=Metric.FIRST_RESPONSE)
        make.case(now=start, by=priya, owner=priya)
        noon = at(opened) + timedelta(days=1)  # on the wall
        self.walk(noon.astimezone(UTC))

    @pytest.mark.parametrize(("opened", "due"), [("2026-03-28", "2026-03-29"), ("2026-10-24", "2026-10-25")])
    def test_a_term_across_the_change_ends_when_the_office_says(self, opened, due):
        """Seven to three: eight hours from Saturday noon are over on Sunday at noon."""
        days = make.calendar("Seven", days=range(7), opens="07:00", closes="15:00", now=at(opened) - 5 * HOUR)
        jonas, priya = make.person("Jonas"), make.person("Priya", role="manager")
        make.policy(
            targets={(Metric.FIRST_RESPONSE, None): 8 * 3600}, calendar=days, now=at(opened) - 4 * HOUR
        )
        make.rule(make.path(levels=[{"person": jonas}], fallback=priya), metric=Metric.FIRST_RESPONSE)
        make.case(now=at(f"{opened} 12:00"), by=priya, owner=priya)
        self.walk(at(f"{due} 12:00").astimezone(UTC))
