"""The counts of the days: equal to what happened, whoever counts and however often."""

from datetime import date, timedelta

import pytest
from django.db.models import F

from cases import engine
from cases.models import Case, Clock
from cases.operations import ending, routing
from cases.states import ClockState
from escalations.models import Handoff
from escalations.operations import respond
from reports import counting, sources, tasks
from reports.models import Counting, DailyCount, Happened
from reports.steps import step_of
from tests import factories as make
from tests import worlds

pytestmark = pytest.mark.django_db

SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=n) for n in (1, 60, 3600, 86400))


@pytest.fixture
def desk():
    return worlds.desk()


@pytest.fixture
def told(desk, now):
    """Two cases: one forgotten, escalated, acknowledged after five minutes, resolved, opened again the next
    day; one resolved at once. The instant after all that."""
    late = make.case(make.customer("Northwind"), now=now, by=desk.ana, team=desk.care, owner=desk.ana)
    quick = make.case(make.customer("Fabrikam"), now=now, by=desk.ana, team=desk.billing)
    ending.resolve(case=quick, reason="Credited", by=desk.priya, now=now + MINUTE)
    engine.run_until_idle(now=now + HOUR + SECOND)
    handoff = Handoff.objects.get()
    respond.acknowledge(handoff=handoff, by=desk.jonas, now=handoff.made_at + 5 * MINUTE)
    ending.resolve(case=late, reason="Credited", by=desk.priya, now=now + 2 * HOUR)
    ending.reopen(case=late, reason="Charged again", by=desk.priya, now=now + DAY)
    return now + DAY + HOUR


def kept(**narrowed):
    """{(day, kind, detail, team, restricted): number} as it is kept."""
    rows = DailyCount.objects.filter(**narrowed)
    return {(row.day, row.kind, row.detail, row.team_key, row.is_restricted): row.number for row in rows}


def test_every_happening_is_counted_on_its_day_and_in_its_team(desk, told):
    counting.refresh(now=told)
    monday, tuesday = date(2026, 3, 2), date(2026, 3, 3)
    care, billing = desk.care.pk, desk.billing.pk
    found = kept()
    assert found[monday, "received", "", care, False] == 1
    assert found[monday, "received", "", billing, False] == 1
    assert found[monday, "resolved", "", billing, False] == 1
    assert (monday, "resolved", "", care, False) not in found  # opened again
    assert found[tuesday, "reopened", "", care, False] == 1
    assert found[monday, "breached", "first_response", care, False] == 1
    assert found[monday, "level", "1", care, False] == 1
    assert found[monday, "acknowledged", str(step_of(300)), care, False] == 1
    assert not any(key[1] == "fallback" for key in found)


def test_the_counts_of_clocks_are_those_that_ended_in_time_and_late(desk, told):
    counting.refresh(now=told)
    for kind, state in ((Happened.MET, ClockState.MET), (Happened.MISSED, ClockState.MISSED)):
        ended = Clock.objects.filter(state=state)
        assert ended.exists()
        by_metric = {}
        for clock in ended:
            by_metric[clock.metric] = by_metric.get(clock.metric, 0) + 1
        found = {}
        for (_day, _kind, metric, _team, _restricted), number in kept(kind=kind).items():
            found[metric] = found.get(metric, 0) + number
        assert found == by_metric


def test_what_is_kept_equals_what_is_counted_live(desk, told):
    counting.refresh(now=told)
    assert kept() == dict(counting.counts(now=told))


def test_counting_again_changes_nothing(desk, told):
    assert counting.refresh(now=told) == DailyCount.objects.count() > 0
    ids = set(DailyCount.objects.values_list("pk", flat=True))
    assert counting.refresh(now=told + MINUTE) == 0
    assert set(DailyCount.objects.values_list("pk", flat=True)) == ids


