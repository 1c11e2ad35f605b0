"""What came of a replay, worked out from the rows it stored."""

from cases.models import Calendar, Clock, Notice, SlaTarget, Timer
from cases.states import Metric, Priority
from escalations.models import Handoff, ReplayedCase

from . import verdict


def report_of(replay):
    """The report on `replay` as JSON takes it; the memory it took, the process that played adds."""
    result = verdict.figures(incidents_of(replay), _desk(replay))
    mismatches = result.pop("mismatches_by_priority")
    names = {
        rule: {Priority(p).name.lower(): n for p, n in sorted(counted.items())}
        for rule, counted in mismatches.items()
    }
    mine = {"case__replayed__replay": replay}
    return {
        "events": replay.events,
        **result,
        "mismatches_by_priority": names,
        "escalations_by_level": _by_level(replay),
        "notices_recorded": Notice.objects.filter(state=Notice.State.RECORDED, **mine).count(),
        "notices_delivered": Notice.objects.exclude(state=Notice.State.RECORDED).filter(**mine).count(),
        "timers_set_aside": Timer.objects.filter(state=Timer.State.SET_ASIDE, **mine).count(),
        "rows_moved": replay.rows_moved,
        "seconds": round(replay.seconds, 1),
        "events_per_second": round(replay.events / replay.seconds) if replay.seconds else None,
    }


def _desk(replay):
    targets = SlaTarget.objects.filter(version__policy__name=replay.name, metric=Metric.RESOLUTION)
    hours = Calendar.objects.get(name=replay.name).hours
    return verdict.Desk(hours, dict(targets.values_list("priority", "term_seconds")), replay.at)


def incidents_of(replay):
    """A verdict.Incident for each incident of `replay`, in the order of their cases."""
    clocks = {}
    found = Clock.objects.filter(case__replayed__replay=replay, metric=Metric.RESOLUTION).order_by("pk")
    for case, breached, elapsed in found.values_list("case_id", "breached_at", "elapsed_seconds").iterator():
        clocks[case] = (breached is not None or clocks.get(case, (False,))[0], elapsed)
    rows = ReplayedCase.objects.filter(replay=replay).order_by("case_id")
    columns = (
        "number",
        "case__priority",
        "case__received_at",
        "case__closed_at",
        "last_closed_at",
        "case__reopened_count",
        "case__reassigned_count",
        "made_sla",
        "reopened",
        "reassigned",
    )
    for case, number, priority, opened, closed, last_closed, *counts in rows.values_list(
        "case_id", *columns
    ).iterator():
        was_breached, counted = clocks.get(case, (False, None))
        reopened, reassigned, *recorded = counts
        yield verdict.Incident(
            number,
            priority,
            opened,
            closed,
            last_closed,
            was_breached,
            counted,
            reopened,
            reassigned,
            *recorded,
        )


def _by_level(replay):
    """{level: escalations that reached it}, and with whom they ended above all levels."""
    reached = {}
    handoffs = Handoff.objects.filter(escalation__case__replayed__replay=replay)
    for escalation, level, clock in handoffs.values_list(
        "escalation_id", "level_number", "acknowledge_clock_id"
    ).iterator():
        # Only above all levels is nothing owed any more.
        reached.setdefault(str(level) if clock else "fallback", set()).add(escalation)
    return {level: len(escalations) for level, escalations in sorted(reached.items())}
