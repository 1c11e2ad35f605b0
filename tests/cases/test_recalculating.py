"""A changed calendar and the open clocks that follow it slice by slice: exact meanwhile, and done once."""

import threading
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from cases import engine, reconciling, tasks
from cases.errors import NoOpenHour, NotTheirs, Refused, WrongMove
from cases.history import INSTALLATION
from cases.models import (
    Calendar,
    CalendarException,
    CalendarVersion,
    Case,
    Clock,
    Notice,
    Period,
    Recalculation,
    Standing,
    Timer,
    Trigger,
    calendar,
)
from cases.operations import ending, pausing, promising, publishing, recalculating, renewing, routing, talk
from cases.states import Metric, Priority
from tests import factories as make

pytestmark = pytest.mark.django_db

MADRID = ZoneInfo("Europe/Madrid")
HOUR = 3600
SECOND = timedelta(seconds=1)
State = Recalculation.State


def at(day, clock, month=3):
    """A moment of 2026 on the clock in Madrid. 2 March is a Monday."""
    return datetime.fromisoformat(f"2026-{month:02}-{day:02} {clock}").replace(tzinfo=MADRID)


@pytest.fixture
def office():
    return make.calendar()


@pytest.fixture
def ana():
    return make.person("Ana")


@pytest.fixture
def slices_of_two(monkeypatch):
    monkeypatch.setattr(recalculating, "SLICE", 2)
    # Nothing of these tests comes due so soon that it would go first, unless a test says so.
    monkeypatch.setattr(recalculating, "TAKEN_UP_WITHIN", timedelta(0))


def resolution(hours, **fields):
    return {(Metric.RESOLUTION, None): {"term_seconds": hours * HOUR, **fields}}


@pytest.fixture
def five(office, ana, slices_of_two):
    """Five cases of Monday 13:00 with 16 working hours: due on Wednesday at 13:00, at risk from 09:48."""
    make.policy(targets=resolution(16, at_risk_percent=80), calendar=office)
    customer = make.customer()
    return [make.case(customer, now=at(2, "13:00"), by=ana, owner=ana) for _ in range(5)]


def draft(calendar, *, closed=(), opens="09:00", closes="17:00", days=range(5), now):
    with make.signed(now):
        version = CalendarVersion.objects.create(calendar=calendar, number=calendar.versions.count() + 1)
        Period.objects.bulk_create(
            Period(version=version, weekday=day, opens=opens, closes=closes) for day in days
        )
        for day in closed:
            CalendarException.objects.create(version=version, on=day, name="Closed")
    return version


def publish(calendar, *, now, by=INSTALLATION, effective_at=None, **hours):
    return publishing.publish_calendar(
        version=draft(calendar, now=now, **hours), by=by, now=now, effective_at=effective_at
    )


def closing(calendar, day, *, now):
    return publish(calendar, now=now, closed=[date(2026, 3, day)])


def dues(cases):
    return [case.clocks.get(metric=Metric.RESOLUTION).due_at for case in cases]


def the_clock(case):
    return case.clocks.get(metric=Metric.RESOLUTION)


def job():
    return Recalculation.objects.get()


def to_the_end(now, most=50):
    """Every slice that is left; how many there were."""
    for number in range(most):
        if recalculating.next_slice(now=now) is None:
            return number
    raise AssertionError("it does not come to an end")


def history_rows():
    return Clock.history.count()


WEDNESDAY, THURSDAY = at(4, "13:00"), at(5, "13:00")


# --- Publishing and slices --------------------------------------------------------------------------------


def test_what_fits_into_one_slice_is_done_when_it_is_published(office, ana):
    make.policy(targets=resolution(16), calendar=office)
    cases = [make.case(now=at(2, "13:00"), by=ana)]
    closing(office, 4, now=at(3, "12:00"))
    assert dues(cases) == [THURSDAY]
    done = job()
    assert (done.state, done.done, done.total) == (State.FINISHED, 1, 1)
    assert (done.clocks, done.earlier, done.later, done.unchanged, done.breached) == (1, 0, 1, 0, 0)


def test_a_calendar_without_open_clocks_leaves_nothing_to_do(office):
    closing(office, 4, now=at(3, "12:00"))
    assert not Recalculation.objects.exists()


