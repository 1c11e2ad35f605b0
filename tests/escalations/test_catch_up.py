"""After a stop of the engine: what was missed happens once, as of its own instant, at the level due."""

from copy import deepcopy
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cases import engine
from cases.models import Absence, CalendarException, CalendarVersion, Holiday, Notice, Party, Period, Timer
from cases.operations import ending, pausing, promising, publishing, talk
from cases.states import ClockState, Metric, TimerKind
from escalations.models import Handoff, PassedOver
from escalations.operations import respond
from escalations.operations.escalate import escalate
from tests import factories as make
from tests.word import here, kept_its_word

pytestmark = pytest.mark.django_db
SECOND, MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))
STOPS = {"5 min": 5 * MINUTE, "3 h": 3 * HOUR + 12 * MINUTE, "40 days": 40 * DAY}
TEXTS = {"reason": "Credit", "background": "38 lines twice", "tried": "Compared", "next_steps": "Approve"}
MADRID = ZoneInfo("Europe/Madrid")


@pytest.fixture(scope="module")
def made(for_all_of_the_module, now):
    """Response within an hour, then Jonas, Marta, Tomás with half an hour, an hour and two; then Priya."""
    people = {name: make.person(name) for name in ("Ana", "Jonas", "Marta", "Tomas")}
    people["Priya"] = make.person("Priya", role="manager")
    make.team("Care", people=[people["Ana"]], lead=people["Marta"])
    make.policy(targets={(Metric.FIRST_RESPONSE, None): 3600, (Metric.RESOLUTION, None): 400 * 3600})
    people["path"] = make.path(
        levels=[
            {"person": people["Jonas"], "acknowledge_seconds": 1800, "remind_every_seconds": 60},
            {"person": people["Marta"], "acknowledge_seconds": 3600, "remind_every_seconds": 600},
            {"person": people["Tomas"], "acknowledge_seconds": 7200},
        ],
        fallback=people["Priya"],
    )
    return people


@pytest.fixture
def desk(made):
    return deepcopy(made)


@pytest.fixture
def case(desk, now):
    case = make.case(now=now, by=desk["Ana"], owner=desk["Ana"])
    engine.run_until_idle(now=now)
    return case


def handed(case):
    """[(level, who)] of the case's handoffs, in order."""
    rows = Handoff.objects.filter(escalation__case=case).order_by("pk").select_related("to_person")
    return [(row.level_number, row.to_person.name) for row in rows]


def passed(case):
    rows = PassedOver.objects.filter(escalation__case=case).order_by("pk")
    return [(row.level_number, row.why, row.detail) for row in rows]


def reminders(person):
    return Notice.objects.in_app_for(person).filter(kind="holder_reminder")


def catches_up(at):
    """The engine is back at `at`: it does what it owes, and again does nothing more."""
    fired = engine.run_until_idle(now=at)
    kept_its_word(here, now=at)
    assert engine.run_until_idle(now=at) == 0
    return fired


