"""The ladder of a case, rung by rung, in words: passed, now, next, later, passed over."""

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from cases import display
from escalations import plan
from escalations.models import Handoff, PassedOver
from escalations.words import arrives, conditions, holder_name

ENDINGS = {Handoff.State.RAN_OUT: "triangle", Handoff.State.DECLINED: "undo"}


@dataclass
class Rung:
    """`state`: passed, now, next, later or over (passed over); `icon` says how a passed one ended."""

    mark: str
    state: str
    who: str
    lines: list = field(default_factory=list)
    announced: str = ""
    condition: str = ""
    handoff: Handoff | None = None
    icon: str = ""


def rungs(outlook, handoffs, passed_over, roster, now, zones=None):
    """The ladder from its first level to the fallback. `zones`: {id of who is announced: their time zone}."""
    path, escalation = outlook.path, outlook.escalation
    if path is None:
        return []
    current = escalation.level_number if escalation else 0
    to_come = {None if a.step.is_fallback else a.step.level_number: a for a in outlook.steps}
    first = outlook.steps[0] if outlook.steps else None
    found = [
        _rung(level, current, escalation, outlook, to_come, first, handoffs, passed_over, roster, now)
        for level in path.levels
    ]
    for rung, step in zip(found, [to_come.get(level.number) for level in path.levels], strict=True):
        if rung.announced and step is not None:
            rung.lines += _where_they_are(step, zones or {})
    found.append(_fallback(outlook, to_come.get(None), first, roster, now))
    return found


def _rung(level, current, escalation, outlook, to_come, first, handoffs, passed_over, roster, now):
    mark = str(level.number)
    # What the fallback was handed bears the number of the top level, and no term: nobody is above.
    mine = [h for h in handoffs if h.level_number == level.number and h.acknowledge_clock_id is not None]
    skipped = [p for p in passed_over if p.level_number == level.number]
    if escalation and level.number == current and not escalation.is_at_fallback:
        return _now(mark, outlook, skipped, now)
    if escalation and level.number <= current:
        return _behind(mark, level, mine, skipped, now)
    announced = to_come.get(level.number)
    if announced is not None:
        state = "next" if announced is first else "later"
        return _ahead(Rung(mark, state, holder_name(announced.step, roster)), announced, roster, now)
    if first is not None and level.number < (first.step.level_number or 0):
        return Rung(
            mark,
            "over",
            level.name,
            [_("entered above")] if not escalation else [_("nobody there to take it")],
        )
    return Rung(mark, "later", level.name)


def _now(mark, outlook, skipped, now):
    escalation, handoff = outlook.escalation, outlook.handoff
    rung = Rung(mark, "now", str(escalation.holder or escalation.holder_team), handoff=handoff)
    rung.lines += _handed(handoff, now) + [_passed(p) for p in skipped]
    return rung


def _handed(handoff, now):
    if handoff is None:
        return []
    handed = _("handed %(time)s") % {"time": display.moment(handoff.made_at, now)}
    return [f"{handed} · {ended(handoff, now)}"]


def ended(handoff, now):
    """How a handoff ended, and when; or that it waits."""
    if handoff.state == Handoff.State.WAITING:
        return _("not acknowledged yet")
    words = {"how": handoff.get_state_display().lower(), "time": display.moment(handoff.answered_at, now)}
    return _("%(how)s %(time)s") % words


def _behind(mark, level, mine, skipped, now):
    if mine:
        last = mine[-1]
        rung = Rung(
            mark,
            "passed",
            str(last.answered_by or last.to_person or last.to_team),
            [ended(last, now)],
            handoff=last,
        )
        rung.icon = ENDINGS.get(last.state, "check")
        if last.decline_reason:
            rung.lines.append(f"“{last.decline_reason}”")
    else:
        rung = Rung(mark, "over", level.name)
    rung.lines += [_passed(p) for p in skipped]
    return rung


def _passed(row):
    why = row.get_why_display()
    if row.why == PassedOver.Why.LATE and row.detail:
        why = f"{why} ({row.detail})"
    return f"{row.person}: {why}" if row.person else why


def _ahead(rung, announced, roster, now):
    time = display.moment(announced.at, now)
    condition = conditions().get(announced.because, "")
    if rung.state == "next":
        rung.announced = f"{arrives(announced.step, roster)}, {time}"
        rung.condition = condition
    else:
        rung.lines.append(f"{time}, {condition}")
    for passed in announced.step.passed:
        if passed.person_id and passed.why in (plan.ABSENT, plan.QUIET, plan.CONFLICT):
            rung.lines.append(_away(passed, roster))
    return rung


def _away(passed, roster):
    name = roster.people[passed.person_id].name
    if passed.why == plan.ABSENT:
        return _("%(name)s is absent then") % {"name": name}
    if passed.why == plan.QUIET:
        return _("%(name)s has quiet hours then") % {"name": name}
    return _("%(name)s is named in the complaint") % {"name": name}


def _where_they_are(announced, zones):
    """The time it will be for who is next, where that is not the reader's own."""
    zone = zones.get(announced.step.person_id)
    if zone is None or display.clock_time(announced.at) == display.local_time(announced.at, zone):
        return []
    words = {"time": display.local_time(announced.at, zone), "city": display.zone_city(zone)}
    return [_("%(time)s for them, in %(city)s") % words]


def _fallback(outlook, announced, first, roster, now):
    escalation, path = outlook.escalation, outlook.path
    if escalation and escalation.is_at_fallback:
        lines = [_("fallback holder: nobody above"), *_handed(outlook.handoff, now)]
        return Rung("", "now", str(escalation.holder), lines, handoff=outlook.handoff)
    if announced is None:
        name = roster.people[path.fallback_id].name if path.fallback_id in roster.people else _("the desk")
        return Rung("", "later", name, [_("fallback, when nobody else is left")])
    state = "next" if announced is first else "later"
    return _ahead(Rung("", state, holder_name(announced.step, roster)), announced, roster, now)
