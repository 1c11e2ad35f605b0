"""Turns that are given to somebody who is away then, or on duty already: what is refused, what stays, what is
said."""

from datetime import date, time, timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cases import clashes
from cases.api.fields import Moment
from cases.errors import Overlaps
from cases.leaving import TO_PERSON, Choice
from cases.models import Absence, Duty, DutyPattern, Person, Skill
from cases.operations import absences, duties, leaving, turns
from tests import factories as make
from tests.racing import at_once
from tests.worlds import asks

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def desk(now):
    found = SimpleNamespace(
        ana=make.person("Ana"),
        ben=make.person("Ben"),
        cleo=make.person("Cleo"),
        supervisor=make.person("Sofia", "supervisor"),
        manager=make.person("Priya", "manager"),
    )
    found.team = make.team("Care", people=[found.ana, found.ben], lead=found.supervisor)
    make.team("Network", people=[found.cleo])
    make.policy()
    with make.signed():
        found.skill = Skill.objects.create(name="On call")
        found.other = Skill.objects.create(name="Network")
    return found


def turn(desk, person, start, hours=4, skill=None, **fields):
    with make.signed():
        skill = skill or desk.skill
        ends_at = start + hours * HOUR
        return Duty.objects.create(skill=skill, person=person, starts_at=start, ends_at=ends_at, **fields)


def away(person, start, end):
    with make.signed():
        return Absence.objects.create(person=person, starts_at=start, ends_at=end)


def leave(desk, now, to=None, **said):
    choice = Choice(TO_PERSON, to or desk.ben, "she moves", {}, None)
    return leaving.leave(person=desk.ana, choice=choice, by=desk.manager, now=now, **said)


# --- What clashes ---


@pytest.mark.parametrize(
    ("start", "end", "clashes_with"),
    [
        (DAY - 2 * HOUR, DAY, False),  # back at the very instant at which it begins
        (DAY - 2 * HOUR, DAY + SECOND, True),
        (DAY + 4 * HOUR - SECOND, DAY + 9 * HOUR, True),
        (DAY + 4 * HOUR, DAY + 9 * HOUR, False),  # leaves when it is over
    ],
)
def test_an_absence_is_in_the_way_by_the_second(desk, now, start, end, clashes_with):
    row = turn(desk, desk.ana, now + DAY)
    away(desk.ben, now + start, now + end)
    found = clashes.of([row], desk.ben, now=now)
    assert [clash.is_in_the_way for clash in found] == [True] * clashes_with


def test_of_a_turn_that_runs_what_is_left_counts(desk, now):
    row = turn(desk, desk.ana, now - 2 * HOUR)
    away(desk.ben, now - 2 * HOUR, now)
    assert clashes.of([row], desk.ben, now=now) == []


def test_a_turn_of_the_same_roster_is_in_the_way_and_of_another_is_not(desk, now):
    row = turn(desk, desk.ana, now + DAY)
    turn(desk, desk.ben, now + DAY + HOUR)
    turn(desk, desk.ben, now + DAY + 2 * HOUR, skill=desk.other)
    same, other = clashes.of([row], desk.ben, now=now)
    assert (same.is_in_the_way, other.is_in_the_way) == (True, False)
    assert (other.starts_at, other.ends_at) == (now + DAY + 2 * HOUR, now + DAY + 4 * HOUR)


def test_the_days_and_times_are_the_readers(desk, now):
    row = turn(desk, desk.ana, now + DAY)
    away(desk.ben, now + DAY, now + 2 * DAY)
    [clash] = clashes.of([row], desk.ben, now=now)
    with timezone.override("Asia/Tokyo"):
        assert timezone.localtime(now + DAY).strftime("%H:%M") in clash.sentence()
    assert "Ben is away" in clash.sentence()
    assert "Ben cannot take it then" in clash.sentence(is_known=False)


def test_many_turns_cost_two_queries(desk, now):
    rows = [turn(desk, desk.ana, now + n * DAY) for n in range(1, 30)]
    away(desk.ben, now, now + 40 * DAY)
    rows = list(Duty.objects.filter(pk__in=[row.pk for row in rows]).select_related("skill"))
    with CaptureQueriesContext(connection) as queries:
        assert len(clashes.of(rows, desk.ben, now=now)) == 29
    assert len(queries) == 2


# --- One turn, by hand ---


def test_nobody_is_given_a_turn_while_away_nor_one_twice_of_a_roster(desk, now):
    row = turn(desk, desk.ana, now + DAY)
    absence = away(desk.ben, now + DAY, now + 2 * DAY)
    said = {"turn": row, "to": desk.ben, "by": desk.manager, "now": now, "reason": "ill"}
    with pytest.raises(Overlaps, match="Ben is away from"):
        duties.swap(**said)
    with make.signed():
        absence.delete()
    turn(desk, desk.ben, now + DAY + HOUR)
    with pytest.raises(Overlaps, match="Ben is on duty for this then already"):
        duties.swap(**said)


