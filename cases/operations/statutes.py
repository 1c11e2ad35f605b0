"""Clocks that a law sets: when they are due, what they have counted, which come again. Ordinary clocks
otherwise; `clocks` starts, ends and arms them."""

from datetime import timedelta

from cases.models import Clock
from cases.states import EndsOn, Metric
from cases.terms import Term


def clock(case, term):
    """The clock, unsaved, of a PackTerm (with its version) that `case` falls under."""
    return Clock(
        case=case,
        metric=Metric.STATUTORY,
        statute=term,
        rule=term.rule,
        calendar_id=term.version.calendar_id,
        term_seconds=0,  # by the calendar, when it is scheduled
        ends_on=term.ends_on,
        label=term.source[:80],
        started_at=case.received_at,
    )


def again(clock, case):
    """The same clock, unsaved, on `case`: from the same start, so that no time is lost or given away."""
    return Clock(
        case=case,
        metric=clock.metric,
        statute_id=clock.statute_id,
        rule=clock.rule,
        calendar_id=clock.calendar_id,
        term_seconds=clock.term_seconds,
        at_risk_percent=clock.at_risk_percent,
        ends_on=clock.ends_on,
        label=clock.label,
        started_at=clock.started_at,
        breached_at=clock.breached_at,
    )


def revived(case, before, still_open, *, at):
    """Of a case opened again at `at`: the clocks, unsaved, of what the law wants resolved and whose day has
    not passed. `before`: its clocks, newest first.

    What was resolved in time and comes back after its day is a matter of its own: nothing runs for it.
    """
    running = {clock.statute_id for clock in still_open}
    found = {}
    for ended in before:
        is_law = ended.rule and ended.ends_on == EndsOn.RESOLVED and ended.statute_id not in running
        if is_law and ended.late_after and at <= ended.late_after:
            found.setdefault(ended.statute_id, again(ended, case))
    return list(found.values())


def heeds_pauses(clock):
    """Whether a pause may stop this clock: only where its law lets it begin anew at the cure."""
    return Term.read(clock.rule).restarts_at_cure


def begins_at(clock, mine, at=None):
    """From when its term counts: its start, or the end of the last pause (of `mine`, those that it heeds)."""
    over = [p.ended_at or p.expected_end_at for p in mine if p.ended_at or (at and p.expected_end_at <= at)]
    return max([clock.started_at, *over])


def schedule(clock, hours, mine):
    """Set when it is at risk, due and late, by its calendar's business days. Raises what `hours` raises."""
    since = begins_at(clock, mine)
    due = Term.read(clock.rule).due(since, hours)
    length = due.due_at - since
    clock.due_at, clock.late_after = due.due_at, due.late_after
    clock.at_risk_at = since + length * clock.at_risk_percent / 100
    clock.term_seconds = max(length // timedelta(seconds=1), 1)


def elapsed(clock, at, mine):
    """Seconds from when its term counts to `at`; while a pause that it heeds stands, to that pause."""
    open_since = [p.started_at for p in mine if p.ended_at is None and p.expected_end_at > at]
    until = min([at, *open_since])
    return max((until - begins_at(clock, mine, at)).total_seconds(), 0)


def is_kept(clock, at):
    """Whether what it asks for, done at `at`, is in time."""
    return clock.late_after is None or at <= clock.late_after
