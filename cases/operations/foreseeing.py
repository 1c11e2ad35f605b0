"""What another priority would do to the clocks of a case. Nothing is written or locked."""

from copy import copy
from dataclasses import dataclass

from cases.models import Calendar, Clock
from cases.states import Priority

from . import clocks, owing


@dataclass(frozen=True)
class UnderPriority:
    """`clocks`: those that go on, unsaved, with the times they would have; `gone`: those that would stop."""

    priority: Priority
    clocks: list[Clock]
    gone: list[Clock]


def by_priority(case):
    """[UnderPriority] of every priority but the case's own, the least first; as routing.prioritise would make
    them. A fixed number of queries; none but one for a case that owes nothing by a policy."""
    if not case.clocks.open().exists():
        return []
    version, pauses = owing.version_of(case), clocks.pauses_by_case({case.pk}).get(case.pk, ())
    found = []
    for priority in Priority:
        if priority == case.priority:
            continue
        as_if = copy(case)
        as_if.priority = priority
        found.append(UnderPriority(priority, *owing.aim([as_if], version)))
    hours = Calendar.objects.hours({clock.calendar_id for one in found for clock in one.clocks})
    for one in found:
        for clock in one.clocks:
            clocks.schedule(clock, hours[clock.calendar_id], pauses)
        one.clocks.sort(key=lambda clock: (clock.due_at is None, clock.due_at, clock.pk))
    return found
