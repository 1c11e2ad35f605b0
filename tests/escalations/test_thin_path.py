"""The main job in one story: a case runs late, and the right person has it."""

from datetime import timedelta

import pytest

from cases import engine
from cases.models import Notice, Timer
from cases.operations import talk
from cases.states import ClockState, Metric
from escalations.models import Handoff
from escalations.operations import respond
from tests import factories as make

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def desk():
    """Ana and Jonas answer, Marta leads, Priya is the fallback; first response within an hour, ladder of
    two levels."""
    ana, jonas, marta = make.person("Ana"), make.person("Jonas"), make.person("Marta", role="supervisor")
    priya = make.person("Priya", role="manager")
    care = make.team("Care", people=[ana, jonas], lead=marta)
    make.policy(targets={(Metric.FIRST_RESPONSE, None): 3600, (Metric.RESOLUTION, None): 8 * 3600})
    path = make.path(
        levels=[{"team": care, "acknowledge_seconds": 1800}, {"person": marta, "acknowledge_seconds": 3600}],
        fallback=priya,
    )
    make.rule(path, metric=Metric.FIRST_RESPONSE)
    return {"ana": ana, "jonas": jonas, "marta": marta, "priya": priya, "care": care}


def test_an_unanswered_case_climbs_its_ladder_and_each_holder_is_told_once(desk, now):
    case = make.case(now=now, team=desk["care"], owner=desk["ana"])
    engine.run_until_idle(now=now + timedelta(hours=1))
    assert not case.escalations.exists()  # due exactly now is not late

    engine.run_until_idle(now=now + timedelta(hours=1, seconds=1))
    [handoff] = Handoff.objects.all()
    assert (handoff.level_number, handoff.to_team, handoff.is_automatic) == (1, desk["care"], True)
    assert "First response" in handoff.reason
    assert case.standing.holder_team == desk["care"]

    engine.run_until_idle(now=now + timedelta(hours=1, minutes=30, seconds=1))
    escalation = case.escalations.get()
    assert (escalation.level_number, escalation.holder) == (2, desk["marta"])
    told = Notice.objects.in_app_for(desk["marta"]).filter(kind="handoff")
    assert sorted(n.facts["level"] for n in told) == [1, 2]  # as one of the team, then by name
    signed = escalation.history.latest("history_id")
    assert (signed.history_user_id, signed.history_via, signed.level_number) == (-2, "engine", 2)

    engine.run_until_idle(now=now + timedelta(hours=1, minutes=30, seconds=1))
    assert Handoff.objects.count() == 2  # run again at the same instant: nothing twice


def test_acknowledging_stops_the_ladder_and_a_reply_meets_the_clock(desk, now):
    case = make.case(now=now, team=desk["care"], owner=desk["ana"])
    late = now + timedelta(hours=1, seconds=1)
    engine.run_until_idle(now=late)
    handoff = Handoff.objects.get()
    respond.acknowledge(handoff=handoff, by=desk["jonas"], now=late + MINUTE)
    talk.reply(case=case, body="We are on it.", by=desk["jonas"], now=late + 2 * MINUTE)
    engine.run_until_idle(now=late + timedelta(hours=5))
    assert case.escalations.get().holder == desk["jonas"]
    assert Handoff.objects.count() == 1
    assert case.clocks.get(metric=Metric.FIRST_RESPONSE).state == ClockState.MISSED
    assert not Timer.objects.pending().filter(due_at__lte=late + timedelta(hours=5)).exists()


def test_declining_asks_the_next_of_the_level_and_then_goes_up(desk, now):
    make.case(now=now, team=desk["care"], owner=desk["ana"])
    late = now + timedelta(hours=1, seconds=1)
    engine.run_until_idle(now=late)
    second = respond.decline(handoff=Handoff.objects.get(), reason="I know them", by=desk["ana"], now=late)
    assert (second.level_number, second.to_person) == (1, desk["jonas"])
    third = respond.decline(handoff=second, reason="On the other line", by=desk["jonas"], now=late)
    assert (third.level_number, third.to_person) == (1, desk["marta"])
