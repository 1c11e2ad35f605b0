"""A few days of ladders as they really went: by rule and by hand, answered, declined, moved, taken down."""

from datetime import timedelta
from types import SimpleNamespace

from django.db.models import Min

from cases import engine
from cases.models import Absence, Timer
from cases.operations import ending, pausing
from cases.states import Metric
from escalations.models import Handoff
from escalations.operations import respond
from escalations.operations.escalate import escalate
from tests import factories as make

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TEXTS = {"reason": "Credit", "background": "38 lines twice", "tried": "Compared", "next_steps": "Approve"}


def goes_on_until(at):
    """The engine fires everything at its own instant, up to `at`."""
    while (due := Timer.objects.pending().aggregate(at=Min("wake_at"))["at"]) is not None and due <= at:
        if not engine.run_until_idle(now=due):
            return


def desk():
    """Response within an hour; Care, then Marta with time to work, then a manager; else Priya."""
    w = SimpleNamespace()
    w.priya = make.person("Priya", role="manager", time_zone="Europe/Madrid")
    w.marta = make.person("Marta", manager=w.priya)
    w.ana, w.jonas = make.person("Ana", manager=w.marta), make.person("Jonas", manager=w.marta)
    w.team = make.team("Care", people=[w.ana, w.jonas])
    make.policy(targets={(Metric.FIRST_RESPONSE, None): 3600, (Metric.RESOLUTION, None): 400 * 3600})
    w.path = make.path(
        levels=[
            {"team": w.team, "acknowledge_seconds": 1800},
            {"person": w.marta, "acknowledge_seconds": 3600, "work_seconds": 7200},
            {"responsible": "holders_manager", "acknowledge_seconds": 3600},
        ],
        fallback=w.priya,
    )
    w.rule = make.rule(w.path, trigger="target_breached", metric="first_response")
    return w


def lived(w, now):
    """Seven cases, one a day from `now` on, and what people did about them. Returns when it is over."""
    opened = [_opened(w, now + timedelta(days=day)) for day in range(7)]
    _nobody_answers(opened[0], now)
    _acknowledged_at_the_second_level(w, opened[1], now + timedelta(days=1))
    _a_member_takes_it(w, opened[2], now + timedelta(days=2))
    _declined(w, opened[3], now + timedelta(days=3))
    _by_hand_and_moved(w, opened[4], now + timedelta(days=4))
    _taken_down(w, opened[5], now + timedelta(days=5))
    _absent(w, opened[6], now + timedelta(days=6))
    over = now + timedelta(days=8)
    goes_on_until(over)
    w.cases = [case() for case in opened]
    return over


def _opened(w, at):
    """Opens it when its day comes: what comes before must have happened by then."""
    made = []

    def open_it():
        if not made:
            goes_on_until(at)
            made.append(make.case(now=at, by=w.ana, owner=w.ana, team=w.team))
        return made[0]

    return open_it


def _waiting(case):
    return Handoff.objects.get(escalation__case=case, state=Handoff.State.WAITING)


def _nobody_answers(opened, at):
    case = opened()
    goes_on_until(at + 12 * HOUR)
    ending.resolve(case=case, reason="Done", by=case.owner, now=at + 12 * HOUR)


def _acknowledged_at_the_second_level(w, opened, at):
    case = opened()
    goes_on_until(at + 2 * HOUR)
    respond.acknowledge(handoff=_waiting(case), by=w.marta, now=at + 2 * HOUR)
    goes_on_until(at + 6 * HOUR)
    ending.resolve(case=case, reason="Done", by=w.marta, now=at + 6 * HOUR)


def _a_member_takes_it(w, opened, at):
    case = opened()
    goes_on_until(at + 80 * MINUTE)
    respond.acknowledge(handoff=_waiting(case), by=w.jonas, now=at + 80 * MINUTE)
    ending.resolve(case=case, reason="Done", by=w.jonas, now=at + 3 * HOUR)


def _declined(w, opened, at):
    case = opened()
    goes_on_until(at + 100 * MINUTE)
    respond.decline(handoff=_waiting(case), reason="Not mine", by=w.marta, now=at + 100 * MINUTE)
    goes_on_until(at + 5 * HOUR)
    ending.resolve(case=case, reason="Done", by=w.ana, now=at + 5 * HOUR)


def _by_hand_and_moved(w, opened, at):
    case = opened()
    escalate(case=case, kind="hierarchical", path=w.path, by=w.ana, now=at + 10 * MINUTE, **TEXTS)
    goes_on_until(at + 20 * MINUTE)
    again = {"kind": "priority", "path": w.path, "level": 3, "by": w.ana, "now": at + 20 * MINUTE}
    escalate(case=case, **again, **TEXTS)
    goes_on_until(at + 30 * HOUR)
    ending.resolve(case=case, reason="Done", by=w.ana, now=at + 30 * HOUR)


def _taken_down(w, opened, at):
    case = opened()
    goes_on_until(at + 95 * MINUTE)
    respond.acknowledge(handoff=_waiting(case), by=w.marta, now=at + 95 * MINUTE)
    pause = {"reason": w.pause_reason, "expected_end_at": at + 9 * HOUR, "by": w.marta}
    pausing.pause(case=case, now=at + 100 * MINUTE, **pause)
    goes_on_until(at + 4 * HOUR)
    taken = {"reason": "Settled", "by": w.marta, "now": at + 4 * HOUR, "skipped_because": "None fits"}
    respond.deescalate(escalation=case.escalations.get(), **taken)


def _absent(w, opened, at):
    case = opened()
    with make.signed(at):
        Absence.objects.create(person=w.marta, starts_at=at, ends_at=at + timedelta(days=1), deputy=w.jonas)
    goes_on_until(at + 12 * HOUR)
    ending.resolve(case=case, reason="Done", by=w.ana, now=at + 12 * HOUR)
