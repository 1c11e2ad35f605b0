"""What the reconciler must know of ladders: reminders of waiting handoffs, and who may stand as holder."""

from django.db.models import F

from cases.models import Timer
from cases.prepared import Given, Prepared
from cases.reconciling import expects, knows_holders
from cases.states import TimerKind

from . import snapshot
from .models import Escalation, Handoff
from .operations.ladder import reminder

HOLDERS = Prepared(
    lambda: (
        Escalation.objects.running()
        .filter(case__among=Given("cases"))
        .order_by("pk")
        .values_list("case_id", "holder_id", "holder_team_id")
    )
)
# Of no look at the rules: said so, SQLite finds the index that is without them.
FIRED = Prepared(
    lambda: (
        Timer.objects.filter(
            kind=TimerKind.HOLDER_REMINDER, subject_id__among=Given("handoffs"), state=Timer.State.FIRED
        )
        .exclude(kind=TimerKind.REVIEW)
        .order_by("step")
    )
)


@expects(TimerKind.HOLDER_REMINDER)
def reminders(scope):
    return reminders_of(Escalation.objects.filter(case__in=scope.ids))


def reminders_of(escalations):
    """Of a queryset of escalations, for each waiting handoff of a level that reminds: the first reminder, or
    the one after the last that came."""
    waiting = list(
        Handoff.objects.filter(
            escalation__in=escalations,
            escalation__state=Escalation.State.RUNNING,
            escalation__is_at_fallback=False,
            escalation__version__levels__number=F("level_number"),
            escalation__version__levels__remind_every_seconds__isnull=False,
            state=Handoff.State.WAITING,
        ).select_related("escalation", "acknowledge_clock")
    )
    if not waiting:
        return []
    paths = snapshot.paths({h.escalation.version_id for h in waiting})
    fired = {t.subject_id: t for t in FIRED.all(handoffs=[h.pk for h in waiting])}
    wanted = []
    for handoff in waiting:
        level = paths[handoff.escalation.version_id].level(handoff.level_number)
        if handoff.acknowledge_clock is None:
            continue
        last = fired.get(handoff.pk)
        wanted.append(
            reminder(
                handoff,
                level,
                handoff.escalation.case_id,
                told_from=handoff.acknowledge_clock.started_at,
                after=last,
                fired_at=last and last.fired_at,
            )
        )
    return wanted


@knows_holders
def holders(scope):
    """Of several running ladders whichever was moved last speaks; any of their holders may be it."""
    found = {}
    for case_id, *holder in HOLDERS.all(cases=scope.ids):
        found.setdefault(case_id, []).append(tuple(holder))
    return found
