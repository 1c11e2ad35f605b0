"""Trying again what was given up: once, by whom it is for, and on record."""

from datetime import timedelta

import pytest

from cases import engine
from cases.errors import NotFailed, NotSetAside, NotTheirs
from cases.models import Case, Notice, Timer
from cases.operations import delivering, retrying, timers
from cases.operations.retrying import Outcome
from cases.states import Metric, TimerKind
from tests import factories as make

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def priya():
    return make.person("Priya", "manager")


@pytest.fixture
def case(now):
    make.policy(targets={(Metric.RESOLUTION, None): 10**8})
    made = make.case(now=now)
    Timer.objects.all().delete()  # of the opening: these tests arm their own
    return made


def given_up(case, now, subject=1, kind=TimerKind.HOLDER_REMINDER, **fields):
    fields = {"state": "set_aside", "attempts": 8, "last_error": "ValueError: no such rung"} | fields
    return Timer.objects.create(
        case=case,
        kind=kind,
        subject_id=subject,
        due_at=now - HOUR,
        armed_at=now - HOUR,
        wake_at=now,
        **fields,
    )


def undelivered(case, key="n", **fields):
    fields = {"state": "failed", "attempts": 12, "last_error": "SMTPException: unknown"} | fields
    return Notice.objects.create(
        case=case,
        kind="case_received",
        contact=case.contact,
        channel="mail",
        key=key,
        created_at=make.BEGINNING,
        **fields,
    )


class TestTimers:
    def test_a_timer_set_aside_is_due_at_once_and_fires_late_as_it_is(self, case, priya, now, monkeypatch):
        fired = []
        monkeypatch.setitem(
            engine.REACTIONS, TimerKind.HOLDER_REMINDER, lambda group, *, cases, now: fired.extend(group)
        )
        monkeypatch.delitem(engine.SUBJECTS, TimerKind.HOLDER_REMINDER)
        stuck = given_up(case, now)
        assert engine.run_until_idle(now=now + HOUR) == 0
        retrying.retry(timer=stuck, by=priya, now=now + HOUR, reason="calendar mended")
        again = Timer.objects.get()
        assert (again.state, again.attempts, again.wake_at) == ("pending", 1, now + HOUR)
        assert (again.due_at, again.armed_at) == (now - HOUR, now - HOUR)
        assert engine.run_until_idle(now=now + HOUR) == 1
        assert [timer.pk for timer in fired] == [stuck.pk]

    def test_who_let_it_run_again_and_why_is_in_the_cases_history(self, case, priya, now):
        before = Case.history.filter(id=case.pk).count()
        retrying.retry(timer=given_up(case, now), by=priya, now=now, reason="calendar mended")
        assert Case.history.filter(id=case.pk).count() == before + 1
        row = Case.history.filter(id=case.pk).latest("history_id")
        assert (row.history_user_id, row.history_date) == (priya.pk, now)
        assert "calendar mended" in row.history_change_reason

    @pytest.mark.parametrize(
        ("state", "fields"), [("pending", {}), ("fired", {"fired_at": make.BEGINNING}), ("gone", {})]
    )
    def test_what_is_not_set_aside_any_more_is_refused_and_left_alone(self, case, priya, now, state, fields):
        stuck = given_up(case, now)
        if state == "gone":
            stuck.delete()
            stuck.pk = 10**9
        else:
            Timer.objects.update(state=state, **fields)
        before = list(Timer.objects.values()), Case.objects.get().revision
        with pytest.raises(NotSetAside):
            retrying.retry(timer=stuck, by=priya, now=now)
        assert (list(Timer.objects.values()), Case.objects.get().revision) == before

    @pytest.mark.parametrize("role", ["agent", "supervisor", "auditor"])
    def test_it_is_not_for_everybody(self, case, now, role):
        stuck, somebody = given_up(case, now), make.person("Somebody", role)
        with pytest.raises(NotTheirs):
            retrying.retry(timer=stuck, by=somebody, now=now)
        assert Timer.objects.get().state == "set_aside"

    def test_an_administrator_may(self, case, now):
        retrying.retry(timer=given_up(case, now), by=make.person("Adam", "administrator"), now=now)
        assert Timer.objects.get().state == "pending"

    def test_twice_is_once(self, case, priya, now):
        stuck = given_up(case, now)
        retrying.retry(timer=stuck, by=priya, now=now)
        with pytest.raises(NotSetAside):
            retrying.retry(timer=stuck, by=priya, now=now)

    def test_all_of_them_each_with_its_own_result(self, case, priya, now):
        good, ran = given_up(case, now, 1), given_up(case, now, 2, state="fired", fired_at=now)
        done = retrying.retry_all(timers=[ran.pk, good.pk, 10**9, good.pk], by=priya, now=now)
        assert [(one.pk, one.outcome) for one in done] == [
            (ran.pk, Outcome.STALE),
            (good.pk, Outcome.AGAIN),
            (10**9, Outcome.STALE),
        ]

    def test_a_hundred_cost_what_one_costs(self, case, priya, now, django_assert_max_num_queries):
        def cost(number, first):
            pks = [given_up(case, now, first + n).pk for n in range(number)]
            with django_assert_max_num_queries(20) as counted:
                retrying.retry_all(timers=pks, by=priya, now=now)
            return len(counted)

        assert cost(100, 1000) == cost(1, 1)

    def test_a_look_at_the_rules_that_another_one_does_is_taken_over_by_it(self, case, priya, now):
        first, second = (given_up(case, now, n, kind=TimerKind.REVIEW) for n in (1, 2))
        done = retrying.retry_all(timers=[first.pk, second.pk], by=priya, now=now)
        assert [one.outcome for one in done] == [Outcome.AGAIN, Outcome.TAKEN_OVER]
        assert Timer.objects.get().pk == first.pk
        third = given_up(case, now, 3, kind=TimerKind.REVIEW)
        assert retrying.retry(timer=third, by=priya, now=now).outcome == Outcome.TAKEN_OVER
        timers.ask_for_review([case.pk], now=now)
        assert Timer.objects.get().pk == first.pk


