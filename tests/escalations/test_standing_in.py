"""Who gets what would be theirs who are away or asleep: a deputy, or the ladder goes on without them."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from cases import engine
from cases.models import Duty, Notice, NoticeKind, Party, PersonSkill, Skill
from cases.operations import absences, profile
from cases.quiet import QuietHours
from escalations import outlook, plan
from escalations.models import Handoff, Kind
from escalations.operations.escalate import escalate
from reports.timeline import events
from tests import factories as make

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