@pytest.mark.django_db(transaction=True)
def test_of_two_absences_of_one_person_that_are_entered_at_once_one_is(now):
    ana = make.person("Ana")

    def entering(hours):
        def enter():
            span = {"starts_at": now + hours * HOUR, "ends_at": now + (hours + 4) * HOUR}
            absences.enter(person=ana, deputy=None, by=ana, now=now, **span)

        return enter

    assert at_once(*(entering(hours) for hours in range(4))) == ["Overlaps"] * 3 + ["done"]


def test_two_rosters_at_once_are_allowed_and_said(desk, now, client, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: now)
    row = turn(desk, desk.ana, now + DAY)
    turn(desk, desk.ben, now + DAY + HOUR, skill=desk.other)
    client.force_login(desk.manager)
    page = client.post(
        reverse("admin:cases_duty_swap", args=[row.pk]),
        {"to": desk.ben.pk, "change_reason": "ill"},
        follow=True,
    )
    assert "Ben is on duty for Network too" in page.content.decode()
    assert Duty.objects.get(pk=row.pk).person == desk.ben


def test_a_program_is_told_of_another_roster_and_refused_an_absence(desk, now, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: now)
    row = turn(desk, desk.ana, now + DAY)
    turn(desk, desk.ben, now + DAY + HOUR, skill=desk.other)
    program, where = asks(desk.manager), f"/api/v1/turns/{row.pk}/swap/"
    answer = program.post(where, {"to": desk.ben.pk, "reason": "ill"}, format="json")
    assert answer.status_code == 200
    [besides] = answer.data["besides"]
    assert besides["skill"]["name"] == "Network"
    away(desk.ana, now + DAY, now + 2 * DAY)
    back = program.post(where, {"to": desk.ana.pk, "reason": "well"}, format="json")
    assert back.status_code == 400 and "Ana is away" in str(back.data)
    added = program.post(
        "/api/v1/turns/",
        {
            "skill": desk.other.pk,
            "person": desk.ben.pk,
            "starts_at": (now + DAY + 5 * HOUR).isoformat(),
            "ends_at": (now + DAY + 6 * HOUR).isoformat(),
        },
        format="json",
    )
    assert added.status_code == 201 and added.data["besides"] == []


def test_a_turn_that_is_moved_onto_another_roster_says_so(desk, now):
    row = turn(desk, desk.ben, now + DAY)
    other = turn(desk, desk.ben, now + 2 * DAY, skill=desk.other)
    moved = turns.move(
        turn=row, starts_at=now + 2 * DAY, ends_at=now + 2 * DAY + HOUR, by=desk.manager, now=now
    )
    [clash] = duties.besides(moved, now)
    assert clash.other == other


# --- At leaving ---


def test_what_the_taker_cannot_have_stays_until_somebody_else_is_named(desk, now):
    running = turn(desk, desk.ana, now - HOUR)
    during = turn(desk, desk.ana, now + DAY)
    twice = turn(desk, desk.ana, now + 3 * DAY)
    beside = turn(desk, desk.ana, now + 5 * DAY)
    away(desk.ben, now + DAY, now + 2 * DAY)
    turn(desk, desk.ben, now + 3 * DAY + HOUR)
    turn(desk, desk.ben, now + 5 * DAY, skill=desk.other)
    left = leave(desk, now)
    assert not left.is_out and left.passed.left == 2
    assert left.passed.refused == [
        "2 things need another person: name somebody else, also for restricted cases."
    ]
    kept = Duty.objects.filter(person=desk.ana, ends_at__gt=now)
    assert set(kept) == {during, twice}
    assert Duty.objects.get(pk=beside.pk).person == desk.ben
    assert Duty.objects.filter(person=desk.ben, instead_of=desk.ana, starts_at=now).exists()
    assert Duty.objects.get(pk=running.pk).ends_at == now
    left = leave(desk, now, to=desk.cleo)
    assert left.is_out and set(Duty.objects.filter(person=desk.cleo)) == {during, twice}


def test_taken_out_of_the_roster_it_keeps_nobody(desk, now):
    row = turn(desk, desk.ana, now + DAY)
    away(desk.ben, now + DAY, now + 2 * DAY)
    assert not leave(desk, now).is_out
    turns.take_out(turn=row, by=desk.manager, now=now)
    assert leave(desk, now).is_out


def test_in_slices_too_each_clash_is_counted_once(desk, now):
    for n in range(1, 7):
        turn(desk, desk.ana, now + n * DAY)
    away(desk.ben, now + 2 * DAY, now + 3 * DAY + HOUR)
    counts = [leave(desk, now, most=2).passed.number for _n in range(4)]
    assert counts == [2, 2, 0, 0]
    assert leave(desk, now).passed.left == 2
    assert Duty.objects.filter(person=desk.ana).count() == 2


