"""Many rows in one statement: what is written is what the objects say, whatever the rows have in common."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import IntegrityError, connection, transaction

from cases.instances import fresh
from cases.models import Notice, NoticeKind, Standing, Timer
from cases.sets import add_each, put_each, update_each
from cases.states import TimerKind
from tests import factories as make

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
AWKWARD = ['a "quoted" word', "back\\slash", "{braces}, commas", "NULL", "", "one\nline\tmore", "ñ, ж"]


def timer(case, subject, **fields):
    usual = {"kind": TimerKind.HOLDER_REMINDER, "due_at": NOON, "wake_at": NOON, "armed_at": NOON}
    return fresh(Timer, case_id=case.pk, subject_id=subject, **{**usual, **fields})


def test_rows_that_differ_in_every_column_or_in_none(now):
    case = make.case(now=now)
    Timer.objects.all().delete()
    some = add_each(timer(case, n, last_error=text, attempts=n) for n, text in enumerate(AWKWARD))
    assert [t.pk for t in some] == sorted(t.pk for t in some)
    assert list(Timer.objects.order_by("pk").values_list("last_error", "attempts")) == [
        (text, n) for n, text in enumerate(AWKWARD)
    ]
    update_each(some, ["state"])
    for t in some:
        t.last_error, t.state, t.fired_at = "the same", Timer.State.FIRED, NOON
    update_each(some, ["last_error", "state", "fired_at"])
    written = {("the same", "fired", NOON)}
    assert set(Timer.objects.values_list("last_error", "state", "fired_at")) == written
    for t in some:
        t.state, t.fired_at = Timer.State.PENDING, None
    update_each(some, ["state", "fired_at"])
    assert set(Timer.objects.values_list("state", "fired_at")) == {("pending", None)}


def test_one_row_and_several_equal_ones(now):
    case = make.case(now=now)
    facts = {"reason": 'He said "no"', "level": 2}
    notice = fresh(
        Notice,
        case_id=case.pk,
        kind=NoticeKind.HANDOFF,
        person_id=make.person().pk,
        channel="app",
        state="recorded",
        facts=facts,
        key="once",
        created_at=NOON,
    )
    add_each([notice])
    assert Notice.objects.get(key="once").facts == facts
    again = fresh(Notice, **{f.attname: getattr(notice, f.attname) for f in Notice._meta.concrete_fields})
    again.pk = None
    add_each([again], once_by="notice_key_once")
    assert Notice.objects.filter(key="once").count() == 1
    alike = [timer(case, 5, kind="review", state=Timer.State.FIRED, fired_at=NOON) for _ in range(2)]
    add_each(alike)
    assert Timer.objects.filter(kind="review", subject_id=5).count() == 2
    assert alike[0].pk < alike[1].pk


def test_what_is_once_only_by_another_rule_is_refused_and_not_left_out(now):
    case = make.case(now=now)
    some = timer(case, 5)
    add_each([some])
    same_id = timer(case, 6)
    same_id.pk = some.pk
    same_occurrence = timer(case, 5)
    for other in (same_id, same_occurrence):
        with pytest.raises(IntegrityError), transaction.atomic():
            add_each([other], once_by="timer_one_pending_review")
    review = [timer(case, case.pk, kind="review") for _ in range(2)]
    Timer.objects.filter(kind="review").delete()
    add_each(review, once_by="timer_one_pending_review")
    assert Timer.objects.filter(kind="review").count() == 1


def test_put_writes_what_is_there_and_what_is_not(now):
    case = make.case(now=now)
    row = Standing.objects.get(pk=case.pk)
    row.pause_reason = "waits, “quoted”"
    put_each([row], ["pause_reason"])
    assert Standing.objects.get(pk=case.pk).pause_reason == "waits, “quoted”"
    Standing.objects.all().delete()
    put_each([row], ["pause_reason"])
    assert Standing.objects.get(pk=case.pk).pause_reason == "waits, “quoted”"


def test_what_a_query_left_out_is_looked_up_and_nothing_is_lost(now):
    case = make.case(now=now)
    Timer.objects.all().delete()
    add_each([timer(case, 1, last_error="keep"), timer(case, 2, last_error="me")])
    without = list(Timer.objects.defer("last_error").order_by("pk"))
    update_each(without, ["last_error"])
    assert sorted(Timer.objects.values_list("last_error", flat=True)) == ["keep", "me"]


@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_an_instant_without_a_zone_is_refused_alone_and_among_others(now):
    case = make.case(now=now)
    naive = NOON.replace(tzinfo=None)
    for rows in ([timer(case, 1, due_at=naive)], [timer(case, 1, due_at=naive), timer(case, 2)]):
        with pytest.raises(ValueError, match="no time zone"):
            add_each(rows)


def test_instants_come_back_in_utc_to_the_microsecond(now):
    case = make.case(now=now)
    Timer.objects.all().delete()
    there = timezone(timedelta(hours=5, minutes=45))
    instants = [
        datetime(2026, 3, 2, 12, 0, 0, 1, tzinfo=there),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ]
    add_each(timer(case, n, due_at=at) for n, at in enumerate(instants))
    found = list(Timer.objects.order_by("subject_id").values_list("due_at", flat=True))
    assert found == instants
    assert {at.tzinfo for at in found} == {UTC}


@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_an_instant_of_another_session_zone_is_the_same_in_utc():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TIME ZONE 'Asia/Kathmandu'")
        cursor.execute("SELECT '2026-03-02 12:00+00'::timestamptz")
        (at,) = cursor.fetchone()
    assert (at, at.tzinfo) == (NOON, UTC)
