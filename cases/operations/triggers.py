"""Record that something happened which rules may answer, and ask for a look at them."""

from django.utils.translation import gettext as _

from cases.models import Trigger
from cases.sets import add_each
from cases.states import TimerKind

from . import timers

LISTENERS = []


def listens_to_triggers(kinds):
    """Register `f()` that gives the kinds of trigger some rule asks about now; higher apps own the rules."""
    LISTENERS.append(kinds)
    return kinds


def record(wanted, *, now):
    """Write `wanted` (unsaved Triggers of locked cases) and arm one review a case.

    Every trigger is kept, for the back-test of rules to come; what no rule asks about has its verdict at
    once.
    """
    wanted = list(wanted)
    if not wanted:
        return
    asked_about = {kind for kinds in LISTENERS for kind in kinds()}
    for trigger in wanted:
        if trigger.kind not in asked_about:
            trigger.considered_at, trigger.verdict = now, _("No rule asks about this.")
    add_each(wanted)
    reviewed = {t.case_id for t in wanted if t.considered_at is None}
    if reviewed:
        timers.ask_for_review(reviewed, now=now)


def wanted_review(case_id):
    """What a case with a trigger nobody considered yet is to be woken for: a timers.Wanted, at once."""
    return timers.Wanted(case_id, TimerKind.REVIEW, case_id, due_at=None)


def happened(case, kind, *, at, now, **facts):
    """One thing that happened to one case."""
    record([Trigger(case=case, kind=kind, occurred_at=at, **facts)], now=now)
