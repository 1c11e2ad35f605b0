"""Which timers what is open on a case needs: the same functions that arm them, asked about many cases."""

from cases.models import Trigger, TriggerKind
from cases.operations import clocks, pausing, promising, triggers
from cases.prepared import Given, Prepared
from cases.reconciling import expects
from cases.states import TimerKind

WARNED = Prepared(
    lambda: Trigger.objects.filter(case__among=Given("cases"), kind=TriggerKind.PROMISE_AT_RISK).values_list(
        "promise_id"
    )
)
UNREVIEWED = Prepared(
    lambda: Trigger.objects.waiting().filter(case__among=Given("cases")).values_list("case_id")
)


@expects(
    TimerKind.CLOCK_AT_RISK,
    TimerKind.CLOCK_BREACHED,
    TimerKind.HANDOFF_UNACKNOWLEDGED,
    TimerKind.LEVEL_RAN_OUT,
)
def running_clocks(scope):
    return [w for clock in scope.clocks for w in clocks.wanted_timers(clock)]


@expects(TimerKind.PAUSE_ENDS)
def open_pauses(scope):
    return [w for pause in scope.open_pauses for w in pausing.wanted_timers(pause)]


@expects(TimerKind.PROMISE_AT_RISK, TimerKind.PROMISE_BROKEN)
def open_promises(scope):
    promises = scope.promises
    if not promises:
        return []
    warned = {pk for (pk,) in WARNED.all(cases=scope.ids)}
    return [w for p in promises for w in promising.wanted_timers(p, is_warned=p.pk in warned)]


@expects(TimerKind.REVIEW)
def unreviewed_triggers(scope):
    return [triggers.wanted_review(pk) for (pk,) in set(UNREVIEWED.all(cases=scope.ids))]