def test_more_follow_slice_by_slice_and_progress_is_committed_with_each(office, five):
    version = closing(office, 4, now=at(3, "12:00"))
    assert dues(five) == [WEDNESDAY] * 5
    begun = job()
    assert (begun.state, begun.total, begun.done, begun.calendar_version) == (
        State.IN_PROGRESS,
        5,
        0,
        version,
    )
    seen = []
    while recalculating.next_slice(now=at(3, "12:01"), size=2):
        seen.append((job().done, dues(five).count(THURSDAY), job().state))
    assert seen == [(2, 2, "in_progress"), (4, 4, "in_progress"), (5, 5, "in_progress"), (5, 5, "finished")]
    assert job().later == 5


def test_each_slice_is_signed_by_who_asked(office, five):
    priya = make.person("Priya", role="manager")
    publishing.publish_calendar(
        version=draft(office, closed=[date(2026, 3, 4)], now=at(3, "12:00")),
        by=priya,
        now=at(3, "12:00"),
        reason="Carnival",
    )
    recalculating.next_slice(now=at(3, "12:01"), size=2)
    row = the_clock(five[0]).history.latest("history_id")
    assert (row.history_user_id, row.history_change_reason, row.history_via) == (
        priya.pk,
        "Carnival",
        "engine",
    )
    assert row.history_date == at(3, "12:01")


def test_ended_clocks_stay_as_they_are(office, ana, five):
    ending.resolve(case=five[1], reason="done", by=ana, now=at(3, "09:00"))
    before = Clock.objects.filter(case=five[1]).values().get()
    closing(office, 4, now=at(3, "12:00"))
    to_the_end(at(3, "12:01"))
    assert Clock.objects.filter(case=five[1]).values().get() == before
    assert job().total == 4


def test_what_stays_as_it_is_writes_no_history_and_keeps_its_timers(office, five):
    publish(office, now=at(3, "12:00"), closed=[date(2026, 6, 1)])  # long after all of them are due
    timers, rows = list(Timer.objects.order_by("pk").values()), history_rows()
    to_the_end(at(3, "12:01"))
    assert (list(Timer.objects.order_by("pk").values()), history_rows()) == (timers, rows)
    assert (job().unchanged, job().later) == (5, 0)


def test_the_queue_shows_the_new_due_times(office, five):
    closing(office, 4, now=at(3, "12:00"))
    to_the_end(at(3, "12:01"))
    assert {case.standing.due_at for case in Case.objects.select_related("standing")} == {THURSDAY}


def test_the_task_works_through_what_is_left(office, five):
    closing(office, 4, now=at(3, "12:00"))
    tasks.recalculate.run()
    assert (dues(five), job().state) == ([THURSDAY] * 5, State.FINISHED)
    assert tasks.recalculate.run() == 0