def test_a_case_that_moves_takes_its_counts_along(desk, told):
    counting.refresh(now=told)
    case = Case.objects.get(team=desk.billing)
    routing.assign(case=case, team=desk.care, reason="Ours", by=desk.priya, now=told)
    counting.refresh(now=told + MINUTE)
    assert kept(kind="received") == {(date(2026, 3, 2), "received", "", desk.care.pk, False): 2}


def test_an_earlier_counting_never_overwrites_a_later_one(desk, told):
    counting.refresh(now=told)
    DailyCount.objects.update(number=F("number") + 100)
    assert counting.refresh(now=told - SECOND) == 0
    assert DailyCount.objects.filter(number__lt=100).count() == 0
    assert counting.refresh(now=told) > 0


def test_only_the_last_half_year_is_kept(desk, told):
    counting.refresh(now=told)
    first = date(2026, 3, 2)
    last_chance = counting.begins(first + timedelta(days=counting.DAYS)) - SECOND
    counting.refresh(now=last_chance)
    assert {key[0] for key in kept()} >= {first}
    counting.refresh(now=last_chance + SECOND)
    assert first not in {key[0] for key in kept()}


def test_a_day_begins_at_midnight_of_the_installation(desk, settings, now):
    midnight = counting.begins(date(2026, 3, 3))
    for at in (midnight - SECOND, midnight):
        make.case(make.customer(str(at)), now=at, by=desk.ana, team=desk.care)
    counting.refresh(now=midnight + HOUR)
    assert [key[0] for key in sorted(kept(kind="received"))] == [date(2026, 3, 2), date(2026, 3, 3)]


def test_restricted_cases_and_those_without_a_team_are_counted_apart(desk, now):
    make.case(make.customer("A"), now=now, by=desk.ana)
    make.case(make.customer("B"), now=now, team=desk.care, restricted_because="A colleague's own")
    counting.refresh(now=now)
    assert set(kept(kind="received")) == {
        (now.date(), "received", "", DailyCount.NO_TEAM, False),
        (now.date(), "received", "", desk.care.pk, True),
    }


def test_an_escalation_comes_to_a_level_once_however_often_it_is_handed_on_there(desk, told):
    handoff = Handoff.objects.get()
    with make.signed(told):
        again = Handoff.objects.get()
        again.pk, again.acknowledge_clock, again.work_clock = None, handoff.acknowledge_clock, None
        again.state = Handoff.State.SUPERSEDED
        again.save(force_insert=True)
    counting.refresh(now=told)
    assert list(kept(kind="level").values()) == [1]


def test_every_kind_has_its_source():
    assert set(sources.SOURCES) == set(Happened)


@pytest.mark.parametrize(
    ("took", "after", "expected"),
    [
        (0, timedelta(seconds=54), False),
        (0, timedelta(seconds=55), True),
        (5, timedelta(seconds=499), False),
        (5, timedelta(seconds=500), True),
    ],
)
def test_the_longer_it_takes_the_more_seldom_it_is_done(now, took, after, expected):
    Counting.objects.create(pk=Counting.ONLY, counted_at=now, took_seconds=took)
    assert counting.is_due(now=now + after) is expected


def test_the_worker_counts_when_it_is_time_and_not_before(desk, monkeypatch, now):
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    make.case(now=now, by=desk.ana, team=desk.care)
    assert counting.is_due(now=now)
    assert tasks.count_days() == 1
    make.case(make.customer("Fabrikam"), now=now, by=desk.ana, team=desk.billing)
    assert tasks.count_days() == 0
    monkeypatch.setattr("django.utils.timezone.now", lambda: now + MINUTE)
    assert tasks.count_days() == 1


@pytest.mark.parametrize("more", [0, 15])
def test_counting_costs_the_same_however_much_there_is(desk, now, more, django_assert_num_queries):
    for number in range(1 + more):
        make.case(make.customer(f"C{number}"), now=now, by=desk.ana, team=desk.care)
    counting.refresh(now=now)
    with django_assert_num_queries(len(sources.SOURCES) + COST):
        counting.refresh(now=now + HOUR)


# Beside a query for each kind: a transaction (two), the row of the counting (two), what is kept.
COST = 5