class TestALadderThatWasUnderWay:
    @pytest.fixture(autouse=True)
    def handed_over(self, desk, case, now):
        """Jonas has it since `now`; his half hour is over at `over`, and the engine stops just before."""
        escalate(case=case, path=desk["path"], kind="hierarchical", by=desk["Ana"], now=now, **TEXTS)
        self.over = now + HOUR / 2
        engine.run_until_idle(now=self.over)

    def test_after_5_minutes_the_next_level_has_it_and_its_term_runs_from_when_it_was_told(self, case):
        back = self.over + STOPS["5 min"]
        catches_up(back)
        assert (handed(case), passed(case)) == ([(1, "Jonas"), (2, "Marta")], [])
        assert Handoff.objects.latest("pk").acknowledge_clock.due_at == back + HOUR

    def test_within_a_minute_its_term_runs_from_when_it_should_have_been_told(self, case):
        catches_up(self.over + MINUTE)
        assert Handoff.objects.latest("pk").acknowledge_clock.due_at == self.over + HOUR

    def test_an_engine_that_waited_for_a_lock_ends_nothing_later_than_it_hands_over(self, case):
        """It looked at the clock before another engine armed the row that it finds when its turn comes."""
        Timer.objects.pending().filter(case=case).update(armed_at=self.over + 3 * SECOND)
        catches_up(self.over + SECOND)
        first, second = Handoff.objects.filter(escalation__case=case).order_by("pk")
        term = first.acknowledge_clock
        assert (term.breached_at, term.ended_at) == (self.over + SECOND, self.over + SECOND)
        assert (first.answered_at, second.made_at) == (self.over + SECOND, self.over + SECOND)

    def test_a_level_is_passed_over_only_after_its_own_term(self, case):
        catches_up(self.over + HOUR)  # Marta would have had until this very instant
        assert (handed(case), passed(case)) == ([(1, "Jonas"), (2, "Marta")], [])

    def test_and_strictly_after_it_is(self, case):
        catches_up(self.over + HOUR + SECOND)
        assert handed(case) == [(1, "Jonas"), (3, "Tomas")]

    def test_after_3_hours_it_goes_once_to_the_highest_level_due_and_says_why(self, case, desk):
        back = self.over + 2 * HOUR + 12 * MINUTE
        catches_up(back)
        assert handed(case) == [(1, "Jonas"), (3, "Tomas")]
        assert passed(case) == [(2, "late", "engine was down 2 h 12 min")]
        assert Handoff.objects.latest("pk").acknowledge_clock.due_at == back + 2 * HOUR
        assert not Notice.objects.filter(person=desk["Marta"], kind="handoff").exists()
        catches_up(back + 2 * HOUR)
        assert handed(case) == [(1, "Jonas"), (3, "Tomas")]
        catches_up(back + 2 * HOUR + SECOND)
        assert handed(case)[-1] == (3, "Priya")

    def test_after_40_days_the_fallback_has_it_and_each_level_is_on_record(self, case, desk):
        catches_up(self.over + 40 * DAY + 3 * HOUR + 12 * MINUTE)
        assert handed(case) == [(1, "Jonas"), (3, "Priya")]
        down = "engine was down 40 d 3 h 12 min"
        assert passed(case) == [(2, "late", down), (3, "late", down)]
        assert case.escalations.get().is_at_fallback

    @pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS)
    def test_the_term_that_was_over_ended_at_its_own_instant(self, stop):
        catches_up(self.over + stop)
        clock = Handoff.objects.earliest("pk").acknowledge_clock
        assert (clock.state, clock.ended_at, clock.breached_at) == (ClockState.MISSED, self.over, self.over)

    def test_a_level_empty_at_its_time_keeps_its_record_between_those_passed_over(self, case, desk, now):
        with make.signed(now):
            Absence.objects.create(person=desk["Tomas"], starts_at=now, ends_at=now + 300 * DAY)
        catches_up(self.over + 3 * HOUR)
        assert handed(case) == [(1, "Jonas"), (3, "Priya")]
        assert [row[:2] for row in passed(case)] == [(2, "late"), (3, "absent"), (3, "empty")]

    def test_who_is_there_is_asked_of_the_present(self, case, desk, now):
        with make.signed(now):
            Absence.objects.create(
                person=desk["Tomas"],
                deputy=desk["Ana"],
                starts_at=self.over + HOUR,
                ends_at=self.over + 2 * HOUR,
            )
        catches_up(self.over + 2.5 * HOUR)
        assert handed(case)[-1] == (3, "Tomas")

    def test_somebody_named_in_the_complaint_does_not_get_it_for_the_delay(self, case, desk, now):
        with make.signed(now):
            Party.objects.create(case=case, person=desk["Tomas"], kind="subject", reason="about him")
        catches_up(self.over + 2 * HOUR)
        assert handed(case)[-1] == (3, "Priya")
        assert [row[:2] for row in passed(case)] == [(2, "late"), (3, "conflict"), (3, "empty")]

    def test_a_timer_held_up_by_its_own_failure_does_not_blame_the_engine(self, case):
        Timer.objects.pending().filter(kind=TimerKind.HANDOFF_UNACKNOWLEDGED).update(attempts=3)
        catches_up(self.over + 2 * HOUR)
        assert passed(case) == [(2, "late", "its timer was held up 2 h 00 min")]

    def test_work_that_ran_out_meanwhile_climbs_as_well(self, case, desk, now):
        # A ladder of its own, whose level gives a term for the work.
        path = make.path(
            "Work",
            levels=[
                {"person": desk["Jonas"], "work_seconds": 3600},
                {"person": desk["Marta"], "acknowledge_seconds": 1800},
                {"person": desk["Tomas"], "acknowledge_seconds": 1800},
            ],
            fallback=desk["Priya"],
        )
        other = make.case(case.customer, now=now, by=desk["Ana"], owner=desk["Ana"])
        taken = escalate(case=other, path=path, kind="hierarchical", by=desk["Ana"], now=now, **TEXTS)
        respond.acknowledge(handoff=taken, by=desk["Jonas"], now=now)
        catches_up(now + HOUR + 45 * MINUTE)
        assert handed(other) == [(1, "Jonas"), (3, "Tomas")]
        assert passed(other) == [(2, "late", "engine was down 45 min")]

    @pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS)
    def test_reminders_missed_meanwhile_are_one_and_the_cadence_goes_on(self, case, desk, stop):
        """One a minute, to somebody who has ninety days: 57,600 of them fall into forty."""
        path = make.path(
            "Patient",
            levels=[{"person": desk["Ana"], "acknowledge_seconds": 90 * 86400, "remind_every_seconds": 60}],
            fallback=desk["Priya"],
        )
        other = make.case(case.customer, now=self.over, by=desk["Ana"], owner=desk["Ana"])
        escalate(case=other, path=path, kind="hierarchical", by=desk["Ana"], now=self.over, **TEXTS)
        for minute in (1, 2, 3):
            engine.run_until_idle(now=self.over + minute * MINUTE)
        assert reminders(desk["Ana"]).count() == 3
        catches_up(self.over + 3 * MINUTE + stop + SECOND)
        assert reminders(desk["Ana"]).count() == 4
        mine = Timer.objects.filter(kind=TimerKind.HOLDER_REMINDER, case=other)
        next_one = mine.get(state="pending")
        assert next_one.due_at == self.over + 3 * MINUTE + stop + MINUTE
        assert not mine.exclude(last_error="").exists()
        catches_up(next_one.due_at)
        assert reminders(desk["Ana"]).count() == 5