def pattern(desk, person, skill=None):
    row = DutyPattern(
        skill=skill or desk.skill,
        person=person,
        weekdays="0123456",
        starts=time(8),
        ends=time(10),
        time_zone="UTC",
        first_on=date(2026, 3, 2),
    )
    duties.keep(pattern=row, by=desk.manager, now=timezone.now())
    return row


def test_a_pattern_goes_but_to_who_has_one_of_the_roster_at_these_times(desk, now, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: now)
    row = pattern(desk, desk.ana)
    pattern(desk, desk.ben)
    pattern(desk, desk.cleo, skill=desk.other)
    assert not leave(desk, now).is_out
    assert DutyPattern.objects.get(pk=row.pk).person == desk.ana
    away(desk.cleo, now + DAY, now + 2 * DAY)
    left = leave(desk, now, to=desk.cleo)
    # The pattern goes, and all of its turns but those of the day on which she is away.
    assert DutyPattern.objects.get(pk=row.pk).person == desk.cleo
    assert left.passed.left == Duty.objects.filter(person=desk.ana, ends_at__gt=now).count() > 0


# --- On the page, before anything is done ---


def page_of(person):
    return reverse("admin:cases_person_leave", args=[person.pk])


def said(desk, to=None, **more):
    return {"way": TO_PERSON, "to": (to or desk.ben).pk, "change_reason": "she moves"} | more


def seen(page):
    return page.context["form"].data["seen"]


def test_clashes_are_shown_before_anything_is_passed_on(desk, now, client, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: now)
    turn(desk, desk.ana, now + DAY)
    other = turn(desk, desk.ana, now + 4 * DAY)
    away(desk.ben, now + DAY, now + 2 * DAY)
    turn(desk, desk.ben, now + 4 * DAY, skill=desk.other)
    client.force_login(desk.manager)
    page = client.post(page_of(desk.ana), said(desk))
    words = page.content.decode()
    assert "Nothing is passed on yet" in words
    assert "Ben is away" in words and "Ben is on duty for Network too" in words
    assert Duty.objects.filter(person=desk.ana).count() == 2
    # Of somebody else, what was seen says nothing.
    turn(desk, desk.cleo, now + 4 * DAY, skill=desk.other)
    page = client.post(page_of(desk.ana), said(desk, to=desk.cleo, seen=seen(page)))
    assert "Nothing is passed on yet" in page.content.decode()
    page = client.post(page_of(desk.ana), said(desk))
    page = client.post(page_of(desk.ana), said(desk, seen=seen(page)))
    assert Duty.objects.get(pk=other.pk).person == desk.ben
    words = page.content.decode()
    assert "Nothing is passed on yet" not in words and "Ben is away" in words
    assert "1 thing needs another person" in words
    page = client.post(page_of(desk.ana), said(desk, to=desk.cleo, seen=seen(page)))
    assert page.status_code == 302 and not Person.objects.get(pk=desk.ana.pk).is_active


def test_without_a_clash_one_form_does_it(desk, now, client, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: now)
    turn(desk, desk.ana, now + DAY)
    client.force_login(desk.manager)
    assert client.post(page_of(desk.ana), said(desk)).status_code == 302


def test_why_somebody_beyond_reach_cannot_take_it_is_not_told(desk, now, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: now)
    row = turn(desk, desk.ana, now + DAY)
    for part in (1, 3):
        away(desk.cleo, row.starts_at + part * HOUR, row.starts_at + (part + 1) * HOUR)
    where = f"/api/v1/people/{desk.ana.pk}/holds/"
    [clash] = asks(desk.supervisor).get(where, {"to": desk.cleo.pk}).data["turn_clashes"]
    assert "Cleo cannot take it then" in clash["what"]
    told = Moment().to_representation
    assert (clash["starts_at"], clash["ends_at"]) == (told(row.starts_at), told(row.ends_at))


def test_a_program_asks_who_could_take_them(desk, now, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: now)
    row = turn(desk, desk.ana, now + DAY)
    away(desk.ben, now + DAY, now + 2 * DAY)
    program, where = asks(desk.manager), f"/api/v1/people/{desk.ana.pk}/holds/"
    assert program.get(where).data["turn_clashes"] is None
    [clash] = program.get(where, {"to": desk.ben.pk}).data["turn_clashes"]
    assert (clash["turn"], clash["stays"]) == (row.pk, True) and "Ben is away" in clash["what"]
    assert program.get(where, {"to": desk.cleo.pk}).data["turn_clashes"] == []
    assert program.get(where, {"to": 10**9}).status_code == 400
