"""The pure ladder: who would hold it, whom it passes over, and what happens if nobody acts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cases.hours import WorkingHours
from escalations import matching, plan

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANA, JONAS, MARTA, PRIYA, BOSS = 1, 2, 3, 4, 5
TEAM, SKILL, ALWAYS, OFFICE = 10, 20, 30, 31


def level(number, who, **fields):
    kind = {"team": "team_id", "skill": "skill_id", "person": "person_id"}.get(who)
    named = {kind: fields.pop("named")} if kind else {}
    return plan.LevelFacts(
        number=number,
        name=f"Level {number}",
        responsible=who,
        acknowledge_seconds=3600,
        **{"is_around_the_clock": True, **named, **fields},
    )


@pytest.fixture
def roster():
    people = {
        pk: plan.PersonFacts(pk=pk, name=str(pk), manager_id=BOSS) for pk in (ANA, JONAS, MARTA, PRIYA, BOSS)
    }
    return plan.Roster(
        people=people,
        members={TEAM: (ANA, JONAS)},
        team_calendars={TEAM: OFFICE},
        duties={SKILL: ((NOW - HOUR, NOW + HOUR, MARTA), (NOW + HOUR, NOW + 9 * HOUR, PRIYA))},
        last_resort=(PRIYA, BOSS),
        calendars={
            ALWAYS: WorkingHours.always(),
            OFFICE: WorkingHours.from_dict(
                {"tz": "UTC", "calendar": {"mon": [["09:00", "17:00"]], "tue": [["09:00", "17:00"]]}}
            ),
        },
        always_open_id=ALWAYS,
    )


@pytest.fixture
def path():
    return plan.PathFacts(
        version_id=1,
        path_id=1,
        name="Complaints",
        fallback_id=PRIYA,
        levels=(level(1, "team", named=TEAM), level(2, "skill", named=SKILL), level(3, "person", named=BOSS)),
    )


CASE = plan.CaseFacts(pk=1, holder_id=ANA)


def away(roster, pk, deputy=None, since=NOW - HOUR, until=NOW + 99 * HOUR):
    people = {**roster.people, pk: replace(roster.people[pk], absences=((since, until, deputy),))}
    return replace(roster, people=people)


def test_a_team_holds_as_a_team(path, roster):
    assert plan.climb(path, 1, CASE, roster, NOW) == plan.Step(1, team_id=TEAM)


def test_who_is_on_duty_depends_on_the_instant(path, roster):
    assert plan.climb(path, 2, CASE, roster, NOW).person_id == MARTA
    assert plan.climb(path, 2, CASE, roster, NOW + HOUR - timedelta(seconds=1)).person_id == MARTA
    assert plan.climb(path, 2, CASE, roster, NOW + HOUR).person_id == PRIYA


def test_an_absent_person_is_passed_over_for_the_deputy_with_a_record(path, roster):
    step = plan.climb(path, 3, CASE, away(roster, BOSS, deputy=JONAS), NOW)
    assert (step.person_id, [p.why for p in step.passed]) == (JONAS, ["absent"])


def test_an_absence_begins_at_its_start_and_is_over_at_its_end(path, roster):
    roster = away(roster, BOSS, deputy=JONAS, since=NOW, until=NOW + HOUR)
    before, at, after = (
        plan.climb(path, 3, CASE, roster, NOW + d).person_id for d in (-timedelta(seconds=1), 0 * HOUR, HOUR)
    )
    assert (before, at, after) == (BOSS, JONAS, BOSS)


def test_a_deputy_who_is_away_too_leaves_the_level_empty(path, roster):
    step = plan.climb(path, 3, CASE, away(away(roster, BOSS, deputy=JONAS), JONAS), NOW)
    assert step.is_fallback
    assert [(p.level_number, p.why) for p in step.passed] == [(3, "absent"), (3, "empty")]


def test_nobody_on_duty_climbs_with_a_record(path, roster):
    step = plan.climb(path, 2, CASE, roster, NOW + 9 * HOUR)
    assert (step.level_number, step.person_id, step.passed[0].why) == (3, BOSS, "empty")


def test_somebody_named_in_the_complaint_never_holds_it(path, roster):
    case = replace(CASE, subjects=frozenset({MARTA, BOSS, PRIYA}))
    step = plan.climb(path, 2, case, roster, NOW)
    assert step.is_fallback
    assert step.person_id not in {MARTA, BOSS}
    assert {p.why for p in step.passed} >= {"conflict"}


def test_a_conflict_in_a_team_is_recorded_and_the_rest_of_the_team_has_it(path, roster):
    step = plan.climb(path, 1, replace(CASE, subjects=frozenset({ANA})), roster, NOW)
    assert step.team_id == TEAM
    assert [(p.person_id, p.why) for p in step.passed] == [(ANA, "conflict")]


def test_declining_asks_the_next_person_of_the_level_then_the_level_above(path, roster):
    assert plan.climb(path, 1, CASE, roster, NOW, frozenset({ANA})).person_id == JONAS
    assert plan.climb(path, 1, CASE, roster, NOW, frozenset({ANA, JONAS})).level_number == 2


def test_the_account_manager_and_the_holders_manager_come_from_the_case(path, roster):
    path = replace(path, levels=(level(1, "account_manager"), level(2, "holders_manager")))
    assert plan.climb(path, 1, replace(CASE, account_manager_id=MARTA), roster, NOW).person_id == MARTA
    assert plan.climb(path, 1, CASE, roster, NOW).person_id == BOSS  # without an account manager, up


def test_if_nobody_acts_the_ladder_is_climbed_to_the_fallback(path, roster):
    future = plan.if_nobody_acts(path, 1, NOW, "unacknowledged", CASE, roster)
    assert [(a.at - NOW, a.step.level_number, a.step.person_id, a.step.is_fallback) for a in future] == [
        (0 * HOUR, 2, MARTA, False),
        (HOUR, 3, BOSS, False),
        (2 * HOUR, 3, PRIYA, True),
    ]


def test_a_holders_term_runs_in_their_own_working_hours(path, roster):
    path = replace(path, levels=(level(1, "team", named=TEAM, is_around_the_clock=False), *path.levels[1:]))
    step = plan.climb(path, 1, CASE, roster, NOW)
    calendar, due_at, late_after = plan.terms(step, path, roster, NOW)
    assert (calendar, due_at) == (OFFICE, datetime(2026, 3, 2, 10, tzinfo=UTC))
    assert late_after == due_at


class TestCatchingUp:
    def test_a_minute_late_is_on_time(self, path, roster):
        step = plan.next_step(path, 1, CASE, roster, due_at=NOW, now=NOW + timedelta(seconds=60))
        assert (step.level_number, step.passed) == (2, ())
        assert plan.told_from(NOW, NOW + timedelta(seconds=60)) == NOW
        assert plan.told_from(NOW, NOW + timedelta(seconds=61)) == NOW + timedelta(seconds=61)

    def test_three_hours_late_it_goes_once_to_the_highest_level_due_and_records_the_rest(self, path, roster):
        step = plan.next_step(path, 1, CASE, roster, due_at=NOW, now=NOW + timedelta(hours=1, minutes=12))
        assert (step.level_number, step.person_id) == (3, BOSS)
        assert [(p.level_number, p.why, p.detail) for p in step.passed] == [(2, "late", "1 h 12 min")]

    def test_forty_days_late_it_is_the_fallbacks(self, path, roster):
        step = plan.next_step(path, 1, CASE, roster, due_at=NOW, now=NOW + timedelta(days=40))
        assert (step.is_fallback, step.person_id) == (True, PRIYA)
        assert [p.level_number for p in step.passed if p.why == "late"] == [2, 3]


class Rule:
    """What matching asks of a rule."""

    def __init__(self, **fields):
        names = [*matching.EQUAL, *matching.AT_LEAST, *matching.AT_MOST]
        self.__dict__.update(dict.fromkeys(names), **fields)


class TestMatching:
    FACTS = matching.Facts(
        trigger="target_breached", metric="first_response", tier="gold", priority=3, reopened=1
    )

    def test_the_first_match_wins_and_blank_means_any(self):
        rules = [
            Rule(trigger="opened"),
            Rule(trigger="target_breached", tier=""),
            Rule(trigger="target_breached"),
        ]
        assert matching.first_match(rules, self.FACTS) is rules[1]

    @pytest.mark.parametrize(
        ("fields", "failing"),
        [
            ({"tier": "silver"}, "tier"),
            ({"priority": 4}, "priority"),
            ({"reopened_at_least": 2}, "reopened_at_least"),
            ({"reopened_at_least": 1}, None),
        ],
    )
    def test_the_first_condition_that_fails_is_named(self, fields, failing):
        assert matching.first_failing(Rule(trigger="target_breached", **fields), self.FACTS) == failing

    def test_why_this_rule_and_not_another(self):
        rules = [Rule(trigger="opened"), Rule(trigger="target_breached"), Rule()]
        assert matching.why(rules, self.FACTS) == [(rules[0], "trigger"), (rules[1], None)]