class TestALadderThatShouldHaveStarted:
    """The response was due an hour after `now`; a rule then starts the ladder."""

    @pytest.fixture(autouse=True)
    def ruled(self, desk, case, now):
        make.rule(desk["path"], metric=Metric.FIRST_RESPONSE)
        self.due = now + HOUR

    @pytest.mark.parametrize(
        ("stop", "ladder", "skipped"),
        [
            ("5 min", [(1, "Jonas")], []),
            ("3 h", [(3, "Tomas")], [1, 2]),
            ("40 days", [(3, "Priya")], [1, 2, 3]),
        ],
    )
    def test_it_starts_at_the_level_that_would_have_it_by_now(self, case, stop, ladder, skipped):
        back = self.due + STOPS[stop]
        catches_up(back)
        assert handed(case) == ladder
        assert [row[0] for row in passed(case)] == skipped
        assert {row[2] for row in passed(case)} <= {
            "engine was down 3 h 12 min",
            "engine was down 40 d 0 h 00 min",
        }

    @pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS)
    def test_the_clock_was_breached_at_its_own_instant_once(self, case, desk, stop):
        catches_up(self.due + stop)
        clock = case.clocks.get(metric=Metric.FIRST_RESPONSE)
        assert clock.breached_at == self.due
        [trigger] = case.triggers.filter(kind="target_breached", clock=clock)
        assert trigger.occurred_at == self.due
        told = Notice.objects.in_app_for(desk["Ana"]).filter(kind="target_breached")
        assert [n.facts["due_at"] for n in told if n.facts["metric"] == clock.metric] == [
            self.due.isoformat()
        ]

    def test_it_is_as_announced_whether_or_not_the_engine_saw_it_start(self, case, desk, now):
        """A minute of the engine before it stops must not decide who has the case three hours later."""
        other = make.case(case.customer, now=now + SECOND, by=desk["Ana"], owner=desk["Ana"])
        engine.run_until_idle(now=self.due + timedelta(milliseconds=500))  # only the first is late yet
        assert handed(case) == [(1, "Jonas")]
        catches_up(self.due + 3 * HOUR)
        assert handed(case)[-1] == handed(other)[-1] == (3, "Tomas")

    def test_the_holders_manager_is_that_of_who_would_have_held_it(self, case, desk, now):
        with make.signed(now):
            for who, above in (("Ana", "Jonas"), ("Jonas", "Marta"), ("Marta", "Tomas")):
                desk[who].manager = desk[above]
                desk[who].save()
        levels = [{"responsible": "holders_manager", "acknowledge_seconds": 1800} for _level in range(3)]
        ladder = make.path("Line", levels=levels, fallback=desk["Priya"])
        make.rule(ladder, metric=Metric.FIRST_RESPONSE, position=1)
        catches_up(self.due + HOUR + 15 * MINUTE)
        assert handed(case) == [(3, "Tomas")]

    def test_an_event_written_down_late_passes_nobody_over(self, case, desk, now):
        make.rule(desk["path"], trigger="asked_supervisor")
        engine.run_until_idle(now=self.due - MINUTE)
        talk.receive(
            case=case,
            body="Your boss, please.",
            channel="phone",
            by=desk["Ana"],
            asks_for="asked_supervisor",
            occurred_at=now,
            now=self.due - MINUTE,
        )
        catches_up(self.due - MINUTE)
        assert (handed(case), passed(case)) == ([(1, "Jonas")], [])

    def test_one_written_down_while_the_engine_was_down_counts_from_then(self, case, desk, now):
        make.rule(desk["path"], trigger="asked_supervisor")
        talk.receive(
            case=case, body="Your boss.", channel="mail", by=desk["Ana"], asks_for="asked_supervisor", now=now
        )
        catches_up(now + 45 * MINUTE)
        assert handed(case) == [(2, "Marta")]
        assert passed(case) == [(1, "late", "engine was down 45 min")]

    def test_answered_before_the_engine_came_back_it_calls_nobody(self, case, desk):
        talk.reply(case=case, body="Sorry.", by=desk["Ana"], now=self.due + HOUR)
        catches_up(self.due + 3 * HOUR)
        assert handed(case) == []
        clock = case.clocks.get(metric=Metric.FIRST_RESPONSE)
        assert (clock.state, clock.breached_at) == (ClockState.MISSED, self.due)


