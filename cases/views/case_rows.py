"""The clocks and the next obligation of one case, in words."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from cases import display, law_words
from cases.models import Calendar, Clock, Standing
from cases.operations import clocks as clock_operations
from cases.operations import packs
from cases.states import ClockState
from cases.views.receipt_words import worded


@dataclass(frozen=True)
class ShownClock:
    """What components/clock.html draws."""

    pill: display.Pill
    name: str
    left: str
    note: str
    bar: str = ""
    used: int = 0
    until: datetime | None = None
    late: bool = False
    receipt: object = None
    why: str = ""
    law: display.Pill | None = None  # of what a law sets: whether anybody answers for it


@dataclass(frozen=True)
class Owed:
    """What components/strip.html draws: the one thing owed next."""

    look: str
    pill: display.Pill
    what: str
    by: str = ""
    whose: str = ""
    until: datetime | None = None
    left: str = ""
    late: bool = False
    used: int | None = None
    clock: Clock | None = None
    broken: object = None  # the Promise whose new date is owed


def shown_clocks(clocks, pauses, now):
    """Open clocks first, the soonest first; then those that ended, the latest first."""
    hours = Calendar.objects.hours({clock.calendar_id for clock in clocks}) if clocks else {}
    confirmed = packs.confirmations() if any(clock.rule for clock in clocks) else {}
    running = sorted((c for c in clocks if c.is_open), key=lambda c: (c.due_at is None, c.due_at, c.pk))
    ended = sorted((c for c in clocks if not c.is_open), key=lambda c: c.ended_at, reverse=True)
    strictest = _strictest(running)
    return [
        _shown(clock, pauses, hours[clock.calendar_id], now, confirmed, clock is strictest)
        for clock in (*running, *ended)
    ]


def _strictest(running):
    """Of several terms that laws set for a case, the one due first; None where there are not several."""
    by_law = [clock for clock in running if clock.rule and clock.due_at]
    return by_law[0] if len(by_law) > 1 else None


def used_percent(clock, pauses, hours, now):
    """How much of its term a clock has used at `now`, 0 to 100."""
    spent = clock_operations.elapsed(clock, clock.ended_at or now, hours, pauses)
    return max(0, min(100, round(100 * spent / clock.term_seconds)))


def _shown(clock, pauses, hours, now, confirmed, is_strictest):
    pill = display.clock_pill(clock, now)
    name = law_words.clock_name(clock) if clock.rule else display.clock_name(clock)
    receipt = worded(clock, pauses, hours, now, confirmed)
    law = _law_pill(clock.statute, confirmed) if clock.rule else None
    if not clock.is_open:
        return _ended(clock, pill, name, now, receipt, law)
    used = used_percent(clock, pauses, hours, now)
    if clock.state == ClockState.PAUSED:
        spent = clock_operations.elapsed(clock, now, hours, pauses)
        left = _("%(time)s left") % {"time": display.duration(clock.term_seconds - spent)}
        reason = next((p.reason.name for p in pauses if p.ended_at is None), "")
        return ShownClock(
            pill, name, left, note=reason, bar="info", used=used, receipt=receipt, why=_("why?"), law=law
        )
    late = clock.due_at < now
    note = _due(clock.due_at, now, late)
    if is_strictest:
        note = _("%(due)s · the strictest of those that laws set") % {"due": note}
    return ShownClock(
        pill,
        name,
        left=display.duration(abs((clock.due_at - now).total_seconds()), "ticking"),
        note=note,
        bar=pill.look,
        used=used,
        until=clock.due_at,
        late=late,
        receipt=receipt,
        why=_("why %(time)s?") % {"time": display.clock_time(clock.due_at)},
        law=law,
    )


def _law_pill(statute, confirmed):
    if statute.is_certain or (statute.key, statute.says) in confirmed:
        return display.Pill(_("Statutory"), "outlined", "scales")
    return display.Pill(_("Statutory, to be confirmed"), "dashed", "scales")


def _due(due_at, now, late):
    words = _("was due %(time)s") if late else _("due %(time)s")
    return words % {"time": display.moment(due_at, now, "day")}


def _ended(clock, pill, name, now, receipt, law):
    note = display.moment(clock.ended_at, now, "day")
    if clock.due_at:
        note = f"{note} · " + _("was due %(time)s") % {"time": display.moment(clock.due_at, clock.ended_at)}
    took = ""
    if clock.elapsed_seconds is not None:
        words = _("in %(time)s") if clock.state == ClockState.MET else _("after %(time)s")
        took = words % {"time": display.duration(clock.elapsed_seconds)}
    why = _("why %(time)s?") % {"time": display.clock_time(clock.due_at)} if clock.due_at else ""
    return ShownClock(pill, name, took, note, receipt=receipt if why else None, why=why, law=law)


def owed_next(standing, reader, now, pauses, hours):
    """What is owed next on a case, or None when nothing is."""
    if standing.kind == Standing.Kind.NOTHING:
        return None
    pill = display.standing_pill(standing, now)
    if standing.kind == Standing.Kind.PAUSED:
        by = _("resumes %(time)s, or on reply") % {"time": display.moment(standing.resumes_at, now, "day")}
        return Owed("info", display.Pill(_("Paused"), "info", "pause"), standing.pause_reason, whose=by)
    whose = standing.whose or standing.whose_team
    late = standing.due_at < now
    return Owed(
        look=pill.look,
        pill=display.Pill(_standing_word(standing, pill), pill.look, pill.icon),
        what=_what(standing, now),
        by=_by(standing.due_at, now, late),
        whose=_("you") if whose == reader else str(whose) if whose else _("nobody yet"),
        until=standing.due_at,
        left=display.duration(abs((standing.due_at - now).total_seconds()), "spoken"),
        late=late,
        used=used_percent(standing.clock, pauses, hours, now) if standing.clock and hours else None,
        clock=standing.clock,
        broken=standing.promise if standing.kind == Standing.Kind.PROMISE and late else None,
    )


def _by(due_at, now, late):
    words = _("was due %(time)s") if late else _("by %(time)s")
    return words % {"time": display.moment(due_at, now)}


def _what(standing, now):
    if standing.kind == Standing.Kind.PROMISE:
        return display.promise_owed(standing, now)
    return display.clock_name(standing.clock) if standing.clock else standing.get_metric_display()


def _standing_word(standing, pill):
    """The word alone: the strip says the time in large beside it."""
    if standing.kind == Standing.Kind.PROMISE:
        return _("Broken") if pill.look == "danger" else _("Promised")
    return {"danger": _("Breached"), "warn": _("At risk")}.get(pill.look, _("On time"))