class TestNotices:
    def test_one_that_failed_is_sent_at_once(self, case, priya, now, mailoutbox):
        lost = undelivered(case)
        Notice.objects.exclude(pk=lost.pk).update(state="sent", sent_at=now)
        assert delivering.deliver_due(now=now) == 0
        retrying.send_again(notice=lost, by=priya, now=now)
        assert delivering.deliver_due(now=now) == 1
        lost.refresh_from_db()
        assert (lost.state, lost.attempts, lost.last_error, len(mailoutbox)) == ("sent", 1, "", 1)

    @pytest.mark.parametrize("state", ["queued", "sent", "recorded"])
    def test_one_that_has_not_failed_is_refused_and_left_alone(self, case, priya, now, state):
        notice = undelivered(
            case, state=state, next_attempt_at=now + HOUR, sent_at=now if state == "sent" else None
        )
        with pytest.raises(NotFailed):
            retrying.send_again(notice=notice, by=priya, now=now)
        notice.refresh_from_db()
        assert (notice.state, notice.next_attempt_at) == (state, now + HOUR)

    @pytest.mark.parametrize("role", ["agent", "supervisor", "auditor"])
    def test_it_is_not_for_everybody(self, case, now, role):
        lost, somebody = undelivered(case), make.person("Somebody", role)
        with pytest.raises(NotTheirs):
            retrying.send_again(notice=lost, by=somebody, now=now)
        lost.refresh_from_db()
        assert lost.state == "failed"

    def test_all_of_them_each_with_its_own_result(self, case, priya, now):
        one, two = undelivered(case, "a"), undelivered(case, "b", state="queued", next_attempt_at=now)
        done = retrying.send_all_again(notices=[two.pk, one.pk, 10**9], by=priya, now=now)
        assert [each.outcome for each in done] == [Outcome.STALE, Outcome.AGAIN, Outcome.STALE]