class TestPauses:
    """Resolution within eight working hours; a wait for the customer, expected to end on Tuesday at ten."""

    @pytest.fixture
    def office(self):
        return make.calendar()

    @pytest.fixture
    def waiting(self, desk, office, now):
        make.policy("Office", targets={(Metric.RESOLUTION, None): 8 * 3600}, calendar=office, position=1)
        self.ends = datetime(2026, 3, 3, 10, tzinfo=MADRID)
        case = make.case(now=now, by=desk["Ana"], owner=desk["Ana"])
        self.pause = pausing.pause(
            case=case, reason=make.pause_reason(), expected_end_at=self.ends, by=desk["Ana"], now=now + HOUR
        )
        engine.run_until_idle(now=now + HOUR)
        return case

    @pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS)
    def test_one_that_expired_meanwhile_ended_as_of_its_expected_end(self, waiting, stop):
        catches_up(self.ends + stop)
        self.pause.refresh_from_db()
        assert self.pause.ended_at == self.ends
        # One hour was over; seven from Tuesday at ten end with the day, and are late with the next.
        clock = waiting.clocks.get()
        assert (clock.due_at, clock.late_after) == (
            datetime(2026, 3, 3, 17, tzinfo=MADRID),
            datetime(2026, 3, 4, 9, tzinfo=MADRID),
        )

    def test_its_clock_breached_meanwhile_at_its_own_instant(self, waiting):
        catches_up(self.ends + 40 * DAY)
        clock = waiting.clocks.get()
        assert clock.breached_at == datetime(2026, 3, 4, 9, tzinfo=MADRID)
        [trigger] = waiting.triggers.filter(kind="target_breached")
        assert trigger.occurred_at == clock.breached_at

    def test_its_warning_stands_for_its_own_instant_too(self, waiting):
        catches_up(self.ends + 5 * HOUR + 12 * MINUTE)  # 75 % of eight hours: at three o'clock
        [trigger] = waiting.triggers.filter(kind="target_at_risk")
        assert trigger.occurred_at == datetime(2026, 3, 3, 15, tzinfo=MADRID)

    def test_who_ends_it_before_the_engine_does_ends_it_no_later_than_expected(self, waiting, desk):
        pausing.resume(pause=self.pause, by=desk["Ana"], now=self.ends + 3 * HOUR)
        self.pause.refresh_from_db()
        assert self.pause.ended_at == self.ends
        assert waiting.clocks.get().due_at == datetime(2026, 3, 3, 17, tzinfo=MADRID)
        catches_up(self.ends + 3 * HOUR)

    def test_nor_does_the_customers_word(self, waiting, desk):
        back = datetime(2026, 3, 4, 9, 0, 1, tzinfo=MADRID)
        talk.receive(case=waiting, body="Any news?", channel="mail", by=desk["Ana"], now=back)
        self.pause.refresh_from_db()
        assert self.pause.ended_at == self.ends
        catches_up(back)
        assert waiting.clocks.get(metric="resolution").breached_at == datetime(2026, 3, 4, 9, tzinfo=MADRID)

    def test_nor_is_time_given_away_by_resolving(self, waiting, desk):
        done = datetime(2026, 3, 4, 9, 0, 1, tzinfo=MADRID)
        ending.resolve(case=waiting, reason="credited", by=desk["Ana"], now=done)
        clock = waiting.clocks.get()
        assert (clock.state, clock.breached_at) == (
            ClockState.MISSED,
            datetime(2026, 3, 4, 9, tzinfo=MADRID),
        )
        catches_up(done)

    def test_a_change_into_the_past_is_breached_by_that_change_all_the_same(self, waiting, desk):
        """The customer's word was written down a day late: no engine was late for it."""
        before = self.ends - MINUTE
        spoke = self.ends - DAY + 40 * MINUTE
        talk.receive(
            case=waiting, body="Here.", channel="mail", by=desk["Ana"], occurred_at=spoke, now=before
        )
        catches_up(before)
        clock = waiting.clocks.get(metric="resolution")
        assert (clock.late_after, clock.breached_at) == (before - 19 * MINUTE, before)
        self.pause.refresh_from_db()
        assert self.pause.ended_at == spoke


