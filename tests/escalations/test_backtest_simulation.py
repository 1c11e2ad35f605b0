"""One past case played again: who would have been called when, by which assumption. No database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from cases.hours import WorkingHours
from escalations import matching, plan
from escalations.backtest import counting, simulation
from escalations.backtest.simulation import Answer, Call, Episode, House, Ladder, PastCase, Start

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
UNTIL = NINE + timedelta(days=30)
ANA, JONAS, MARTA, PRIYA, TEAM, ALWAYS = 1, 2, 3, 4, 10, 30
PATH = 7


def level(number, person=None, team=None, **fields):
    return plan.LevelFacts(
        number=number,
        name=f"Level {number}",
        responsible="team" if team else "person",
        person_id=person,
        team_id=team,
        **{"acknowledge_seconds": 3600, **fields},
    )


def path(*levels):
    return plan.PathFacts(version_id=1, path_id=PATH, name="Complaints", levels=levels, fallback_id=PRIYA)


LADDER = path(level(1, JONAS), level(2, MARTA), level(3, ANA))
ROSTER = plan.Roster(
    people={pk: plan.PersonFacts(pk=pk, name=str(pk)) for pk in (ANA, JONAS, MARTA, PRIYA)},
    members={TEAM: (JONAS, MARTA)},
    calendars={ALWAYS: WorkingHours.always()},
    always_open_id=ALWAYS,
)


def rule(trigger="threat", level_number=1, **fields):
    empty = dict.fromkeys((*matching.EQUAL, *matching.AT_LEAST, *matching.AT_MOST))
    return SimpleNamespace(
        **{**empty, "trigger": trigger, "path_id": PATH, "level_number": level_number, **fields}
    )


def house(ladder=LADDER, *rules, roster=ROSTER, **typical):
    typical = {int(number.removeprefix("level")): seconds for number, seconds in typical.items()}
    return House(rules or (rule(),), {PATH: ladder}, lambda at: roster, typical)


def threat(at=NINE, **fields):
    return Start(at, at, at, facts=matching.Facts("threat"), **fields)


def case(*starts, ended=None, answers=(), really=True, **fields):
    """A case that really was on the path from nine on, unless `really` is False."""
    episodes = (Episode(PATH, NINE, ended, None, tuple(answers)),) if really else ()
    return PastCase(1, starts=starts or (threat(),), episodes=episodes, **fields)


def played(of_case, in_house=None, until=UNTIL):
    """[(minutes after nine, level, who)] of its only ladder; the fallback is level 0."""
    [ladder] = simulation.ladders(of_case, in_house or house(), until=until)
    return [
        (
            (call.at - NINE) / MINUTE,
            0 if call.is_fallback else call.level_number,
            call.person_id or call.team_id,
        )
        for call in ladder.calls
    ]


def test_without_an_answer_it_climbs_to_the_fallback():
    assert played(case()) == [(0, 1, JONAS), (60, 2, MARTA), (120, 3, ANA), (180, 0, PRIYA)]


@pytest.mark.parametrize(
    ("after", "levels"),
    [(-SECOND, [1]), (timedelta(0), [1]), (SECOND, [1, 2])],
    ids=["before", "at", "after"],
)
def test_who_really_answered_at_the_very_instant_of_the_term_was_in_time(after, levels):
    answered = case(answers=[Answer(NINE + HOUR + after, "acknowledged", JONAS)])
    assert [number for _at, number, _who in played(answered)] == levels


def test_people_answer_when_they_really_did_and_never_sooner_whoever_holds_it():
    shorter = path(level(1, JONAS, acknowledge_seconds=600), level(2, MARTA), level(3, ANA))
    answered = case(answers=[Answer(NINE + 30 * MINUTE, "acknowledged", JONAS)])
    assert played(answered) == [(0, 1, JONAS)]
    assert played(answered, house(shorter)) == [(0, 1, JONAS), (10, 2, MARTA)]


def test_a_ladder_ends_when_the_real_one_did():
    assert played(case(ended=NINE + HOUR)) == [(0, 1, JONAS)]  # the event at the very instant comes first
    assert played(case(ended=NINE + HOUR + SECOND)) == [(0, 1, JONAS), (60, 2, MARTA)]


def test_without_a_real_one_it_ends_when_the_case_was_done():
    done = case(really=False, done_at=(NINE - HOUR, NINE + 90 * MINUTE))
    assert played(done) == [(0, 1, JONAS), (60, 2, MARTA)]


def test_a_real_one_that_ran_outlives_a_resolution_that_was_taken_back():
    revived = case(ended=NINE + 3 * HOUR, done_at=(NINE + MINUTE,))
    assert len(played(revived)) == 3


def test_no_call_comes_after_the_last_day():
    assert played(case(), until=NINE + HOUR) == [(0, 1, JONAS)]
    assert simulation.ladders(case(), house(), until=NINE) == []


def test_where_it_was_not_really_escalated_people_take_the_typical_time():
    unknown = case(really=False)
    assert played(unknown, house(level1=1800)) == [(0, 1, JONAS)]
    assert [number for _at, number, _who in played(unknown, house(level1=3601, level2=60))] == [1, 2]
    assert [number for _at, number, _who in played(unknown, house())] == [1, 2, 3, 0]


def test_where_it_was_really_escalated_the_typical_time_says_nothing():
    assert len(played(case(), house(level1=60))) == 4


def test_one_that_begins_before_the_real_one_is_answered_with_it():
    later = Episode(PATH, NINE + 20 * MINUTE, None, None, (Answer(NINE + 50 * MINUTE, "acknowledged", ANA),))
    sooner = PastCase(1, starts=(threat(),), episodes=(later,))
    assert played(sooner) == [(0, 1, JONAS)]


def test_time_to_work_runs_from_the_acknowledgement_without_what_stood_still():
    working = path(level(1, JONAS, work_seconds=3600), level(2, MARTA))
    answered = case(answers=[Answer(NINE + 30 * MINUTE, "acknowledged", JONAS)], ended=NINE + 2 * HOUR)
    assert played(answered, house(working)) == [(0, 1, JONAS), (90, 2, MARTA)]
    paused = replace(answered, pauses={"ownership": ((NINE + 40 * MINUTE, NINE + 50 * MINUTE),)})
    assert played(paused, house(working)) == [(0, 1, JONAS), (100, 2, MARTA)]


def test_of_a_team_whoever_acknowledged_holds_it():
    desk = path(level(1, team=TEAM, work_seconds=60), level(2, ANA))
    answered = case(answers=[Answer(NINE + MINUTE, "acknowledged", MARTA)])
    assert played(answered, house(desk))[:2] == [(0, 1, TEAM), (2, 2, ANA)]


def test_who_really_declined_declines_where_they_hold_it():
    declined = case(answers=[Answer(NINE + MINUTE, "declined", JONAS)], ended=NINE + HOUR)
    assert played(declined) == [(0, 1, JONAS), (1, 2, MARTA)]
    other = path(level(1, ANA), level(2, MARTA))
    assert played(declined, house(other)) == [(0, 1, ANA)]
    top = path(level(1, JONAS))
    assert played(declined, house(top)) == [(0, 1, JONAS)]  # the top cannot decline


def test_who_moved_it_by_hand_moves_it():
    moved = case(answers=[Answer(NINE + MINUTE, "moved", level_number=3)], ended=NINE + HOUR)
    assert played(moved) == [(0, 1, JONAS), (1, 3, ANA)]


def test_a_move_to_a_level_that_passes_on_is_made_once():
    away = replace(
        ROSTER,
        people={**ROSTER.people, MARTA: replace(ROSTER.people[MARTA], is_working=False)},
    )
    moved = case(answers=[Answer(NINE + MINUTE, "moved", level_number=2)], ended=NINE + HOUR)
    assert played(moved, house(LADDER, roster=away)) == [(0, 1, JONAS), (1, 3, ANA)]


def test_what_started_it_by_hand_starts_it_at_that_level_whatever_the_rules():
    by_hand = case(Start(NINE, NINE, NINE, path_id=PATH, level_number=2), ended=NINE + MINUTE)
    assert played(by_hand, house(LADDER, rule("safety"))) == [(0, 2, MARTA)]


def test_who_asked_for_a_skill_by_hand_gets_who_was_on_duty_for_it():
    turns = replace(ROSTER, duties={20: ((NINE - HOUR, NINE + HOUR, MARTA),)})
    start = Start(NINE, NINE, NINE, path_id=PATH, skill_id=20)
    assert played(case(start, ended=NINE + MINUTE), house(LADDER, roster=turns)) == [(0, 1, MARTA)]
    late = replace(start, at=NINE + HOUR, due_at=NINE + HOUR, told_at=NINE + HOUR)
    nobody = case(late, ended=NINE + HOUR + MINUTE)
    assert played(nobody, house(LADDER, roster=turns)) == [(60, 1, JONAS)]


def test_a_trigger_that_no_rule_answers_or_that_was_over_starts_nothing():
    assert simulation.ladders(case(), house(LADDER, rule("safety")), until=UNTIL) == []
    assert simulation.ladders(case(threat(is_over=True)), house(), until=UNTIL) == []


def test_a_second_trigger_while_it_runs_starts_no_second_ladder():
    twice = case(threat(), threat(NINE + HOUR), ended=NINE + HOUR)
    again = replace(twice, starts=(threat(), threat(NINE + HOUR - SECOND)))
    assert len(simulation.ladders(again, house(), until=UNTIL)) == 1
    assert len(simulation.ladders(twice, house(), until=UNTIL)) == 2


def test_a_path_holds_off_as_long_as_it_really_did():
    ended = Episode(PATH, NINE, NINE + HOUR, NINE + 5 * HOUR)
    later = [threat(NINE + 5 * HOUR - SECOND), threat(NINE + 5 * HOUR)]
    held = PastCase(1, starts=(threat(), *later), episodes=(ended,))
    assert [ladder.started_at for ladder in simulation.ladders(held, house(), until=UNTIL)] == [
        NINE,
        NINE + 5 * HOUR,
    ]


def test_the_owner_of_then_decides_who_the_holders_manager_is():
    managed = replace(
        ROSTER,
        people={
            **ROSTER.people,
            ANA: replace(ROSTER.people[ANA], manager_id=MARTA),
            JONAS: replace(ROSTER.people[JONAS], manager_id=PRIYA),
        },
    )
    up = plan.PathFacts(1, PATH, "Up", (plan.LevelFacts(1, "Manager", "holders_manager", 3600),), PRIYA)
    owners = ((NINE - HOUR, ANA), (NINE + SECOND, JONAS))
    owned = case(owners=owners, ended=NINE + MINUTE)
    assert played(owned, house(up, roster=managed)) == [(0, 1, MARTA)]
    then = replace(owned, starts=(threat(NINE + SECOND),))
    assert played(then, house(up, roster=managed))[0][2] == PRIYA


def test_nobody_named_in_the_complaint_is_called_and_it_is_kept_why():
    about = case(subjects=frozenset({JONAS}), ended=NINE + MINUTE)
    [ladder] = simulation.ladders(about, house(), until=UNTIL)
    assert [call.person_id for call in ladder.calls] == [MARTA]
    assert [(p.level_number, p.why) for p in ladder.passed] == [(1, "conflict"), (1, "empty")]


# --- Counting ---------------------------------------------------------------------------------------------


def counted(*of_cases, zones=None):
    """What is counted of [(case, really, now, draft)]."""
    found = counting.nothing()
    counter = counting.Counter(found, zones or {})
    for of_case, *ladders in of_cases:
        counter.add(of_case, dict(zip(counting.SCENARIOS, ladders, strict=True)))
    return found


def called(*times, ended=None):
    return [Ladder(PATH, tuple(Call(at, 1, JONAS) for at in times), (), ended)] if times else []


@pytest.mark.parametrize(
    ("hour", "minute", "night"), [(21, 59, 0), (22, 0, 1), (3, 0, 1), (6, 59, 1), (7, 0, 0)]
)
def test_night_is_from_ten_to_seven_by_the_holders_clock(hour, minute, night):
    there = counting.ZoneInfo("Europe/Riga")
    at = datetime(2026, 3, 2, hour, minute, tzinfo=there)
    found = counted((PastCase(1), [], [], called(at)), zones={f"p{JONAS}": there})["draft"]
    assert (found["night"], found["by_hour"][hour], found["load"]) == (night, 1, {f"p{JONAS}": [1, night]})


def test_a_breach_is_caught_by_a_call_before_it_on_a_ladder_that_still_runs():
    broken = PastCase(1, breached_at=(NINE,))
    found = counted(
        (broken, called(NINE), called(NINE - SECOND), called(NINE - 2 * HOUR)),
        (broken, called(NINE - HOUR), [], called(NINE - HOUR)),
        (broken, [], [], called(NINE - HOUR, ended=NINE - SECOND)),
    )["breaches"]
    assert found["all"] == 3
    assert found["caught"] == {"really": 1, "now": 1, "draft": 2}
    assert found["sooner"] == 1  # less than a minute is not sooner
    assert counting.median(found["lead"]) == pytest.approx(7200, rel=0.05)


def test_cases_that_went_otherwise_are_counted_and_some_are_kept(monkeypatch):
    monkeypatch.setattr(counting, "MOST_CASES", 1)
    same = (PastCase(1), called(NINE), [], called(NINE + HOUR))
    other = (PastCase(2), [], [], called(NINE))
    different = counted(same, other, (PastCase(3), *other[1:]))["different"]
    assert different == {"all": 2, "cases": [[2, [], ["1"]]]}


def test_a_median_is_known_to_a_twentieth():
    lengths = {}
    for seconds in (60, 600, 6000):
        counting.add_about(lengths, seconds)
    assert counting.median(lengths) == pytest.approx(600, rel=0.05)
    assert counting.median({}) is None
