"""The ten worked clocks, and what starts, stops and pauses each metric."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cases import engine, reconciling
from cases.errors import AlreadyPaused, InThePast, NoOpenHour, WrongMove
from cases.history import INSTALLATION
from cases.models import CalendarException, CalendarVersion, Clock, Notice, Period, Timer, Trigger
from cases.operations import ending, pausing, promising, publishing, routing, talk
from cases.states import ClockState, Metric, Priority
from tests import factories as make

pytestmark = pytest.mark.django_db

MADRID = ZoneInfo("Europe/Madrid")
HOUR = 3600
SECOND = timedelta(seconds=1)


def at(day, clock, month=3):
    """A moment of 2026 on the clock in Madrid."""
    return datetime.fromisoformat(f"2026-{month:02}-{day:02} {clock}").replace(tzinfo=MADRID)


@pytest.fixture
def office():
    return make.calendar()


@pytest.fixture
def ana():
    return make.person("Ana")


def resolution(term, **fields):
    return {(Metric.RESOLUTION, None): {"term_seconds": term, **fields}}


def opened(when, ana, **fields):
    """A case received at `when`, and its resolution clock."""
    case = make.case(now=when, by=ana, owner=ana, **fields)
    return case, case.clocks.get(metric=Metric.RESOLUTION)


def fresh(clock):
    return Clock.objects.get(pk=clock.pk)


def breached_by(clock, moment):
    engine.run_until_idle(now=moment)
    return fresh(clock).breached_at


class TestTheTenWorkedClocks:
    def test_1_over_a_weekend_with_a_warning_at_three_quarters(self, office, ana):
        make.policy(targets=resolution(4 * HOUR), calendar=office)
        case, clock = opened(at(6, "15:00"), ana)
        assert clock.at_risk_at == at(9, "10:00")
        assert clock.due_at == at(9, "11:00")
        assert breached_by(clock, at(9, "11:00")) is None
        ending.resolve(case=case, reason="done", by=ana, now=at(9, "11:00"))
        assert fresh(clock).state == ClockState.MET

    def test_1_one_second_later_it_is_missed(self, office, ana):
        make.policy(targets=resolution(4 * HOUR), calendar=office)
        case, clock = opened(at(6, "15:00"), ana)
        assert breached_by(clock, at(9, "11:00:01")) == at(9, "11:00")
        ending.resolve(case=case, reason="done", by=ana, now=at(9, "11:00:01"))
        assert fresh(clock).state == ClockState.MISSED

    @pytest.mark.parametrize(
        ("done", "state"), [(at(7, "10:00"), "met"), (at(9, "09:00"), "met"), (at(9, "09:00:01"), "missed")]
    )
    def test_2_due_at_closing_time_is_late_only_after_the_next_opening(self, office, ana, done, state):
        make.policy(targets=resolution(4 * HOUR), calendar=office)
        case, clock = opened(at(6, "13:00"), ana)
        assert (clock.due_at, clock.late_after) == (at(6, "17:00"), at(9, "09:00"))
        engine.run_until_idle(now=done)
        ending.resolve(case=case, reason="done", by=ana, now=done)
        assert fresh(clock).state == state

    def test_2_started_on_a_saturday_it_counts_from_monday(self, office, ana):
        make.policy(targets=resolution(4 * HOUR), calendar=office)
        assert opened(at(7, "10:00"), ana)[1].due_at == at(9, "13:00")

    def test_3_a_pause_has_no_due_time_and_gives_back_what_was_left(self, office, ana):
        make.policy(targets=resolution(8 * HOUR), calendar=office)
        case, clock = opened(at(2, "09:00"), ana)
        pause = pausing.pause(
            case=case, reason=make.pause_reason(), expected_end_at=at(6, "09:00"), by=ana, now=at(2, "15:00")
        )
        paused = fresh(clock)
        assert (paused.state, paused.due_at, paused.late_after) == (ClockState.PAUSED, None, None)
        assert (
            not Timer.objects.pending()
            .filter(kind__in=("clock_breached", "clock_at_risk"), subject_id=clock.pk)
            .exists()
        )
        assert paused.receipt().left == timedelta(hours=2)
        pausing.resume(pause=pause, by=ana, now=at(4, "10:30"))
        assert fresh(clock).due_at == at(4, "12:30")

    def test_4_a_pause_outside_working_hours_is_worth_nothing_and_a_second_one_is_refused(self, office, ana):
        make.policy(targets=resolution(8 * HOUR), calendar=office)
        case, clock = opened(at(2, "13:00"), ana)
        reason = make.pause_reason()
        pause = pausing.pause(
            case=case, reason=reason, expected_end_at=at(6, "09:00"), by=ana, now=at(2, "18:00")
        )
        with pytest.raises(AlreadyPaused):
            pausing.pause(
                case=case, reason=reason, expected_end_at=at(6, "09:00"), by=ana, now=at(2, "18:30")
            )
        pausing.resume(pause=pause, by=ana, now=at(3, "08:00"))
        assert fresh(clock).due_at == at(3, "13:00")
        receipt = fresh(clock).receipt()
        assert sum(line.seconds for line in receipt.lines) == 8 * HOUR == receipt.total.total_seconds()

    def test_5_an_expired_pause_ended_when_it_was_expected_to_however_late_the_engine_comes(
        self, office, ana
    ):
        make.policy(targets=resolution(8 * HOUR), calendar=office)
        case, clock = opened(at(2, "09:00"), ana)
        pausing.pause(
            case=case, reason=make.pause_reason(), expected_end_at=at(3, "10:00"), by=ana, now=at(2, "10:00")
        )
        engine.run_until_idle(now=at(3, "13:12"))
        assert (fresh(clock).due_at, fresh(clock).late_after) == (at(3, "17:00"), at(4, "09:00"))
        assert case.pauses.get().ended_at == at(3, "10:00")

    @pytest.fixture
    def by_priority(self, office):
        terms = {Priority.MEDIUM: 16, Priority.HIGH: 8, Priority.URGENT: 4}
        make.policy(
            targets={(Metric.RESOLUTION, p): hours * HOUR for p, hours in terms.items()}, calendar=office
        )

    def paused_over_noon(self, ana):
        case, clock = opened(at(2, "09:00"), ana, priority=Priority.MEDIUM)
        pause = pausing.pause(
            case=case, reason=make.pause_reason(), expected_end_at=at(2, "18:00"), by=ana, now=at(2, "12:00")
        )
        pausing.resume(pause=pause, by=ana, now=at(2, "15:00"))
        assert fresh(clock).due_at == at(4, "12:00")
        return case, clock

    def test_6_another_priority_keeps_start_and_pauses_and_warns_at_once(self, by_priority, ana):
        case, clock = self.paused_over_noon(ana)
        routing.prioritise(case=case, priority=Priority.HIGH, by=ana, now=at(3, "10:00"))
        assert fresh(clock).due_at == at(3, "12:00")
        engine.run_until_idle(now=at(3, "10:00"))
        assert Trigger.objects.filter(kind="target_at_risk").count() == 1
        routing.prioritise(case=case, priority=Priority.MEDIUM, by=ana, now=at(3, "11:00"))
        assert fresh(clock).due_at == at(4, "12:00")

    def test_7_a_term_that_a_change_puts_into_the_past_is_breached_by_that_change_once_and_stands(
        self, by_priority, ana
    ):
        case, clock = self.paused_over_noon(ana)
        routing.prioritise(case=case, priority=Priority.URGENT, by=ana, now=at(3, "10:00"))
        assert fresh(clock).due_at == at(2, "16:00")
        assert breached_by(clock, at(3, "10:00")) == at(3, "10:00")
        routing.prioritise(case=case, priority=Priority.MEDIUM, by=ana, now=at(3, "11:00"))
        engine.run_until_idle(now=at(5, "12:00"))
        assert fresh(clock).breached_at == at(3, "10:00")
        assert Trigger.objects.filter(kind="target_breached").count() == 1
        ending.resolve(case=case, reason="done", by=ana, now=at(5, "12:00"))
        assert fresh(clock).state == ClockState.MISSED

    def test_8_a_case_stays_under_the_version_it_was_received_under(self, office, ana):
        row = make.policy(targets=resolution(16 * HOUR), calendar=office).policy
        second = make.policy_version(
            row, resolution(8 * HOUR), office, now=at(1, "12:00", month=2), effective_at=at(3, "12:00")
        )
        case, clock = opened(at(2, "13:00"), ana)
        engine.run_until_idle(now=at(3, "12:00"))
        assert fresh(clock).due_at == at(4, "13:00")
        routing.prioritise(case=case, priority=Priority.HIGH, by=ana, now=at(3, "13:00"))
        assert fresh(clock).due_at == at(4, "13:00")
        _, before = opened(at(3, "11:59:59"), ana)
        _, after = opened(at(3, "12:00"), ana)
        assert (before.policy_version.number, after.policy_version) == (1, second)

    def test_8_moved_to_another_policy_it_gets_that_ones_current_version_from_its_own_start(
        self, office, ana
    ):
        make.policy(targets=resolution(16 * HOUR), calendar=office)
        other = make.policy("Other", targets=resolution(8 * HOUR), calendar=office, position=99)
        case, clock = opened(at(2, "13:00"), ana)
        routing.move_to_policy(case=case, policy=other.policy, reason="contract", by=ana, now=at(2, "14:00"))
        assert fresh(clock).due_at == at(3, "13:00")
        assert fresh(clock).policy_version == other

    def closing(self, office, day, now):
        with make.signed(now):
            version = CalendarVersion.objects.create(calendar=office, number=office.versions.count() + 1)
            Period.objects.bulk_create(
                Period(version=version, weekday=d, opens="09:00", closes="17:00") for d in range(5)
            )
            CalendarException.objects.create(version=version, on=day, name="Closed")
        return publishing.publish_calendar(version=version, by=INSTALLATION, now=now)

    def test_9_closing_a_day_to_come_moves_open_clocks_and_never_ended_ones(self, office, ana):
        make.policy(targets=resolution(16 * HOUR), calendar=office)
        _, clock = opened(at(2, "13:00"), ana)
        done, ended = opened(at(2, "13:00"), ana)
        ending.resolve(case=done, reason="done", by=ana, now=at(3, "09:00"))
        before = fresh(ended)
        self.closing(office, date(2026, 3, 4), at(3, "12:00"))
        assert fresh(clock).due_at == at(5, "13:00")
        assert any(line.name == "Closed" for line in fresh(clock).receipt().lines)
        after = fresh(ended)
        assert (after.due_at, after.elapsed_seconds, after.state) == (
            before.due_at,
            before.elapsed_seconds,
            before.state,
        )

    def test_9_the_past_of_a_calendar_cannot_be_changed(self, office, ana):
        make.policy(targets=resolution(16 * HOUR), calendar=office)
        _, clock = opened(at(2, "13:00"), ana)
        self.closing(office, date(2026, 3, 2), at(3, "12:00"))  # a day that is over: nothing moves
        assert fresh(clock).due_at == at(4, "13:00")
        with make.signed():
            version = CalendarVersion.objects.create(calendar=office, number=9)
            Period.objects.create(version=version, weekday=0, opens="09:00", closes="10:00")
        with pytest.raises(InThePast):
            publishing.publish_calendar(
                version=version, by=INSTALLATION, now=at(3, "12:00"), effective_at=at(3, "11:59:59")
            )

    @pytest.mark.parametrize(
        ("start", "due"), [(at(29, "00:00"), at(29, "05:00")), (at(25, "00:00", 10), at(25, "03:00", 10))]
    )
    def test_10_sundays_on_which_the_clocks_change(self, ana, start, due):
        sundays = make.calendar("Sundays", days=[6], opens="00:00", closes="08:00")
        make.policy(targets=resolution(4 * HOUR), calendar=sundays)
        assert opened(start, ana)[1].due_at == due


class TestWhatStopsAClock:
    @pytest.fixture(autouse=True)
    def policy(self):
        make.policy(
            targets={
                (Metric.FIRST_RESPONSE, None): HOUR,
                (Metric.NEXT_UPDATE, None): 2 * HOUR,
                (Metric.RESOLUTION, None): 10 * HOUR,
            }
        )

    def clock(self, case, metric):
        return case.clocks.filter(metric=metric).latest("pk")

    def test_a_reply_by_a_person_meets_the_first_response(self, ana, now):
        case = make.case(now=now, by=ana)
        talk.reply(case=case, body="We look into it.", by=ana, now=now + timedelta(hours=1))
        assert self.clock(case, Metric.FIRST_RESPONSE).state == ClockState.MET
        assert case.status == "open"

    def test_notes_receipts_and_unanswered_calls_stop_nothing(self, ana, now):
        case = make.case(now=now, by=ana)
        talk.note(case=case, body="Looks like the September fault.", by=ana, now=now + SECOND)
        talk.log_call(
            case=case, body="No answer.", incoming=False, was_reached=False, by=ana, now=now + SECOND
        )
        assert self.clock(case, Metric.FIRST_RESPONSE).state == ClockState.RUNNING

    def test_a_call_in_which_somebody_was_reached_does(self, ana, now):
        case = make.case(now=now, by=ana)
        talk.log_call(case=case, body="Told her.", incoming=False, was_reached=True, by=ana, now=now + SECOND)
        assert self.clock(case, Metric.FIRST_RESPONSE).state == ClockState.MET

    def test_what_was_said_in_time_and_recorded_late_counts_when_it_was_said(self, ana, now):
        case = make.case(now=now, by=ana)
        engine.run_until_idle(now=now + timedelta(hours=1, minutes=5))
        assert self.clock(case, Metric.FIRST_RESPONSE).is_breached
        talk.log_call(
            case=case,
            body="Told her.",
            incoming=False,
            was_reached=True,
            by=ana,
            occurred_at=now + timedelta(minutes=50),
            now=now + timedelta(hours=1, minutes=6),
        )
        assert self.clock(case, Metric.FIRST_RESPONSE).state == ClockState.MET

    def test_the_next_update_runs_from_the_earlier_of_done_and_due(self, ana, now):
        case = make.case(now=now, by=ana)
        talk.reply(case=case, body="Early.", by=ana, now=now + timedelta(minutes=30))
        first = self.clock(case, Metric.NEXT_UPDATE)
        assert first.due_at == now + timedelta(hours=2, minutes=30)
        talk.reply(case=case, body="Late.", by=ana, now=now + timedelta(hours=3))
        assert self.clock(case, Metric.NEXT_UPDATE).due_at == first.due_at + timedelta(hours=2)

    def test_reopening_gives_the_resolution_what_was_left(self, ana, now):
        case = make.case(now=now, by=ana)
        ending.resolve(case=case, reason="done", by=ana, now=now + timedelta(hours=4))
        ending.reopen(case=case, reason="not done", by=ana, now=now + timedelta(days=3))
        again = self.clock(case, Metric.RESOLUTION)
        assert (again.used_seconds, again.due_at) == (4 * HOUR, now + timedelta(days=3, hours=6))
        assert self.clock(case, Metric.NEXT_UPDATE).state == ClockState.RUNNING

    def test_what_a_customer_writes_opens_a_resolved_case_again_and_a_call_or_a_closed_case_does_not(
        self, ana, now
    ):
        case = make.case(now=now, by=ana)
        ending.resolve(case=case, reason="done", by=ana, now=now + SECOND)
        talk.log_call(case=case, body="Thanks.", incoming=True, was_reached=True, by=ana, now=now + SECOND)
        assert case.status == "resolved"
        talk.receive(
            case=case, body="It is back.", channel="mail", by=INSTALLATION, now=now + timedelta(hours=1)
        )
        assert (case.status, case.reopened_count, case.resolved_at) == ("open", 1, None)
        assert self.clock(case, Metric.RESOLUTION).used_seconds == 1
        assert case.triggers.filter(kind="reopened").count() == 1
        ending.close(case=case, reason="done", by=ana, now=now + timedelta(hours=2))
        talk.receive(case=case, body="Again.", channel="mail", by=INSTALLATION, now=now + timedelta(hours=3))
        assert (case.status, case.reopened_count) == ("closed", 1)

    def test_a_resolution_that_ends_on_closing_runs_on_while_resolved(self, ana, now):
        make.policy(
            "Till closing",
            position=1,
            targets={(Metric.RESOLUTION, None): {"term_seconds": 10 * HOUR, "ends_on": "closed"}},
        )
        case = make.case(now=now, by=ana)
        ending.resolve(case=case, reason="done", by=ana, now=now + timedelta(hours=4))
        assert self.clock(case, Metric.RESOLUTION).state == ClockState.RUNNING
        ending.close(case=case, reason="confirmed", by=ana, now=now + timedelta(hours=11))
        assert self.clock(case, Metric.RESOLUTION).state == ClockState.MISSED

    def test_a_breach_tells_the_managers_of_the_team_without_any_path(self, ana, now):
        marta = make.person("Marta", role="supervisor")
        care = make.team(people=[ana], lead=marta)
        make.case(now=now, by=ana, team=care, owner=ana)
        engine.run_until_idle(now=now + timedelta(hours=1, seconds=1))
        assert Notice.objects.in_app_for(marta).filter(kind="target_breached").count() == 1

    def test_waiting_for_the_customer_ends_when_the_customer_writes(self, ana, now):
        case = make.case(now=now, by=ana)
        pausing.pause(
            case=case,
            reason=make.pause_reason(),
            expected_end_at=now + timedelta(days=9),
            by=ana,
            now=now + SECOND,
        )
        talk.receive(
            case=case, body="Here it is.", channel="mail", by=INSTALLATION, now=now + timedelta(hours=5)
        )
        assert not case.pauses.open().exists()
        assert self.clock(case, Metric.RESOLUTION).state == ClockState.RUNNING


def test_a_calendar_that_would_never_open_is_refused(ana, now):
    with make.signed():
        row = make.Calendar.objects.create(name="Never", time_zone="Europe/Madrid")
        version = CalendarVersion.objects.create(calendar=row, number=1)
    with pytest.raises(NoOpenHour):
        publishing.publish_calendar(version=version, by=INSTALLATION, now=now)


def test_nothing_is_ever_owed_nothing(ana, now):
    """No policy matches: the default one is owed, and no intake rule matches: the case is unrouted, with
    its clocks."""
    case = make.case(now=now, by=ana)
    assert case.policy_version.policy.is_default
    assert case.team is None
    assert case.clocks.open().count() == 2


def test_a_pause_that_was_over_gives_no_time_away_to_who_comes_before_the_engine(office, ana):
    make.policy(targets=resolution(8 * HOUR), calendar=office)
    case, clock = opened(at(2, "09:00"), ana)
    pausing.pause(
        case=case, reason=make.pause_reason(), expected_end_at=at(3, "10:00"), by=ana, now=at(2, "10:00")
    )
    talk.receive(case=case, body="Here it is.", by=ana, now=at(3, "13:12"), channel="mail")
    assert case.pauses.get().ended_at == at(3, "10:00")
    assert fresh(clock).due_at == at(3, "17:00")


@pytest.mark.parametrize(("late", "broken"), [(timedelta(0), False), (SECOND, True)])
def test_a_promise_kept_late_was_broken_also_where_the_engine_has_not_said_so(ana, now, late, broken):
    case = make.case(now=now, by=ana)
    due_at = now + timedelta(hours=1)
    promise = promising.promise(case=case, what="a credit", due_at=due_at, by=ana, now=now)
    promising.keep(promise=promise, by=ana, now=due_at + late)
    promise.refresh_from_db()
    assert (promise.state, promise.broken_at) == ("kept", due_at if broken else None)
    assert case.triggers.filter(kind="promise_broken", occurred_at=due_at).exists() is broken


def test_a_promise_replaces_no_other_cases_and_none_is_made_on_a_closed_case(ana, now):
    mine, other = make.case(now=now, by=ana), make.case(make.customer("Fabrikam"), now=now, by=ana)
    later = now + timedelta(hours=1)
    promise = promising.promise(case=other, what="a credit", due_at=later, by=ana, now=now)
    with pytest.raises(WrongMove):
        promising.promise(case=mine, what="sooner", due_at=later, by=ana, now=now, replaces=promise)
    promise.refresh_from_db()
    assert (promise.state, mine.promises.count()) == ("open", 0)
    ending.close(case=mine, reason="by mistake", by=ana, now=now)
    with pytest.raises(WrongMove):
        promising.promise(case=mine, what="a credit", due_at=later, by=ana, now=now)


def test_two_versions_of_a_calendar_cannot_begin_at_the_same_instant(office, ana, now):
    tomorrow = now + timedelta(days=1)

    def publish(effective_at):
        with make.signed(now):
            number = office.versions.count() + 1
            version = CalendarVersion.objects.create(calendar=office, number=number)
            Period.objects.create(version=version, weekday=0, opens="09:00", closes="17:00")
        return publishing.publish_calendar(version=version, by=ana, now=now, effective_at=effective_at)

    publish(tomorrow)
    with pytest.raises(InThePast):
        publish(tomorrow)
    assert publish(tomorrow + SECOND).effective_at == tomorrow + SECOND


def test_what_a_reason_says_later_moves_no_deadline_of_a_pause_that_began_before(office, ana):
    make.policy(targets=resolution(8 * HOUR), calendar=office)
    case, clock = opened(at(2, "09:00"), ana)
    reason = make.pause_reason()
    row = pausing.pause(case=case, reason=reason, expected_end_at=at(6, "09:00"), by=ana, now=at(2, "15:00"))
    with make.signed(at(2, "16:00")):
        reason.stops = []
        reason.save()
    assert fresh(clock).state == ClockState.PAUSED
    assert reconciling.whole_round(now=at(2, "16:00")).repairs == []
    pausing.resume(pause=row, by=ana, now=at(4, "10:30"))
    assert fresh(clock).due_at == at(4, "12:30")
    assert fresh(clock).receipt().total == timedelta(hours=8)