class TestPromises:
    @pytest.fixture
    def promise(self, desk, case, now):
        made = promising.promise(
            case=case, what="The credit note", due_at=now + HOUR, by=desk["Ana"], now=now
        )
        engine.run_until_idle(now=now)
        return made

    @pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS)
    def test_one_not_kept_was_broken_when_it_was_due(self, promise, case, desk, stop):
        catches_up(promise.due_at + stop)
        promise.refresh_from_db()
        assert (promise.state, promise.broken_at) == ("broken", promise.due_at)
        assert case.triggers.get(kind="promise_broken").occurred_at == promise.due_at
        assert Notice.objects.in_app_for(desk["Ana"]).filter(kind="promise_broken").count() == 1

    def test_one_kept_late_while_the_engine_was_down_was_broken_all_the_same(self, promise, case, desk):
        promising.keep(promise=promise, by=desk["Ana"], now=promise.due_at + HOUR)
        promise.refresh_from_db()
        assert (promise.state, promise.broken_at) == ("kept", promise.due_at)
        catches_up(promise.due_at + 3 * HOUR)
        assert case.triggers.filter(kind="promise_broken").count() == 1

    def test_and_calls_nobody_for_what_was_kept(self, promise, case, desk):
        make.rule(desk["path"], trigger="promise_broken")
        promising.keep(promise=promise, by=desk["Ana"], now=promise.due_at + HOUR)
        catches_up(promise.due_at + 3 * HOUR)
        assert handed(case) == []
        assert "it was over before" in case.triggers.get(kind="promise_broken").verdict

    def test_one_kept_at_the_very_instant_was_kept(self, promise, case, desk):
        promising.keep(promise=promise, by=desk["Ana"], now=promise.due_at)
        promise.refresh_from_db()
        assert (promise.state, promise.broken_at) == ("kept", None)
        catches_up(promise.due_at + 3 * HOUR)


