"""Who gets what would be theirs who are away or asleep: a deputy, or the ladder goes on without them."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cases import engine
from cases.models import Case, Duty, Notice, NoticeKind, Party, PersonSkill, Skill, StandIn, Standing
from cases.notices import sentence
from cases.operations import absences, profile, stand_ins
from cases.queues import Reader
from cases.quiet import QuietHours
from escalations import outlook, plan, words
from escalations.errors import NotTheHolder
from escalations.models import Handoff, Kind
from escalations.operations import respond, standing_in
from escalations.operations.escalate import escalate
from reports.timeline import events
from tests import factories as make
from tests.worlds import asks

NIGHT = datetime(2026, 3, 2, 23, tzinfo=UTC)  # a Monday
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ANA, LUIS, MARTA, PRIYA = range(1, 5)
ALWAYS, ON_CALL = 1, 1
SLEEP = QuietHours("UTC", time(22), time(7))
CASE = plan.CaseFacts(pk=1)


def level(number, person):
    return plan.LevelFacts(number, f"Level {number}", plan.PERSON, 3600, person_id=person)


PATH = plan.PathFacts(1, 1, "Complaints", (level(1, ANA), level(2, MARTA)), fallback_id=PRIYA)


def roster(**people):
    """Everybody is there, but as said: {name: fields of PersonFacts}."""
    named = {"ana": ANA, "luis": LUIS, "marta": MARTA, "priya": PRIYA}
    facts = {pk: plan.PersonFacts(pk, name, **people.get(name, {})) for name, pk in named.items()}
    return plan.Roster(people=facts, last_resort=(PRIYA, MARTA), always_open_id=ALWAYS)


def away(deputy=None):
    return {"absences": ((NIGHT - DAY, NIGHT + DAY, deputy),)}


def asleep(deputy=None):
    return {"quiet": SLEEP, "quiet_deputy_id": deputy}


def goes_to(found, at=NIGHT, case=CASE):
    step = plan.climb(PATH, 1, case, found, at)
    return step.level_number, step.person_id, [(p.person_id, p.why) for p in step.passed if p.person_id]


# --- The pure rule ---


@pytest.mark.parametrize("gone", [away, asleep])
class TestDeputies:
    def why(self, gone):
        return {away: plan.ABSENT, asleep: plan.QUIET}[gone]

    def test_the_deputy_stands_in_with_a_record(self, gone):
        assert goes_to(roster(ana=gone(LUIS))) == (1, LUIS, [(ANA, self.why(gone))])

    def test_without_one_the_ladder_goes_on(self, gone):
        assert goes_to(roster(ana=gone())) == (2, MARTA, [(ANA, self.why(gone))])

    @pytest.mark.parametrize("deputy", [away(), asleep(), {"is_working": False}])
    def test_a_deputy_who_is_not_there_stands_in_for_nobody(self, gone, deputy):
        assert goes_to(roster(ana=gone(LUIS), luis=deputy))[:2] == (2, MARTA)

    def test_a_deputy_named_in_the_complaint_never_holds_it(self, gone):
        about_luis = plan.CaseFacts(pk=1, subjects=frozenset({LUIS}))
        assert goes_to(roster(ana=gone(LUIS)), case=about_luis)[:2] == (2, MARTA)

    def test_a_deputys_deputy_is_not_asked(self, gone):
        """Ana chose Luis by name; whom Luis chose for his own cases, she did not."""
        assert goes_to(roster(ana=gone(LUIS), luis=gone(PRIYA)))[:2] == (2, MARTA)

    def test_two_who_stand_in_for_each_other_go_in_no_circle(self, gone):
        assert goes_to(roster(ana=gone(LUIS), luis=gone(ANA)))[:2] == (2, MARTA)

    def test_if_everybody_is_gone_somebody_has_it_all_the_same(self, gone):
        everybody = {name: gone() for name in ("ana", "luis", "marta", "priya")}
        assert goes_to(roster(**everybody))[:2] == (2, PRIYA)


@pytest.mark.parametrize(
    ("at", "holder"),
    [
        (NIGHT.replace(hour=22) - timedelta(seconds=1), ANA),
        (NIGHT.replace(hour=22), LUIS),
        (NIGHT.replace(hour=7) + DAY - timedelta(seconds=1), LUIS),
        (NIGHT.replace(hour=7) + DAY, ANA),
    ],
)
def test_quiet_hours_begin_and_end(at, holder):
    assert goes_to(roster(ana=asleep(LUIS)), at)[1] == holder


def on_duty(found, person):
    return replace(found, duties={ON_CALL: ((NIGHT - HOUR, NIGHT + HOUR, person),)})


def test_quiet_hours_never_hold_up_who_is_on_duty():
    found = on_duty(roster(ana=asleep(LUIS)), ANA)
    assert goes_to(found) == (1, ANA, [])
    assert goes_to(found, NIGHT + HOUR)[1] == LUIS  # the turn is over


def test_nor_who_stands_in_for_somebody_on_duty():
    found = roster(ana=away(LUIS), luis=asleep())
    assert goes_to(found)[:2] == (2, MARTA)
    assert goes_to(on_duty(found, ANA))[:2] == (1, LUIS)


def test_an_absence_counts_on_duty_too():
    assert goes_to(on_duty(roster(ana=away(LUIS)), ANA))[1] == LUIS


# --- From the rows on ---


@pytest.fixture
def desk(db):
    """A ladder of Ana, then of who is on call: Marta."""
    desk = {name: make.person(name) for name in ("Ana", "Luis", "Marta", "Lucia")}
    desk["Priya"] = make.person("Priya", role="manager")
    with make.signed():
        skill = Skill.objects.create(name="On call")
        PersonSkill.objects.create(person=desk["Marta"], skill=skill)
        Duty.objects.create(skill=skill, person=desk["Marta"], starts_at=NIGHT - DAY, ends_at=NIGHT + DAY)
    desk["path"] = make.path(levels=[{"person": desk["Ana"]}, {"skill": skill}], fallback=desk["Priya"])
    desk["case"] = make.case(now=NIGHT - HOUR, by=desk["Lucia"], owner=desk["Lucia"])
    return desk


def sleeps(person, deputy=None):
    profile.be_told(
        by=person,
        now=make.BEGINNING,
        mail={},
        quiet_from=time(22),
        quiet_until=time(7),
        quiet_weekend=False,
        quiet_deputy=deputy,
    )


def hand_up(desk, at=NIGHT):
    said = {"reason": "a", "background": "b", "tried": "c", "next_steps": "d", "kind": Kind.HIERARCHICAL}
    return escalate(case=desk["case"], path=desk["path"], by=desk["Lucia"], now=at, **said)


def passed_over(handoff):
    return list(handoff.escalation.passed_over.order_by("pk").values_list("person__name", "why"))


def test_at_night_the_deputy_has_it_and_is_told_at_once(desk):
    sleeps(desk["Ana"], deputy=desk["Luis"])
    handoff = hand_up(desk)
    assert handoff.to_person == desk["Luis"]
    assert passed_over(handoff) == [("Ana", "quiet")]
    told = Notice.objects.filter(case=desk["case"], kind=NoticeKind.HANDOFF)
    assert set(told.values_list("person__name", "channel")) == {("Luis", "app"), ("Luis", "mail")}
    assert told.get(channel="mail").next_attempt_at == NIGHT
    assert "passed over Ana at level 1 (in quiet hours)" in [event.text for event in events(desk["case"])]


def test_by_day_she_has_it_herself(desk):
    sleeps(desk["Ana"], deputy=desk["Luis"])
    assert hand_up(desk, NIGHT + 13 * HOUR).to_person == desk["Ana"]


def test_who_is_on_call_is_woken(desk):
    sleeps(desk["Ana"])
    sleeps(desk["Marta"])
    handoff = hand_up(desk)
    assert (handoff.to_person, handoff.level_number) == (desk["Marta"], 2)
    mail = Notice.objects.get(case=desk["case"], kind=NoticeKind.HANDOFF, channel="mail")
    assert (mail.person, mail.next_attempt_at) == (desk["Marta"], NIGHT)


def test_the_engine_goes_up_as_was_announced(desk):
    """An hour later nobody has acknowledged; the fallback is asleep, and has a deputy."""
    sleeps(desk["Ana"])
    sleeps(desk["Priya"], deputy=desk["Luis"])
    hand_up(desk)
    [announced] = outlook.of([desk["case"]], now=NIGHT)[desk["case"].pk].steps
    engine.run_until_idle(now=NIGHT + HOUR + timedelta(seconds=1))
    handoff = Handoff.objects.latest("pk")
    assert handoff.to_person == desk["Luis"]
    assert announced.step.person_id == desk["Luis"].pk
    assert ("Priya", "quiet") in passed_over(handoff)


def test_a_team_tells_those_who_are_awake(desk):
    team = make.team("Night desk", people=[desk["Ana"], desk["Luis"]])
    path = make.path("By team", levels=[{"team": team}], fallback=desk["Priya"])
    sleeps(desk["Ana"])
    handoff = hand_up({**desk, "path": path})
    assert handoff.to_team == team
    told = Notice.objects.filter(case=desk["case"], kind=NoticeKind.HANDOFF)
    assert set(told.values_list("person__name", flat=True)) == {"Luis"}


def test_a_deputy_named_in_the_complaint_is_passed_over(desk):
    sleeps(desk["Ana"], deputy=desk["Luis"])
    with make.signed():
        Party.objects.create(case=desk["case"], person=desk["Luis"], kind=Party.Kind.SUBJECT, reason="named")
    assert hand_up(desk).to_person == desk["Marta"]


def test_an_absence_entered_by_oneself_is_honoured(desk):
    absences.enter(
        person=desk["Ana"],
        starts_at=NIGHT,
        ends_at=NIGHT + DAY,
        deputy=desk["Luis"],
        by=desk["Ana"],
        now=NIGHT - HOUR,
    )
    assert hand_up(desk).to_person == desk["Luis"]


# --- A team ---

CARE = 7


def by_team(*members, **people):
    """(path with a team on its first level, roster)."""
    path = replace(
        PATH, levels=(replace(level(1, None), responsible=plan.TEAM, team_id=CARE), level(2, MARTA))
    )
    return path, replace(roster(**people), members={CARE: members}, team_names={CARE: "Care"})


def asked(step):
    return [(one.person_id, one.instead_of) for one in step.asked]


class TestTeams:
    def test_who_is_there_and_who_stands_in_for_the_others_are_asked_with_a_record(self):
        path, found = by_team(ANA, MARTA, ana=away(LUIS))
        step = plan.climb(path, 1, CASE, found, NIGHT)
        assert (step.level_number, step.team_id, asked(step)) == (1, CARE, [(LUIS, ANA), (MARTA, None)])
        assert [(p.person_id, p.why) for p in step.passed] == [(ANA, plan.ABSENT)]

    def test_who_is_of_the_team_is_asked_once_and_for_themself(self):
        path, found = by_team(ANA, LUIS, MARTA, ana=away(LUIS), marta=asleep(LUIS))
        step = plan.climb(path, 1, CASE, found, NIGHT)
        assert asked(step) == [(LUIS, None)] and step.passed == ()

    @pytest.mark.parametrize("gone", [away, asleep])
    def test_of_whom_nobody_is_there_those_who_stand_in_are_the_level(self, gone):
        path, found = by_team(ANA, MARTA, ana=gone(LUIS), marta=gone())
        step = plan.climb(path, 1, CASE, found, NIGHT)
        assert (step.team_id, asked(step)) == (CARE, [(LUIS, ANA)])
        assert words.holder_name(step, found) == "Care: luis stands in"

    def test_without_anybody_the_level_is_empty_and_passed_over_with_why(self):
        path, found = by_team(ANA, LUIS, ana=away(), luis=asleep(ANA))
        step = plan.climb(path, 1, CASE, found, NIGHT)
        assert (step.level_number, step.person_id) == (2, MARTA)
        assert [(p.person_id, p.why) for p in step.passed] == [
            (ANA, plan.ABSENT),
            (LUIS, plan.QUIET),
            (None, plan.EMPTY),
        ]

    def test_whom_the_complaint_names_is_neither_asked_nor_stands_in(self):
        path, found = by_team(ANA, MARTA, ana=away(LUIS))
        about_luis = replace(CASE, subjects=frozenset({LUIS}))
        assert asked(plan.climb(path, 1, about_luis, found, NIGHT)) == [(MARTA, None)]
        about_ana = replace(CASE, subjects=frozenset({ANA}))
        assert asked(plan.climb(path, 1, about_ana, found, NIGHT)) == [(MARTA, None)]

    @pytest.mark.parametrize(
        ("at", "there"),
        [
            (NIGHT + DAY - timedelta(seconds=1), [(LUIS, ANA)]),
            (NIGHT + DAY, [(ANA, None)]),
        ],
    )
    def test_back_from_an_absence_they_are_asked_themselves(self, at, there):
        path, found = by_team(ANA, ana=away(LUIS))
        assert asked(plan.climb(path, 1, CASE, found, at)) == there

    def test_where_all_went_away_after_it_came_they_are_told_themselves(self):
        """A reminder: the level waits already, and nobody stands in."""
        _path, found = by_team(ANA, LUIS, ana=away(), luis={"is_working": False})
        told = plan.told(plan.Step(1, team_id=CARE), CASE, found, NIGHT)
        assert told == (plan.Asked(ANA),)


@pytest.fixture
def team_desk(desk):
    """A ladder of a team whose one member, Ana, is away; Luis, of another team, stands in. Then of Marta."""
    desk["team"] = make.team("Night desk", people=[desk["Ana"]])
    make.team("Elsewhere", people=[desk["Luis"]])
    levels = [{"team": desk["team"], "remind_every_seconds": 600}, {"person": desk["Marta"]}]
    desk["path"] = make.path("By team", levels=levels, fallback=desk["Priya"])
    absences.enter(
        person=desk["Ana"],
        starts_at=NIGHT,
        ends_at=NIGHT + DAY,
        deputy=desk["Luis"],
        by=desk["Ana"],
        now=NIGHT - HOUR,
    )
    return desk


def told(desk, kind=NoticeKind.HANDOFF):
    rows = Notice.objects.filter(case=desk["case"], kind=kind, channel="app")
    return {(row.person.name, row.facts.get("instead_of")) for row in rows.select_related("person")}


def sees(desk, person):
    """Whether they may read the case, as the pages and the queue have it."""
    readable = Case.objects.reachable(desk[person]).filter(pk=desk["case"].pk).exists()
    listed = Standing.objects.filter(Reader.of(desk[person], NIGHT).may_read(), pk=desk["case"].pk).exists()
    assert readable == listed
    return readable


def test_of_a_team_that_is_away_who_stands_in_is_told_sees_the_case_and_takes_it(team_desk):
    assert not sees(team_desk, "Luis")
    handoff = hand_up(team_desk)
    assert handoff.to_team == team_desk["team"]
    assert told(team_desk) == {("Luis", "Ana")}
    assert ("Ana", "absent") in passed_over(handoff)
    assert sees(team_desk, "Luis")
    respond.acknowledge(handoff=handoff, by=team_desk["Luis"], now=NIGHT + HOUR / 2)
    assert Handoff.objects.get(pk=handoff.pk).answered_by == team_desk["Luis"]
    assert Standing.objects.get(case=team_desk["case"]).holder == team_desk["Luis"]
    assert not StandIn.objects.open().exists() and sees(team_desk, "Luis")


def test_it_is_in_their_queue_and_the_page_offers_to_take_it(team_desk, client, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NIGHT)
    with make.signed():
        Case.objects.filter(pk=team_desk["case"].pk).update(
            is_restricted=True, restricted_because="personal data"
        )
        Standing.objects.filter(case=team_desk["case"]).update(is_restricted=True)
    handoff = hand_up({**team_desk, "case": Case.objects.get(pk=team_desk["case"].pk)})
    client.force_login(team_desk["Luis"])
    number = team_desk["case"].number
    for view in ("next", "escalated"):
        assert number in client.get(f"/cases/?view={view}").content.decode(), view
    page = client.get(f"/cases/{number}/")
    assert page.status_code == 200
    assert f"handoffs/{handoff.pk}/decline/" in page.content.decode()
    assert client.post(f"/cases/{number}/handoffs/{handoff.pk}/").status_code == 302
    assert Handoff.objects.get(pk=handoff.pk).answered_by == team_desk["Luis"]
    client.force_login(make.person("Nobody"))
    assert client.get(f"/cases/{number}/").status_code == 404


def test_reminded_is_who_stands_in_by_then(team_desk):
    hand_up(team_desk)
    engine.run_until_idle(now=NIGHT + timedelta(minutes=11))
    assert told(team_desk, NoticeKind.HOLDER_REMINDER) == {("Luis", "Ana")}
    absences.end(absence=team_desk["Ana"].absences.get(), by=team_desk["Ana"], now=NIGHT + HOUR / 4)
    engine.run_until_idle(now=NIGHT + timedelta(minutes=21))
    assert ("Ana", None) in told(team_desk, NoticeKind.HOLDER_REMINDER)


def test_when_the_level_runs_out_they_stand_in_no_more(team_desk):
    hand_up(team_desk)
    engine.run_until_idle(now=NIGHT + HOUR + timedelta(seconds=1))
    assert Handoff.objects.latest("pk").to_person == team_desk["Marta"]
    assert not StandIn.objects.open().exists() and not sees(team_desk, "Luis")


def test_when_it_ends_they_stand_in_no_more(team_desk):
    handoff = hand_up(team_desk)
    respond.deescalate(
        escalation=handoff.escalation, reason="Solved", by=team_desk["Priya"], now=NIGHT + HOUR / 2
    )
    assert not StandIn.objects.open().exists()


def test_freed_are_those_of_a_case_for_the_team_that_no_longer_waits_and_no_others(team_desk):
    cases = [make.case(now=NIGHT - HOUR) for _n in range(2)]
    teams, luis = [make.team(name) for name in ("One", "Two")], team_desk["Luis"]
    every = {(case.pk, team.pk, luis.pk): team_desk["Ana"].pk for case in cases for team in teams}
    gone = {(cases[0].pk, teams[0].pk), (cases[1].pk, teams[1].pk)}
    with make.signed():
        stand_ins.ask(every)
        stand_ins.free(gone, now=NIGHT)
    left = StandIn.objects.open().filter(team__in=teams).values_list("case", "team", "person")
    assert set(left) == {key for key in every if key[:2] not in gone}


def test_a_case_that_waits_for_the_team_on_another_path_too_stays_open_to_who_stands_in(team_desk):
    one = hand_up(team_desk)
    levels = [{"team": team_desk["team"]}, {"person": team_desk["Marta"]}]
    other = hand_up({**team_desk, "path": make.path("Other", levels=levels, fallback=team_desk["Priya"])})
    respond.deescalate(escalation=one.escalation, reason="Solved", by=team_desk["Priya"], now=NIGHT)
    assert sees(team_desk, "Luis")
    respond.acknowledge(handoff=other, by=team_desk["Luis"], now=NIGHT)
    assert not StandIn.objects.open().exists()


# --- As people come and go ---


def test_who_stands_in_sees_it_until_they_are_back(team_desk):
    hand_up(team_desk)
    absence = team_desk["Ana"].absences.get()
    absences.end(absence=absence, by=team_desk["Ana"], now=NIGHT + HOUR / 2)
    assert standing_in.renew(now=NIGHT + HOUR / 2 - timedelta(seconds=1)) == 0
    assert sees(team_desk, "Luis")
    assert standing_in.renew(now=NIGHT + HOUR / 2) == 1
    assert not sees(team_desk, "Luis")
    assert standing_in.renew(now=NIGHT + HOUR / 2) == 0


def test_another_deputy_is_asked_and_told_and_the_first_one_no_more(team_desk):
    hand_up(team_desk)
    with make.signed():
        team_desk["Ana"].absences.update(deputy=team_desk["Marta"])
    assert standing_in.renew(now=NIGHT + HOUR / 2) == 1
    assert told(team_desk) == {("Luis", "Ana"), ("Marta", "Ana")}
    assert sees(team_desk, "Marta") and not sees(team_desk, "Luis")


def test_who_goes_away_while_it_waits_has_their_deputy_asked_and_told(team_desk):
    with make.signed():
        team_desk["Ana"].absences.update(starts_at=NIGHT + HOUR / 2)
    handoff = hand_up(team_desk)
    assert told(team_desk) == {("Ana", None)} and not sees(team_desk, "Luis")
    assert standing_in.renew(now=NIGHT + HOUR / 2) == 1
    assert told(team_desk) == {("Ana", None), ("Luis", "Ana")}
    respond.acknowledge(handoff=handoff, by=team_desk["Luis"], now=NIGHT + HOUR / 2)


def test_whom_the_complaint_names_by_now_is_asked_no_more(team_desk):
    hand_up(team_desk)
    with make.signed():
        Party.objects.create(case=team_desk["case"], person=team_desk["Luis"], kind="subject", reason="him")
    assert standing_in.renew(now=NIGHT + HOUR / 2) == 1
    assert not StandIn.objects.open().exists()


def test_many_are_put_right_at_the_cost_of_few(team_desk, django_assert_max_num_queries):
    asked_for = []
    for number in (1, 6):
        for _n in range(number):
            hand_up({**team_desk, "case": make.case(now=NIGHT - HOUR)})
        with make.signed():
            team_desk["Ana"].absences.update(deputy=team_desk["Marta" if number == 1 else "Luis"])
        with CaptureQueriesContext(connection) as captured:
            standing_in.renew(now=NIGHT + HOUR / 2)
        asked_for.append(len(captured))
    assert asked_for[0] == asked_for[1]


def test_the_history_says_who_could_see_it_and_until_when(team_desk):
    hand_up(team_desk)
    with make.signed():
        team_desk["Ana"].absences.update(deputy=team_desk["Marta"])
    standing_in.renew(now=NIGHT + HOUR / 2)
    told_of = [
        (event.at, event.text) for event in events(team_desk["case"]) if "in place of Ana" in event.text
    ]
    assert told_of == [
        (NIGHT, "asked Luis in place of Ana"),
        (NIGHT + HOUR / 2, "asked Luis in place of Ana no more"),
        (NIGHT + HOUR / 2, "asked Marta in place of Ana"),
    ]


def test_who_stands_in_may_decline_and_the_ladder_goes_on(team_desk):
    handoff = hand_up(team_desk)
    following = respond.decline(
        handoff=handoff, reason="At the dentist", by=team_desk["Luis"], now=NIGHT + HOUR / 2
    )
    assert following.to_person == team_desk["Marta"] and not StandIn.objects.open().exists()


def test_a_stranger_to_the_team_may_not_take_it(team_desk):
    handoff = hand_up(team_desk)
    with pytest.raises(NotTheHolder):
        respond.acknowledge(handoff=handoff, by=team_desk["Lucia"], now=NIGHT)


def test_a_team_without_anybody_is_passed_over_as_was_announced(team_desk):
    absences.enter(
        person=team_desk["Luis"],
        starts_at=NIGHT - HOUR,
        ends_at=NIGHT + DAY,
        deputy=None,
        by=team_desk["Luis"],
        now=NIGHT - HOUR,
    )
    handoff = hand_up(team_desk)
    assert handoff.to_person == team_desk["Marta"]
    assert {("Ana", "absent"), (None, "empty")} <= set(passed_over(handoff))


def test_the_mail_says_whose_place_it_is(team_desk):
    hand_up(team_desk)
    said = sentence(Notice.objects.get(person=team_desk["Luis"], channel="app"))
    assert "in place of Ana" in said


def test_a_program_finds_what_waits_for_it(team_desk, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NIGHT)
    handoff = hand_up(team_desk)
    found = asks(team_desk["Luis"]).get("/api/v1/handoffs/?is_mine=true").data["results"]
    assert [row["id"] for row in found] == [handoff.pk]
    assert asks(team_desk["Lucia"]).get("/api/v1/handoffs/?is_mine=true").data["results"] == []
    answer = asks(team_desk["Luis"]).post(f"/api/v1/handoffs/{handoff.pk}/acknowledge/", {})
    assert answer.status_code == 200, answer.data


def queries_of_a_pass(desk, cases, monkeypatch):
    """How many queries the engine asks to take so many cases from level 1 up to the team that is away."""
    path = make.path(
        f"Up {cases}",
        levels=[{"person": desk["Marta"]}, {"team": desk["team"]}, {"person": desk["Marta"]}],
        fallback=desk["Priya"],
    )
    for n in range(cases):
        case = make.case(now=NIGHT - HOUR, by=desk["Lucia"], owner=desk["Lucia"], subject=f"{cases} {n}")
        hand_up({**desk, "case": case, "path": path})
    with CaptureQueriesContext(connection) as asked_for:
        engine.run_once(now=NIGHT + HOUR + timedelta(seconds=1))
    assert StandIn.objects.open().filter(case__escalations__path=path).count() == cases
    return len(asked_for)


def test_an_engine_pass_asks_as_much_of_many_cases_as_of_few(team_desk, monkeypatch):
    few = queries_of_a_pass(team_desk, 2, monkeypatch)
    assert queries_of_a_pass(team_desk, 9, monkeypatch) == few