def test_idle_it_asks_one_small_question(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert recalculating.next_slice(now=at(3, "12:00")) is None


# --- Exact meanwhile --------------------------------------------------------------------------------------


@pytest.mark.parametrize("second", [-1, 0, 1])
def test_the_engine_never_breaches_by_hours_that_are_out_of_force(office, five, second):
    closing(office, 4, now=at(3, "12:00"))
    engine.run_until_idle(now=WEDNESDAY + second * SECOND)
    assert not Clock.objects.exclude(breached_at=None).exists()
    assert not Trigger.objects.filter(kind="target_breached").exists()
    engine.run_until_idle(now=THURSDAY)
    assert not Clock.objects.exclude(breached_at=None).exists()
    engine.run_until_idle(now=THURSDAY + SECOND)
    assert {clock.breached_at for clock in Clock.objects.all()} == {THURSDAY}


@pytest.mark.parametrize(("second", "warned"), [(-1, 0), (0, 5), (1, 5)])
def test_a_warning_comes_by_the_new_hours_and_once(office, five, second, warned):
    closing(office, 4, now=at(3, "12:00"))
    engine.run_until_idle(now=at(4, "10:00"))
    assert not Notice.objects.filter(kind="target_at_risk").exists()
    engine.run_until_idle(now=at(5, "09:48") + second * SECOND)
    assert Trigger.objects.filter(kind="target_at_risk").count() == warned


def test_who_was_warned_already_is_not_warned_again_for_the_same_time(office, five):
    engine.run_until_idle(now=at(4, "10:00"))  # at risk since 09:48
    assert Trigger.objects.filter(kind="target_at_risk").count() == 5
    # Nothing before noon changes, only what comes after.
    publish(office, now=at(4, "10:30"), closes="12:00")
    to_the_end(at(4, "10:31"))
    engine.run_until_idle(now=at(4, "11:59"))
    assert set(dues(five)) == {at(5, "10:00")}
    assert Trigger.objects.filter(kind="target_at_risk").count() == 5


def test_what_was_over_before_the_change_stays_over_also_where_nobody_had_looked(office, five):
    closing(office, 5, now=WEDNESDAY + SECOND)
    to_the_end(at(4, "14:00"))
    assert {clock.breached_at for clock in Clock.objects.all()} == {WEDNESDAY}
    assert job().breached == 0
    assert Trigger.objects.filter(kind="target_breached").count() == 5
    engine.run_until_idle(now=at(6, "12:00"))
    assert Trigger.objects.filter(kind="target_breached").count() == 5


def test_one_that_was_late_by_the_old_hours_before_its_turn_is_not_late_by_the_new_ones(office, five):
    closing(office, 5, now=at(4, "12:59:58"))  # due in two seconds; nothing changes before Thursday
    publish(office, now=at(4, "12:59:59"), closed=[date(2026, 3, 4)])
    engine.run_until_idle(now=at(4, "13:30"))
    to_the_end(at(4, "13:40"))
    assert not Clock.objects.exclude(breached_at=None).exists()
    assert set(dues(five)) == {at(5, "09:00:01")}


def test_due_earlier_by_the_change_it_is_breached_at_its_new_time_and_late_counts_from_the_change(
    office, five
):
    """The evening counts from now on: three working hours more a day."""
    publish(office, now=at(3, "16:00"), closes="20:00")
    to_the_end(at(4, "11:00"))  # long after the new time is over, and before the old one is
    assert set(dues(five)) == {at(4, "10:00")}
    assert job().earlier == job().breached == 5
    engine.run_until_idle(now=at(4, "15:00"))
    assert {clock.breached_at for clock in Clock.objects.all()} == {at(4, "10:00")}
    fired = Timer.objects.filter(kind="clock_breached", state="fired").first()
    assert fired.armed_at == at(3, "16:00")


def test_what_may_come_due_meanwhile_goes_first(office, ana, slices_of_two, monkeypatch):
    monkeypatch.setattr(recalculating, "TAKEN_UP_WITHIN", timedelta(minutes=10))
    make.policy(targets=resolution(16), calendar=office)
    customer = make.customer()
    cases = [
        make.case(customer, now=when, by=ana)
        for when in (at(3, "09:00"), at(3, "09:00"), at(2, "09:00"), at(2, "09:05"))
    ]
    # By the old hours it is due tomorrow; open in the evening, five minutes from now.
    publish(office, now=at(3, "16:55"), closes="20:00")
    recalculating.next_slice(now=at(3, "16:56"), size=2)
    assert dues(cases)[2:] == [at(3, "17:00"), at(3, "17:05")]
    assert dues(cases)[:2] == [at(4, "17:00")] * 2
    assert job().done == 0  # the turn of every case comes, and then it counts
    to_the_end(at(3, "16:57"))
    assert dues(cases)[:2] == [at(4, "14:00")] * 2
    assert (job().done, job().clocks, job().earlier, job().unchanged) == (4, 4, 3, 1)


@pytest.mark.parametrize("operation", ["reply", "pause", "prioritise", "resolve"])
def test_a_person_who_acts_before_its_turn_acts_by_the_new_hours(office, ana, slices_of_two, operation):
    targets = {(Metric.RESOLUTION, None): 16 * HOUR, (Metric.RESOLUTION, Priority.HIGH): 8 * HOUR}
    make.policy(targets=targets, calendar=office)
    cases = [make.case(make.customer(f"c{n}"), now=at(2, "13:00"), by=ana, owner=ana) for n in range(3)]
    closing(office, 4, now=at(3, "12:00"))
    case, now = cases[2], at(4, "14:00")  # an hour late by the old hours
    if operation == "reply":
        talk.reply(case=case, body="We look into it.", by=ana, now=now)
    elif operation == "pause":
        reason = make.pause_reason()
        pausing.pause(case=case, reason=reason, expected_end_at=at(6, "09:00"), by=ana, now=now)
    elif operation == "prioritise":
        routing.prioritise(case=case, priority=Priority.HIGH, by=ana, now=now)
    else:
        ending.resolve(case=case, reason="done", by=ana, now=now)
    clock = the_clock(case)
    if operation == "prioritise":  # eight hours from Monday 13:00 were over on Tuesday: by this change
        assert (clock.due_at, clock.breached_at) == (at(3, "13:00"), None)
        engine.run_until_idle(now=now)
        assert the_clock(case).breached_at == now
    else:
        states = {"reply": "running", "pause": "paused", "resolve": "met"}
        assert (clock.state, clock.breached_at) == (states[operation], None)
    rows = case.clocks.get(metric=Metric.RESOLUTION).history.count()
    to_the_end(at(4, "14:01"))
    assert (
        case.clocks.get(metric=Metric.RESOLUTION).history.count() == rows
    )  # done already: nothing is written


def test_a_pause_that_ends_meanwhile_goes_on_by_the_new_hours(office, ana, five):
    reason = make.pause_reason()
    pausing.pause(
        case=five[4], reason=reason, expected_end_at=at(3, "12:30"), by=ana, now=at(3, "12:00") - SECOND
    )
    closing(office, 4, now=at(3, "12:00"))
    engine.run_until_idle(now=at(3, "12:31"))
    assert dues(five)[4] == at(5, "13:30:01")
    rows = history_rows()
    to_the_end(at(3, "12:32"))
    assert history_rows() - rows == 4


def test_new_clocks_run_by_the_new_hours_and_are_not_done_again(office, ana, five):
    closing(office, 4, now=at(3, "12:00"))
    late = make.case(make.customer("Fabrikam"), now=at(3, "13:00"), by=ana)
    assert dues([late]) == [at(6, "13:00")]
    to_the_end(at(3, "13:01"))
    assert job().clocks == 5
    assert the_clock(late).history.count() == 1


def test_an_idle_pass_of_the_engine_asks_nothing_of_it_and_a_busy_one_a_single_question(five, office):
    with CaptureQueriesContext(
        connection,
    ) as idle:
        engine.run_once(now=at(3, "12:00"))
    assert not [q for q in idle.captured_queries if "recalculation" in q["sql"]]
    with CaptureQueriesContext(connection) as busy:
        engine.run_once(now=WEDNESDAY + SECOND)
    assert len([q for q in busy.captured_queries if "recalculation" in q["sql"]]) == 1


def test_a_clock_whose_turn_has_not_come_is_no_finding_of_the_reconciler(office, five):
    closing(office, 4, now=at(3, "12:00"))
    recalculating.next_slice(now=at(3, "12:01"), size=2)
    report = reconciling.whole_round(now=WEDNESDAY + SECOND)  # late by the old hours
    assert (report.repairs, report.busy, report.failed) == ([], 0, [])
    assert not Clock.objects.exclude(breached_at=None).exists()
    assert dues(five) == [THURSDAY] * 5
    rows = history_rows()
    to_the_end(at(4, "13:01"))
    assert history_rows() == rows


# --- Several changes, crashes, failures -------------------------------------------------------------------


def test_a_calendar_that_changes_twice_more_while_the_first_change_is_under_way(office, five):
    closing(office, 4, now=at(3, "12:00"))
    recalculating.next_slice(now=at(3, "12:01"), size=2)
    publish(office, now=at(3, "12:02"), closed=[date(2026, 3, 4), date(2026, 3, 5)])
    recalculating.next_slice(now=at(3, "12:03"), size=2)
    publish(office, now=at(3, "12:04"), closed=[date(2026, 3, 4)], closes="16:00")
    to_the_end(at(3, "12:05"))
    # Tuesday ends at 16:00 now: of 16 hours 11 are used on Tuesday, 5 are left from Thursday 09:00.
    assert set(dues(five)) == {at(5, "14:00")}
    assert {row.state for row in Recalculation.objects.all()} == {State.FINISHED}
    revisions = {clock.revision for clock in Clock.objects.all()}
    assert revisions <= {2, 3}  # each clock was written when its times changed, and then only


def test_a_clock_late_by_the_first_change_is_late_also_when_a_second_comes_before_its_turn(office, five):
    publish(office, now=at(3, "16:00"), closes="20:00")  # due Wednesday 10:00 by this
    publish(office, now=at(4, "11:00"), closed=[date(2026, 3, 5)])
    engine.run_until_idle(now=at(4, "11:01"))
    to_the_end(at(4, "11:02"))
    engine.run_until_idle(now=at(4, "11:03"))
    assert {clock.breached_at for clock in Clock.objects.all()} == {at(4, "10:00")}
    assert Trigger.objects.filter(kind="target_breached").count() == 5


class Crash(BaseException):
    """Nothing below catches it, as nothing catches a kill."""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("when", ["before the clocks", "after the clocks"])
def test_a_crash_in_a_slice_undoes_it_and_the_next_worker_goes_on_at_the_cursor(
    office, five, monkeypatch, when
):
    closing(office, 4, now=at(3, "12:00"))
    recalculating.next_slice(now=at(3, "12:01"), size=2)
    renew = renewing.renew

    def crashing(case_ids, **given):
        if when == "after the clocks":
            renew(case_ids, **given)
        raise Crash

    with monkeypatch.context() as broken:
        broken.setattr(renewing, "renew", crashing)
        with pytest.raises(Crash):
            recalculating.next_slice(now=at(3, "12:02"), size=2)
    assert (job().done, job().cursor, dues(five).count(THURSDAY)) == (2, five[1].pk, 2)
    to_the_end(at(3, "12:03"))
    assert dues(five) == [THURSDAY] * 5
    assert {clock.revision for clock in Clock.objects.all()} == {2}


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_do_each_case_once(office, five, ana):
    customer = five[0].customer
    for _ in range(20):
        make.case(customer, now=at(2, "13:00"), by=ana)
    closing(office, 4, now=at(3, "12:00"))
    done, errors, gate = [], [], threading.Barrier(2)

    def work():
        try:
            gate.wait(120)
            while not Recalculation.objects.get().is_finished:
                done.append(recalculating.next_slice(now=at(3, "12:01"), size=3))
        except Exception as error:  # noqa: BLE001
            errors.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(300)
    assert errors == []
    assert (job().done, job().clocks, job().later, job().state) == (25, 25, 25, State.FINISHED)
    assert len([one for one in done if one]) == 10  # nine slices, and the one that finds nothing left
    assert {clock.revision for clock in Clock.objects.all()} == {2}


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_a_case_that_is_being_opened_by_the_old_hours_is_not_missed(office, ana):
    """It is not committed yet when the calendar is published, so nobody would find its clock."""
    make.policy(targets=resolution(16), calendar=office)
    customer = make.customer()
    version = draft(office, closed=[date(2026, 3, 4)], now=at(3, "12:00"))
    started, errors = threading.Event(), []

    def publish_meanwhile():
        try:
            started.set()
            publishing.publish_calendar(version=version, by=INSTALLATION, now=at(3, "12:00"))
        except Exception as error:  # noqa: BLE001
            errors.append(error)
        finally:
            connection.close()

    with make.signed(at(2, "13:00")):
        case = make.case(customer, now=at(2, "13:00"), by=ana)
        publisher = threading.Thread(target=publish_meanwhile)
        publisher.start()
        assert started.wait(120)
        publisher.join(0.5)
        assert publisher.is_alive()  # it waits until the case is there
        assert dues([case]) == [WEDNESDAY]
    publisher.join(300)
    assert errors == []
    to_the_end(at(3, "12:01"))
    assert dues([case]) == [THURSDAY]


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_who_publishes_does_not_hold_everybody_up_behind_a_long_piece_of_work(office, ana, monkeypatch):
    monkeypatch.setattr(calendar, "PATIENCE", "100ms")
    version = draft(office, closed=[date(2026, 3, 4)], now=at(3, "12:00"))
    refused = []

    def publish_meanwhile():
        try:
            publishing.publish_calendar(version=version, by=INSTALLATION, now=at(3, "12:00"))
        except Refused as error:
            refused.append(error)
        finally:
            connection.close()

    with make.signed(at(3, "12:00")):
        Calendar.objects.hours([office.pk], held=True)
        publisher = threading.Thread(target=publish_meanwhile)
        publisher.start()
        publisher.join(300)
    assert [error.messages for error in refused] == [
        ["Somebody works through very many cases just now; publish this in a minute."]
    ]
    version.refresh_from_db()
    assert version.published_at is None
    publishing.publish_calendar(version=version, by=INSTALLATION, now=at(3, "12:00"))


def broken_for(case, monkeypatch):
    """Work on that case fails, as of a row nobody foresaw."""
    renew = renewing.renew

    def fails(case_ids, **given):
        if case.pk in case_ids:
            raise ValueError("no such hour")
        return renew(case_ids, **given)

    monkeypatch.setattr(renewing, "renew", fails)


def test_a_case_that_fails_is_kept_with_its_error_and_stops_no_other(office, five, monkeypatch):
    closing(office, 4, now=at(3, "12:00"))
    with monkeypatch.context() as broken:
        broken_for(five[2], broken)
        to_the_end(at(3, "12:01"))
        halted = job()
        assert halted.state == State.HALTED
        assert halted.failed == [{"case": five[2].pk, "error": "ValueError: no such hour"}]
        assert dues(five) == [THURSDAY, THURSDAY, WEDNESDAY, THURSDAY, THURSDAY]
        # It still waits, so it is not breached by hours that are out of force: its timer fails instead.
        engine.run_once(now=WEDNESDAY + SECOND)
        assert the_clock(five[2]).breached_at is None
        assert Timer.objects.pending().get(case=five[2], attempts=1).kind == "clock_at_risk"
    priya = make.person("Priya", role="manager")
    recalculating.try_again(job=job(), by=priya, now=at(3, "12:05"))
    to_the_end(at(3, "12:06"))
    assert (job().state, job().done, job().failed, job().later) == (State.FINISHED, 5, [], 5)
    assert dues(five) == [THURSDAY] * 5


def test_so_many_failures_are_not_a_few_cases_own_and_it_halts(office, five, monkeypatch):
    monkeypatch.setattr(recalculating, "MOST_FAILED", 2)
    closing(office, 4, now=at(3, "12:00"))
    with monkeypatch.context() as broken:
        for case in five:
            broken_for(case, broken)
        recalculating.next_slice(now=at(3, "12:01"), size=2)
        assert (job().state, job().cursor) == (State.HALTED, five[1].pk)
        assert recalculating.next_slice(now=at(3, "12:02"), size=2) is None
    recalculating.try_again(job=job(), by=INSTALLATION, now=at(3, "12:05"))
    to_the_end(at(3, "12:06"))
    assert (job().state, job().done, dues(five)) == (State.FINISHED, 5, [THURSDAY] * 5)


@pytest.mark.parametrize("role", ["agent", "supervisor", "auditor", "administrator"])
def test_only_who_may_publish_tries_again(office, five, role):
    closing(office, 4, now=at(3, "12:00"))
    with pytest.raises(NotTheirs):
        recalculating.try_again(job=job(), by=make.person("Xenia", role=role), now=at(3, "12:05"))


def test_what_does_not_stand_still_is_not_tried_again(office, five):
    closing(office, 4, now=at(3, "12:00"))
    with pytest.raises(WrongMove):
        recalculating.try_again(job=job(), by=INSTALLATION, now=at(3, "12:05"))


def test_hours_that_come_to_an_end_before_a_clock_does_are_refused_whole(office, five):
    with make.signed(at(3, "12:00")):
        version = CalendarVersion.objects.create(calendar=office, number=2)
        CalendarException.objects.create(
            version=version, on=date(2026, 3, 4), opens="09:00", closes="10:00", name="Last day"
        )
    with pytest.raises(NoOpenHour):
        publishing.publish_calendar(version=version, by=INSTALLATION, now=at(3, "12:00"))
    version.refresh_from_db()
    assert version.published_at is None
    assert not Recalculation.objects.exists()


# --- The few statements for PostgreSQL do what the operations do -------------------------------------------


def as_it_stands():
    """Everything that a change of hours may touch, without the ids of timers."""
    timers = Timer.objects.order_by("subject_id", "kind", "occurrence", "state").values()
    return (
        list(Clock.objects.order_by("pk").values()),
        [{name: value for name, value in row.items() if name != "id"} for row in timers],
        list(Standing.objects.order_by("pk").values()),
        list(Trigger.objects.order_by("clock_id", "kind").values("clock_id", "kind", "occurred_at")),
    )


def in_every_state(office, ana):
    """A case of each kind of story, two clocks each, and one on another calendar."""
    targets = {
        (Metric.RESOLUTION, None): {"term_seconds": 16 * HOUR, "at_risk_percent": 80},
        (Metric.NEXT_UPDATE, None): {"term_seconds": 15 * HOUR},
    }
    make.policy(targets=targets, calendar=office)
    customer, reason = make.customer(), make.pause_reason()
    cases = [make.case(customer, now=at(2, "13:00"), by=ana, owner=ana) for _ in range(9)]
    for case in cases:
        talk.reply(case=case, body="We look into it.", by=ana, now=at(2, "13:10"))
    pausing.pause(case=cases[1], reason=reason, expected_end_at=at(3, "10:00"), by=ana, now=at(2, "14:00"))
    pausing.pause(case=cases[2], reason=reason, expected_end_at=at(9, "10:00"), by=ana, now=at(2, "14:00"))
    make_promise(cases[3], at(3, "16:00"), ana)
    make_promise(cases[4], at(4, "12:30"), ana)
    ending.resolve(case=cases[5], reason="done", by=ana, now=at(2, "15:00"))
    ending.reopen(case=cases[5], reason="again", by=ana, now=at(3, "09:00"))
    ending.close(case=cases[6], reason="done", by=ana, now=at(2, "15:00"))
    engine.run_until_idle(now=at(3, "12:00"))
    other = make.case(make.customer("Fabrikam"), now=at(2, "13:00"), by=ana)
    with make.signed():
        Clock.objects.filter(case=other).update(calendar=make.always_open())
        # Warned long ago, and breached and still open.
        Clock.objects.filter(case=cases[7]).update(warned_at=at(2, "16:00"))
        Clock.objects.filter(case=cases[8]).update(breached_at=at(2, "16:00"))
    return [*cases, other]


def make_promise(case, due_at, by):
    promising.promise(case=case, what="A word", due_at=due_at, by=by, now=at(2, "15:00"))


CHANGES = {
    "a day closed": {"closed": [date(2026, 3, 4)]},
    "longer days": {"closes": "20:00"},
    "shorter days": {"closes": "13:00"},
    "nothing that matters": {"closed": [date(2026, 6, 1)]},
}


@pytest.mark.skipif("connection.vendor != 'postgresql'")
@pytest.mark.parametrize("changed_at", [at(3, "12:00"), at(4, "09:48"), at(4, "13:00"), at(4, "13:00:01")])
@pytest.mark.parametrize("change", CHANGES)
def test_the_few_statements_do_what_the_operations_do(office, ana, monkeypatch, change, changed_at):
    cases = in_every_state(office, ana)
    monkeypatch.setattr(recalculating, "SLICE", 0)  # published, and nothing done yet
    publish(office, now=changed_at, **CHANGES[change])
    ids = sorted(case.pk for case in cases)
    found = []
    for vendor in ("other", "postgresql"):
        with transaction.atomic(), make.signed(changed_at):
            with monkeypatch.context() as patched:
                patched.setattr(renewing, "connection", SimpleNamespace(vendor=vendor))
                tally = renewing.renew(ids, calendar_id=office.pk, changed_at=changed_at, now=changed_at)
            found.append((tally, *as_it_stands()))
            again = renewing.renew(ids, calendar_id=office.pk, changed_at=changed_at, now=changed_at)
            assert (again.clocks, again.earlier, again.later) == (tally.clocks, 0, 0)
            assert as_it_stands() == found[-1][1:]
            transaction.set_rollback(True)
    assert found[0] == found[1]
    assert found[0][0].clocks > 10