def test_a_ladder_whose_calendar_closes_for_good_is_set_aside_told_and_stays_where_it_is(desk, now):
    """Nothing on the next level would ever be due: a manager gives the office hours, and tries it again."""
    office = make.calendar("Wound up")
    with make.signed(now):
        version = CalendarVersion.objects.create(calendar=office, number=2)
        Period.objects.bulk_create(
            Period(version=version, weekday=p.weekday, opens=p.opens, closes=p.closes)
            for p in Period.objects.filter(version__calendar=office, version__number=1)
        )
        Holiday.objects.create(
            version=version, first_on=date(2026, 3, 3), last_on=date(2299, 12, 31), name="Closed for good"
        )
    publishing.publish_calendar(version=version, by=desk["Priya"], now=now)
    with make.signed(now):
        desk["Marta"].calendar = office
        desk["Marta"].save()
    path = make.path(
        "Office ladder",
        levels=[
            {"person": desk["Jonas"], "acknowledge_seconds": 3600},
            {
                "person": desk["Marta"],
                "acknowledge_seconds": 30 * 3600,
                "is_around_the_clock": False,
            },
        ],
        fallback=desk["Priya"],
    )
    case = make.case(now=now, by=desk["Ana"], owner=desk["Ana"])
    escalate(case=case, path=path, kind="hierarchical", by=desk["Ana"], now=now, **TEXTS)
    engine.run_until_idle(now=now)
    at = now + HOUR + SECOND
    while (at := at + DAY) < now + 10 * DAY:
        engine.run_until_idle(now=at)
    [aside] = Timer.objects.filter(state="set_aside")
    assert "has no more open hours" in aside.last_error
    assert Notice.objects.in_app_for(desk["Priya"]).filter(kind="timer_set_aside").count() == 1
    assert handed(case) == [(1, "Jonas")]


def test_40_days_with_holidays_between_pass_over_only_whose_working_time_was_over(desk, now):
    """The office is closed but for its first day and the day the engine comes back: days off end no term."""
    office = make.calendar("Closed for spring")
    with make.signed(now):
        version = CalendarVersion.objects.create(calendar=office, number=2)
        Period.objects.bulk_create(
            Period(version=version, weekday=p.weekday, opens=p.opens, closes=p.closes)
            for p in Period.objects.filter(version__calendar=office, version__number=1)
        )
        Holiday.objects.create(
            version=version, first_on=date(2026, 3, 4), last_on=date(2026, 4, 9), name="Spring"
        )
        CalendarException.objects.create(version=version, on=date(2026, 3, 3), name="Stock-taking")
    publishing.publish_calendar(version=version, by=desk["Priya"], now=now)
    with make.signed(now):
        for who in ("Jonas", "Marta", "Tomas"):
            desk[who].calendar = office
            desk[who].save()
    term = {"is_around_the_clock": False, "acknowledge_seconds": 4 * 3600}
    path = make.path(
        "Office ladder",
        levels=[{"person": desk[w], **term} for w in ("Jonas", "Marta", "Tomas")],
        fallback=desk["Priya"],
    )
    case = make.case(now=now, by=desk["Ana"], owner=desk["Ana"])
    escalate(case=case, path=path, kind="hierarchical", by=desk["Ana"], now=now, **TEXTS)
    engine.run_until_idle(now=now)
    # Jonas has Monday until one; Marta the rest of it, which is late only when the office opens again on
    # Friday 10 April; Tomás four hours of that Friday.
    friday = datetime(2026, 4, 10, 9, 0, tzinfo=MADRID)
    catches_up(friday)
    assert handed(case) == [(1, "Jonas"), (2, "Marta")]

    other = make.case(case.customer, now=now, by=desk["Ana"], owner=desk["Ana"])
    escalate(case=other, path=path, kind="hierarchical", by=desk["Ana"], now=now, **TEXTS)
    catches_up(friday + SECOND)
    assert handed(other) == [(1, "Jonas"), (3, "Tomas")]
    assert Handoff.objects.latest("pk").acknowledge_clock.due_at == datetime(
        2026, 4, 10, 13, 0, 1, tzinfo=MADRID
    )
    assert passed(other)[0][2] == "engine was down 38 d 19 h 00 min"
